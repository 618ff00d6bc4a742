package service

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// tus knows the tus protocol for resumable uploads, version 1
// (tus.io/protocols/resumable-upload), at any host.
func tus(r *Request) *Use {
	u := &Use{Service: "tus", Operation: Part}
	total := int64(-1)
	if n, err := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 63); err == nil && n >= 0 {
		total = n
	}
	method := r.Method
	if over := r.Header.Get("X-Http-Method-Override"); over != "" {
		method = strings.ToUpper(over)
	}
	switch method {
	case http.MethodPost:
		for pair := range strings.SplitSeq(r.Header.Get("Upload-Metadata"), ",") {
			key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
			if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value)); err == nil && (key == "filename" || key == "name") {
				u.file(string(b))
			}
		}
		u.Operation = Upload
		host, path := r.Host, r.Path
		u.Pieces = []Piece{{Total: total, Empty: r.Size == 0, Opened: func(status int, h http.Header, _ []byte) string {
			if status != http.StatusCreated {
				return ""
			}
			to, err := (&url.URL{Scheme: "https", Host: host, Path: path}).Parse(h.Get("Location"))
			if err != nil || h.Get("Location") == "" {
				return ""
			}
			return "tus " + to.Hostname() + to.EscapedPath()
		}}}
	case http.MethodPatch:
		at, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 63)
		if err != nil || at < 0 {
			return nil
		}
		path := r.Path
		if !strings.Contains(path, "%") {
			path = (&url.URL{Path: path}).EscapedPath()
		}
		u.Pieces = []Piece{{Session: "tus " + r.Host + path, Offset: at, Total: total}}
	case http.MethodDelete:
		u.Pieces = []Piece{{Session: "tus " + r.Host + r.Path, Abort: true, Empty: true}}
	default:
		return nil
	}
	return u
}
