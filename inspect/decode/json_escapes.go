package decode

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// escapeAt returns the character that the escape sequence at b's start stands
// for, and its length. What is no sequence stands for itself.
func escapeAt(b []byte) (rune, int) {
	if len(b) < 2 {
		return '\\', 1
	}
	switch b[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return '\\', 1
		}
		if r >= 0xd800 && r < 0xdc00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if low, ok := hex4(b[8:]); ok && low >= 0xdc00 && low < 0xe000 {
				return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, 12
			}
		}
		if !utf8.ValidRune(r) {
			r = utf8.RuneError
		}
		return r, 6
	case '"', '\\', '/':
		return rune(b[1]), 2
	}
	return '\\', 1
}

// wideEscapes appends to dst the characters that b begins with as "\uXXXX" of each, as
// long as they take three bytes in UTF-8, as those of Japanese do, and returns how much
// of b they are.
func wideEscapes(dst, b []byte) (out []byte, used int) {
	for len(b)-used >= 6 {
		e := b[used : used+6 : used+6]
		i, j, k, l := unhex[e[2]], unhex[e[3]], unhex[e[4]], unhex[e[5]]
		r := uint32(i)<<12 | uint32(j)<<8 | uint32(k)<<4 | uint32(l)
		if e[0] != '\\' || e[1] != 'u' || i|j|k|l > 15 || r < 0x800 || r>>11 == 0xd800>>11 {
			break
		}
		dst = append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
		used += 6
	}
	return dst, used
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		v := unhex[c]
		if v == outside {
			return 0, false
		}
		r = r<<4 | rune(v)
	}
	return r, true
}

// unescape appends b with its escapes resolved to dst.
func unescape(dst, b []byte) (out []byte, used int) {
	i := 0
	for i < len(b) {
		k := bytes.IndexByte(b[i:], '\\')
		if k < 0 {
			k = len(b) - i
		}
		dst = append(dst, b[i:i+k]...)
		if i += k; i < len(b) {
			var n int
			if dst, n = wideEscapes(dst, b[i:]); n > 0 {
				i += n
				continue
			}
			c, n := escapeAt(b[i:])
			dst = utf8.AppendRune(dst, c)
			i += n
		}
	}
	return dst, i
}

// stringReader reads the string that a window stands in, to its closing mark,
// which it leaves.
type stringReader struct {
	w    *window
	have []byte // unescaped, not handed out yet
	buf  []byte
	done bool
}

func (r *stringReader) Read(p []byte) (int, error) {
	for len(r.have) == 0 {
		if r.done {
			return 0, r.end()
		}
		r.w.fill(chunk)
		b := r.w.text
		n, _, closed := stringEnd(b[:min(len(b), maxString)])
		if !closed && len(b) > n { // leave what may be the start of an escape
			n = max(0, min(n, maxString-12))
			if k := bytes.LastIndexByte(b[max(0, n-12):n], '\\'); k >= 0 {
				n = wholeEscapes(b[:n])
			}
		}
		r.done = closed || n == 0 || n == len(b) && r.w.err != nil
		r.buf, _ = unescape(r.buf[:0], b[:n])
		r.have = r.buf
		r.w.consume(n)
	}
	n := copy(p, r.have)
	r.have = r.have[n:]
	return n, nil
}

func (r *stringReader) end() error {
	if len(r.w.text) == 0 && r.w.err != nil && r.w.err != io.EOF {
		return r.w.err
	}
	return io.EOF
}

// wholeEscapes returns the length of b without an escape sequence, or pair of
// them, that may go on beyond it.
func wholeEscapes(b []byte) int {
	i := 0
	for {
		k := bytes.IndexByte(b[i:], '\\')
		if k < 0 {
			return len(b)
		}
		i += k
		_, n := escapeAt(b[i:])
		if i+12 > len(b) {
			return i
		}
		i += n
	}
}
