package detect

import (
	"math/bits"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// card finds payment card numbers: the Luhn check, the issuer's range with the
// length it uses, and how the number is written and labelled.
//
// A random 16-digit number that begins like a card passes the Luhn check one
// time in ten, so a bare one is held for a card only with company: a usual
// grouping, a label, an expiry date or a person's other data.
type card struct{}

func (card) ID() string    { return "card" }
func (card) Types() []Type { return []Type{Card, TestCard} }

// Patterns implements Vocabulary.
func (card) Patterns() []match.Pattern {
	return hintWords(LCard, "card", "カード", "クレジット", "クレカ", "credit", "visa", "amex", "jcb", "cvv", "cvc", "expir", "有効期限", " cc ")
}

// cardSizes are the runs that cards begin with.
var cardSizes = anyOf(1, 4, 12, 13, size14)

func (c card) Find(b *Block, emit func(Finding)) {
	hint := b.hint(LCard)
	if b.lacks(cardSizes) && hint.none() {
		return
	}
	runs := b.Runs
	var n numeral
	if !hint.none() {
		own := hint
		b.overLines(LCard, func(digits int) bool { return digits >= 14 && digits <= 16 }, func(n *numeral) { c.judge(b, n, n.groups, &own, emit) })
	}
	chosen := b.choose(&hint, func(s span, near uint64) uint64 {
		groups := s.in(4) & (s.then(1, 4) | s.then(1, 6)) & (s.then(2, 4) | s.then(2, 5)) & s.then(1, beforeMore)
		short := (s.in(12) | s.in(13)) &^ s.in(startsOne) // as time stamps do
		return (short|s.in(size14))&^s.in(startsZero) | (groups|s.in(1)&s.then(1, 1)&near)&s.in(beforeMore)
	})
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		switch size := runs[i].End - runs[i].Start; {
		case size >= 12:
			left := before(b.Text, int(runs[i].Start))
			if left != within && left != glued && isCard(pick(b, runs[i])) { // as few are
				n.read(b, i, 0, 1)
				c.judge(b, &n, 1, &hint, emit)
			}
		case size == 4 && i+2 < len(runs):
			i += c.grouped(b, i, &n, &hint, emit)
		case size == 1 && hint.at(runs[i].Start) && sameSize(runs, i, 12):
			i += c.spaced(b, i, &n, &hint, emit)
		}
	}
}

// grouped reads a card in groups that begins with run i and returns how many
// further runs it took.
func (c card) grouped(b *Block, i int, n *numeral, hint *hint, emit func(Finding)) int {
	r, next := b.Runs[i], b.Runs[i+1]
	if size := next.End - next.Start; (size != 4 && size != 6) || next.Start-r.End > 6 {
		return 0
	}
	if first := b.Text[r.Start]; first < '2' || first == '7' || first == '9' {
		return 0
	}
	n.read(b, i, sepHyphen|sepSpace|sepDot|sepUnderscore|sepLineBreak|sepWide|sepMiddle, 6)
	for k := min(n.groups, 5); k >= 3; k-- {
		if cardShape(n, k) && n.after(k)&^(sepLineBreak|sepSpace|sepSlash|sepWide) == 0 && c.judge(b, n, k, hint, emit) {
			return k - 1
		}
	}
	return 0
}

// cardShape reports whether the first k groups are the usual grouping of a
// card: 4-4-4-4 with up to three digits more, 4-6-5 and 4-6-4, and 4-4-4-1 for
// old 13-digit ones.
func cardShape(n *numeral, k int) bool {
	switch {
	case n.shape(4, 4, 4, 4):
		return k == 4 || k == 5 && n.size[4] <= 3
	case n.shape(4, 6, 5), n.shape(4, 6, 4), n.shape(4, 4, 5), n.shape(4, 5, 5):
		return k == 3
	case n.shape(4, 4, 4):
		return k == 4 && n.size[3] <= 3 || k == 3
	}
	return false
}

// spaced reads a card whose digits stand apart one by one; such columns of
// single digits are common, so a label is asked for.
func (c card) spaced(b *Block, i int, n *numeral, hint *hint, emit func(Finding)) int {
	n.read(b, i, sepSpace|sepHyphen|sepLineBreak|sepWide, maxGroups)
	if n.groups < 12 || n.n != n.groups {
		return 0
	}
	if own, near := b.Label(n.start); (own|near)&LCard == 0 {
		return n.groups - 1
	}
	for k := n.groups; k >= 12; k-- {
		if c.judge(b, n, k, hint, emit) {
			break
		}
	}
	return n.groups - 1
}

// judge emits the first k groups of n if they are a card.
func (c card) judge(b *Block, n *numeral, k int, hint *hint, emit func(Finding)) bool {
	d := n.digits(k)
	iin := issuer(d)
	if iin == notCard || !luhn(d) {
		return false
	}
	start, end := n.start, n.end[k-1]
	left, right := before(b.Text, start), behind(b.Text, end)
	if left == within || right == within || left == glued || right == glued {
		return false
	}
	test := testCard(d)
	if !test && monotone(d) {
		return false
	}
	own, near := b.Label(start)
	var p float32
	switch {
	case own&(LCard|LCVV|LExpiry) != 0:
		p = .99
	case near&(LCard|LExpiry|LCVV) != 0 || expiryBehind(b, n, k):
		p = .97
	case k == 1 && iin == sureCard && hint.within(int32(start), 60):
		p = .92 // "what's your credit card? …"
	case k >= 3 && iin == sureCard:
		p = .95
		if n.gaps(k)&(sepLineBreak|sepWide) != 0 || !n.even(k) {
			p = .6 // a table of numbers can look so
		}
	case k >= 4 && len(d) >= 16 && n.gaps(k)&(sepLineBreak|sepWide) != 0:
		p = .3
	case k >= 4 && len(d) >= 16:
		p = .85
	case k >= 3:
		p = .4
	default:
		p = bareCard(b, d, iin, start, end)
		if alike, good := b.kin(n.first, isCard); alike >= kinEnough {
			switch {
			case good == alike && p > .2:
				p = max(p, .92)
			case good*2 < alike:
				p *= .3
			}
		}
	}
	if k >= 3 && p >= .4 && own&(LCard|LCVV|LExpiry) == 0 && (b.byChance(n, k, isCard) || goesBefore(b, n)) {
		p *= .3
	}
	if own&LCard == 0 {
		switch other := own&(against|LCorporate|LMyNumber|LCustomer|LPhone|LIBAN|LBank) != 0; {
		case other && near&LCard != 0:
			p *= .7
		case other:
			p *= .4
		case near&LCard == 0 && near&against != 0:
			p *= .6
		}
		if left == tied || right == tied {
			p *= .8
		}
	}
	if p < .05 {
		return false
	}
	t := Card
	if test {
		t, p = TestCard, max(p, .9)
	}
	emit(Finding{Type: t, Detector: c.ID(), Start: start, End: end,
		Confidence: p, Validated: true, Canon: string(d)})
	return true
}

func isCard(d []byte) bool { return issuer(d) != notCard && luhn(d) }

// goesBefore reports whether a group like those of n stands right before it: a row
// of numbers rather than one of sixteen digits.
func goesBefore(b *Block, n *numeral) bool {
	if n.first == 0 {
		return false
	}
	r := b.Runs[n.first-1]
	return r.End-r.Start == int32(n.size[0]) && int(r.End)+1 == n.start && b.Text[r.End] == b.Text[n.end[0]]
}

// bareCard is the confidence in an unbroken number with nothing said of it.
func bareCard(b *Block, d []byte, iin issuerKind, start, end int) float32 {
	mail := b.besideMail(start, end)
	switch {
	case len(d) == 13 && ean(d) && (d[1] == '5' || d[1] == '9'):
		return .1 // a JAN rather than a Visa card of the nineties
	case iin == sureCard && mail:
		return .85
	case len(d) == 13 && ean(d), d[0] == '1':
		return .1
	case len(d) == 16 && iin == sureCard:
		return .7
	case len(d) == 15 && iin == sureCard:
		return .6
	case mail:
		return .65
	}
	return .45
}

// issuerKind tells how much an issuer range says.
type issuerKind uint8

const (
	notCard  issuerKind = iota
	wideCard            // a sepWide range with many lengths: Maestro, UnionPay
	sureCard            // one of the usual ranges with its usual length
)

// issuer looks the leading digits up in the ranges that the schemes publish
// (ISO/IEC 7812 issuer identification numbers) with the lengths in use.
func issuer(d []byte) issuerKind {
	if len(d) < 12 || len(d) > 19 {
		return notCard
	}
	r, size := ranges[number(d[:4])], len(d)-12
	switch {
	case r.sure>>size&1 != 0:
		return sureCard
	case r.rare>>size&1 != 0:
		return wideCard
	}
	return notCard
}

// lengths are those that an issuer uses, as bits from 12 digits up.
type lengths struct{ sure, rare uint8 }

// ranges tells the lengths by the first four digits.
var ranges = func() (table [10000]lengths) {
	for i := range issuers {
		r := &issuers[i]
		for p := r.from / 100; p <= r.to/100; p++ {
			table[p] = r.lengths
		}
	}
	return table
}()

// Sets of lengths for issuers, as bits from 12 digits up.
const (
	len13     = 1 << 1
	len14     = 1 << 2
	len15     = 1 << 3
	len16     = 1 << 4
	len17     = 1 << 5
	len18     = 1 << 6
	len19     = 1 << 7
	len12to19 = 0xff
	len16to19 = len16 | len17 | len18 | len19
	len14to19 = len14 | len15 | len16to19
)

// issuers are ranges of the first six digits, of which the last two never decide.
var issuers = [...]struct {
	from, to int
	lengths
}{
	{100000, 179999, lengths{0, len15}},                     // UATP
	{180000, 180099, lengths{len15, 0}},                     // JCB, old
	{213100, 213199, lengths{len15, 0}},                     // JCB, old
	{222100, 272099, lengths{len16, 0}},                     // Mastercard 2-series
	{300000, 305999, lengths{len14, len16to19}},             // Diners Club
	{308800, 309499, lengths{len16, len17 | len18 | len19}}, // JCB, Diners
	{309500, 309599, lengths{len14 | len16, 0}},             // Diners
	{309600, 310299, lengths{len16, len17 | len18 | len19}}, // JCB
	{311200, 312099, lengths{len16, len17 | len18 | len19}},
	{315800, 315999, lengths{len16, len17 | len18 | len19}},
	{333700, 334999, lengths{len16, len17 | len18 | len19}},
	{340000, 349999, lengths{len15, 0}},                     // American Express
	{352800, 358999, lengths{len16, len17 | len18 | len19}}, // JCB
	{360000, 369999, lengths{len14, len16to19}},             // Diners
	{370000, 379999, lengths{len15, 0}},                     // American Express
	{380000, 399999, lengths{len14, len16to19}},             // Diners
	{400000, 499999, lengths{len13 | len16, len19}},         // Visa
	{500000, 509999, lengths{0, len12to19}},                 // Maestro
	{510000, 559999, lengths{len16, 0}},                     // Mastercard
	{560000, 599999, lengths{0, len12to19}},                 // Maestro
	{601100, 601199, lengths{len16, len17 | len18 | len19}}, // Discover
	{601200, 619999, lengths{0, len12to19}},                 // Maestro, RuPay
	{620000, 629999, lengths{len16, len14to19}},             // UnionPay
	{630000, 639999, lengths{0, len12to19}},                 // Maestro
	{644000, 659999, lengths{len16, len17 | len18 | len19}}, // Discover
	{660000, 699999, lengths{0, len12to19}},                 // Maestro
	{810000, 817199, lengths{0, len16to19}},                 // UnionPay
}

// expiryBehind reports whether the next numbers after the card look like its
// expiry (MM/YY, MM/YYYY) within thirty bytes.
func expiryBehind(b *Block, n *numeral, k int) bool {
	for i := n.first + k; i+1 < len(b.Runs) && i < n.first+k+3; i++ {
		m, y := b.Runs[i], b.Runs[i+1]
		if int(m.Start)-n.end[k-1] > 30 {
			return false
		}
		if m.End-m.Start != 2 || y.Start-m.End != 1 || b.Text[m.End] != '/' {
			continue
		}
		size := y.End - y.Start
		if month := number(pick(b, m)); month >= 1 && month <= 12 && before(b.Text, int(m.Start)) == free &&
			(size == 2 || size == 4 && startsWith(pick(b, y), "20")) && behind(b.Text, int(y.End)) == free {
			return true
		}
	}
	return false
}

// monotone reports whether the digits are too regular to be a number in use:
// one or two digits all along, or counting up.
func monotone(d []byte) bool {
	var seen uint16
	rising := 0
	for i, c := range d {
		seen |= 1 << (c - '0')
		if i > 0 && (c-d[i-1] == 1 || c == '0' && d[i-1] == '9') {
			rising++
		}
	}
	return bits.OnesCount16(seen) <= 2 || rising >= len(d)-2
}

// testCard reports whether d is one of the numbers that schemes and payment
// services publish for trying out.
func testCard(d []byte) bool {
	if len(d) >= 3 && d[0] >= '2' && d[0] <= '6' && testTails[number(d[len(d)-3:])] {
		for _, t := range testCards {
			if t == string(d) {
				return true
			}
		}
	}
	return false
}

// testTails has the last three digits of testCards: most cards have others.
var testTails = func() (tails [1000]bool) {
	for _, t := range testCards {
		tails[number([]byte(t[len(t)-3:]))] = true
	}
	return tails
}()

// testCards are facts from the public documentation of Visa, Mastercard, JCB,
// American Express, Stripe, PayPal, Adyen, Braintree and GMO.
var testCards = [...]string{
	"4111111111111111", "4012888888881881", "4222222222222", "4242424242424242",
	"4000056655665556", "4000000000000002", "4000000000000069", "4000000000000119",
	"4000000000000127", "4000000000009995", "4000002500003155", "4000000000003220",
	"4000000000000077", "4000000000000341", "4000003920000003", "4000000000000101",
	"4917610000000000", "4917300800000000", "4484070000000000", "4462030000000000",
	"4263970000005262", "4988438843884305", "4166676667666746", "4646464646464644",
	"4000620000000007", "4000060000000006", "4293189100000008", "4977949494949497",
	"4400000000000008", "4500600000000061", "4009348888881881",
	"4005519200000004", "4012000033330026", "4012000077777777", "4217651111111119",
	"5555555555554444", "5105105105105100", "5200828282828210", "5555341244441115",
	"5454545454545454", "5100290029002909", "5577000055770004", "5136333333333335",
	"5585558555855583", "5555444433331111", "5424000000000015", "5425233430109903",
	"2223003122003222", "2222400070000005", "2222990905257051", "2223007648726984",
	"2223577120017656", "2720990000000007", "2222410740360010", "2222400010000008",
	"378282246310005", "371449635398431", "378734493671000", "370000000000002",
	"343434343434343", "371111111111114", "370000200000000",
	"6011111111111117", "6011000990139424", "6011000000000004", "6011601160116611",
	"6011981111111113", "6445644564456445", "6011000400000000", "6011000180331112",
	"30569309025904", "38520000023237", "36227206271667", "36006666333344",
	"3056930009020004", "36700102000000", "36438936438936", "36070500001020",
	"3530111333300000", "3566002020360505", "3569990010095841", "3528000700000000",
	"3541599998103643", "3566111111111113", "3569990012290937",
	"6200000000000005", "6205500000000000004", "6243030000000001", "6250947000000014",
	"6212345678901265", "6212345678901232", "6304000000000000", "6759649826438453",
	"6771798021000008", "5019717010103742", "6799990100000000019",
}
