package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// driver finds the numbers of Japanese driving licences: twelve digits that
// begin with the code of a public safety commission and the year of the first
// licence, the eleventh a check digit.
type driver struct{}

func (driver) ID() string    { return "driver-licence" }
func (driver) Types() []Type { return []Type{Driver} }

// Patterns implements Vocabulary.
func (driver) Patterns() []match.Pattern {
	return hintWords(LDriver, "免許", "licen", "driver", "menkyo", "dlnumber")
}

func (dl driver) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(4, 12)) {
		return
	}
	runs := b.Runs
	hint := b.hint(LDriver)
	var n numeral
	chosen := b.choose(nil, func(s span, _ uint64) uint64 {
		return s.in(12) | s.in(4)&s.in(beforeMore)&s.then(1, 4)&s.then(1, beforeMore)&s.then(2, 4)
	})
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		size := runs[i].End - runs[i].Start
		if size != 12 && (size != 4 || i+2 >= len(runs) || runs[i+2].End-runs[i].Start > 14 || b.inFours(i)) ||
			before(b.Text, int(runs[i].Start)) != free {
			continue
		}
		if !commissions[number(b.Text[runs[i].Start:runs[i].Start+2])] {
			continue
		}
		k := 1
		if size == 12 {
			n.read(b, i, 0, 1)
		} else {
			k = 3
			n.read(b, i, sepHyphen|sepSpace, 3)
			if !n.shape(4, 4, 4) || !n.even(3) {
				continue
			}
		}
		d := n.digits(k)
		if n.after(k)&^(sepLineBreak|sepSlash|sepWide) != 0 || !validLicence(d) {
			continue
		}
		start, end := n.start, n.end[k-1]
		if behind(b.Text, end) != free {
			continue
		}
		var own, near Label
		if hint.at(int32(start)) {
			own, near = b.Label(start)
		}
		var p float32
		switch {
		case own&LDriver != 0:
			p = .99
		case near&LDriver != 0:
			p = .95
		case (own|near)&(against|LMyNumber|LCard|LPhone|LCustomer|LBank) != 0:
			continue
		default: // one number in twenty or so passes
			if alike, good := b.kin(i, isLicence); alike < kinEnough || good < alike {
				continue
			}
			p = .85
		}
		emit(Finding{Type: Driver, Detector: dl.ID(), Start: start, End: end,
			Confidence: p, Validated: true, Canon: string(d)})
	}
}

func isLicence(d []byte) bool { return commissions[number(d[:2])] && validLicence(d) }

// commissions are the codes of the prefectural public safety commissions.
var commissions = func() (set [100]bool) {
	for _, c := range [...]int{
		10, 11, 12, 13, 14, // 北海道: 札幌 函館 旭川 釧路 北見
		20, 21, 22, 23, 24, 25, // 青森 岩手 宮城 秋田 山形 福島
		30,                                     // 東京
		40, 41, 42, 43, 44, 45, 46, 47, 48, 49, // 茨城 … 静岡
		50, 51, 52, 53, 54, 55, // 富山 石川 福井 岐阜 愛知 三重
		60, 61, 62, 63, 64, 65, // 滋賀 京都 大阪 兵庫 奈良 和歌山
		70, 71, 72, 73, 74, // 鳥取 島根 岡山 広島 山口
		80, 81, 82, 83, // 徳島 香川 愛媛 高知
		90, 91, 92, 93, 94, 95, 96, 97, // 福岡 … 沖縄
	} {
		set[c] = true
	}
	return set
}()
