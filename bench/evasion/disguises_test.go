package evasion

import (
	"strings"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// with makes a case of the CSV with a text function on it.
func with(f func(string) string) func(list) upload {
	return func(l list) upload { return plain(f(l.csv())) }
}

// between puts s between all characters but at line ends and commas.
func between(s string) func(string) string {
	return func(t string) string {
		var w strings.Builder
		last := '\n'
		for _, r := range t {
			if last != '\n' && last != ',' && r != '\n' && r != ',' {
				w.WriteString(s)
			}
			w.WriteRune(r)
			last = r
		}
		return w.String()
	}
}

// digits replaces the ten digits.
func digits(by string) func(string) string {
	to := []rune(by)
	return func(t string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return to[r-'0']
			}
			return r
		}, t)
	}
}

func replaced(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

func disguises() []evasion {
	return []evasion{
		{name: "full width", make: with(func(s string) string { return strings.ReplaceAll(width.Widen.String(s), "，", ",") })},
		{name: "full width with full-width commas", make: with(width.Widen.String)},
		{name: "full-width digits only", make: with(digits("０１２３４５６７８９"))},
		{name: "spaces between all characters", make: with(between(" "))},
		{name: "ideographic spaces between all characters", make: with(between("　"))},
		{name: "dots between all characters", make: with(between("."))},
		{name: "zero-width spaces between all characters", make: with(between("\u200b"))},
		{name: "zero-width joiners between all characters", make: with(between("\u200d"))},
		{name: "word joiners between all characters", make: with(between("\u2060"))},
		{name: "soft hyphens between all characters", make: with(between("\u00ad"))},
		{name: "byte order marks between all characters", make: with(between("\ufeff"))},
		{name: "variation selectors behind all characters", make: with(between("\ufe0f"))},
		{name: "ideographic variation selectors", make: with(between("\U000e0100"))},
		{name: "tag characters between all characters", make: with(between("\U000e0061"))},
		{name: "combining marks on all characters", make: with(between("\u0336"))},
		{name: "combining grapheme joiners", make: with(between("\u034f"))},
		{name: "right-to-left marks between all characters", make: with(between("\u200f"))},
		{name: "each line in a right-to-left override", make: with(func(s string) string {
			return "\u202e" + strings.ReplaceAll(s, "\n", "\u202c\n\u202e")
		})},
		{name: "control characters between all characters", make: with(between("\x01"))},
		{name: "NUL between all characters", make: with(between("\x00"))},
		{name: "backspaces over junk", make: with(between("x\b"))},
		{name: "Hangul fillers between all characters", make: with(between("\u3164"))},
		{name: "circled digits", make: with(digits("⓪①②③④⑤⑥⑦⑧⑨"))},
		{name: "kanji numerals", make: with(digits("〇一二三四五六七八九"))},
		{name: "legal kanji numerals", make: with(digits("零壱弐参四五六七八九"))},
		{name: "mathematical digits", make: with(digits("𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"))},
		{name: "Arabic-Indic digits", make: with(digits("٠١٢٣٤٥٦٧٨٩"))},
		{name: "Devanagari digits", make: with(digits("०१२३४५६७८९"))},
		{name: "superscript digits", make: with(digits("⁰¹²³⁴⁵⁶⁷⁸⁹"))},
		{name: "mathematical letters", make: with(func(s string) string {
			return strings.Map(func(r rune) rune {
				if r >= 'a' && r <= 'z' {
					return 0x1D41A + r - 'a'
				}
				return r
			}, s)
		})},
		{name: "letters for digits", make: with(replaced("0", "O", "1", "l"))},
		{name: "Cyrillic letters in addresses", make: with(replaced("a", "а", "e", "е", "o", "о", "c", "с", "p", "р"))},
		{name: "odd hyphens in numbers", make: with(replaced("-", "‑"))},
		{name: "long-vowel marks for hyphens", make: with(replaced("-", "ー"))},
		{name: "dots for hyphens", make: with(replaced("-", "."))},
		{name: "slashes for hyphens", make: with(replaced("-", "/"))},
		{name: "numbers in brackets", make: with(func(s string) string {
			return replaced(",070-", ",(070)", ",080-", ",(080)", ",090-", ",(090)")(s)
		})},
		{name: "international numbers", make: with(replaced(",070-", ",+81-70-", ",080-", ",+81-80-", ",090-", ",+81-90-"))},
		{name: "numbers without their first zero", make: with(replaced(",070-", ",70-", ",080-", ",80-", ",090-", ",90-"))},
		{name: "mail addresses with words for signs", make: with(replaced("@", " at ", ".example.jp", " dot example dot jp"))},
		{name: "mail addresses in brackets", make: with(replaced("@", "[at]", ".", "[.]"))},
		{name: "decomposed characters", make: with(norm.NFD.String)},
		{name: "Kangxi radicals", make: with(replaced("山", "⼭", "田", "⽥", "小", "⼩", "木", "⽊", "石", "⽯", "口", "⼝"))},
		{name: "old forms of kanji", make: with(replaced("渡辺", "渡邊", "長谷川", "長谷川", "高橋", "髙橋", "山崎", "山﨑", "井上", "井上"))},
		{name: "names in half-width kana", make: func(l list) upload {
			kana := []string{"ｻﾄｳ", "ｽｽﾞｷ", "ﾀｶﾊｼ", "ﾀﾅｶ", "ｲﾄｳ", "ﾜﾀﾅﾍﾞ", "ﾔﾏﾓﾄ", "ﾅｶﾑﾗ", "ｺﾊﾞﾔｼ", "ｶﾄｳ", "ﾖｼﾀﾞ", "ﾔﾏﾀﾞ", "ｻｻｷ", "ﾔﾏｸﾞﾁ", "ﾏﾂﾓﾄ",
				"ｲﾉｳｴ", "ｷﾑﾗ", "ｼﾐｽﾞ", "ﾔﾏｻﾞｷ", "ｱﾍﾞ", "ｲｹﾀﾞ", "ﾊｼﾓﾄ", "ｲｼｶﾜ", "ﾅｶｼﾞﾏ", "ﾏｴﾀﾞ", "ﾌｼﾞﾀ", "ｵｶﾞﾜ", "ｵｶﾀﾞ", "ｺﾞﾄｳ", "ﾊｾｶﾞﾜ"}
			given := []string{"ｹﾝﾀ", "ﾐｻｷ", "ｼｮｳﾀ", "ﾖｳｺ", "ﾀﾞｲｽｹ", "ﾕﾐ", "ﾀｸﾔ", "ｹｲｺ", "ﾅｵｷ", "ﾏﾘ"}
			if l.title != people().title {
				return with(width.Narrow.String)(l)
			}
			for i := range l.rows {
				l.rows[i][0] = kana[i] + " " + given[i%len(given)]
			}
			return plain(l.csv())
		}},
		{name: "names in Roman letters", make: func(l list) upload {
			given := []string{"Kenta", "Misaki", "Shota", "Yoko", "Daisuke", "Yumi", "Takuya", "Keiko", "Naoki", "Mari"}
			if l.title == people().title {
				for i := range l.rows {
					family := strings.TrimRight(strings.Split(l.rows[i][3], "@")[0], "0123456789")
					l.rows[i][0] = given[i%len(given)] + " " + strings.ToUpper(family[:1]) + family[1:]
				}
				l.head = []string{"Name", "Phone", "Address", "Mail", "Birthday"}
			}
			return plain(l.csv())
		}},
		{name: "text backwards", make: with(func(s string) string { return string(reversed([]byte(s))) })},
		{name: "each line backwards", make: func(l list) upload {
			return plain(l.each(func(_ int, r []string) string { return string(reversed([]byte(strings.Join(r, ",")))) + "\n" }))
		}},
	}
}
