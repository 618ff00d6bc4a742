package normal

import "unicode/utf8"

// Border returns the last offset in b, above 0, where b can be cut so that its
// two parts, folded each for itself, give what b gives. If there is none within
// the last kilobyte it returns the start of the last character that may go on
// beyond b, or len(b).
func Border(b []byte) int {
	end := len(b)
	if k := incomplete(b); k < end {
		end -= k
	}
	after := same // what follows end is not known: suspect it
	known := false
	for i := end; i > max(0, len(b)-1024); {
		_, size := utf8.DecodeLastRune(b[:i])
		e, _ := folds.at(b[i-size : i])
		free := e.kind == same || e.kind == replace
		if isControl(b[i-1]) {
			free = false
		}
		if free && known && (after == same || after == replace) {
			return i
		}
		known, after = true, e.kind
		if !free {
			after = remove
		}
		i -= size
	}
	return end
}

// incomplete returns how many bytes at b's end begin a character that does not
// end in b.
func incomplete(b []byte) int {
	for k := 1; k < utf8.UTFMax && k <= len(b); k++ {
		if c := b[len(b)-k]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-k:]) {
				return k
			}
			return 0
		}
	}
	return 0
}
