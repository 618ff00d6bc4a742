package decode

import (
	"bytes"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// document tells whether a value, such as a JSON string or a form field, is a
// document of its own: base64 of something worthwhile, a data: URL (RFC 2397),
// JSON, markup, percent-encoded text, bytes in hexadecimal or the like. Its Body is in memory; Path is left to the caller.
func document(value []byte) (part.Part, bool) {
	if len(value) < minValue {
		return part.Part{}, false
	}
	mediaType, data, ok := dataURL(value)
	if !ok {
		data = value
	}
	if isBase64(data) {
		p, _, worthwhile := base64Child(nil, data)
		p.MediaType = mediaType
		if worthwhile || ok {
			return p, worthwhile
		}
	}
	if ok {
		data = unpercent(nil, data, '+')
		return part.Part{MediaType: mediaType, Body: newBytesReader(data), Size: int64(len(data))}, true
	}
	if n := spelling(value); n != nil {
		data = through(n.recoding(), value, true)
		return part.Part{Path: n.name, Body: newBytesReader(data), Size: int64(len(data))}, true
	}
	p := part.Part{}
	if looksJSON(value) && bytes.IndexByte(value, '"') >= 0 || (markup{}).Match(&p, value) ||
		bytes.IndexByte(value, '%') >= 0 && (form{}).Match(&p, value) {
		return part.Part{Body: newBytesReader(value), Size: int64(len(value))}, true
	}
	return part.Part{}, false
}

// dataURL splits a data: URL.
func dataURL(b []byte) (mediaType string, data []byte, ok bool) {
	if len(b) < 5 || b[4] != ':' || !strings.EqualFold(string(b[:5]), "data:") {
		return "", nil, false
	}
	head, data, ok := bytes.Cut(b[5:], []byte(","))
	if !ok || len(head) > 200 {
		return "", nil, false
	}
	return strings.TrimSuffix(string(head), ";base64"), data, true
}
