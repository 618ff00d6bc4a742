package service

import (
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// gmail reads Gmail's requests: a message in base64url within JSON, as it is,
// or behind JSON in multipart/related.
func (u *Use) gmail(r *Request) bool {
	switch p := r.Path; {
	case strings.HasSuffix(p, "/messages/send"), strings.HasSuffix(p, "/drafts/send"):
		u.Operation = SendMail
	case strings.HasSuffix(p, "/drafts"), strings.Contains(p, "/drafts/"), strings.HasSuffix(p, "/messages"), strings.HasSuffix(p, "/messages/import"):
		u.Operation = Draft
	default:
		return false
	}
	switch {
	case r.media("message/rfc822"):
		u.message(r.start(maxValue))
	case r.media("multipart/"):
		seen := false
		r.parts(func(h textproto.MIMEHeader, body io.Reader) {
			if strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "message/") {
				b, _ := io.ReadAll(io.LimitReader(body, maxValue))
				seen = true
				u.message(b)
			}
		})
		u.Unclear = u.Unclear || !seen
	case r.Size > 0:
		seen := false
		err := skim(r.read(), func(path string, v []byte) {
			if path == "raw" || path == "message.raw" {
				seen = true
				u.encoded(v)
			}
		})
		u.Unclear = u.Unclear || err != nil || !seen
	default:
		u.Unclear = true
	}
	return true
}

// maxParts bounds the parts of a multipart body that are looked at.
const maxParts = 100

// parts visits the parts of a multipart body.
func (r *Request) parts(visit func(h textproto.MIMEHeader, body io.Reader)) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return
	}
	m := multipart.NewReader(r.read(), params["boundary"])
	for range maxParts {
		p, err := m.NextRawPart()
		if err != nil {
			return
		}
		visit(p.Header, p)
	}
}

// forms takes the file names of a multipart form, and visits its other fields.
func (u *Use) forms(r *Request, visit func(name string, value []byte)) {
	r.parts(func(h textproto.MIMEHeader, body io.Reader) {
		_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil {
			return
		}
		if name := params["filename"]; name != "" {
			u.file(name)
			return
		}
		if b, err := io.ReadAll(io.LimitReader(body, maxValue)); err == nil {
			visit(params["name"], b)
		}
	})
}
