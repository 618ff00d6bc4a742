package normal

// spaces makes every kind of space " " and the Unicode line ends "\n".
func spaces(t *table) {
	for _, r := range "\u00a0\u1680\u202f\u205f\u2800\u3000" {
		t.set(r, replace, " ")
	}
	t.setRange(0x2000, 0x200a, replace, " ")
	t.set(0x85, replace, "\n")
	t.set(0x2028, replace, "\n")
	t.set(0x2029, replace, "\n")
}

// invisible removes what is not seen: zero-width and direction characters, soft
// hyphens, variation selectors, fillers, tags, byte order marks, C1 controls,
// strokes through any character. Other marks over a digit go as well.
func invisible(t *table) {
	for _, r := range "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u3164\ufeff\uffa0" {
		t.set(r, remove, "")
	}
	for _, span := range [][2]rune{
		{0x86, 0x9f}, {0x80, 0x84}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x202a, 0x202e},
		{0x2060, 0x206f}, {0xfe00, 0xfe0f}, {0xfff9, 0xfffb}, {0x1d173, 0x1d17a},
		{0xe0000, 0xe0fff},
		{0x334, 0x338}, {0x20d2, 0x20d3}, {0x20d8, 0x20da}, {0x20e5, 0x20e6}, {0x20ea, 0x20eb}, // strokes through a character
	} {
		t.setRange(span[0], span[1], remove, "")
	}
	t.setRange(0x300, 0x36f, overlay, "")
	t.setRange(0x20d0, 0x20ff, overlay, "")
}

// control returns the entry of the ASCII character at b's start. A control
// character alone is removed, since it may have been put into a value to hide
// it; several together, form feeds and the separators of ASCII (and of FIX:
// 01) stand between fields and become one space, or values would run together.
func control(b []byte) (entry, int) {
	if !isControl(b[0]) {
		return entry{}, 1
	}
	n, parts := 0, false
	for n < len(b) && isControl(b[n]) {
		parts = parts || n > 0 || separates[b[n]&31] && b[n] != 0x7f
		n++
	}
	if parts {
		return entry{replace, " "}, n
	}
	return entry{remove, ""}, n
}

var separates = [32]bool{0x01: true, '\v': true, '\f': true, 0x1c: true, 0x1d: true, 0x1e: true, 0x1f: true}

func isControl(c byte) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f
}
