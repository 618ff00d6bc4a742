package service

import (
	"bytes"
	"net/http"
	"strings"
)

// box knows Box's interface (developer.box.com/reference).
func box(r *Request) *Use {
	u := &Use{Service: "Box"}
	_, id, inSession := strings.Cut(r.Path, "/files/upload_sessions/")
	switch {
	case inSession:
		id, step, _ := strings.Cut(strings.TrimRight(id, "/"), "/")
		session := "box " + id
		switch {
		case r.Method == http.MethodDelete:
			u.Operation, u.Pieces = Part, []Piece{{Session: session, Abort: true, Empty: true}}
		case step == "commit":
			u.Operation, u.Pieces = Complete, []Piece{{Session: session, Trusted: true, Total: -1, Empty: true, Last: true}}
		case u.ranged(r, session, true):
			u.Pieces[0].Last, u.Pieces[0].Total = false, -1 // that is the commit
		default:
			return nil
		}
	case strings.HasSuffix(r.Path, "/upload_sessions"):
		u.Operation = Upload
		_ = skim(r.read(), func(path string, v []byte) {
			if path == "file_name" {
				u.file(string(v))
			}
		})
	case strings.HasSuffix(r.Path, "/content") && r.Method == http.MethodPost:
		u.Operation = Upload
		named := false
		u.forms(r, func(name string, value []byte) {
			if name == "attributes" {
				_ = skim(bytes.NewReader(value), func(path string, v []byte) {
					if path == "name" {
						named = true
						u.file(string(v))
					}
				})
			}
		})
		if named && len(u.Files) > 1 {
			u.Files = u.Files[:1] // the form's own name does not count then
		}
	case strings.HasSuffix(r.Path, "/collaborations"):
		u.Operation = Share
		_ = skim(r.read(), func(path string, v []byte) {
			if path == "accessible_by.login" {
				u.recipient(string(v))
			}
		})
	case r.Method == http.MethodPut && (strings.Contains(r.Path, "/files/") || strings.Contains(r.Path, "/folders/")):
		shared := false
		_ = skim(r.read(), func(path string, v []byte) {
			shared = shared || strings.HasPrefix(path, "shared_link")
			u.Public = u.Public || path == "shared_link.access" && string(v) == "open"
		})
		if !shared {
			return nil
		}
		u.Operation = Share
	default:
		return nil
	}
	return u
}
