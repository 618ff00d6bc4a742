package normal

// width makes full-width ASCII, brackets and punctuation among it, ASCII, and
// the full-width signs their usual selves.
func width(t *table) {
	for r := rune(0xff01); r <= 0xff5e; r++ {
		t.set(r, replace, string(r-0xff01+'!'))
	}
	for i, r := range []rune("¢£¬¯¦¥₩") {
		t.set(0xffe0+rune(i), replace, string(r))
	}
	for i, r := range []rune("⦅⦆") {
		t.set(0xff5f+rune(i), replace, string(r))
	}
}
