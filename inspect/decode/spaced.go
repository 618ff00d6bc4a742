package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// spaced reads a text in which something stands between all characters, as in
// "0 9 0 - 1 2": spaces, dots, marks that are drawn on them, control characters,
// line ends. It is taken out once between two characters.
type spaced struct{}

func (spaced) Name() string { return "spaced" }

// look is how many characters of a text are looked at first, and how many more
// if those are promising.
const (
	firstLook = 24
	fullLook  = 400
)

func (spaced) Match(p *part.Part, head []byte) bool {
	return p.Role.Content() && between(head) != utf8.RuneError
}

// between returns what stands between the characters of a text, RuneError if
// nothing does.
func between(head []byte) rune {
	if !sparse(head) {
		return utf8.RuneError
	}
	var seen [firstLook]rune
	n := 0
	for rest := head; n < firstLook && len(rest) > 0; n++ {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError {
			return r
		}
		seen[n], rest = r, rest[size:]
		if n == 3 && !recurs(head, seen[0], seen[1]) && !recurs(head, seen[1], seen[2]) && !recurs(head, seen[2], r) {
			return utf8.RuneError
		}
	}
	if n < firstLook {
		return utf8.RuneError
	}
	for i := 1; i < 4; i++ { // one of these it must be
		sep, count := seen[i], 0
		if !separates(seen[i-1], sep) {
			continue
		}
		for _, r := range seen {
			if r == sep {
				count++
			}
		}
		if count*3 >= firstLook && different(seen[:]) >= 6 && everySecond(head, sep) {
			return sep
		}
	}
	return utf8.RuneError
}

// sparse reports whether something may stand between the characters of a text. It
// is quick about text in ASCII, of which most bodies and all their syntax is.
func sparse(head []byte) bool {
	if len(head) < firstLook {
		return false
	}
	head = head[:firstLook]
	if fourLetters(head) {
		return false
	}
	all := uint64(0)
	for i := 0; i < firstLook; i += 8 {
		all |= binary.LittleEndian.Uint64(head[i:])
	}
	if all&0x8080808080808080 != 0 {
		return true // beyond ASCII: look closer
	}
	for i := 1; i < 4; i++ {
		if separates(rune(head[i-1]), rune(head[i])) && bytes.Count(head, head[i:i+1])*3 >= firstLook {
			return true
		}
	}
	return false
}

// fourLetters reports whether a text of at least twelve bytes begins with four kana
// or kanji.
func fourLetters(head []byte) bool {
	for i := 0; i < 12; i += 3 {
		switch a, b := head[i], head[i+1]; {
		case a == 0xe3 && (b == 0x81 || b == 0x82), a == 0xe3 && b == 0x83 && head[i+2] < 0xbb,
			a == 0xe4 && b >= 0xb8, a >= 0xe5 && a <= 0xe9:
		default:
			return false
		}
	}
	return true
}

// separates reports whether sep may be what stands between characters, of which
// one is before.
func separates(before, sep rune) bool {
	if sep < utf8.RuneSelf {
		return uint32(sep-'0') >= 10 && uint32(sep|0x20-'a') >= 26 && sep != before
	}
	if sep >= 0x4e00 && sep <= 0x9fff || sep >= 'ぁ' && sep <= 'ゖ' || sep >= 'ァ' && sep <= 'ヺ' {
		return false
	}
	if sep >= 0x3000 && sep <= 0x3003 {
		return sep != before // a space, commas, full stops: most often
	}
	return !unicode.IsLetter(sep) && !unicode.IsDigit(sep) && sep != before
}

// recurs reports whether sep may be what stands between the characters of a text,
// of which one is before it.
func recurs(head []byte, before, sep rune) bool {
	if !separates(before, sep) {
		return false
	}
	var char [utf8.UTFMax]byte
	n := utf8.EncodeRune(char[:], sep)
	return bytes.Count(head[:min(len(head), firstLook*utf8.UTFMax)], char[:n])*3 >= firstLook
}

// different counts the different runes.
func different(runes []rune) int {
	n := 0
	for i, r := range runes {
		if !slices.Contains(runes[:i], r) {
			n++
		}
	}
	return n
}

// everySecond reports whether sep is most of what stands behind a character,
// and whether there are words otherwise.
func everySecond(head []byte, sep rune) bool {
	letters, alone, joined, after := 0, 0, 0, false
	for n := 0; n < fullLook && len(head) > 0; n++ {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError {
			return n > fullLook/2 && len(head) < utf8.UTFMax
		}
		head = head[size:]
		switch {
		case r == sep && after:
			alone++
			after = false
			continue
		case after:
			if joined++; joined > fullLook/6 {
				return false // more than a third of all that can be alone
			}
		}
		if unicode.IsLetter(r) {
			letters++
		}
		after = true
	}
	return letters >= 8 && alone >= 3*joined
}

func (spaced) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	return recode(ctx, func(head []byte) (string, recoding) {
		if sep := between(head); sep != utf8.RuneError {
			return "spaced", closeUp(sep)
		}
		return "text", nil
	}, p, e, b)
}

// closeUp leaves out a separator behind each character.
func closeUp(sep rune) recoding {
	after := false
	return func(dst, src []byte, last bool) ([]byte, int) {
		i := 0
		dst = slices.Grow(dst, len(src))
		for i < len(src) {
			if c := src[i]; c < utf8.RuneSelf {
				if i++; after && rune(c) == sep {
					after = false
				} else {
					dst = append(dst, c)
					after = true
				}
				continue
			}
			if !last && !utf8.FullRune(src[i:]) {
				break
			}
			r, size := utf8.DecodeRune(src[i:])
			if r == sep && after {
				after = false
			} else {
				dst = append(dst, src[i:i+size]...)
				after = true
			}
			i += size
		}
		return dst, i
	}
}
