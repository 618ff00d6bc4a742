package corpus

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/sekimori-dlp/sekimori/inspect"
)

func fullWidth(_ *gen, _ inspect.Type, v string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' {
			return '　'
		}
		if r > ' ' && r <= '~' {
			return r + 0xfee0
		}
		return r
	}, v)
}

var halfKanaTable = func() map[rune]string {
	m := map[rune]string{'　': " ", '・': "･", '、': "､", '。': "｡"}
	full := []rune("ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン")
	for i, r := range full {
		m[r] = string(rune(0xff66 + i))
	}
	voiced := map[string]string{"ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ": "カキクケコサシスセソタチツテトハヒフヘホウ"}
	for with, without := range voiced {
		base := []rune(without)
		for i, r := range []rune(with) {
			m[r] = m[base[i]] + "ﾞ"
		}
	}
	for i, r := range []rune("パピプペポ") {
		m[r] = m[[]rune("ハヒフヘホ")[i]] + "ﾟ"
	}
	return m
}()

func halfKana(_ inspect.Type, v string) string {
	var b strings.Builder
	for _, r := range v {
		if h, ok := halfKanaTable[r]; ok {
			b.WriteString(h)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func halfKanaName(g *gen, p *person) string {
	return halfKana("", p.surnameKana+g.pick(" ", "　", "")+p.givenKana)
}

func between(v, sep string, every int) string {
	var b strings.Builder
	for i, r := range []rune(v) {
		if i > 0 && i%every == 0 && r != '\n' {
			b.WriteString(sep)
		}
		b.WriteRune(r)
	}
	return b.String()
}

func spaced(g *gen, p *person) string {
	return between(p.surname+p.given, g.pick(" ", "　"), 1)
}

// decomposed writes voiced kana with combining marks.
func decomposed(g *gen, p *person) string {
	name := p.surnameKana + g.pick(" ", "　") + p.givenKana
	if g.chance(.5) {
		name = hiragana(name)
	}
	return norm.NFD.String(name)
}

func brokenAddress(g *gen, v string) string {
	r := []rune(v)
	i := g.n(4, len(r)-2)
	return string(r[:i]) + g.pick("\n", "\r\n", "\n　") + string(r[i:])
}

func brokenName(g *gen, v string) string {
	if i := strings.Index(v, " "); i > 0 {
		return v[:i] + "\n" + v[i+1:]
	}
	r := []rune(v)
	return string(r[:len(r)-1]) + "\n" + string(r[len(r)-1:])
}

func replaceDigits(v, digits string) string {
	d := []rune(digits)
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return d[r-'0']
		}
		return r
	}, v)
}

func kanjiDigits(g *gen, v string) string {
	return strings.ReplaceAll(replaceDigits(v, "〇一二三四五六七八九"), "-", g.pick("－", "ー", "の", "（"))
}

func circled(_ *gen, v string) string { return replaceDigits(v, "⓪①②③④⑤⑥⑦⑧⑨") }

// letterDigits writes O and l for 0 and 1, as optical readers do.
func letterDigits(g *gen, v string) string {
	return strings.ReplaceAll(strings.Replace(v, "0", "O", g.n(1, 2)), "1", g.pick("l", "I", "1"))
}

func entities(_ inspect.Type, v string) string {
	var b strings.Builder
	for _, r := range v {
		if r > 0x7f {
			fmt.Fprintf(&b, "&#x%x;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// kanji writes a number below 10000 in kanji with places.
func kanji(n int) string {
	digits := []rune("〇一二三四五六七八九")
	var b strings.Builder
	for _, place := range []struct {
		of   int
		word string
	}{{1000, "千"}, {100, "百"}, {10, "十"}, {1, ""}} {
		d := n / place.of % 10
		if d > 1 || d == 1 && place.of == 1 {
			b.WriteRune(digits[d])
		}
		if d > 0 {
			b.WriteString(place.word)
		}
	}
	return b.String()
}
