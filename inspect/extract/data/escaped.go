package data

import (
	"bufio"
	"bytes"
	"context"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// escaped reads text in which characters are written as \uXXXX, as in property
// files of Java and in program source: as a nested part in which they are
// characters. JSON has its own reader.
type escaped struct{}

func (escaped) Name() string { return "escaped" }

func (escaped) Match(p *part.Part, head []byte) bool {
	if !content(p) || bytes.IndexByte(head, '\\') < 0 {
		return false
	}
	switch b := start(head); {
	case len(b) == 0, b[0] == '{', b[0] == '[', b[0] == '"', b[0] == '<':
		return false
	}
	n := 0
	for from := 0; n < 2; n++ {
		k := bytes.Index(head[from:], []byte(`\u`))
		if k < 0 {
			return false
		}
		if from += k + 2; from > 2 && head[from-3] == '\\' {
			return false // no escape: the backslash itself is escaped
		}
		if r, ok := escapedUnit(head[from:]); !ok || r < 0x80 {
			return false
		}
	}
	return true
}

// escapedUnit reads four hexadecimal digits.
func escapedUnit(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(v), err == nil
}

func (escaped) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("escaped", "")
	src, release := open(p)
	defer release()
	return e.Child(part.Part{Path: "characters", Name: p.Name, MediaType: p.MediaType, Role: p.Role,
		Body: part.NewMeter(ctx, b, "escapes", &unescaper{src: src}), Size: -1})
}

// unescaper reads src with escapes as characters.
type unescaper struct {
	src *bufio.Reader
	out [utf8.UTFMax]byte
	n   int // bytes of out to be read
	at  int
}

func (u *unescaper) Read(p []byte) (int, error) {
	o := 0
	for o < len(p) {
		if u.at < u.n {
			k := copy(p[o:], u.out[u.at:u.n])
			o, u.at = o+k, u.at+k
			continue
		}
		if o > 0 && u.src.Buffered() < 12 {
			break
		}
		b, err := u.src.Peek(12)
		if len(b) == 0 {
			if o > 0 {
				break
			}
			return 0, err
		}
		if all, _ := u.src.Peek(u.src.Buffered()); all[0] != '\\' {
			k := bytes.IndexByte(all, '\\')
			if k < 0 {
				k = len(all)
			}
			k = copy(p[o:], all[:k])
			u.src.Discard(k)
			o += k
			continue
		}
		u.escape(b)
	}
	return o, nil
}

// escape takes the escape at the start of b, or the backslash.
func (u *unescaper) escape(b []byte) {
	used := 1
	u.at, u.n = 0, 1
	u.out[0] = '\\'
	if len(b) > 5 && b[1] == 'u' {
		if r, ok := escapedUnit(b[2:]); ok {
			used = 6
			if utf16.IsSurrogate(r) && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
				if low, ok := escapedUnit(b[8:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
					r, used = utf16.DecodeRune(r, low), 12
				}
			}
			u.n = len(utf8.AppendRune(u.out[:0], r))
		}
	} else if len(b) > 1 && b[1] == '\\' { // an escaped backslash begins nothing
		used, u.n = 2, 2
		u.out[1] = '\\'
	}
	u.src.Discard(used)
}
