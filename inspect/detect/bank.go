package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// bank finds Japanese bank accounts by their labels: bank (4 digits), branch
// (3) and account (7), with or without the names, and ゆうちょ 記号番号 (five
// digits from 1 to 0, then up to eight that end in 1).
type bank struct{}

func (bank) ID() string    { return "bank-account" }
func (bank) Types() []Type { return []Type{Bank} }

// Patterns implements Vocabulary.
func (bank) Patterns() []match.Pattern {
	return hintWords(LBank, "口座", "銀行", "支店", "金融", "普通", "当座", "ゆうちょ", "bank", "account", "acct", "branch", "kozabango")
}

func (ba bank) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(4, 5, 7)) {
		return
	}
	hint := b.hint(LBank)
	if hint.none() {
		return
	}
	chosen := b.choose(&hint, func(s span, near uint64) uint64 { return (s.in(4) | s.in(5) | s.in(7)) & near })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		switch b.Runs[i].End - b.Runs[i].Start {
		case 4:
			if n, k := codeBranchAccount(b, i); k > 0 {
				ba.judge(b, n, k, .55, .97, emit)
				i += k - 1
			}
		case 5:
			if n, k := postalAccount(b, i); k > 0 && ba.judge(b, n, k, .25, .97, emit) {
				i += k - 1
			}
		case 7:
			var n numeral
			n.read(b, i, 0, 1)
			alone := float32(0)
			if accountKind(b.Text[:n.start]) {
				alone = .93
			}
			ba.judge(b, n, 1, alone, .95, emit)
		}
	}
}

// codeBranchAccount reads 0001-001-1234567.
func codeBranchAccount(b *Block, i int) (n numeral, groups int) {
	if i+2 >= len(b.Runs) || b.Runs[i+2].End-b.Runs[i].Start > 14+8 || b.Runs[i+2].End-b.Runs[i+2].Start != 7 {
		return n, 0
	}
	n.read(b, i, sepHyphen|sepSpace|sepSlash, 3)
	if !n.shape(4, 3, 7) {
		return n, 0
	}
	return n, 3
}

// postalAccount reads 記号 and 番号 of the post bank, the latter word between
// them perhaps.
func postalAccount(b *Block, i int) (n numeral, groups int) {
	r := b.Runs[i]
	if b.Text[r.Start] != '1' || b.Text[r.End-1] != '0' || i+1 >= len(b.Runs) {
		return n, 0
	}
	n.read(b, i, sepHyphen|sepSpace, 3)
	if n.groups == 1 {
		next := b.Runs[i+1]
		if next.Start-r.End > 12 || next.End-next.Start > 8 || !endsWith(trimGap(b.Text[r.End:next.Start]), "番号") {
			return n, 0
		}
		n.add(b, i+1, sepSpace)
	}
	k := n.groups
	if k == 3 && n.size[1] != 1 || k < 2 || n.size[k-1] < 6 || n.size[k-1] > 8 || b.Text[n.end[k-1]-1] != '1' {
		return n, 0
	}
	return n, k
}

// accountKind reports the kind of an account right before its number.
func accountKind(t []byte) bool {
	n := len(t)
	if endsWith(t, "No.") || endsWith(t, "no.") {
		n -= len("No.")
	}
	for k := 0; k < 3 && n > 0 && (t[n-1] == ' ' || t[n-1] == ':' || t[n-1] == ')'); k++ {
		n--
	}
	for _, w := range [...]string{"普通", "当座", "普通預金", "当座預金", "(普)", "(当)", "口座番号"} {
		if endsWith(t[:n], w) {
			return true
		}
	}
	return false
}

// measured reports whether t, what stands behind a number, begins with what it counts:
// 円, 件.
func measured(t []byte) bool {
	if len(t) > 0 && t[0] == ' ' {
		t = t[1:]
	}
	for _, w := range [...]string{"円", "件", "個", "人", "枚", "台", "本", "点", "回", "%"} {
		if startsWith(t, w) {
			return true
		}
	}
	return false
}

func (ba bank) judge(b *Block, n numeral, k int, alone, named float32, emit func(Finding)) bool {
	start, end := n.start, n.end[k-1]
	if before(b.Text, start) != free || behind(b.Text, end) != free || n.after(k)&(sepHyphen|sepDot) != 0 {
		return false
	}
	if measured(b.Text[end:]) {
		return false
	}
	own, near := b.Label(start)
	p := alone
	switch {
	case own&(LCard|LPhone|LCustomer|LPostal|against) != 0 && own&LBank == 0:
		return false
	case own&LBank != 0:
		p = named
	case near&LBank != 0 && own == 0 && near&(LCustomer|LOrder) != 0:
		p = max(p, .4) // 口座振替 … 整理番号 第1234567号
	case near&LBank != 0:
		p = max(p, named-.1)
	}
	if p == 0 {
		return false
	}
	emit(Finding{Type: Bank, Detector: ba.ID(), Start: start, End: end,
		Confidence: p, Canon: string(n.digits(k))})
	return true
}
