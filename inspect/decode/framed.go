package decode

import (
	"bytes"
	"context"
	"slices"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// framed reads text that is cut into pieces with the same signs between all of them:
// a tag, a group or a comment around each character, strings that a program joins
// ("a"+"b", 'a'||'b', ="a"&"b"), or numbers of characters that it makes such of
// (chr(97)+chr(98), [char]97+[char]98, \char97 \char98, references without an end).
type framed struct{}

func (framed) Name() string { return "framed" }

func (framed) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && frameOf(head) != nil
}

func (framed) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func(head []byte) (string, recoding) {
		if f := frameOf(head); f != nil {
			return "framed", f.recoding()
		}
		return "text", nil
	}, p, e, b)
}

// frame is what stands between two pieces.
type frame struct {
	all []byte
	// call is the end of it, if the pieces are numbers of characters: what makes a
	// character of one.
	call []byte
	base int // of the numbers
}

// Bounds of frames.
const (
	frameProbe  = 1 << 10 // bytes in which one is looked for
	minFrames   = 12      // in those
	frameTrials = 4
	minPieces   = 24
)

// frameOf finds the frame of a text by its head; nil if it has none.
func frameOf(head []byte) *frame {
	if len(head) < 128 || likeJSON(head) { // which has its own
		return nil
	}
	w := head[:min(len(head), frameProbe)]
	trials := 0
	for at := len(w) / 8; at < len(w)/4 && trials < frameTrials; at++ {
		if !frameSign[w[at]] {
			continue
		}
		trials++
		mark := w[at : at+2]
		if bytes.Count(w[at:at+len(w)/4], mark) < minFrames/4 {
			continue
		}
		if f := frameAt(w, mark); f != nil && f.fits(w) {
			return f
		}
	}
	return nil
}

// likeJSON tells whether a text may be JSON.
func likeJSON(head []byte) bool {
	if head[0] != '{' && head[0] != '[' {
		return false
	}
	b := bytes.TrimLeft(head[1:], " \t\r\n")
	return len(b) == 0 || bytes.IndexByte([]byte(`"'{}[]-0123456789tfn`), b[0]) >= 0
}

// frameSign are the signs of which every frame has one.
var frameSign = func() (t [256]bool) {
	for _, c := range []byte(`<>'"{}\&[]()+|`) {
		t[c] = true
	}
	return t
}()

// frameAt is what is the same around each of the first places of mark in w; nil if
// what is between is more than a piece.
func frameAt(w, mark []byte) *frame {
	var places [minFrames]int
	at := 0
	for i := range places {
		k := bytes.Index(w[at:], mark)
		if k < 0 {
			return nil
		}
		places[i], at = at+k, at+k+len(mark)
	}
	var gaps [minFrames - 2]int
	for i := range gaps {
		gaps[i] = places[i+2] - places[i+1]
	}
	slices.Sort(gaps[:])
	first, others := places[1], places[2:]
	same := func(off int) bool {
		for _, p := range others {
			if p+off >= len(w) || w[p+off] != w[first+off] {
				return false
			}
		}
		return true
	}
	before, end := 0, len(mark)
	for end < gaps[0] && same(end) {
		end++
	}
	for before+end < gaps[0] && first > before && same(-before-1) {
		before++
	}
	for end > 0 && !utf8.RuneStart(w[first+end]) { // a piece begins with a character
		end--
	}
	f := &frame{all: w[first-before : first+end]}
	switch few := gaps[len(gaps)*2/3] - len(f.all); {
	case few < 1, len(f.all) < 2, few > maxNumbered/2 && !f.joins(), few > utf8.UTFMax && !f.joins() && callOf(f.all) == nil:
		return nil
	}
	f.all = bytes.Clone(f.all)
	return f
}

// fits tells whether what stands in the frame in w is to be put together. It finds
// out what the pieces are.
func (f *frame) fits(w []byte) bool {
	pieces := bytes.Split(w, f.all)
	pieces = pieces[1 : len(pieces)-1]
	f.base = 10
	if low := bytes.ToLower(f.all); bytes.HasSuffix(low, []byte("x")) || bytes.HasSuffix(low, []byte("&h")) {
		f.base = 16
	}
	singles, numbers := 0, 0
	for _, p := range pieces {
		if r, n := utf8.DecodeRune(p); n == len(p) && n > 0 && r != utf8.RuneError {
			singles++
		}
		if n := f.digits(p); n > 1 && n < 7 && len(p)-n <= 12 {
			numbers++
		}
	}
	switch n := len(pieces); {
	case f.joins():
		return n >= minFrames
	case n < min(minPieces, len(w)/(2*len(f.all)+2)):
		return false
	case singles*10 >= n*9:
		return varied(bytes.Join(pieces, nil))
	case numbers*4 >= n*3:
		f.call = callOf(f.all)
		return f.call != nil && (f.call[0] != '&' || bytes.IndexByte(w, ';') < 0) // else they are whole
	}
	return false
}

// joins tells whether the frame is what joins two strings in a program or formula.
func (f *frame) joins() bool {
	b := bytes.ReplaceAll(f.all, []byte(" "), nil)
	if len(b) < 3 || b[0] != '"' && b[0] != '\'' || b[len(b)-1] != b[0] {
		return false
	}
	switch string(b[1 : len(b)-1]) {
	case "+", "&", ".", "||", "..", "~", "<>", "^", "++":
		return true
	}
	return false
}

// callOf is the end of a frame that makes a character of the number behind it; nil if
// none does.
func callOf(frame []byte) []byte {
	low := bytes.ToLower(frame)
	for _, word := range []string{"unichar", "fromcharcode", "chrw", "char", "chr", "&#", "%u", "codepoint"} {
		if k := bytes.LastIndex(low, []byte(word)); k >= 0 {
			for k > 0 && (frame[k-1] == '[' || frame[k-1] == '\\') {
				k--
			}
			return frame[k:]
		}
	}
	return nil
}

// digits counts the digits that b begins with.
func (f *frame) digits(b []byte) int {
	n := 0
	for n < len(b) && int(unhex[b[n]]) < f.base {
		n++
	}
	return n
}

// recoding puts the pieces together. What is in no frame stays as it is.
func (f *frame) recoding() recoding {
	if f.call != nil {
		return f.unnumbered
	}
	return func(dst, src []byte, last bool) ([]byte, int) {
		from := len(dst)
		k := bytes.Index(src, f.all)
		switch {
		case k >= 0:
			dst = append(dst, src[:k]...)
			k += len(f.all)
		case last:
			dst, k = append(dst, src...), len(src)
		default:
			k = max(0, len(src)-len(f.all)+1)
			dst = append(dst, src[:k]...)
		}
		if f.all[1] == '&' && f.joins() { // ="a"&"b" in a cell of CSV
			dst = append(dst[:from], bytes.ReplaceAll(dst[from:], []byte{'=', f.all[0]}, f.all[:1])...)
		}
		return dst, k
	}
}

// maxNumbered is how long the call of a character is.
const maxNumbered = 64

func (f *frame) unnumbered(dst, src []byte, last bool) ([]byte, int) {
	between := f.all[:len(f.all)-len(f.call)]
	i := 0
	for i < len(src) {
		if len(src)-i < maxNumbered && !last {
			break
		}
		if !bytes.HasPrefix(src[i:], f.call) {
			dst = append(dst, src[i])
			i++
			continue
		}
		rest := src[i+len(f.call):]
		n := min(f.digits(rest), 7)
		r := rune(0)
		for _, c := range rest[:n] {
			r = r*rune(f.base) + rune(unhex[c])
		}
		if n == 0 || r > utf8.MaxRune {
			dst = append(dst, src[i])
			i++
			continue
		}
		dst = utf8.AppendRune(dst, r)
		i += len(f.call) + n
		switch {
		case len(between) > 0 && bytes.HasPrefix(src[i:], between):
			i += len(between)
		case bytes.HasPrefix(src[i:], []byte{')'}):
			i++
		}
	}
	return dst, i
}
