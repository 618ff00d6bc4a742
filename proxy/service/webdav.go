package service

import (
	"net/url"
	"strings"
)

// webDAV knows uploads by WebDAV (RFC 4918), and the pieces and shares of
// Nextcloud and ownCloud (docs.nextcloud.com, "Chunked file upload", "OCS Share
// API"), at any host.
func webDAV(r *Request) *Use {
	u := &Use{Service: "WebDAV"}
	dir, piece, inPieces := "", "", false
	if _, rest, ok := strings.Cut(r.Path, "/dav/uploads/"); ok {
		dir, piece, inPieces = rest, "", true
		if i := strings.LastIndexByte(rest, '/'); i > 0 {
			dir, piece = rest[:i], rest[i+1:]
		}
	}
	session := "dav " + r.Host + " " + dir
	switch {
	case inPieces && r.Method == "PUT" && piece != "":
		u.Operation = Part
		if len(piece) < 20 && strings.Trim(piece, "0123456789") == "" { // in the order of numbers
			piece = strings.Repeat("0", 20-len(piece)) + piece
		}
		u.Pieces = []Piece{{Session: session, ID: piece, Total: -1}}
	case inPieces && r.Method == "MOVE" && piece == ".file":
		u.Operation = Complete
		u.Pieces = []Piece{{Session: session, Total: -1, Empty: true, Last: true}}
		u.file(base(r.Header.Get("Destination")))
	case inPieces && r.Method == "DELETE" && piece != "":
		u.Operation = Part
		u.Pieces = []Piece{{Session: "dav " + r.Host + " " + strings.TrimRight(dir+"/"+piece, "/"), Abort: true, Empty: true}}
	case r.Method == "PUT":
		u.Operation = Upload
		u.file(base(r.Path))
	case strings.HasPrefix(r.Path, "/ocs/") && strings.HasSuffix(r.Path, "/shares") && r.Method == "POST":
		u.Operation = Share
		form := query(r)
		if r.media("application/x-www-form-urlencoded") {
			form, _ = url.ParseQuery(string(r.start(maxValue)))
		} else if r.media("application/json") {
			_ = skim(r.read(), func(path string, v []byte) { form.Set(path, string(v)) })
		}
		u.Public = form.Get("shareType") == "3" // a link; 4 is by mail
		if form.Get("shareType") == "4" {
			u.recipient(form.Get("shareWith"))
		}
	default:
		return nil
	}
	return u
}
