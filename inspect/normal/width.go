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

// narrowed holds the ASCII that U+FF00 to U+FF7F become wherever they stand, 0
// for those that become something else.
var narrowed = func() (t [128]byte) {
	for i := range t {
		if e := folds.of(rune(0xff00 + i)); e.kind == replace && len(e.to) == 1 {
			t[i] = e.to[0]
		}
	}
	return t
}()
