package decode

import (
	"bytes"

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
