package detect

import (
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// notBefore are characters and words that stand before さん, 様, 君 without
// naming anybody: お客様, 皆さん.
var nameCommon = nameSet(`源 皆 客 神 王 奥 嬢 母 父 兄 姉 娘 爺 婆 者 仏 各 貴 同 某 何 人 子 孫 方 家 妹 弟 女 男 夫 妻 主 君 諸 両 業者 医者 患者 学者 御 殿 旦那 会社 社 本 先 上 下 大 小 模 仕 有 異 同様 多
 一 二 三 四 五 六 七 八 九 十 第 首 総 副 元 前 現 新 旧 党 国 府 県 市 町 村 区 部 課 係 局 院 校 長 員 官 士 師 団 隊 友 敵 味方 相手 彼 彼女 我 私 僕 俺 自分 誰 仮 幼 若 老 少 青 美 名 無 不 未`)

// honorific looks at what stands before an honorific or title where no
// surname of the vocabulary was hit: a surname of one character, a rare one, a
// katakana name.
func (s *nameSearch) honorific(start, end int) {
	if start == s.taken || start == 0 {
		return
	}
	odds, n := nameAfterWords.begins(s.text[start:])
	if n != end-start || nameTitle(s.text[start:]) == 0 {
		return // part of a longer word
	}
	_, k, _ := nameBefore(s.text, start)
	switch k {
	case scriptKanji:
		s.beforeHonorific(start, odds)
	case scriptKata:
		if start > s.taken {
			s.katakana(start)
		}
	}
}

// announced looks at what stands behind a word that announces a name and ends
// at i: a reading in hiragana, a surname of one character with a given name or
// alone, a given name behind 長男 and the like.
func (s *nameSearch) announced(i int) {
	t := s.text
	start, apart := i, false
	for n := 0; n < 6 && start < len(t); n++ {
		r, _, size := nameAfter(t, start)
		if r != ' ' && r != ':' && r != '\t' && r != '】' && r != '」' && r != '\n' {
			break
		}
		apart = true
		start += size
	}
	if start >= len(t) || start < s.taken || t[start] < utf8.RuneSelf {
		return
	}
	_, k, size := nameAfter(t, start)
	if k == scriptHira {
		if c, ok := s.kanaPair(start); ok && apart {
			s.report(c.start, c.end, c.odds+4, true)
		}
		return
	}
	if k != scriptKanji {
		return
	}
	middle, end := start+size, start+size
	gap := byteAt(t, middle) == ' '
	if gap {
		end++
	}
	at := end
	for n := 0; n < 4; n++ {
		_, k, size := nameAfter(t, end)
		if k != scriptKanji && k != scriptKata && k != scriptHira {
			break
		}
		end += size
	}
	c := nameCandidate{start: start, middle: middle, end: end, surname: nameSurname(t[start:middle]), spaced: gap}
	if end > at {
		is := dict.LookupJapanese(t[at:end])
		if c.given = is.Given; c.given == 0 {
			c.given = is.GivenKana
		}
	} else {
		c.end = middle
	}
	full := end > at && c.given != 0
	if !gap && byteAt(t, end) == ' ' && nameSurname(t[start:end]) != 0 {
		if _, k, _ := nameAfter(t, end+1); k >= scriptHira {
			return // 金城 沙織, which is not 金 城
		}
	}
	if c.surname == 0 || !apart || end > at && !full {
		return
	}
	if left, right := s.cellBorder(c.start, c.end); !full && !(left && right) {
		return
	}
	s.judge(&c)
	c.odds += 2
	s.settle(&c)
}

func (s *nameSearch) beforeHonorific(end int, title float32) {
	t := s.text
	at, n := end, 0
	for n < 6 && at > s.taken {
		_, k, size := nameBefore(t, at)
		if k != scriptKanji {
			break
		}
		at -= size
		n++
	}
	if n == 0 || n > 5 {
		return
	}
	word := t[at:end]
	if nameCommon[string(word)] {
		return
	}
	if _, last := utf8.DecodeLastRune(word); n > 1 && nameCommon[string(word[len(word)-last:])] {
		return
	}
	best := nameCandidate{odds: -9}
	// The whole run as surname, or as surname and given name.
	info := nameSurname(word)
	words := dict.LookupJapanese(word).Word
	if info != 0 && n <= 3 && words == 0 {
		c := nameCandidate{start: at, middle: end, end: end, surname: info}
		c.odds = -2.4 + 0.2*float32(info.Weight()) + title
		if info.Doubt() > 1 {
			c.odds -= 1.2
		}
		if info.Weight() == 1 {
			c.odds -= 0.5
		}
		best = c
	}
	for i := at; i < end && n >= 2; {
		_, size := utf8.DecodeRune(t[i:])
		i += size
		if i >= end {
			break
		}
		sn := nameSurname(t[at:i])
		sino := sinoSurnames[string(t[at:i])] && end-i <= 6
		if sn == 0 && !sino {
			continue
		}
		is := dict.LookupJapanese(t[i:end])
		gn := is.Given
		c := nameCandidate{start: at, middle: i, end: end, surname: sn, given: gn}
		s.judge(&c)
		switch {
		case sino:
			c.odds = -1.5 + title
			if words != 0 || is.Word != 0 {
				c.odds -= 3
			}
		case gn == 0:
			c.odds -= 0.5
			if sn.Weight() < 6 {
				continue
			}
		}
		if c.odds > best.odds {
			best = c
		}
	}
	if best.odds > -9 {
		s.settle(&best)
	}
}

// notGivenEnds end what a surname begins and is no name of a person.
var notGivenEnds = runeSet("州書公宗家氏国軍朝県市郡城寺廟山川江河湖学教術式派流風楽花草鳥器物語伝記録報史料店館門村町区島代系族兵側勢姓邑道路橋塔窯焼碑文画像派閥")

// sino looks at the given name of one or two characters behind the surname
// [start,middle) of China or Korea, where the run of kanji ends with it or a title
// follows: 李世民は, 崔順実被告.
func (s *nameSearch) sino(start, middle int) {
	t := s.text
	end, n := middle, 0
	title := float32(0)
	for n < 3 {
		if n > 0 {
			if title = nameTitle(t[end:]); title >= 2 {
				break
			}
		}
		r, k, size := nameAfter(t, end)
		if k != scriptKanji || numeralRunes.has(r) && n == 0 {
			break
		}
		end += size
		n++
	}
	long := middle-start > 3
	if is := dict.LookupJapanese(t[start:end]); n == 0 || n > 2 || is.Word != 0 || is.Surname != 0 {
		return
	}
	if last, _ := utf8.DecodeLastRune(t[:end]); notGivenEnds.has(last) {
		return // 趙州, 曹洞宗
	}
	if _, _, size := nameAfter(t, middle); n > 1 && dict.LookupJapanese(t[start:middle+size]).Word != 0 {
		return // 陳述書
	}
	odds := float32(0.7)
	if n == 1 && !long {
		odds = -0.3
	}
	switch prev, k, _ := nameBefore(t, start); {
	case k == scriptKanji && nameBeforeWord(t[max(0, start-21):start]):
	case k == scriptKanji, k == scriptDigit, k == scriptKata:
		return
	case prev == 'の' || prev == '、' || prev == 'は' || k <= scriptBreak:
		odds += 0.2
	}
	switch _, k, _ := nameAfter(t, end); {
	case title > 0:
		odds += title
	case k == scriptHira:
		p := nameParticle(t[end:])
		odds += p
	case k == scriptKata, k == scriptDigit, k == scriptLatin:
		odds -= 1
	}
	if s.listed(start) {
		odds++
	}
	label, _ := s.labelled(start, end)
	s.weigh(start, end, odds+label, true, label != 0)
}

// whole judges a listed whole name.
func (s *nameSearch) whole(start, end int, info dict.Info) {
	c := nameCandidate{start: start, middle: start, end: end, given: info}
	title := nameTitle(s.text[end:])
	c.odds = 0.6 + 0.1*float32(info.Weight()) - surnameDoubt[info.Doubt()] + s.around(&c, true, title)
	s.settle(&c)
}
