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
	raw   []byte // in store, unless the body lies in memory
	store []byte
	text  []byte
	m     normal.Map
	hints traces // of raw
}

var strips = sync.Pool{New: func() any {
	return &strip{store: make([]byte, chunk), text: make([]byte, 0, blockSize)}
}}

func (opaque) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	s := strips.Get().(*strip)
	defer s.release()
	var (
		err    error
		offset int64
		found  bool
		name   = "binary"
		locked lockFinder
		lent   []byte // what is not read yet, with raw, of a body that lies in memory
	)
	lender, ok := p.Body.(part.Lender)
	if ok {
		lent, ok = lender.Lend()
	}
	for first := true; ; first = false {
		// A run is cut where the bytes at hand end: what may go on is kept.
		if ok {
			had := len(s.raw)
			s.raw = lent[:min(chunk, len(lent))]
			if lender.Skip(len(s.raw) - had); len(s.raw) == len(lent) {
				err = io.EOF
			}
		}
		for len(s.raw) < chunk && err == nil {
			var n int
			n, err = p.Body.Read(s.store[len(s.raw):])
			s.raw = s.store[:len(s.raw)+n]
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
		s.hints.of(s.raw)
		if k, what := embedded(s.raw, offset, &s.hints); k >= 0 {
			// What follows is inspected as the archive that it is.
			child := part.Part{Path: "embedded " + what, Size: -1}
			if at, ok := p.Body.(io.ReaderAt); ok && p.Size > offset+int64(k) {
				child.Size = p.Size - offset - int64(k)
				child.Body = io.NewSectionReader(at, offset+int64(k), child.Size)
			} else if err != nil {
				child.Body = io.MultiReader(bytes.NewReader(s.raw[k:]), ended{err})
			} else {
				child.Body = io.MultiReader(bytes.NewReader(bytes.Clone(s.raw[k:])), p.Body)
			}
			s.raw = s.raw[:k]
			_, any, emitted := s.emit(e, offset, true)
			if emitted != nil {
				return emitted
			}
			e.Skip(part.UnknownFormat, found || any || k == 0, name)
			return e.Child(child)
		}
		used, any, emitted := s.emit(e, offset, err != nil)
		if emitted != nil {
			return emitted
		}
		found = found || any
		offset += int64(used)
		if s.raw = s.raw[used:]; ok {
			lent = lent[used:]
		} else {
			s.raw = s.store[:copy(s.store, s.raw)]
		}
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

// release keeps s's storage for others.
func (s *strip) release() {
	s.raw = nil
	strips.Put(s)
}

// ended is a reader that has ended so.
type ended struct{ err error }

func (r ended) Read([]byte) (int, error) { return 0, r.err }

// emit hands on the runs of text in raw, one a line, and returns how much of
// raw is done with. A run that may go on beyond raw is left, unless it is last.
func (s *strip) emit(e part.Emitter, base int64, last bool) (used int, found bool, err error) {
	s.text = s.text[:0]
	s.m.Reset(base)
	b := s.raw
	wide := nextWide(b, 0, &s.hints)
	for used < len(b) {
		r := nextNarrow(b[:wide.start], used, &s.hints)
		if r.end == 0 {
			if r = wide; r.start == len(b) {
				break
			}
			wide = nextWide(b, r.end, &s.hints)
		}
		if !last && r.end >= len(b)-1 && r.start > 0 {
			used = r.start
			break
		}
		d := charset.Decoder{Charset: r.Charset}
		out, n, _ := d.Decode(s.text, b[r.start:r.end], base+int64(r.start), true, &s.m)
		s.m.Step(len(out), base+int64(r.start+n), 1, 0)
		s.text = append(out, '\n')
		found = true
		used = r.end
	}
	switch {
	case last:
		used = len(b)
	case used < len(b)-2*minText:
		used = len(b) - 2*minText // the start of a run may stand behind it
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

// textRun is a stretch of text in binary data.
type textRun struct {
	start, end int
	charset.Charset
}

// printable tells the bytes of ASCII that text is made of, upper the high bytes
// of usual characters in UTF-16.
var printable, upper = func() (p, u [256]bool) {
	for c := range 256 {
		p[c] = c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r'
		u[c] = c == 0 || c == 0x30 || c == 0xff || c >= 0x4e && c <= 0x9f
	}
	return p, u
}()

// nextNarrow returns the first run of text of bytes in b from at on, the zero
// run if there is none. m are the traces of b or what it is the start of.
func nextNarrow(b []byte, at int, m *traces) textRun {
	for at < len(b) {
		start, end := plausible(b, at, m)
		for at = start; end-at >= minText && (at > start || holdsText(b[at:end])); {
			n, c := narrowRun(b[at:end])
			if n >= minText {
				return textRun{at, at + n, c}
			}
			at += max(n, 1)
		}
		at = end
	}
	return textRun{}
}

// narrowRun returns the length of the run of text that b begins with and its
// encoding. Where it is too short to count, the length is a safe one to skip.
func narrowRun(b []byte) (int, charset.Charset) {
	n := mixedRun(b, utf8Char)
	if n == len(b) || n >= minText && b[n] < 0x80 {
		return n, charset.UTF8
	}
	if k := mixedRun(b, cp932Char); k >= minText && k > n && readsJapanese(b[:k]) {
		return k, charset.CP932
	}
	return n, charset.UTF8
}

// nextWide returns the first run of text in UTF-16LE in b from at on; if there
// is none, one that starts at b's end. It looks at one high byte in minText, of
// stretches of which the traces of b, if there are any, show something.
func nextWide(b []byte, at int, m *traces) textRun {
	const step = 2 * minText
	var failed [2]int // by parity, the end of the last run that was none
	for i := at + step - 1; i < len(b); {
		next := i + 1 // the other parity, then further on
		if (i-at)%step == 0 {
			next = i + step - 1
		} else if m.blocks > 0 {
			// A run that holds i has minText characters that begin here.
			if q := m.wideText(max(at, i-step)); q > next {
				i += (q - i + step - 1) / step * step
				continue
			}
		}
		if upper[b[i]] && i >= failed[i&1] {
			start, end := i-1, i+1
			for start-2 >= at && wideChar(b[start-2], b[start-1]) {
				start -= 2
			}
			if wideChar(b[i-1], b[i]) {
				for end+2 <= len(b) && wideChar(b[end], b[end+1]) {
					end += 2
				}
				if readsWide(b[start:end]) {
					return textRun{start, end, charset.UTF16LE}
				}
				failed[i&1] = end
			}
		}
		i = next
	}
	return textRun{start: len(b), end: len(b)}
}

func wideChar(lo, hi byte) bool { return upper[hi] && (hi > 0 || printable[lo]) }

// readsWide reports whether b is text in UTF-16LE by more than chance. Text of
// ASCII read as pairs looks like kanji.
func readsWide(b []byte) bool {
	if len(b) < 2*minText || mixedRun(b, func([]byte) int { return 0 }) == len(b) {
		return false
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return true
	}
	return charset.Detect(b[:min(len(b), 512)], true, true, "").Charset == charset.UTF16LE
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
