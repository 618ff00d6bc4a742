package decode

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// restart returns where in a block of text, behind its start, a body begins that
// a reader would know by its start: a file in uuencode or yEnc, a hex dump,
// quoted-printable, UTF-7, backspaces. It is -1 if there is none. What stands
// from there to the block's end is read anew, as a body of its own.
func restart(b []byte, sv *survey) int {
	if sv.encloses >= 0 {
		return sv.encloses
	}
	signs := 0 // that such bodies are full of, but for hex dumps
	if sv.least(8, b, '=', normal.Equals) {
		signs |= 1
	}
	if sv.least(4, b, '+', normal.Plus) {
		signs |= 2
	}
	if sv.signs&normal.Backspace != 0 {
		signs |= 4
	}
	for at := part.HeadSize / 4; at < len(b); at += lookStep {
		k := bytes.IndexByte(b[at:min(at+lookStep, len(b))], '\n')
		if k < 0 {
			continue
		}
		head := b[at+k+1 : min(at+k+1+4*veinStep, len(b))]
		if len(head) < minSpelled {
			break
		}
		if signs == 0 && unhex[head[0]] >= 16 {
			continue
		}
		if begins(head, signs) {
			return at + k + 1
		}
	}
	return -1
}

// begins reports whether head begins such a body.
func begins(head []byte, signs int) bool {
	p := part.Part{}
	if unhex[head[0]]|unhex[head[5]] < 16 && isDump(head) {
		return true
	}
	few := head[:minSpelled]
	switch {
	case signs&1 != 0 && bytes.Count(few, []byte{'='}) >= 3 && (quoted{}).Match(&p, head):
		return true
	case signs&2 != 0 && bytes.IndexByte(few, '+') >= 0 && (utf7{}).Match(&p, head):
		return true
	case signs&4 != 0 && (struck{}).Match(&p, head):
		return true
	}
	return false
}

// minPunycode is how many names in Punycode make a list.
const minPunycode = 6

// unpunycoded returns b with its names in Punycode as they are read.
func unpunycoded(b []byte) []byte {
	mark := []byte(punycodeMark)
	var out []byte
	for {
		k := bytes.Index(b, mark)
		if k < 0 {
			return append(out, b...)
		}
		end := k + len(mark)
		for end < len(b) && (b[end] == '-' || b[end] < utf8.RuneSelf && isNameStart(b[end]) || b[end] >= '0' && b[end] <= '9') {
			end++
		}
		out = append(out, b[:k]...)
		if name, err := idna.Punycode.ToUnicode(string(b[k:end])); err == nil {
			out = append(out, name...)
		} else {
			out = append(out, b[k:end]...)
		}
		b = b[end:]
	}
}
