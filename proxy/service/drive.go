package service

import (
	"io"
	"net/textproto"
	"strings"
)

// drive reads Google Drive's requests.
func (u *Use) drive(r *Request) bool {
	if strings.HasSuffix(r.Path, "/permissions") || strings.Contains(r.Path, "/permissions/") {
		u.Operation = Share
		_ = skim(r.read(), func(path string, v []byte) {
			switch path {
			case "type":
				u.Public = u.Public || string(v) == "anyone"
			case "emailAddress":
				u.recipient(string(v))
			case "domain":
				u.recipient("anybody@" + string(v))
			}
		})
		return true
	}
	if !strings.Contains(r.Path, "/files") {
		return false
	}
	u.Operation = Upload
	name := func(path string, v []byte) {
		if path == "name" || path == "title" {
			u.file(string(v))
		}
	}
	switch {
	case r.media("multipart/"):
		r.parts(func(h textproto.MIMEHeader, body io.Reader) {
			if strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "application/json") {
				_ = skim(io.LimitReader(body, maxValue), name)
			}
		})
	case r.media("application/json"):
		_ = skim(r.read(), name)
	}
	return true
}
