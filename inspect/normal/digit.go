package normal

import (
	"strconv"
	"unicode"
)

// digits makes the decimal digits of every script ASCII digits, and so those in
// circles, raised or lowered. Kanji numerals are left to detectors.
func digits(t *table) {
	for _, r16 := range unicode.Nd.R16 {
		decimal(t, rune(r16.Lo), rune(r16.Hi))
	}
	for _, r32 := range unicode.Nd.R32 {
		decimal(t, rune(r32.Lo), rune(r32.Hi))
	}
	// Runs that Unicode does not count as decimal digits: first character,
	// first number, how many.
	for _, run := range []struct {
		first  rune
		number int
		count  int
	}{
		{'²', 2, 2}, {'¹', 1, 1}, {'⁰', 0, 1}, {'⁴', 4, 6}, {'₀', 0, 10},
		{'①', 1, 20}, {'⓪', 0, 1}, {'⓫', 11, 10}, {'⓵', 1, 10}, {'⓿', 0, 1},
		{'❶', 1, 10}, {'➀', 1, 10}, {'➊', 1, 10}, {'㉑', 21, 15}, {'㊱', 36, 15},
		{0x1f10b, 0, 1}, {0x1f10c, 0, 1},
	} {
		for i := range run.count {
			t.set(run.first+rune(i), enclosed, strconv.Itoa(run.number+i))
		}
	}
	for i := range 20 { // ⒈ is "1."
		t.set('⒈'+rune(i), enclosed, strconv.Itoa(i+1)+".")
	}
}

// decimal enters a range of category Nd, which is one or more whole runs of
// zero to nine.
func decimal(t *table, lo, hi rune) {
	for r := lo; r <= hi; r++ {
		if r >= 0x80 {
			t.set(r, replace, string('0'+(r-lo)%10))
		}
	}
}

func isDigit(c byte) bool { return c-'0' < 10 }
