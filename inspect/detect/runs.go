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
			for start > max(0, i-longWord) && notEncoding[text[start-1]] == 0 {
				start--
			}
			end = j + encodingPrefix(text[j:])
			if long = 0; end-start >= longWord {
				long = 1
			}
		}
		runs[n] = r
		n += int(1 - inner&long) // no branch: in base64 it goes either way
	}
	return runs[:n]
}

// encodingPrefix returns how many characters of base64 b begins with.
func encodingPrefix(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		s := b[i : i+8 : i+8]
		if notEncoding[s[0]]|notEncoding[s[1]]|notEncoding[s[2]]|notEncoding[s[3]]|
			notEncoding[s[4]]|notEncoding[s[5]]|notEncoding[s[6]]|notEncoding[s[7]] != 0 {
			break
		}
	}
	for i < len(b) && notEncoding[b[i]] == 0 {
		i++
	}
	return i
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

// notEncoding is 1 for what is no character of base64 or base64url (RFC 4648).
var notEncoding = func() (t [256]uint8) {
	for i := range t {
		if c := byte(i); !asciiLetter(c) && c-'0' > 9 && c != '+' && c != '/' && c != '-' && c != '_' {
			t[i] = 1
		}
	}
	return t
}()
