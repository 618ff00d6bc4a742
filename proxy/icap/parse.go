package icap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
)

// fault says what was wrong with a request, and the status that says so.
type fault struct {
	status int
	why    string
}

func (f *fault) Error() string { return "ICAP request: " + f.why }

func bad(format string, a ...any) error { return &fault{400, fmt.Sprintf(format, a...)} }

// errHead says that a head is too large; there is no status for it in RFC 3507,
// HTTP's serves.
var errHead = &fault{431, "the head is too large"}

// fields are those of a head, in their order. They are few: looking through them
// costs less than a map of them.
type fields []gate.Header

// values are those of a field.
func (f fields) values(name string) (all []string) {
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			all = append(all, f[i].Value)
		}
	}
	return all
}

// get is a field's first value, "" if there is none.
func (f fields) get(name string) string {
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return ""
}

// head is an ICAP request without its body.
type head struct {
	method, service string // the path of the URI, without a query
	fields          fields
	request         []byte // encapsulated HTTP request head
	response        []byte // encapsulated HTTP response head
	body            bool   // a chunked body follows
	preview         int    // bytes announced as preview, -1 if none
	allow204        bool
}

// read reads a request up to its body. io.EOF means that none began.
func (h *head) read(r *bufio.Reader, limit int) error {
	h.preview = -1
	left := limit
	line, err := readLine(r, &left)
	for err == nil && len(line) == 0 && left > limit-16 { // a line too much after the request before
		line, err = readLine(r, &left)
	}
	if err != nil {
		return err
	}
	method, rest, _ := strings.Cut(string(line), " ")
	uri, version, ok := strings.Cut(rest, " ")
	if !ok || strings.Contains(version, " ") {
		return bad("the request line has not three words")
	}
	if version != "ICAP/1.0" {
		return &fault{505, "the version is not ICAP/1.0"}
	}
	h.method = method
	if h.service, err = servicePath(uri); err != nil {
		return err
	}
	h.fields = make(fields, 0, 12)
	for {
		line, err := readLine(r, &left)
		if err != nil {
			return unexpected(err)
		}
		if len(line) == 0 {
			return h.complete(r, limit)
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || !httpguts.ValidHeaderFieldName(name) {
			return bad("a line of the head is no field")
		}
		value = strings.Trim(value, " \t")
		if !httpguts.ValidHeaderFieldValue(value) {
			return bad("the field %s has a control character", name)
		}
		h.fields = append(h.fields, gate.Header{Name: name, Value: value})
	}
}

// servicePath takes the path from "icap://host/path?query" or "/path".
func servicePath(uri string) (string, error) {
	if len(uri) > 7 && strings.EqualFold(uri[:7], "icap://") {
		_, path, _ := strings.Cut(uri[7:], "/")
		uri = "/" + path
	}
	if !strings.HasPrefix(uri, "/") {
		return "", bad("the URI is no icap:// one")
	}
	uri, _, _ = strings.Cut(uri, "?")
	return uri, nil
}

// complete reads what Encapsulated announces, up to the body.
func (h *head) complete(r *bufio.Reader, limit int) error {
	for _, name := range []string{"Encapsulated", "Preview"} {
		if len(h.fields.values(name)) > 1 {
			return bad("a field that may be there once is there twice")
		}
	}
	if p := h.fields.get("Preview"); p != "" {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return bad("Preview is no number")
		}
		h.preview = int(n)
	}
	for _, v := range h.fields.values("Allow") {
		for w := range strings.SplitSeq(v, ",") {
			h.allow204 = h.allow204 || strings.TrimSpace(w) == "204"
		}
	}
	list, err := encapsulated(h.fields.get("Encapsulated"))
	if err != nil {
		return err
	}
	if list == nil {
		if h.method != "OPTIONS" {
			return bad("Encapsulated is missing")
		}
		return nil
	}
	for i, e := range list[:len(list)-1] {
		n := list[i+1].at - e.at
		if n > limit {
			return errHead
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return unexpected(err)
		}
		switch {
		case e.name == "req-hdr" && h.method != "OPTIONS":
			h.request = b
		case e.name == "res-hdr" && h.method == "RESPMOD":
			h.response = b
		default:
			return bad("%s does not belong into %s", e.name, h.method)
		}
	}
	last := list[len(list)-1].name
	h.body = last != "null-body"
	if want := bodies[h.method]; h.body && want != "" && last != want {
		return bad("%s does not belong into %s", last, h.method)
	}
	return nil
}

// bodies are the kinds of body by their method.
var bodies = map[string]string{"REQMOD": "req-body", "RESPMOD": "res-body", "OPTIONS": "opt-body"}

// order is how entries of Encapsulated follow each other; there is one body.
var order = map[string]int{"req-hdr": 1, "res-hdr": 2, "req-body": 3, "res-body": 3, "opt-body": 3, "null-body": 3}

// section is an entry of Encapsulated.
type section struct {
	name string
	at   int
}

// encapsulated parses the field's value (RFC 3507, 4.4.1): heads, then exactly
// one body, at rising offsets from 0 on.
func encapsulated(v string) ([]section, error) {
	if v == "" {
		return nil, nil
	}
	all := make([]section, 0, len(bodies))
	for item := range strings.SplitSeq(v, ",") {
		name, number, ok := strings.Cut(strings.TrimSpace(item), "=")
		at, err := strconv.ParseUint(number, 10, 31)
		if !ok || err != nil {
			return nil, bad("Encapsulated is malformed")
		}
		name = strings.ToLower(name)
		switch n := len(all); {
		case order[name] == 0, n == 0 && at != 0, n > 0 && (order[name] <= order[all[n-1].name] || int(at) <= all[n-1].at):
			return nil, bad("Encapsulated is out of order")
		}
		all = append(all, section{name, int(at)})
	}
	if name := all[len(all)-1].name; !strings.HasSuffix(name, "-body") {
		return nil, bad("Encapsulated names no body")
	}
	return all, nil
}

// readLine reads a line that ends in CRLF, without it. It counts its bytes
// down from left.
func readLine(r *bufio.Reader, left *int) ([]byte, error) {
	var all []byte
	for {
		piece, err := r.ReadSlice('\n')
		if *left -= len(piece); *left < 0 {
			return nil, errHead
		}
		if err == bufio.ErrBufferFull {
			all = append(all, piece...)
			continue
		}
		if err != nil {
			if err == io.EOF && len(all)+len(piece) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if all != nil {
			piece = append(all, piece...)
		}
		line, ok := bytes.CutSuffix(piece, []byte("\r\n"))
		if !ok || bytes.IndexByte(line, '\r') >= 0 {
			return nil, bad("a line does not end in CRLF")
		}
		return line, nil
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
