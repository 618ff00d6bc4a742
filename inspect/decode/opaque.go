package decode

import (
	"bytes"
	"context"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// opaque takes what no other reader knows. It is told as not inspected, with
// the name of its format if the bytes show one, or as encrypted. Yet what in it
// reads as text is handed on, since comments, metadata and whole tables stand
// in plain in many formats: runs of at least minText bytes of ASCII, UTF-8 or
// CP932, or as many characters of UTF-16LE. It is then told as read partly.
type opaque struct{}

// minText is the length from which a run of characters is taken for text. In
// random bytes one such run comes in some ten megabytes.
const minText = 16

func (opaque) Name() string { return "binary" }

func (opaque) Match(*part.Part, []byte) bool { return true }

type strip struct {
	raw  []byte
	text []byte
	m    normal.Map
}

var strips = sync.Pool{New: func() any {
	return &strip{raw: make([]byte, 0, chunk), text: make([]byte, 0, blockSize)}
}}

func (opaque) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	s := strips.Get().(*strip)
	defer strips.Put(s)
	s.raw = s.raw[:0]
	var (
		err    error
		offset int64
		found  bool
		name   = "binary"
		locked lockFinder
	)
	for first := true; ; first = false {
		// A run is cut where the bytes at hand end: what may go on is kept.
		for len(s.raw) < cap(s.raw) && err == nil {
			var n int
			n, err = p.Body.Read(s.raw[len(s.raw):cap(s.raw)])
			s.raw = s.raw[:len(s.raw)+n]
		}
		if first {
			if f := sniff(s.raw); f != nil {
				name = f.name
			}
			locked.start(name, s.raw)
			e.Format(name, "")
		}
		if len(s.raw) == 0 {
			break
		}
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, found)
		}
		locked.look(s.raw, offset)
		used, any, emitted := s.emit(e, offset, err != nil)
		if emitted != nil {
			return emitted
		}
		found = found || any
		offset += int64(used)
		s.raw = s.raw[:copy(s.raw, s.raw[used:])]
		if err != nil && len(s.raw) == 0 {
			break
		}
	}
	if err != io.EOF {
		return part.Stop(ctx, e, err, found)
	}
	if locked.found {
		e.Skip(part.Encrypted, found, name)
	} else if offset > 0 {
		e.Skip(part.UnknownFormat, found, name)
	}
	return nil
}

// emit hands on the runs of text in raw, one a line, and returns how much of
// raw is done with.
func (s *strip) emit(e part.Emitter, base int64, last bool) (used int, found bool, err error) {
	s.text = s.text[:0]
	s.m.Reset(base)
	b := s.raw
	keep := 0 // where a run begins that may go on beyond raw
	for i := 0; i < len(b); {
		n, c := textRun(b[i:])
		if i+n == len(b) && !last && i > 0 {
			keep = i
			break
		}
		if n == 0 {
			i++
			continue
		}
		if n >= minText {
			d := charset.Decoder{Charset: c}
			out, taken, _ := d.Decode(s.text, b[i:i+n], base+int64(i), true, &s.m)
			if taken > 0 {
				s.m.Step(len(out), base+int64(i+taken), 1, 0)
				s.text = append(out, '\n')
				found = true
			}
		}
		i += n
	}
	used = len(b)
	if keep > 0 {
		used = keep
	}
	for at := 0; at < len(s.text) && err == nil; {
		n := cut(s.text[at:], true)
		if at > 0 {
			s.m.Drop(at)
			s.text = s.text[:copy(s.text, s.text[at:])]
			at, n = 0, cut(s.text, true)
		}
		err = e.Text(part.Text{Bytes: s.text[at : at+n], Map: &s.m})
		at += n
	}
	return used, found, err
}

// printable tells the bytes of ASCII that text is made of.
var printable = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = true
	}
	t['\t'], t['\n'], t['\r'] = true, true, true
	return t
}()

// textRun returns the length of the run of text that b begins with and its
// encoding. Where it is too short to count, the length is a safe one to skip.
func textRun(b []byte) (int, charset.Charset) {
	c := b[0]
	switch {
	case printable[c]:
		if len(b) > 3 && b[1] == 0 && b[3] == 0 && printable[b[2]] {
			return wideRun(b), charset.UTF16LE
		}
		n := mixedRun(b, utf8Char)
		if n < minText || len(b) > n && b[n] >= 0x80 {
			if k := mixedRun(b, cp932Char); k >= minText && k > n && readsJapanese(b[:k]) {
				return k, charset.CP932
			}
		}
		return n, charset.UTF8
	case c >= 0x80:
		if n := mixedRun(b, utf8Char); n >= minText {
			return n, charset.UTF8
		}
		if n := wideRun(b); n >= minText {
			return n, charset.UTF16LE
		}
		if n := mixedRun(b, cp932Char); n >= minText && readsJapanese(b[:n]) {
			return n, charset.CP932
		}
		return 0, charset.UTF8
	}
	if n := wideRun(b); n >= minText {
		return n, charset.UTF16LE
	}
	return 0, charset.UTF8
}

// mixedRun returns how far b is ASCII text and characters that size knows.
func mixedRun(b []byte, size func([]byte) int) int {
	i := 0
	for i < len(b) {
		if printable[b[i]] {
			i++
			continue
		}
		n := 0
		if b[i] >= 0x80 {
			n = size(b[i:])
		}
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

func utf8Char(b []byte) int {
	r, n := utf8.DecodeRune(b)
	if n < 2 || r < 0xa0 {
		return 0
	}
	return n
}

// cp932Char knows kana, punctuation and the kanji of JIS level 1.
func cp932Char(b []byte) int {
	if len(b) > 1 && b[0] >= 0x81 && b[0] <= 0x98 && (b[0] <= 0x83 || b[0] >= 0x88) && b[1] >= 0x40 && b[1] <= 0xfc && b[1] != 0x7f {
		return 2
	}
	return 0
}

// readsJapanese reports whether what reads as CP932 is so by more than chance.
func readsJapanese(b []byte) bool {
	g := charset.Detect(b, true, false, "")
	return g.Charset == charset.CP932 && g.Sure > 0.8
}

// wideRun returns the length of the text in UTF-16LE at b's start, if it is of
// ASCII, kana and kanji and goes on for minText characters.
func wideRun(b []byte) int {
	i := 0
	for i+2 <= len(b) {
		lo, hi := b[i], b[i+1]
		switch {
		case hi == 0 && printable[lo]:
		case hi == 0x30, hi == 0xff, hi >= 0x4e && hi <= 0x9f:
		default:
			hi = 0xfe
		}
		if hi == 0xfe {
			break
		}
		i += 2
	}
	if i < 2*minText {
		return 0
	}
	// Text of ASCII read as pairs looks like kanji.
	if ascii := mixedRun(b[:i], func([]byte) int { return 0 }); ascii == i {
		return 0
	}
	if g := charset.Detect(b[:min(i, 512)], true, true, ""); g.Charset != charset.UTF16LE && bytes.IndexByte(b[:i], 0) < 0 {
		return 0
	}
	return i
}
