package detect

import (
	"bytes"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// katakana judges the name in katakana that offset i lies in or behind.
func (s *nameSearch) katakana(i int) {
	t := s.text
	// Back to the first part.
	start := i
	for start > s.taken && i-start < 150 {
		r, k, n := nameBefore(t, start)
		if k != scriptKata && !(k == scriptMiddle && start < i+1) && r != '=' {
			break
		}
		if k != scriptKata { // a separator belongs to the name only between katakana
			if _, kk, _ := nameBefore(t, start-n); kk != scriptKata {
				break
			}
		}
		start -= n
	}
	var odds float32
	parts, listed, plain, places := 0, 0, 0, 0
	at := start
	end := start
	var only dict.Japanese
	for parts < 7 {
		e, k := kanaRun(t, at)
		if k != scriptKata {
			// An initial: J・K・ローリング, ジョージ・W・ブッシュ.
			if c := byteAt(t, at); parts > 0 && c >= 'A' && c <= 'Z' && isMiddle(t, at+1) {
				_, _, n := nameAfter(t, at+1)
				at += 1 + n
				continue
			}
			break
		}
		word := t[at:e]
		is := dict.LookupJapanese(word)
		info := is.Foreign
		only = is
		if info != 0 && info.Doubt() < 2 {
			listed++
			odds += 0.8 + 0.1*float32(info.Weight())
		} else {
			rival := is.Word.Rival()
			if rival == dict.NoRival && info != 0 {
				rival = info.Rival()
			}
			switch {
			case rival == dict.Place:
				places++
				odds--
			case info.Weight() >= 8:
				listed++
				odds += 0.3
			case rival == dict.Word:
				plain++
				odds -= 1.5
			case rival == dict.Other:
				odds -= 0.6
			case len(word) > 24 || katakanaThing(word):
				plain++
				odds -= 2
			case len(word) >= 6:
				odds += 0.4
			}
		}
		parts++
		end = e
		r, mk, n := nameAfter(t, e)
		if mk != scriptMiddle && r != '=' {
			break
		}
		at = e + n
	}
	if parts == 0 {
		return
	}
	if parts > 1 {
		odds -= 0.6
		if listed == 0 {
			odds -= 0.9
		}
		if places == parts {
			odds -= 3
		}
		if whole := dict.LookupJapanese(t[start:end]); whole.Word != 0 {
			odds -= 4
		} else if whole.Foreign != 0 {
			odds += 2
		}
	} else {
		odds = loneKatakana(only)
	}
	prev, before, _ := nameBefore(t, start)
	next, after, _ := nameAfter(t, end)
	switch before {
	case scriptKanji:
		if nameBeforeWord(t[max(0, start-21):start]) {
			odds += 0.8
		} else if parts == 1 {
			odds -= 0.7
		} else {
			odds -= 0.4
		}
	case scriptHira:
		if prev == 'の' && nameBeforeWord(t[max(0, start-24):start-3]) {
			odds += 1.6 // 画家の
		}
	case scriptLatin, scriptDigit, scriptMiddle:
		odds--
	}
	title := nameTitle(t[end:])
	if parts == 1 && title == 0 && only.SurnameKana != 0 {
		odds -= 1.5 // マツモト is a branch or a town
	}
	switch {
	case title > 0:
		odds += title
		if parts == 1 && listed == 0 && title > 1 {
			odds += 0.7
		}
	case after == scriptKanji && nameNeverBefore(t[end:]):
		odds -= 3
	case after == scriptKanji:
		odds--
	case after == scriptHira:
		odds += 2 * nameParticle(t[end:])
	case after == scriptDigit && parts == 1 && regnal(t[end:]):
		odds += 2
	case after == scriptLatin || after == scriptDigit:
		odds -= 0.5
	case after == scriptMiddle:
		odds--
	}
	if s.listed(start) {
		odds++
	}
	if prev == '『' || prev == '「' && next == '」' || prev == '《' || prev == '“' {
		odds -= 0.7
		if next == '』' {
			odds--
		}
	}
	if nameCompanyBefore(t[:start]) {
		odds -= 3
	}
	label, _ := s.labelled(start, end)
	odds += label
	if parts == 1 && s.knows(t[start:end]) {
		odds += 3
	}
	left, right := s.cellBorder(start, end)
	if s.weigh(start, end, odds, listed > 0, label != 0 || left && right) && parts > 1 && odds > 0.5 {
		// The last part is the surname.
		last := end
		for last > start {
			_, k, n := nameBefore(t, last)
			if k != scriptKata {
				break
			}
			last -= n
		}
		s.remember(last, end)
	}
}

// loneKatakana weighs a single katakana word as a name.
func loneKatakana(is dict.Japanese) float32 {
	info := is.Foreign
	switch {
	case info == 0 && is.Word != 0, info != 0 && info.Weight() < 4:
		return -4
	case info == 0:
		return -2.6
	case info.Weight() >= 8:
		return [...]float32{0.9, 0.5, -0.6, -2.4}[info.Doubt()]
	}
	return [...]float32{0.2, 0.2, -2, -4.5}[info.Doubt()]
}

// katakanaThings end the names of companies, works, teams and things.
var katakanaThings = newWordEnds(`シリーズ グループ エンタテインメント エンターテインメント スポーツ カンパニー ホテル レコード レコーズ ミュージック タイムズ アワード リーグ カップ ワールド クラブ
 モーターズ パーク ランド バンド センター システム システムズ サービス ネットワーク ソフト ハウス ストリート スタジオ レーベルズ
 ケミカル エレクトロニクス ドリーム スター アイランド プロダクション ピクチャーズ テレビ ラジオ ニュース ゲーム プロジェクト ソング ダンス ショー オンライン デザイン`)

func katakanaThing(word []byte) bool {
	_, n := katakanaThings.ends(word)
	return n > 0
}

// regnal reports whether t begins with the number of a ruler: 2世.
func regnal(t []byte) bool {
	i := 0
	for i < len(t) && i < 2 && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	return i > 0 && bytes.HasPrefix(t[i:], []byte("世")) && !bytes.HasPrefix(t[i:], []byte("世紀")) && !bytes.HasPrefix(t[i:], []byte("世代"))
}

func byteAt(t []byte, i int) byte {
	if i < len(t) {
		return t[i]
	}
	return 0
}

func isMiddle(t []byte, i int) bool {
	_, k, _ := nameAfter(t, i)
	return k == scriptMiddle
}
