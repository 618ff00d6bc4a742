package data

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// maxBinary bounds what is turned into JSON in memory.
const maxBinary = 16 << 20

// maxNesting bounds maps within maps.
const maxNesting = 64

// nested is a format of nested values that is read as the JSON it could have
// been written in: what belongs together is then seen to.
type nested struct {
	name string
	// match judges head; declared is the media type without parameters.
	match func(head []byte, declared string) bool
	// convert appends the JSON for b to dst. whole is false if b, or its end,
	// is not of the format.
	convert func(dst, b []byte) (out []byte, whole bool)
}

func (r nested) Name() string { return r.name }

func (r nested) Match(p *part.Part, head []byte) bool {
	return content(p) && p.Size <= maxBinary && len(head) > 1 && r.match(head, mediaKind(p.MediaType))
}

func (r nested) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format(r.name, "")
	all, err := whole(p, maxBinary)
	if err != nil && len(all) == 0 {
		return part.Stop(ctx, e, err, false)
	}
	out, complete := r.convert(make([]byte, 0, len(all)+len(all)/2), all)
	if over := b.Spend(ctx, len(out)); over != nil {
		return part.Stop(ctx, e, over, false)
	}
	switch {
	case err != nil:
		reason, detail := part.ReasonOf(err)
		e.Skip(reason, true, detail)
	case !complete:
		e.Skip(part.DecodeError, true, r.name+" is damaged")
		if err := e.Child(child("bytes", "application/octet-stream", all)); err != nil {
			return err
		}
	}
	return e.Child(child("values", "application/json", out))
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] >= ' ' && s[n] < utf8.RuneSelf && s[n] != '"' && s[n] != '\\' {
			n++
		}
		if dst, s = append(dst, s[:n]...), s[n:]; len(s) == 0 {
			break
		}
		c := s[0]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c < ' ':
			dst = append(dst, ' ')
		default:
			r, n := utf8.DecodeRune(s)
			dst = utf8.AppendRune(dst, r)
			s = s[n:]
			continue
		}
		s = s[1:]
	}
	return append(dst, '"')
}

// minBase64 is the length from which bytes that are no text are told.
const minBase64 = 16

// appendBytes appends a value whose type does not say whether it is text: as
// text if it is, else in base64, which the reader of JSON looks into.
func appendBytes(dst, b []byte) []byte {
	if readable(b) {
		return appendString(dst, b)
	}
	if len(b) < minBase64 {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// appendText appends a value that its type says is text.
func appendText(dst, b []byte) []byte {
	if charset.ASCIIPrefix(b) == len(b) || charset.ValidPrefix(b) == len(b) {
		return appendString(dst, b)
	}
	return appendString(dst, []byte(text(b)))
}

// readable reports whether b is text in UTF-8 without control characters.
func readable(b []byte) bool {
	for i := 0; ; i++ {
		if i += calm(b[i:]); i == len(b) {
			return charset.ValidPrefix(b) == len(b)
		}
		if c := b[i]; c < ' ' && (c < '\t' || c > '\r') || c == 0x7f {
			return false
		}
	}
}

// hasControls reports whether b is no plain text.
func hasControls(b []byte) bool {
	if charset.Plain(b) { // most text, by vectors
		return bytes.Contains(b, []byte("\ufffd"))
	}
	for i := 0; ; i++ {
		if i += calm(b[i:]); i == len(b) {
			return charset.ValidPrefix(b) < len(b) || bytes.Contains(b, []byte("\ufffd"))
		}
		if c := b[i]; c < '\t' || c > '\r' && c < ' ' && c != 0x1b {
			return true
		}
	}
}

// calm returns where in b the first control character may stand.
func calm(b []byte) int {
	const each = 0x0101010101010101
	i := 0
	for i < len(b) {
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			// The top bit of a byte that is below a space, or is DEL, is set,
			// and that of few others.
			if ((x-0x20*each)&^x|(x+each)&^x)&(0x80*each) != 0 {
				break
			}
			i += 8
		}
		for end := min(i+8, len(b)); i < end; i++ {
			if b[i] < ' ' || b[i] == 0x7f {
				return i
			}
		}
	}
	return i
}

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

func appendFloat(dst []byte, v float64) []byte {
	if v != v || v > 1e300 || v < -1e300 {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}
