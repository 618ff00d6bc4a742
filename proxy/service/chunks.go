package service

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// uploaders knows the programs by which web pages send large files in pieces
// without a protocol of their own: Dropzone, Resumable.js and Flow.js, Fine
// Uploader, Plupload and WebUploader, the uploaders of Kendo and DevExtreme, and
// Content-Range on a form (jQuery File Upload). Each request is a form (RFC
// 7578) with one piece as its file and fields that tell its place, or the fields
// are in the query and the body is the piece. What such a server does with a
// piece is not known.
func uploaders(r *Request) *Use {
	if r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch {
		return nil
	}
	ranged := r.Header["Content-Range"] != nil
	if !ranged && !chunkish(r.start(formHead)) && !chunkish([]byte(r.Query)) {
		return nil
	}
	f := r.form()
	if f == nil {
		return nil
	}
	p := f.piece(r)
	if p == nil {
		return nil
	}
	u := &Use{Operation: Part, Pieces: []Piece{*p}, Content: f.file}
	u.Form = f.file != nil
	u.file(f.name)
	return u
}

// chunkish reports whether a head of a form, or a query, may tell of pieces.
func chunkish(b []byte) bool {
	return bytes.Contains(b, []byte("hunk")) || bytes.Contains(b, []byte("qqpart"))
}

// Bounds of what is read of a form: its start, in which the fields stand before
// the file, a field, and the parts.
const (
	formHead  = 4 << 10
	maxFields = 100
)

// pieceForm is what a request tells of its piece.
type pieceForm struct {
	fields map[string]string
	name   string // of the file
	file   Spans  // nil: the body as it is
}

// form reads the fields of the query and of the body and finds the file. It
// returns nil for a body that is no form with one file, or nothing at all.
func (r *Request) form() *pieceForm {
	f := &pieceForm{fields: map[string]string{}}
	for k, v := range query(r) {
		if len(v) == 1 && len(f.fields) < maxFields {
			f.fields[k] = v[0]
		}
	}
	if !r.media("multipart/form-data") {
		return f
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" || r.Body == nil {
		return nil
	}
	mark := []byte("\r\n--" + params["boundary"])
	at := int64(len(mark))
	if start := r.start(len(mark)); !bytes.Equal(start[:min(len(start), len(mark)-2)], mark[2:]) {
		return nil
	}
	for range maxFields {
		h, from, ok := r.partHead(at)
		if !ok {
			return nil
		}
		end := r.find(mark, from-2)
		if end < from-2 {
			return nil
		}
		size := max(0, end-from)
		_, d, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil {
			return nil
		}
		if name, isFile := d["filename"]; isFile {
			if f.file != nil {
				return nil
			}
			f.name, f.file = name, Spans{{At: from, Size: size}}
		} else if size <= formHead {
			b := make([]byte, size)
			if _, err := r.Body.ReadAt(b, from); err != nil && err != io.EOF {
				return nil
			}
			f.fields[d["name"]] = string(b)
		}
		at = max(end, from-2) + int64(len(mark))
		var next [2]byte
		if n, _ := r.Body.ReadAt(next[:], at); n < 2 || string(next[:]) == "--" {
			break
		}
		at += 2
	}
	if f.file == nil {
		return nil
	}
	return f
}

// partHead reads the header of a part at an offset, and returns where its body
// begins.
func (r *Request) partHead(at int64) (textproto.MIMEHeader, int64, bool) {
	b := make([]byte, 4<<10)
	n, _ := r.Body.ReadAt(b, at)
	head, _, ok := bytes.Cut(b[:n], []byte("\r\n\r\n"))
	if !ok {
		return nil, 0, false
	}
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(b[:len(head)+4]))).ReadMIMEHeader()
	return h, at + int64(len(head)) + 4, err == nil
}

// find returns where mark stands in the body from an offset on, -1 if nowhere.
func (r *Request) find(mark []byte, at int64) int64 {
	b := make([]byte, 64<<10)
	for {
		n, err := r.Body.ReadAt(b, at)
		if k := bytes.Index(b[:n], mark); k >= 0 {
			return at + int64(k)
		}
		if err != nil || n < len(b) {
			return -1
		}
		at += int64(n - len(mark) + 1)
	}
}

// piece is the place that the fields tell, nil if they tell none.
func (f *pieceForm) piece(r *Request) *Piece {
	from := "chunks " + r.Host + r.Path + " "
	if id := f.fields["dzuuid"]; id != "" {
		return f.offset(from+id, "dzchunkindex", 0, "dzchunksize", "dzchunkbyteoffset", "dztotalfilesize")
	}
	for _, name := range []string{"resumable", "flow"} {
		if id := f.fields[name+"Identifier"]; id != "" {
			f.rename(f.fields[name+"Filename"])
			return f.offset(from+id, name+"ChunkNumber", 1, name+"ChunkSize", "", name+"TotalSize")
		}
	}
	if id := f.fields["qquuid"]; id != "" {
		f.rename(f.fields["qqfilename"])
		return f.offset(from+id, "qqpartindex", 0, "qqchunksize", "qqpartbyteoffset", "qqtotalfilesize")
	}
	if meta := f.fields["metadata"] + f.fields["chunkMetadata"]; strings.HasPrefix(meta, "{") {
		m := map[string]string{}
		_ = skim(strings.NewReader(meta), func(path string, v []byte) { m[strings.ToLower(path)] = string(v) })
		f.rename(m["filename"])
		if id := m["uploaduid"]; id != "" {
			return counted(from+id, m["chunkindex"], m["totalchunks"])
		}
		if id := m["fileguid"]; id != "" {
			return counted(from+id, m["index"], m["totalcount"])
		}
		return nil
	}
	if n := f.fields["chunks"]; n != "" {
		f.rename(f.fields["name"])
		id := f.name
		for _, k := range []string{"id", "guid", "uid", "uuid", "fileId", "file_id", "size"} {
			if v := f.fields[k]; v != "" {
				id += " " + v
			}
		}
		return counted(from+id, f.fields["chunk"], n)
	}
	if at, to, total, ok := contentRange(r.Header); ok && f.file != nil && at >= 0 && to-at+1 == f.file.Size() {
		return &Piece{Session: fmt.Sprint(from, f.name, " ", total), Offset: at, Total: total}
	}
	return nil
}

// rename takes a file's name from a field: the form's own may be "blob".
func (f *pieceForm) rename(name string) {
	if name != "" {
		f.name = name
	}
}

// number reads a field, which is a number that is not negative.
func (f *pieceForm) number(name string) (int64, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(f.fields[name]), 10, 50)
	return int64(n), err == nil
}

// offset is a piece by its offset, or by its number, from first on, and the size
// of the others.
func (f *pieceForm) offset(session, index string, first int64, size, at, total string) *Piece {
	p := &Piece{Session: session, Total: -1}
	if n, ok := f.number(total); ok {
		p.Total = n
	}
	if n, ok := f.number(at); ok {
		p.Offset = n
		return p
	}
	n, ok := f.number(index)
	each, sized := f.number(size)
	if !ok || n < first || !sized || n > first && each > (1<<50)/(n-first) {
		return nil
	}
	p.Offset = (n - first) * each
	return p
}

// counted is a piece by its number, from 0 on, of so many.
func counted(session, index, count string) *Piece {
	n, err := strconv.ParseUint(strings.TrimSpace(index), 10, 31)
	of, err2 := strconv.ParseUint(strings.TrimSpace(count), 10, 31)
	if err != nil || err2 != nil || n >= of || of < 2 {
		return nil
	}
	return &Piece{Session: session, ID: fmt.Sprintf("%010d", n), Total: -1, Count: int(of)}
}

// filePond knows the pieces of FilePond (pqina.nl/filepond): PATCH requests with
// an offset, as those of tus, at an address with the upload's number in its query.
func filePond(r *Request) *Use {
	at, err := strconv.ParseUint(r.Header.Get("Upload-Offset"), 10, 62)
	if r.Method != http.MethodPatch || err != nil {
		return nil
	}
	total := int64(-1)
	if n, err := strconv.ParseUint(r.Header.Get("Upload-Length"), 10, 62); err == nil {
		total = int64(n)
	}
	u := &Use{Operation: Part, Pieces: []Piece{{Session: "filepond " + r.Host + r.Path + "?" + r.Query, Offset: int64(at), Total: total}}}
	u.file(r.Header.Get("Upload-Name"))
	return u
}
