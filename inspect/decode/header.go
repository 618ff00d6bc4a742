package decode

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// headers reads header fields and file names that hold encoded words (RFC 2047),
// parameters in pieces (RFC 2231) or percent-encoding (RFC 8187): as they stand,
// and decoded as a nested part.
type headers struct{}

// decodedType is the media type under which header fields are handed on that
// are decoded already.
const decodedType = "text/plain; charset=utf-8; x-decoded-fields=1"

func (headers) Name() string { return "header" }

func (headers) Match(p *part.Part, head []byte) bool {
	if p.Role != part.Header && p.Role != part.FileName || p.MediaType == decodedType {
		return false
	}
	return bytes.Contains(head, []byte("=?")) || bytes.Contains(head, []byte("*=")) ||
		bytes.Contains(head, []byte("*0")) || bytes.Count(head, []byte("%")) > 2
}

func (headers) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	raw, err := io.ReadAll(io.LimitReader(p.Body, 16*maxHeader))
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	decoded := ""
	if p.Role == part.FileName {
		decoded = decodeWords(toUTF8(unpercent(nil, raw, '+'), ""))
	} else {
		decoded = fields(raw)
	}
	if decoded != string(raw) {
		if err := e.Child(decodedFields("decoded", p.Role, decoded)); err != nil {
			return err
		}
	}
	if list := peopleNamed(decoded); list != "" {
		if err := e.Child(decodedFields("people", part.Body, list)); err != nil {
			return err
		}
	}
	whole := *p
	whole.Body = io.MultiReader(newBytesReader(raw), p.Body)
	return text{}.Read(ctx, &whole, e, b)
}

// Display names that say more than a name: how many digits they have, and how
// many of them make a list.
const (
	minDigits = 9
	minPeople = 8
)

// peopleNamed returns the people in decoded fields whose display names hold a
// number, one a line, if they are many.
func peopleNamed(decoded string) string {
	var list strings.Builder
	n := 0
	for line := range strings.Lines(decoded) {
		name, value, _ := strings.Cut(line, ": ")
		if !listsPeople[strings.ToLower(name)] {
			continue
		}
		shown, _, _ := strings.Cut(value, "<")
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, shown)
		if len(digits) >= minDigits {
			list.WriteString(value)
			n++
		}
	}
	if n < minPeople {
		return ""
	}
	return list.String()
}

func decodedFields(path string, role part.Role, s string) part.Part {
	return part.Part{Path: path, Role: role, MediaType: decodedType, Body: strings.NewReader(s), Size: int64(len(s))}
}

// fields returns header fields as a person reads them, in UTF-8: one a line,
// encoded words and parameters decoded, lists of people with one of them a line.
func fields(raw []byte) string {
	var out strings.Builder
	for line := range bytes.Lines(unfold(raw)) {
		line = bytes.TrimRight(line, "\n")
		s := decodeWords(toUTF8(line, ""))
		k := fieldName(line)
		if k > 0 && listsPeople[strings.ToLower(s[:k])] {
			people(&out, s[:k], s[k+1:])
		} else {
			out.WriteString(s)
			out.WriteByte('\n')
		}
		if k > 0 && bytes.IndexByte(line, '*') > 0 {
			for _, name := range []string{"filename", "name"} {
				if v, ok := extended(line[k+1:], name); ok {
					out.WriteString(name + ": " + v + "\n")
				}
			}
		}
		if k > 0 && bytes.Count(line, []byte("%")) > 2 {
			out.WriteString(decodeWords(toUTF8(unpercent(nil, line[k+1:], '+'), "")))
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// unfold puts fields on one line each (RFC 5322, section 2.2.3), with bare line
// feeds as line ends. White space between encoded words goes when they are
// decoded.
func unfold(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i, c := range raw {
		switch {
		case c == '\r' && (i+1 == len(raw) || raw[i+1] == '\n'):
		case c == '\n' && i+1 < len(raw) && (raw[i+1] == ' ' || raw[i+1] == '\t') && i > 0:
		default:
			out = append(out, c)
		}
	}
	return out
}

// listsPeople names the fields whose values are lists of people (RFC 5322,
// section 3.4).
var listsPeople = map[string]bool{"from": true, "to": true, "cc": true, "bcc": true, "reply-to": true,
	"sender": true, "resent-from": true, "resent-to": true, "resent-cc": true, "resent-bcc": true,
	"apparently-to": true, "mail-followup-to": true, "x-original-to": true, "x-envelope-to": true}

// people writes a list of people, one a line behind the field's name. What ends
// a person within quotation marks, brackets or a comment does not.
func people(out *strings.Builder, name, list string) {
	put := func(person string) {
		person = strings.TrimSpace(person)
		if person == "" {
			return
		}
		if k := strings.LastIndexByte(person, '"'); person[0] == '"' && k > 0 && charset.ASCIIPrefix([]byte(person)) < len(person) {
			// Comma and quotation marks are no part of a Japanese name.
			person = strings.ReplaceAll(person[1:k], ",", " ") + person[k+1:]
		}
		out.WriteString(name + ": " + person + "\n")
	}
	start, quoted, deep := 0, false, 0
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '<':
			deep++
		case c == ')' || c == '>':
			deep = max(0, deep-1)
		case (c == ',' || c == ';') && deep == 0:
			put(list[start:i])
			start = i + 1
		}
	}
	put(list[start:])
}

// maxHeader bounds the headers of one part.
const maxHeader = 64 << 10

// readHeader appends the headers that src stands at to buf, and reports false if
// they do not end where they should: the rest is then read as the body. delim
// is a delimiter that ends them, too, nil if there is none.
func readHeader(buf []byte, src *bufio.Reader, delim []byte) (raw []byte, whole bool, err error) {
	for len(buf) < maxHeader {
		if delim != nil {
			if ahead, _ := src.Peek(len(delim)); bytes.Equal(ahead, delim) {
				return buf, false, nil
			}
		}
		line, err := src.ReadSlice('\n')
		buf = append(buf, line...)
		switch {
		case err == bufio.ErrBufferFull:
		case err == io.EOF:
			return buf, false, nil
		case err != nil:
			return buf, false, err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return buf, true, nil
		}
	}
	return buf, false, nil
}

// header is what matters of a part's headers.
type header struct {
	name, fileName, mediaType string
	transfer                  string   // transfer encoding (RFC 2045), lower case, "" if none
	encodings                 []string // content encodings
	telling                   bool     // they may hold more than names of fields and types
}

func parseHeader(raw []byte) header {
	var h header
	var short [32]byte
	named := ""
	for line := range bytes.Lines(unfold(raw)) {
		key, value, ok := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(":"))
		if !ok {
			h.telling = h.telling || len(bytes.TrimSpace(line)) > 0
			continue
		}
		value = bytes.TrimSpace(value)
		switch string(lowered(short[:0], bytes.TrimSpace(key))) {
		case "content-disposition":
			h.fileName = parameter(value, "filename")
			h.name = parameter(value, "name")
			h.telling = h.telling || !bland([]byte(h.name))
		case "content-type":
			h.mediaType = string(value)
			named = parameter(value, "name")
			h.telling = h.telling || !bland(value)
		case "content-transfer-encoding":
			h.transfer = transferName(string(value))
		case "content-encoding":
			for enc := range strings.SplitSeq(strings.ToLower(string(value)), ",") {
				h.encodings = append(h.encodings, strings.TrimSpace(enc))
			}
		case "content-length":
			h.telling = h.telling || len(value) > 11
		default:
			h.telling = true
		}
	}
	if h.fileName == "" {
		h.fileName = named
	}
	return h
}

// lowered appends b in lower case to dst.
func lowered(dst, b []byte) []byte {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return bytes.ToLower(b)
		}
		dst = append(dst, lowerCase(c))
	}
	return dst
}

// kindOf returns a media type without its parameters, in lower case.
func kindOf(mediaType string) string {
	kind, _, _ := strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// bland reports whether a value is a short identifier or type that cannot hold
// anything to be found.
func bland(b []byte) bool {
	digits := 0
	for _, c := range b {
		switch {
		case c-'0' < 10:
			if digits++; digits > 6 {
				return false
			}
		case c == '@' || c >= 0x80 || c < ' ':
			return false
		}
	}
	return len(b) <= 100
}
