package service

import (
	"net/http"
	"strconv"
	"strings"
)

// google knows the interfaces below googleapis.com: Gmail, Drive, Cloud Storage
// and Gemini, and the resumable uploads that they share
// (developers.google.com/gmail/api, /drive/api, cloud.google.com/storage/docs).
func google(r *Request) *Use {
	u := &Use{Service: "Google"}
	switch p := r.Path; {
	case strings.Contains(p, "/gmail/v1/"):
		u.Service = "Gmail"
		if !u.gmail(r) {
			return nil
		}
	case strings.Contains(p, "/drive/v"):
		u.Service = "Google Drive"
		if !u.drive(r) {
			return nil
		}
	case strings.Contains(p, "/models/") && strings.Contains(p, ":"), strings.HasSuffix(p, "/chat/completions"):
		return assistant(r)
	case strings.Contains(r.Host, "storage."), strings.Contains(p, "/storage/v1/"):
		u.Service = "Google Cloud Storage"
		if q := query(r); q.Has("partNumber") || q.Has("uploads") || q.Has("uploadId") && !strings.Contains(p, "/storage/v1/") {
			if u = s3(r); u != nil {
				u.Service = "Google Cloud Storage"
			}
			return u
		}
		u.cloudStorage(r)
	case strings.HasPrefix(p, "/upload/"):
		u.Operation = Upload
	default:
		if r.Header["X-Goog-Upload-Command"] == nil {
			return nil
		}
		u.Operation = Upload
	}
	u.resumable(r)
	return u
}

// resumable adds a piece's place: by Content-Range, or by the X-Goog-Upload
// fields of the newer protocol.
func (u *Use) resumable(r *Request) {
	id := query(r).Get("upload_id")
	if id == "" {
		return
	}
	session := "google " + id
	trusted := site(r.Host) == "googleapis.com"
	command := r.Header.Get("X-Goog-Upload-Command")
	switch {
	case r.Method == http.MethodDelete || strings.Contains(command, "cancel"):
		u.Pieces = []Piece{{Session: session, Abort: true, Empty: true}}
	case strings.Contains(command, "upload") || strings.Contains(command, "finalize"):
		at, err := strconv.ParseInt(r.Header.Get("X-Goog-Upload-Offset"), 10, 63)
		if err != nil || at < 0 {
			at = 0
		}
		u.Operation = Part
		u.Pieces = []Piece{{Session: session, Trusted: trusted, Offset: at, Total: -1,
			Empty: !strings.Contains(command, "upload"), Last: strings.Contains(command, "finalize")}}
	default:
		u.ranged(r, session, trusted)
	}
}

// cloudStorage reads the JSON and the XML interface of Cloud Storage.
func (u *Use) cloudStorage(r *Request) {
	q := query(r)
	u.Operation = Upload
	if name := q.Get("name"); name != "" {
		u.file(base(name))
	} else if r.Method == http.MethodPut && !q.Has("upload_id") {
		u.file(base(r.Path))
	}
	acl := q.Get("predefinedAcl") + r.Header.Get("X-Goog-Acl")
	u.Public = strings.HasPrefix(strings.ToLower(acl), "public")
	if strings.HasSuffix(r.Path, "/acl") || strings.HasSuffix(r.Path, "/iam") {
		u.Operation = Share
		_ = skim(r.read(), func(_ string, v []byte) {
			u.Public = u.Public || string(v) == "allUsers" || string(v) == "allAuthenticatedUsers"
		})
	}
}
