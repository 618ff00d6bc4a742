package normal

// lookalikes makes everything that people type for a hyphen "-", and
// typographic quotes plain. The long-vowel mark ー is left alone, as it is part
// of words: detectors take it for a hyphen where it stands between digits.
// Wave dashes are hyphens only there.
func lookalikes(t *table) {
	for _, r := range "‐‑‒–—―−－﹣﹘⁃˗─━╴╶╸╺⎯➖᠆⸺⸻" {
		t.set(r, replace, "-")
	}
	for _, r := range "‘’‛ʼ" {
		t.set(r, replace, "'")
	}
	for _, r := range "“”„‟" {
		t.set(r, replace, `"`)
	}
	t.set('〜', wave, "〜")
	t.set('～', wave, "~")
	t.set('∼', wave, "∼")

	// Letters that pass for digits, by the digit they pass for: between digits, or
	// at one end of them with no letter on the other side.
	for _, r := range "ОоΟοՕօ" {
		t.set(r, lookalike, "0")
	}
	for _, r := range "ΙІӀ" {
		t.set(r, lookalike, "1")
	}
	t.set('З', lookalike, "3")
	t.set('б', lookalike, "6")
}
