package dict

import "unicode/utf8"

// variants maps characters that are written one for the other in names of
// people and places to one of them. Keys and values are three bytes long.
var variants = map[rune]rune{
	'ヶ': 'ケ', 'が': 'ケ', 'ガ': 'ケ', 'ヵ': 'ケ', 'カ': 'ケ', 'か': 'ケ', 'け': 'ケ', 'ケ': 'ケ', '箇': 'ケ',
	'ノ': 'の', '之': 'の', '乃': 'の', 'ツ': 'つ', 'ッ': 'つ', 'っ': 'つ',
	'髙': '高', '﨑': '崎', '碕': '崎', '嵜': '崎', '濵': '浜', '濱': '浜', '邊': '辺', '邉': '辺',
	'齋': '斎', '齊': '斎', '斉': '斎', '澤': '沢', '廣': '広', '國': '国', '嶋': '島', '嶌': '島',
	'櫻': '桜', '龍': '竜', '瀧': '滝', '德': '徳', '惠': '恵', '眞': '真', '冨': '富', '槇': '槙',
	'條': '条', '壽': '寿', '榮': '栄', '學': '学', '縣': '県', '靜': '静', '豐': '豊', '萬': '万',
	'與': '与', '會': '会', '圓': '円', '應': '応', '假': '仮', '澁': '渋', '藏': '蔵', '廳': '庁',
	'鐵': '鉄', '點': '点', '當': '当', '傳': '伝', '寶': '宝', '來': '来', '禮': '礼', '螢': '蛍',
	'曾': '曽', '籠': '篭', '檜': '桧', '祇': '祗', '頸': '頚', '鷗': '鴎', '鹽': '塩', '塚': '塚',
	'都': '都', '福': '福', '神': '神', '祥': '祥', '隆': '隆', '黑': '黒', '舘': '館', '峯': '峰',
	'巖': '巌', '彌': '弥', '吉': '吉', '𠮷': '吉', '薗': '園', '蘆': '芦', '邨': '村', '埜': '野',
	'舩': '船', '羽': '羽', '徧': '偏', '莊': '荘', '狹': '狭', '步': '歩', '壺': '壷', '梼': '檮',
}

// folds is variants by pages of 64 characters: it is asked for every character
// of a candidate. Page 0 holds no variants.
var foldPage, folds = func() (page [1 << 10]uint8, chars [][64]uint16) {
	chars = append(chars, [64]uint16{})
	for r, v := range variants {
		if r >= 1<<16 {
			continue
		}
		if page[r>>6] == 0 {
			page[r>>6] = uint8(len(chars))
			chars = append(chars, [64]uint16{})
		}
		chars[page[r>>6]][r&63] = uint16(v)
	}
	return page, chars
}()

// Fold maps r to the form that stands for all its variants in Town and in
// comparisons of names: ヶ and が to ケ, 髙 to 高, 﨑 to 崎.
func Fold(r rune) rune {
	if r < 1<<16 {
		if v := folds[foldPage[r>>6]][r&63]; v != 0 {
			return rune(v)
		}
		return r
	}
	if v, ok := variants[r]; ok {
		return v
	}
	return r
}

// cut pairs the end of a character in folded and in source text.
type cut struct{ folded, source uint8 }

// foldInto appends the folded text to key up to key's capacity, notes the ends
// of its characters and returns their number. It stops at ASCII white space
// and commas.
func foldInto(key, text []byte, cuts *[32]cut) ([]byte, int) {
	n := 0
	for i := 0; i < len(text) && n < len(cuts); {
		r, size := utf8.DecodeRune(text[i:])
		if r <= ' ' || r == ',' || r == '"' || r == utf8.RuneError {
			break
		}
		if r >= 0x80 {
			r = Fold(r)
		}
		if len(key)+utf8.RuneLen(r) > cap(key) || i+size > 255 {
			break
		}
		key = utf8.AppendRune(key, r)
		i += size
		cuts[n] = cut{uint8(len(key)), uint8(i)}
		n++
	}
	return key, n
}

// latinFolds are letters with diacritics and their bases, for U+00C0 to U+024F.
var latinFolds = func() (t [0x250 - 0xC0]string) {
	for base, letters := range map[string]string{
		"a": "ÀÁÂÃÄÅĀĂĄǍàáâãäåāăąǎ", "c": "ÇĆĈĊČçćĉċč", "d": "ÐĎĐðďđ", "e": "ÈÉÊËĒĔĖĘĚèéêëēĕėęě", "g": "ĜĞĠĢĝğġģ",
		"h": "ĤĦĥħ", "i": "ÌÍÎÏĨĪĬĮİìíîïĩīĭįı", "j": "Ĵĵ", "k": "Ķķ", "l": "ĹĻĽĿŁĺļľŀł", "n": "ÑŃŅŇñńņňŉ",
		"o": "ÒÓÔÕÖØŌŎŐòóôõöøōŏő", "r": "ŔŖŘŕŗř", "s": "ŚŜŞŠȘśŝşšș", "t": "ŢŤŦȚţťŧț", "u": "ÙÚÛÜŨŪŬŮŰŲùúûüũūŭůűų",
		"w": "Ŵŵ", "y": "ÝŶŸýÿŷ", "z": "ŹŻŽźżž", "ae": "Ææ", "oe": "Œœ", "ss": "ß", "th": "Þþ",
	} {
		for _, r := range letters {
			t[r-0xC0] = base
		}
	}
	return t
}()

// FoldLatin returns the form under which names in Latin letters are listed:
// lower case, without diacritics, apostrophes and hyphens. Other characters
// stay.
func FoldLatin(name string) string {
	return string(AppendFoldLatin(nil, []byte(name)))
}

// AppendFoldLatin appends FoldLatin of name to dst, at most up to dst's
// capacity if it has one.
func AppendFoldLatin(dst, name []byte) []byte {
	limit, i := cap(dst), 0
	if n := len(dst); n+len(name)+3 <= limit { // most names are of letters alone
		low := dst[n : n+len(name)]
		for i < len(name) && name[i]|0x20 >= 'a' && name[i]|0x20 <= 'z' {
			low[i] = name[i] | 0x20
			i++
		}
		dst = dst[:n+i]
	}
	for i < len(name) {
		c := name[i]
		if limit > 0 && len(dst)+4 > limit {
			break
		}
		if c < utf8.RuneSelf {
			switch {
			case c >= 'A' && c <= 'Z':
				dst = append(dst, c|0x20)
			case c == '\'' || c == '-':
			default:
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(name[i:])
		i += n
		switch {
		case r >= 0xC0 && r < 0x250 && latinFolds[r-0xC0] != "":
			dst = append(dst, latinFolds[r-0xC0]...)
		case r == '’' || r >= 0x300 && r < 0x370: // apostrophe, combining marks
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
