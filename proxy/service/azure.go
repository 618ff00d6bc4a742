package service

import (
	"net/http"
	"regexp"
	"strings"
)

var blockID = regexp.MustCompile(`<(?:Latest|Uncommitted|Committed)>\s*([^<\s]{1,100})\s*</`)

// azureBlob knows Azure Blob Storage (learn.microsoft.com/rest/api/storageservices).
func azureBlob(r *Request) *Use {
	if r.Method != http.MethodPut {
		return nil
	}
	u := &Use{Service: "Azure Blob Storage"}
	q := query(r)
	piece := Piece{Session: "azure " + r.Host + r.Path, Trusted: strings.HasSuffix(r.Host, ".blob.core.windows.net"), Total: -1}
	switch q.Get("comp") {
	case "block":
		u.Operation = Part
		piece.ID = q.Get("blockid")
		piece.Remote = r.Header.Get("X-Ms-Copy-Source") != ""
		piece.Empty = piece.Remote
		if piece.ID == "" {
			return nil
		}
		u.Pieces = []Piece{piece}
	case "blocklist":
		u.Operation = Complete
		piece.Last, piece.Empty = true, true
		for _, m := range blockID.FindAllSubmatch(r.start(8<<20), -1) {
			piece.Order = append(piece.Order, string(m[1]))
		}
		u.Pieces = []Piece{piece}
	case "appendblock", "page":
		u.Operation = Part
	case "acl":
		u.Operation = Share
		u.Public = r.Header.Get("X-Ms-Blob-Public-Access") != ""
	case "":
		u.Operation = Upload
	default:
		return nil
	}
	u.file(base(r.Path))
	return u
}
