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
	if sv.rows != 0 && sv.least(8, b, '=', normal.Equals) {
		signs |= byEquals
	}
	if sv.least(4, b, '+', normal.Plus) {
		signs |= byPlus
	}
	if sv.signs&normal.Backspace != 0 {
		signs |= byBackspace
	}
	for at := restartFrom; signs != 0 && at < len(b) && (sv.dump < 0 || at < sv.dump); at += lookStep {
		here := signs & sv.near(at)
		if here == 0 {
			continue
		}
		if line := lineAt(b, at); line > 0 && begins(b[line:min(line+restartHead, len(b))], here) {
			return line
		}
	}
	return sv.dump
}

// Signs of bodies that are read anew, a bit each.
const (
	byEquals = 1 << iota
	byPlus
	byBackspace
)

// Where such a body is looked for: from there on, in the first line behind each
// place, of which so much is looked at.
const (
	restartFrom = part.HeadSize / 4
	restartHead = 4 * veinStep
)

// near returns the signs that the line behind a place may have, and more.
func (s *survey) near(at int) int {
	signs, first, last := byBackspace, pageOf(at), pageOf(at+lookStep+minSpelled)
	if s.rows>>first&1|s.rows>>last&1 != 0 {
		signs |= byEquals
	}
	if (s.pages[first]|s.pages[last])&normal.Plus != 0 {
		signs |= byPlus
	}
	return signs
}

// lineAt returns where the first line begins behind a place, 0 if none does or it is
// too near the end.
func lineAt(b []byte, at int) int {
	k := bytes.IndexByte(b[at:min(at+lookStep, len(b))], '\n')
	if k < 0 || len(b)-(at+k+1) < minSpelled {
		return 0
	}
	return at + k + 1
}

// begins reports whether head begins such a body.
func begins(head []byte, signs int) bool {
	p := part.Part{}
	few := head[:minSpelled]
	switch {
	case signs&byEquals != 0 && bytes.Count(few, []byte{'='}) >= 3 && (quoted{}).Match(&p, head):
		return true
	case signs&byPlus != 0 && bytes.IndexByte(few, '+') >= 0 && (utf7{}).Match(&p, head):
		return true
	case signs&byBackspace != 0 && (struck{}).Match(&p, head):
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
