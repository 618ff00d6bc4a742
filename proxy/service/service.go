// Package service knows the documented interfaces of services that people send
// things by: from a request's host, path, headers and the start of its body it
// tells what is done (a mail sent, a file uploaded, a link made public), with
// which files and for whom, and how pieces of one upload belong together.
//
// One interface a file; the shapes of their requests are in testdata. What is
// told is for rules and records: it never makes an upload pass unread. A web
// page's own, undocumented calls are not known here; they are inspected like
// any other request.
package service

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Operation is what a request does, in the words of rule authors.
type Operation string

// The operations.
const (
	SendMail Operation = "send-mail"
	Draft    Operation = "create-draft"
	Upload   Operation = "upload-file"
	Part     Operation = "upload-part"
	Complete Operation = "complete-upload"
	Share    Operation = "share"
	Post     Operation = "post-message"
	Push     Operation = "push"
	Prompt   Operation = "prompt"
)

// Operations lists all of them.
var Operations = []Operation{SendMail, Draft, Upload, Part, Complete, Share, Post, Push, Prompt}

// Request is what an interface is known by.
type Request struct {
	Method string
	Host   string // lower case, without port
	Path   string // as sent, percent-encoded or not
	Query  string // raw
	Header http.Header
	Body   io.ReaderAt // the body held whole; nil if there is none
	Size   int64       // of Body
}

// Use is what a request does with a service.
type Use struct {
	Service    string
	Operation  Operation
	Files      []string // names of what is uploaded, at most maxListed
	Recipients []string // mail addresses, lower case, at most maxListed
	Unclear    bool     // there are, or may be, recipients beside those
	Public     bool     // anybody who has the link may read
	Pieces     []Piece  // of uploads in pieces; only the first may have bytes
	// Content is the runs of the body that make up what is stored, where
	// the body wraps it; nil: the body as it is.
	Content Spans
	// Form: Content is the file of a form, which is inspected as it is, too.
	Form bool
}

// Piece is a request's place in an upload of several requests.
type Piece struct {
	// Session is the same for all requests of the upload, and of no other.
	Session string
	// Trusted: the host is the service's own, where nobody gets what was
	// sent before the upload is complete.
	Trusted bool

	// The bytes' place: by offset, or, where ID is not empty, by an order
	// that is known at the end.
	Offset int64
	ID     string
	Empty  bool // no bytes of the upload in this request
	Remote bool // the bytes are copied from another object at the service

	Total int64    // size of the whole, -1 if unknown
	Count int      // of pieces with an ID, 0 if unknown
	Last  bool     // the request that completes the upload
	Order []string // with Last: IDs in their order; nil: sorted
	Abort bool     // the upload is given up

	// Opened tells the session of an upload that the service names in its
	// answer; Session is empty then. It returns "" for one that names none.
	Opened func(status int, h http.Header, body []byte) string
}

// maxListed bounds files and recipients of a Use.
const maxListed = 1000

// Reader reads the requests of one service. It returns nil for one that it has
// nothing to say of. Readers are safe for concurrent use.
type Reader func(r *Request) *Use

// byHost lists the services by the last two labels of their hosts.
var byHost = map[string]Reader{
	"googleapis.com": google, "microsoft.com": graph, "sharepoint.com": graph, "1drv.com": graph, "live.com": graph, "office.com": graph, "office365.com": graph,
	"dropboxapi.com": dropbox, "box.com": box, "boxcloud.com": box, "amazonaws.com": s3, "windows.net": azureBlob,
	"slack.com": slack, "chatwork.com": chatwork, "github.com": gitHub, "githubusercontent.com": gitHub,
	"openai.com": assistant, "anthropic.com": assistant, "azure.com": assistant, "mistral.ai": assistant,
	"cohere.com": assistant, "x.ai": assistant, "deepseek.com": assistant, "perplexity.ai": assistant, "groq.com": assistant,
	"openrouter.ai": assistant,
}

// Find returns the reader for a request with such a head, nil if none is known.
// It allocates nothing.
func Find(method, host, path, query string, h http.Header) Reader {
	if r := byHost[site(host)]; r != nil {
		return r
	}
	switch {
	case len(h) == 0:
	case h["Tus-Resumable"] != nil:
		return tus
	case h["X-Amz-Content-Sha256"] != nil || h["X-Amz-Date"] != nil || signed(h["Authorization"], "AWS") || strings.Contains(query, "X-Amz-Signature="):
		return s3
	case h["X-Ms-Version"] != nil && method == http.MethodPut:
		return azureBlob
	case h["X-Goog-Upload-Command"] != nil:
		return google
	case h["Upload-Offset"] != nil:
		return filePond
	case form(h):
		return uploaders
	case h["Content-Range"] != nil:
		return ranges
	case strings.Contains(query, "ChunkNumber=") || strings.Contains(query, "chunks=") || strings.Contains(query, "qqpartindex="):
		return uploaders
	}
	switch {
	case strings.HasSuffix(path, "/git-receive-pack") || strings.Contains(path, "/info/lfs/"):
		return git
	case strings.Contains(path, "/remote.php/") || strings.Contains(path, "/dav/") || strings.HasPrefix(path, "/ocs/"):
		return webDAV
	case strings.HasSuffix(path, "/chat/completions"):
		return assistant
	}
	return nil
}

// form reports whether the body is declared to be a form that may hold files.
func form(h http.Header) bool {
	const kind = "multipart/form-data"
	t := h["Content-Type"]
	return len(t) == 1 && len(t[0]) > len(kind) && strings.EqualFold(t[0][:len(kind)], kind)
}

// site is the last two labels of a host.
func site(host string) string {
	i := strings.LastIndexByte(host, '.')
	if i < 0 {
		return host
	}
	return host[strings.LastIndexByte(host[:i], '.')+1:]
}

func signed(h []string, scheme string) bool { return len(h) > 0 && strings.HasPrefix(h[0], scheme) }

// file adds a file's name.
func (u *Use) file(name string) {
	if name != "" && name != "." && name != "/" && len(u.Files) < maxListed {
		u.Files = append(u.Files, name)
	}
}

// recipient adds the addresses in s.
func (u *Use) recipient(s string) {
	for _, a := range addressShape.FindAllString(s, -1) {
		if len(u.Recipients) == maxListed {
			u.Unclear = true
			return
		}
		u.Recipients = append(u.Recipients, strings.ToLower(a))
	}
}

// base is the last step of a path, decoded.
func base(p string) string {
	if plain, err := url.PathUnescape(p); err == nil {
		p = plain
	}
	return path.Base(strings.TrimRight(p, "/"))
}

// query gives a query's fields; broken ones are left out, as servers do.
func query(r *Request) url.Values {
	v, _ := url.ParseQuery(r.Query)
	return v
}

// media reports whether the body is declared so.
func (r *Request) media(typ string) bool {
	return strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), typ)
}

// read gives the body from the start.
func (r *Request) read() io.Reader {
	if r.Body == nil {
		return strings.NewReader("")
	}
	return io.NewSectionReader(r.Body, 0, r.Size)
}

// start is up to n bytes from the body's start.
func (r *Request) start(n int) []byte {
	b := make([]byte, min(int64(n), r.Size))
	k, _ := io.ReadFull(r.read(), b)
	return b[:k]
}
