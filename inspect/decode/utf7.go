package decode

import (
	"bytes"
	"context"
	"io"
	"strings"
	wide "unicode/utf16"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// utf7 reads text in UTF-7 (RFC 2152): shifted stretches are base64 of UTF-16.
// Text that is not declared so is only taken for it if it shifts to Japanese
// again and again.
type utf7 struct{}

func (utf7) Name() string { return "utf-7" }

func (utf7) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || bytes.IndexByte(head, '+') < 0 {
		return false
	}
	if strings.IndexByte(p.MediaType, '7') > 0 && isUTF7(charsetParameter(p.MediaType)) {
		return true
	}
	return shifts(head)
}

// shifts reports whether head has four stretches of UTF-7 that end as the RFC
// wants it and hold nothing but kana, kanji and full-width forms.
func shifts(head []byte) bool {
	n := 0
	var out [256]byte
	for len(head) > 0 && n < 4 {
		k := bytes.IndexByte(head, '+')
		if k < 0 {
			return false
		}
		head = head[k:]
		end := bytes.IndexByte(head, '-')
		if end < 0 {
			return false
		}
		if end < 4 || end > 120 {
			head = head[1:]
			continue
		}
		for _, r := range string(unUTF7(out[:0], head[:end+1])) {
			if r < 0x3000 || r > 0x9FFF && r < 0xFF00 || r == utf8.RuneError {
				return false
			}
		}
		n++
		head = head[end+1:]
	}
	return n >= 4
}

func isUTF7(label string) bool {
	switch strings.ToLower(label) {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7", "x-unicode-2-0-utf-7":
		return true
	}
	return false
}

// charsetParameter returns the charset parameter of a media type, "" if none.
func charsetParameter(mediaType string) string {
	if strings.IndexByte(mediaType, ';') < 0 {
		return ""
	}
	v, _ := rawParameter([]byte(mediaType), "charset")
	return strings.Trim(string(v), "\"' ")
}

func (utf7) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("utf-7", "utf-7")
	r := &lineReader{src: p.Body, change: func(dst, line []byte) []byte { return unUTF7(dst, line) }}
	return e.Child(part.Part{
		Path: "utf-8", Name: p.Name, MediaType: kindOf(p.MediaType) + "; charset=utf-8", Role: p.Role,
		Body: part.NewMeter(ctx, b, "utf-7", r), Size: -1,
	})
}

// unUTF7 appends to dst what b stands for, in UTF-8. A stretch does not go
// beyond the end of a line.
func unUTF7(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c != '+':
			if c < utf8.RuneSelf {
				dst = append(dst, c)
			} else { // not allowed: what it is cannot be known
				dst = utf8.AppendRune(dst, utf8.RuneError)
			}
			continue
		case i+1 < len(b) && b[i+1] == '-':
			dst = append(dst, '+')
			i++
			continue
		}
		var bits uint32
		var n int
		var lead rune
		k := i + 1
		for ; k < len(b) && b[k] != '-' && sextet[b[k]] != outside && b[k] != '_'; k++ {
			bits, n = bits<<6|uint32(sextet[b[k]]), n+6
			if n < 16 {
				continue
			}
			n -= 16
			unit := rune(uint16(bits >> n))
			switch r := wide.DecodeRune(lead, unit); {
			case lead != 0 && r != utf8.RuneError:
				dst, lead = utf8.AppendRune(dst, r), 0
			case wide.IsSurrogate(unit) && unit < 0xdc00:
				lead = unit
			default:
				dst, lead = utf8.AppendRune(dst, unit), 0
			}
		}
		if k == i+1 {
			dst = append(dst, '+')
			continue
		}
		if k < len(b) && b[k] == '-' {
			k++
		}
		i = k - 1
	}
	return dst
}

// lineReader reads src with each line changed. Lines longer than its buffer are
// changed in pieces.
type lineReader struct {
	src    io.Reader
	change func(dst, line []byte) []byte
	in     []byte // read, not changed yet
	out    []byte // changed, not read yet
	store  []byte // holds out
	buf    []byte // holds in
	err    error
}

const maxLine = 16 << 10

func (r *lineReader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		k := bytes.IndexByte(r.in, '\n') + 1
		if k == 0 && (r.err != nil || len(r.in) >= maxLine) {
			k = len(r.in)
		}
		if k > 0 {
			r.store = r.change(r.store[:0], r.in[:k])
			r.out, r.in = r.store, r.in[k:]
			continue
		}
		if r.err != nil {
			return 0, r.err
		}
		if r.buf == nil {
			r.buf = make([]byte, 2*maxLine)
		}
		kept := copy(r.buf, r.in)
		var n int
		n, r.err = r.src.Read(r.buf[kept:])
		r.in = r.buf[:kept+n]
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}
