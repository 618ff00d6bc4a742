package detect

import (
	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// longWord is the number of letters, digits and signs of base64 from which a
// word is encoded data and no identifier: the longest identifier that mixes
// letters and digits is an IBAN of 34 (ISO 13616).
const longWord = 48

// outside drops the runs of digits that stand between letters within a long
// word, in place. In base64 they are every tenth byte, and each detector would
// look at all of them.
func outside(text []byte, runs []match.Run) []match.Run {
	n, end := 0, 0
	long := uint8(0) // the word up to end is
	for _, r := range runs {
		i, j := int(r.Start), int(r.End)
		inner := uint8(0)
		if i > 0 && j < len(text) {
			inner = letter[text[i-1]] & letter[text[j]]
		}
		if i >= end && inner != 0 {
			start := i
			for start > max(0, i-longWord) && normal.Sextet[text[start-1]] != 0 {
				start--
			}
			end = j + normal.SextetPrefix(text[j:])
			if long = 0; end-start >= longWord {
				long = 1
			}
		}
		runs[n] = r
		n += int(1 - inner&long) // no branch: in base64 it goes either way
	}
	return runs[:n]
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// letter is 1 for what asciiLetter reports.
var letter = func() (t [256]uint8) {
	for i := range t {
		if asciiLetter(byte(i)) {
			t[i] = 1
		}
	}
	return t
}()
