package service

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	partNumber = regexp.MustCompile(`<PartNumber>\s*(\d{1,5})\s*</PartNumber>`)
	everybody  = regexp.MustCompile(`groups/global/(AllUsers|AuthenticatedUsers)`)
)

// s3 knows Amazon S3's interface, which many others speak
// (docs.aws.amazon.com/AmazonS3/latest/API). A body in aws-chunked is taken
// apart.
func s3(r *Request) *Use {
	u := &Use{Service: "S3"}
	if site(r.Host) == "amazonaws.com" {
		if !strings.Contains(r.Host, "s3") {
			if strings.Contains(r.Host, "bedrock") {
				return assistant(r)
			}
			return nil
		}
		u.Service = "Amazon S3"
	}
	q, err := url.ParseQuery(r.Query)
	if err != nil {
		return nil
	}
	if streamed(r.Header) {
		u.Content, _ = awsChunked(r.Body, r.Size)
	}
	acl := strings.ToLower(r.Header.Get("X-Amz-Acl"))
	u.Public = strings.HasPrefix(acl, "public-") || acl == "authenticated-read"
	piece := Piece{Session: "s3 " + q.Get("uploadId"), Trusted: u.Service == "Amazon S3", Total: -1}
	if !piece.Trusted {
		piece.Session += " " + r.Host
	}
	switch has := q.Has; {
	case has("uploadId") && r.Method == http.MethodPut:
		n, err := strconv.ParseUint(q.Get("partNumber"), 10, 32)
		if err != nil {
			return nil
		}
		u.Operation = Part
		piece.ID = fmt.Sprintf("%05d", n)
		piece.Remote = r.Header.Get("X-Amz-Copy-Source") != ""
		piece.Empty = piece.Remote
		u.Pieces = []Piece{piece}
	case has("uploadId") && r.Method == http.MethodPost:
		u.Operation = Complete
		piece.Last, piece.Empty = true, true
		for _, m := range partNumber.FindAllSubmatch(r.start(4<<20), -1) {
			n, _ := strconv.Atoi(string(m[1]))
			piece.Order = append(piece.Order, fmt.Sprintf("%05d", n))
		}
		u.Pieces = []Piece{piece}
	case has("uploadId") && r.Method == http.MethodDelete:
		piece.Abort, piece.Empty = true, true
		u.Operation, u.Pieces = Part, []Piece{piece}
	case has("uploads") && r.Method == http.MethodPost:
		u.Operation = Upload
	case has("acl") && r.Method == http.MethodPut:
		u.Operation = Share
		u.Public = u.Public || everybody.Match(r.start(maxValue))
	case has("policy") && r.Method == http.MethodPut:
		u.Operation = Share
		_ = skim(r.read(), func(path string, v []byte) {
			u.Public = u.Public || strings.HasPrefix(path, "Statement.Principal") && string(v) == "*"
		})
	case r.Method == http.MethodPut || r.Method == http.MethodPost && r.Size > 0 && !has("delete") && !has("select"):
		u.Operation = Upload
	default:
		return nil
	}
	u.file(base(r.Path))
	return u
}
