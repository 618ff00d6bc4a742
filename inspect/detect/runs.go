package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// longWord is the number of letters, digits and signs of base64 from which a
// word is encoded data and no identifier: the longest identifier that mixes
// letters and digits is an IBAN of 34 (ISO 13616).
const longWord = 48

// outside drops the runs of digits that stand between letters within a long
// word, in place. In base64 they are every tenth byte, and each detector would
// look at all of them.
func outside(text []byte, runs []match.Run) []match.Run {
	kept := runs[:0]
	end, long := 0, false // of the word that was measured last
	for _, r := range runs {
		i, j := int(r.Start), int(r.End)
		if i == 0 || j >= len(text) || !asciiLetter(text[i-1]) || !asciiLetter(text[j]) {
			kept = append(kept, r)
			continue
		}
		if i >= end {
			start := i
			for start > max(0, i-longWord) && encoding[text[start-1]] {
				start--
			}
			for end = j; end < len(text) && encoding[text[end]]; {
				end++
			}
			long = end-start >= longWord
		}
		if !long {
			kept = append(kept, r)
		}
	}
	return kept
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// encoding marks the characters of base64 and base64url (RFC 4648).
var encoding = func() (t [256]bool) {
	for c := range t {
		t[c] = asciiLetter(byte(c)) || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_'
	}
	return t
}()
