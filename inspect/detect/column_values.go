package detect

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// kanaOnly reports whether b is 3 to 20 kana, spaces and middle dots.
func kanaOnly(b []byte) bool {
	n := 0
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r >= 'ぁ' && r <= 'ん' || r >= 'ァ' && r <= 'ヶ' || r == 'ー':
			n++
		case r == ' ' || r == '\u3000' || r == '・':
		default:
			return false
		}
		i += size
	}
	return n >= 3 && n <= 20
}

// plausibleName reports whether b, which stands where a name is expected, can
// be one, and its extent without honorifics and remarks.
func plausibleName(b []byte, l Label) (lo, hi int, ok bool) {
	hi = len(b)
	for lo < hi && (space(b[lo]) || b[lo] == '"' || b[lo] == '\'') {
		lo++
	}
	for i := lo; i < hi; i++ {
		if c := b[i]; c < utf8.RuneSelf && (c == '(' || c == '<' || c == '[' || c == '/') {
			hi = i
			break
		}
	}
	hi = lo + len(trimHonorific(b[lo:hi]))
	v := b[lo:hi]
	if len(v) == 0 || len(v) > 90 {
		return 0, 0, false
	}
	kanji, kana, latin, gaps, words := 0, 0, 0, 0, 1
	for i := 0; i < len(v); {
		r, size := letterAt(v, i)
		switch {
		case r >= 'ぁ' && r <= 'ん' || r >= 'ァ' && r <= 'ヺ' || r == 'ー':
			kana++
		case r >= 0x4E00 && r <= 0x9FFF || unicode.Is(unicode.Han, r) || r == '々' || r == '〆' || r == 'ヶ':
			kanji++
		case r == ' ' || r == '\u3000' || r == '・' || r == '=':
			gaps++
			words++
		case r == '.' || r == '\'' || r == '’' || r == '-' || r == ',':
			if latin == 0 && r != '-' || r == '.' && i+1 < len(v) && v[i+1] >= 'a' && v[i+1] <= 'z' {
				return 0, 0, false // self.members
			}
		case unicode.IsLetter(r):
			latin++
		default:
			return 0, 0, false
		}
		i += size
	}
	n := kanji + kana + latin
	if words > 3 && apart(v) {
		gaps, words = 1, 2
	}
	piece := l&(LSurname|LGiven) != 0
	switch {
	case latin > 0 && kanji+kana > 0:
		return 0, 0, false
	case latin > 0:
		ok = words <= 5 && n >= 2 && n <= 40 && !isNotName(v)
	case kanji > 0:
		ok = (n >= 2 || piece) && n <= 10 && gaps <= 2 && !isNotName(v) &&
			(bytes.IndexByte(v, ' ') >= 0 || theLexicon().whole(v)&^(weak|frequent) == 0) // labels hold no spaces
	default:
		ok = (n >= 2 || piece && n >= 1) && n <= 24 && gaps <= 4 && !isNotName(v)
	}
	return lo, hi, ok
}

// letterAt is utf8.DecodeRune, sooner for what most names are written in.
func letterAt(b []byte, i int) (r rune, size int) {
	if c := b[i]; c >= 0xE3 && c <= 0xE9 && i+2 < len(b) && b[i+1]&0xC0 == 0x80 && b[i+2]&0xC0 == 0x80 {
		return rune(c&0xF)<<12 | rune(b[i+1]&0x3F)<<6 | rune(b[i+2]&0x3F), 3
	}
	return utf8.DecodeRune(b[i:])
}

// apart reports whether spaces stand between all characters of b: 山 田  太 郎.
func apart(b []byte) bool {
	for i := 0; i < len(b); {
		_, size := utf8.DecodeRune(b[i:])
		if i += size; i < len(b) && b[i] != ' ' {
			return false
		}
		for i < len(b) && b[i] == ' ' {
			i++
		}
	}
	return true
}

func lowerString(b []byte) string {
	var buf [64]byte
	var m marks
	return string(lower(buf[:], b, &m))
}

// trimHonorific takes 様, さん, 殿 and the like off the end.
func trimHonorific(b []byte) []byte {
	for {
		n := len(b)
		for len(b) > 0 && (space(b[len(b)-1]) || b[len(b)-1] == '"') {
			b = b[:len(b)-1]
		}
		if !endsHonorific(b) {
			return b
		}
		for _, h := range []string{"\u3000", "様", "さん", "さま", "殿", "御中", "先生", "氏", "ちゃん", "くん", "君"} {
			if len(b) > len(h)+3 && string(b[len(b)-len(h):]) == h {
				if (h == "君" || h == "氏") && len(b) < 12 {
					continue
				}
				b = b[:len(b)-len(h)]
				break
			}
		}
		if len(b) == n {
			return b
		}
	}
}

// endsHonorific is a cheap test for what trimHonorific takes off: it looks at the
// last character.
func endsHonorific(b []byte) bool {
	const last = 1<<0x00 | 1<<0x18 | 1<<0x13 | 1<<0x3E | 1<<0x3F | 1<<0x2D | 1<<0x1F | 1<<0x0F | 1<<0x1B // six bits of the last bytes
	if len(b) < 3 || b[len(b)-3]&0xF0 != 0xE0 || uint64(last)>>(b[len(b)-1]&0x3F)&1 == 0 {
		return false
	}
	switch string(b[len(b)-3:]) {
	case "\u3000", "様", "ん", "ま", "殿", "中", "生", "氏", "君":
		return true
	}
	return false
}

// notNames are what stands in a name's place when there is none, in lower case.
var notNames = map[string]bool{}

// longestNotName is the length of the longest of them, in bytes.
var longestNotName int

// isNotName reports whether b is one of notNames.
func isNotName(b []byte) bool { return len(b) <= longestNotName && notNames[lowerString(b)] }

func init() {
	for _, w := range []string{"なし", "無し", "無", "有", "不明", "未定", "未登録", "未設定", "匿名", "非公開", "該当なし", "同上", "同左", "テスト", "サンプル", "空欄", "未記入", "記入なし", "男", "女", "男性", "女性", "その他", "合計", "小計", "平均",
		"null", "none", "nil", "n/a", "na", "unknown", "test", "sample", "example", "anonymous", "undefined", "true", "false", "yes", "no", "string", "varchar", "text", "int", "integer", "male", "female", "other", "total", "average", "default", "admin", "root", "guest", "user", "name", "value", "object", "array", "number", "boolean", "date", "required", "optional", "index", "main", "version", "title", "description", "type"} {
		notNames[w] = true
		longestNotName = max(longestNotName, len(w))
	}
}

// mayBeLabel is a cheap test for a key that classify knows: Japanese has to have the
// beginning of a label word in it.
func mayBeLabel(b []byte) bool {
	var buf [96]byte
	if len(b) <= len(buf) && bytes.IndexByte(b, ' ') >= 0 {
		b = squeeze(append(buf[:0], b...)) // as classify does
	}
	if len(b) < 9 || b[0] < utf8.RuneSelf || b[5] < utf8.RuneSelf || b[8] < utf8.RuneSelf {
		return true
	}
	l := theLexicon()
	for i := 0; i+6 <= len(b); {
		c := b[i]
		if c < 0xE0 { // no letter of three bytes or more
			if isLetter(c) || c == ' ' && spaced(b[i:]) || c >= 0xC0 && l.begins(six(b[i:])) {
				return true
			}
			i++
			continue
		}
		key := uint64(0)
		if i+8 <= len(b) {
			key = binary.LittleEndian.Uint64(b[i:]) & (1<<48 - 1)
		} else {
			key = six(b[i:])
		}
		if l.begins(key) {
			return true
		}
		i += 3
	}
	for _, c := range b[len(b)-5:] {
		if isLetter(c) {
			return true
		}
	}
	return spaced(b[len(b)-5:])
}

// spaced reports whether a space stands in b before what squeeze takes it out for.
func spaced(b []byte) bool {
	for i, c := range b {
		if c == ' ' && (i+1 == len(b) || b[i+1] >= utf8.RuneSelf || b[i+1] == ' ') {
			return true
		}
	}
	return false
}

// begins reports whether key is the first six bytes of a Japanese label word.
func (l *lexicon) begins(key uint64) bool {
	return l.japaneseStarts.has(key*golden) && l.find(key).key == key
}

// plausibleAddress reports whether b, which stands where an address or a piece
// of one is expected, can be it.
func plausibleAddress(b []byte, l Label) bool {
	if len(b) < 2 || len(b) > 300 || isNotName(b) || mayBeLabel(b) && classify(b)&^weak != 0 {
		return false
	}
	if l&(LPrefecture|LCity) != 0 {
		return len(b) <= 60 && digits(b) < 4
	}
	if bytes.IndexByte(b, '@') >= 0 {
		return false
	}
	if b[0] >= utf8.RuneSelf && isDigit(b[len(b)-1]) {
		return true // as nearly all end
	}
	n := digits(b)
	if n == len(b) && n > 5 {
		return false
	}
	if n > 0 && n < len(b) {
		return true
	}
	for i := 0; i+3 <= len(b); i++ {
		switch string(b[i : i+3]) {
		case "都", "道", "府", "県", "市", "区", "町", "村", "郡", "丁", "番", "号", "室", "階":
			return true
		}
	}
	return l&LStreet != 0 && utf8.RuneCount(b) >= 2
}
