package corpus

import "strconv"

// prose appends a paragraph of what reads like a manual or a notice: lines of
// one or two sentences, headings with numbers, some Latin words.
func prose(r *random, b []byte) []byte {
	switch r.IntN(14) {
	case 0:
		b = r.number(append(b, "図"...), 20)
		b = r.number(append(b, '.'), 40)
		b = append(b, ' ')
		b = r.noun(append(r.noun(b), "の"...))
	case 1:
		for range r.between(2, 3) {
			b = append(r.number(b, 9), '.')
		}
		b = r.noun(append(b, ' '))
		if r.one(2) {
			b = append(b, "の"...)
			b = r.noun(b)
		}
	case 2:
		b = r.noun(append(r.noun(append(r.noun(b), " → "...)), " → "...))
	default:
		for range 1 + r.IntN(5)/3 {
			b = r.sentence(b)
		}
	}
	return append(b, '\n')
}

func (r *random) number(b []byte, n int) []byte {
	return strconv.AppendInt(b, int64(1+r.IntN(n)), 10)
}

// sentence appends one to three clauses.
func (r *random) sentence(b []byte) []byte {
	if r.one(6) {
		b = append(append(b, r.any(openers)...), "、"...)
	}
	for k := r.between(1, 3); k > 0; k-- {
		for range r.between(1, 2) {
			if r.one(9) {
				b = append(b, r.any(adverbs)...)
			}
			b = append(r.noun(b), r.any(particles)...)
		}
		if r.one(3) {
			b = append(append(b, r.noun2()...), r.any(sahenEndings)...)
		} else {
			b = append(append(b, r.any(verbStems)...), r.any(verbEndings)...)
		}
		if k > 1 {
			b = append(b, "、"...)
			if r.one(2) {
				b = append(b, ' ')
			}
		}
	}
	if r.one(3) {
		return append(b, r.any(closers)...)
	}
	return append(b, "。"...)
}

// noun appends what a clause speaks of.
func (r *random) noun(b []byte) []byte {
	switch n := r.IntN(800); {
	case n < 2: // a person
		b = append(append(b, r.zipf(surnames)...), "さん"...)
	case n < 4: // a place
		b = append(b, cityOf(r)...)
	case n < 6: // a keyword
		b = append(b, r.any(keywordsInProse)...)
	case n < 70:
		b = append(append(append(b, ' '), r.any(acronyms)...), ' ')
	case n < 180:
		b = append(append(append(b, ' '), r.zipf(english)...), ' ')
	case n < 196:
		b = append(r.digits(b, 1+r.rank(3)), "個"...)
	case n < 199:
		b = append(strconv.AppendInt(b, int64(r.between(1950, 2030)), 10), "年"...)
	case n < 470:
		b = append(b, r.zipf(katakanaNouns)...)
		if r.one(4) {
			b = append(b, r.zipf(katakanaNouns)...)
		}
	default:
		b = append(b, r.noun2()...)
		if r.one(6) {
			b = append(b, r.noun2()...)
		}
	}
	return b
}

var keywordsInProse = []string{"パスワード", "電話番号", "メールアドレス", "個人情報", "有効期限"}

// noun2 returns a noun in kanji: mostly a listed one, else one put together
// from two.
func (r *random) noun2() string {
	w := r.zipf(kanjiNouns)
	if r.one(5) {
		v := r.any(kanjiNouns)
		if len(w) == 6 && len(v) == 6 {
			return w[:3] + v[3:]
		}
	}
	return w
}
