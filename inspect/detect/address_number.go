package detect

import (
	"bytes"
	"unicode/utf8"
)

// numberAhead returns where the block number begins: at most fourteen kanji
// and kana after at, none of them a particle that ends a place in prose; -1 if
// none does.
func (s *addressSearch) numberAhead(at int) int {
	t := s.text
	start := at
	for n := 0; n < 16 && at < len(t); n++ {
		r, size := utf8.DecodeRune(t[at:])
		switch k := scriptOf(r); {
		case k == scriptDigit:
			return at
		case r == '-' && at > start:
			return -1
		case isKanjiDigit(r) && numberUnitFollows(t[at:]):
			return at
		case k == scriptKanji, k == scriptKata:
		case k == scriptHira:
			switch r {
			case 'は', 'を', 'で', 'に':
				return -1
			case 'の':
				if at == start {
					return -1
				}
			}
		case r == ' ' && n < 8:
		default:
			return -1
		}
		at += size
	}
	return -1
}

func isKanjiDigit(r rune) bool {
	switch r {
	case '〇', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千':
		return true
	}
	return false
}

// numberUnitFollows reports whether kanji digits and then a unit of block
// numbers stand at the start of t.
func numberUnitFollows(t []byte) bool {
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRune(t[i:])
		if !isKanjiDigit(r) {
			if r == '条' || r == '線' || r == '区' || r == '組' { // 三条 is a name, 三条西二丁目 goes on
				next, _, _ := nameAfter(t, i+n)
				return isKanjiDigit(next) || next == '東' || next == '西' || next == '南' || next == '北'
			}
			return numberUnit(t[i:]) > 0 || r == '-' || r == 'ー' || i > 3 && scriptOf(r) <= scriptBreak
		}
		i += n
	}
	return len(t) > 3
}

var numberUnits = []string{"丁目", "番地の", "番地", "番町", "番丁", "地割", "番", "号室", "号棟", "号", "条", "線", "丁", "の", "ノ", "之", "階", "F", "区", "組"}

func numberUnit(t []byte) int {
	for _, u := range numberUnits {
		if bytes.HasPrefix(t, []byte(u)) {
			return len(u)
		}
	}
	return 0
}

// longestNumber is more than any block number takes, in bytes.
const longestNumber = 96

// readNumber reads a block number from i: digits with units, hyphens, and the
// points of the compass of Hokkaido (北1条西2丁目).
func readNumber(t []byte, i int) (end int, units bool) {
	end = i
	digits := false // the last thing read was a number
	for t = t[:min(len(t), i+longestNumber)]; i < len(t); {
		r, n := utf8.DecodeRune(t[i:])
		switch {
		case r >= '0' && r <= '9', isKanjiDigit(r) && !digits:
			for i < len(t) {
				r, n := utf8.DecodeRune(t[i:])
				if !(r >= '0' && r <= '9' || isKanjiDigit(r)) {
					break
				}
				i += n
			}
			end, digits = i, true
			continue
		case digits && (r == '-' || r == 'ー' || r == '−' || r == '~'):
			i += n
			digits = false
			if r2, k, _ := nameAfter(t, i); k != scriptDigit && !isKanjiDigit(r2) {
				return end, units
			}
			continue
		case digits:
			if n := numberUnit(t[i:]); n > 0 {
				u := string(t[i : i+n])
				next, k, _ := nameAfter(t, i+n)
				if (u == "の" || u == "ノ" || u == "之") && k != scriptDigit && !isKanjiDigit(next) {
					return end, units
				}
				i += n
				if u != "の" && u != "ノ" && u != "之" {
					units = true
					end = i
				}
				digits = false
				continue
			}
			if r == ' ' && units && i+1 < len(t) && t[i+1] >= '0' && t[i+1] <= '9' {
				i++
				digits = false
				continue
			}
			return end, units
		case units && (r == '東' || r == '西' || r == '南' || r == '北' || r == ' ' || r == '甲' || r == '乙' || r == '丙'):
			next, k, _ := nameAfter(t, i+n)
			if k != scriptDigit && !isKanjiDigit(next) {
				return end, units
			}
			i += n
			continue
		default:
			return end, units
		}
	}
	return end, units
}
