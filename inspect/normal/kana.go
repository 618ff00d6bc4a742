package normal

// halfwidth lists what U+FF61 to U+FF9F stand for, in order (JIS X 0201).
const halfwidth = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"

// kana widens half-width kana. A voiced mark, half-width, combining or
// standing, is joined with the kana before it.
func kana(t *table) {
	r := rune(0xff61)
	for _, full := range halfwidth {
		t.set(r, replace, string(full))
		r++
	}
	for _, mark := range "\uff9e\u3099\u309b" {
		t.set(mark, voiced, "゛")
	}
	for _, mark := range "\uff9f\u309a\u309c" {
		t.set(mark, voiced, "゜")
	}
}

// The kana that take a mark, each followed by the one that has it.
const (
	takesVoiced     = "かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔゝゞカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドハバヒビフブヘベホボウヴワヷヰヸヱヹヲヺヽヾ"
	takesSemivoiced = "はぱひぴふぷへぺほぽハパヒピフプヘペホポ"
)

// marked holds, from U+3040 on, the kana with [0] a voiced and [1] a
// semi-voiced mark, 0 if there is none.
var marked = func() (m [2][0xc0]rune) {
	for i, pairs := range []string{takesVoiced, takesSemivoiced} {
		runes := []rune(pairs)
		for k := 0; k < len(runes); k += 2 {
			m[i][runes[k]-0x3040] = runes[k+1]
		}
	}
	return m
}()

// join returns kana with the mark "゛" or "゜", or 0 if they do not go together.
func join(kana rune, mark string) rune {
	if kana < 0x3040 || kana > 0x30ff {
		return 0
	}
	if mark == "゛" {
		return marked[0][kana-0x3040]
	}
	return marked[1][kana-0x3040]
}
