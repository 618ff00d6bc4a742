package detect

import "bytes"

// mailWords and birthWords are a character that every Japanese label word of a kind has,
// and letters that every English one has in a row, whatever is between them.
var (
	mailWords  = newLetters("メ", "mail", "eadd", "eply")
	birthWords = newLetters("生", "birt", "born", "bday", "sein", "tanj", "dob")
)

// letters are rows of at most four letters, and a character.
type letters struct {
	character []byte // that every Japanese label word has
	rows      []uint32
	ends      uint32 // a bit for each letter that is the last of one
}

func newLetters(character string, rows ...string) *letters {
	l := &letters{character: []byte(character)}
	for _, row := range rows {
		var packed uint32
		for k := range len(row) {
			packed = packed<<8 | uint32(row[k])
		}
		l.rows = append(l.rows, packed)
		l.ends |= 1 << (packed & 31)
	}
	return l
}

// are reports whether one of the rows is the last four letters, or the last three.
func (l *letters) are(last uint32) bool {
	for _, row := range l.rows {
		if last == row || last&0xffffff == row {
			return true
		}
	}
	return false
}

// announced is a cheap test whether one of words may be the own label of the value at
// offset i. It says no only of running text.
func (b *Block) announced(words *letters, i int) bool {
	if v, ok := b.context.(*view); !ok || v.mode != prose {
		return true
	} else if i < len(v.text) && !v.mayOwn(i) {
		return false
	}
	t := b.Text[max(0, i-nearChars):i]
	if !allASCII(t) {
		t = b.Text[max(0, i-3*nearChars):i]
		if bytes.Contains(t, words.character) {
			return true
		}
	}
	var last uint32
	for _, c := range t {
		if !isLetter(c) {
			continue
		}
		last = last<<8 | uint32(c|0x20)
		if words.ends>>(c&31)&1 != 0 && words.are(last) {
			return true
		}
	}
	return false
}
