package decode

import (
	"bytes"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// percentDecoded appends to dst, one a line, the words in text that hold three
// or more percent-encoded bytes beyond ASCII, decoded: addresses of pages and
// searches, as they stand in logs, mails and scripts.
func percentDecoded(dst, text []byte, signs normal.Signs) []byte {
	for at := 0; signs&normal.Percent != 0; {
		k := bytes.IndexByte(text[at:], '%')
		if k < 0 {
			return dst
		}
		k += at
		start, end := k, k
		for start > at && inAddress[text[start-1]] {
			start--
		}
		high := 0
		for end < len(text) && inAddress[text[end]] {
			if text[end] == '%' && end+2 < len(text) && unhex[text[end+1]] < 16 && unhex[text[end+1]] >= 8 && unhex[text[end+2]] < 16 {
				high++
			}
			end++
		}
		if high >= 3 {
			dst = append(unpercent(dst, text[start:end], ' '), '\n')
		}
		at = end
	}
	return dst
}

// inAddress tells the bytes that words in percent-encoding are made of.
var inAddress = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = true
	}
	for _, c := range `"'<>()[]{},|\^` + "`" {
		t[c] = false
	}
	return t
}()

// percentChild is the part that such words make.
func percentChild(decoded []byte) part.Part {
	return part.Part{Path: "percent-decoded", Body: newBytesReader(decoded), Size: int64(len(decoded))}
}

// unpercent appends b, percent-decoded and with "+" read as plus, to dst.
func unpercent(dst, b []byte, plus byte) []byte {
	dst = slices.Grow(dst, len(b))
	out, o := dst[len(dst):len(dst)+len(b)], 0
	for i := 0; i < len(b); {
		c := b[i]
		switch c {
		case '%':
			if n := percents(out[o:], b[i:]); n > 0 {
				o, i = o+n, i+3*n
				continue
			}
		case '+':
			c = plus
		}
		out[o] = c
		o++
		i++
	}
	return dst[:len(dst)+o]
}

// percents decodes the percent-encoded bytes that src begins with to dst, as many as it
// has room for, and returns how many.
func percents(dst, src []byte) int {
	const group, size = 8, 8 * 3
	n := 0
	if groups := min(len(dst)/group, len(src)/size); groups > 0 && src[size-3] == '%' && useVectors {
		n = group * percentBlocks(&dst[0], &src[0], groups)
		src = src[3*n:]
	}
	for ; n < len(dst) && len(src) > 2 && src[0] == '%'; src = src[3:] {
		high, low := unhex[src[1]], unhex[src[2]]
		if high|low >= 16 {
			break
		}
		dst[n] = high<<4 | low
		n++
	}
	return n
}
