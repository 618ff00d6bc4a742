package glyph

import "golang.org/x/text/unicode/norm"

// radicals are those of the CJK Radicals Supplement that look like a kanji in
// use, and the kanji (Unicode Character Database, EquivalentUnifiedIdeograph).
var radicals = func() map[rune]rune {
	m := map[rune]rune{}
	pairs := []rune("⺁厂⺎兀⺒巳⺔彑⺙攵⺝月⺟母⺠民⺩王⺪疋⺫目⺬示⺮竹⺯糸⺵网⺷羊⺹耂⺺聿⺼肉⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇角⻉贝⻋车⻍辶⻏邑⻑長⻒镸⻓长⻔门⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻞食⻟飠⻠饣⻡首⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟")
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}()

// kanji returns the kanji that a radical stands for. Programs that make up a
// font's characters from its glyphs write 西 and 高 as radicals, since one glyph
// serves for both.
func kanji(r rune) rune {
	switch {
	case r < 0x2e80 || r > 0x2fd5:
	case r >= 0x2f00:
		for _, k := range norm.NFKC.String(string(r)) {
			return k
		}
	case radicals[r] != 0:
		return radicals[r]
	}
	return r
}
