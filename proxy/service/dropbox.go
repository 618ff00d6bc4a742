package service

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// dropbox knows Dropbox's HTTP interface (dropbox.com/developers): arguments
// stand in the field Dropbox-API-Arg where the body is a file.
func dropbox(r *Request) *Use {
	u := &Use{Service: "Dropbox"}
	var args io.Reader = r.read()
	if a := r.Header.Get("Dropbox-Api-Arg"); a != "" {
		args = strings.NewReader(a)
	}
	_, call, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	switch {
	case call == "files/upload", call == "files/alpha/upload":
		u.Operation = Upload
	case strings.HasPrefix(call, "files/upload_session/"):
		u.session(strings.TrimPrefix(call, "files/upload_session/"), r, args)
		return u
	case strings.HasPrefix(call, "sharing/create_shared_link"):
		u.Operation, u.Public = Share, true
	case call == "sharing/add_file_member", call == "sharing/add_folder_member":
		u.Operation = Share
	default:
		return nil
	}
	_ = skim(args, func(path string, v []byte) {
		switch {
		case path == "path" && u.Operation == Upload:
			u.file(base(string(v)))
		case strings.HasSuffix(path, ".email"):
			u.recipient(string(v))
		case strings.HasPrefix(path, "settings.") && (string(v) == "team" || string(v) == "team_only" || string(v) == "members" || string(v) == "no_one"):
			u.Public = false
		}
	})
	return u
}

// session reads the requests of an upload in pieces.
func (u *Use) session(step string, r *Request, args io.Reader) {
	u.Operation = Part
	var p Piece
	err := skim(args, func(path string, v []byte) {
		switch path {
		case "cursor.session_id", "entries.cursor.session_id":
			if p.Session != "" && len(u.Pieces) < maxListed {
				u.Pieces = append(u.Pieces, p)
			}
			p = Piece{Session: "dropbox " + string(v)}
		case "session_id": // of append without v2
			p = Piece{Session: "dropbox " + string(v)}
		case "cursor.offset", "entries.cursor.offset", "offset":
			p.Offset, _ = strconv.ParseInt(string(v), 10, 63)
		case "commit.path", "entries.commit.path":
			u.file(base(string(v)))
		}
	})
	switch {
	case step == "start":
		p = Piece{Opened: func(status int, _ http.Header, body []byte) string {
			var a struct {
				Session string `json:"session_id"`
			}
			if status != http.StatusOK || json.Unmarshal(body, &a) != nil || a.Session == "" {
				return ""
			}
			return "dropbox " + a.Session
		}}
	case p.Session == "" || err != nil:
		return
	case strings.HasPrefix(step, "finish"):
		u.Operation, p.Last = Complete, true
	}
	u.Pieces = append(u.Pieces, p)
	for i := range u.Pieces {
		p := &u.Pieces[i]
		p.Total, p.Trusted, p.Last = -1, true, strings.HasPrefix(step, "finish")
		p.Empty = r.Header.Get("Dropbox-Api-Arg") == "" || r.Size == 0
	}
}
