package detect

import (
	"strings"
	"unicode/utf8"
)

// iban finds international bank account numbers (ISO 13616): country, two
// check digits by mod 97-10, and the length that the country uses.
type iban struct{}

func (iban) ID() string    { return "iban" }
func (iban) Types() []Type { return []Type{IBAN} }

// maxIBAN is the greatest length in use (Saint Lucia has 32) by the standard.
const maxIBAN = 34

func (ib iban) Find(b *Block, emit func(Finding)) {
	if b.lacks(anyOf(behindUpper)) {
		return
	}
	t := b.Text
	var bare [ibanList]Finding // that stand alone, until there are enough of them
	alone := 0
	chosen := b.choose(nil, func(s span, _ uint64) uint64 { return s.in(behindUpper) &^ s.in(1) })
	for i := chosen.next(0); i >= 0; i = chosen.next(i + 1) {
		r := b.Runs[i]
		if r.Start < 2 || r.End-r.Start < 2 || !isUpper(t[r.Start-1]) || !isUpper(t[r.Start-2]) {
			continue
		}
		var c [maxIBAN]byte
		start := int(r.Start) - 2
		n, i := readIBAN(t, start, &c)
		if n == 0 {
			continue
		}
		p := float32(.97)
		own, near := b.Label(start)
		switch {
		case publishedIBAN[string(c[:n])]:
			p = .3
		case own&LIBAN != 0:
			p = .99
		case own&against != 0, n == 15 && i-start == n:
			p = .7 // Norway's are short, and "No" stands before many numbers
		case near == 0 && alone < ibanList && wordless(t, start, i):
			bare[alone] = Finding{Type: IBAN, Detector: ib.ID(), Start: start, End: i,
				Confidence: .75, Validated: true, Canon: string(c[:n])}
			alone++
			continue
		}
		emit(Finding{Type: IBAN, Detector: ib.ID(), Start: start, End: i,
			Confidence: p, Validated: true, Canon: string(c[:n])})
	}
	for _, f := range bare[:alone] {
		if alone == ibanList {
			f.Confidence = .97
		}
		emit(f)
	}
}

// readIBAN reads the number whose country stands at offset start of t into c, and
// returns how many characters it has and where it ends; none if there is no valid one.
func readIBAN(t []byte, start int, c *[maxIBAN]byte) (n, end int) {
	want := int(ibanLength[t[start]-'A'][t[start+1]-'A'])
	if want == 0 || before(t, start) != free {
		return 0, 0
	}
	i := start
	for ; i < len(t) && n < want; i++ {
		if isDigit(t[i]) || isUpper(t[i]) {
			c[n] = t[i]
			n++
		} else if t[i] != ' ' && t[i] != '-' || n%4 != 0 {
			break
		}
	}
	if n < want || behind(t, i) == glued {
		return 0, 0
	}
	// Move the first four to the end, as the check wants it.
	var moved [maxIBAN]byte
	copy(moved[copy(moved[:], c[4:n]):], c[:4])
	if !mod97(moved[:n]) || !bankWritten(c[:n]) {
		return 0, 0
	}
	return n, i
}

// ibanList is how many numbers with nothing said of them are a list of accounts;
// fewer may be samples.
const ibanList = 3

// wordless reports whether the line around [start,end) has no letter near:
// nothing that says whose the number is.
func wordless(t []byte, start, end int) bool {
	for i := start - 1; i >= max(0, start-ibanReach) && t[i] != '\n'; i-- {
		if t[i] >= utf8.RuneSelf || isLetter(t[i]) {
			return false
		}
	}
	for i := end; i < min(len(t), end+ibanReach) && t[i] != '\n'; i++ {
		if t[i] >= utf8.RuneSelf || isLetter(t[i]) {
			return false
		}
	}
	return true
}

const ibanReach = 80

// bankWritten reports whether the part behind the check digits begins as the
// country has it: with the four letters of a bank, or with digits alone.
func bankWritten(c []byte) bool {
	letters := 0
	for _, x := range c[4:] {
		if isUpper(x) {
			letters++
		}
	}
	switch country := string(c[:2]); {
	case strings.Contains(ibanBanks, country):
		return isUpper(c[4]) && isUpper(c[5]) && isUpper(c[6]) && isUpper(c[7])
	case strings.Contains(ibanDigits, country):
		return letters == 0
	}
	return true
}

// ibanBanks are the countries whose numbers begin with four letters, ibanDigits
// those whose numbers have none (SWIFT IBAN registry).
const (
	ibanBanks  = "BG BH GB GI IE IQ JO KW LC LV MT MU NI NL PK PS QA RO SC SV VG"
	ibanDigits = "AE AT BA BE CR CZ DE DK EE ES FI FO GL HR HU IL IS LT LY ME MN NO PL PT RS SD SE SI SK SO ST TL TN VA XK"
)

// publishedIBAN are the examples of the SWIFT IBAN registry and of banks' manuals,
// which stand in documents and tests everywhere and are nobody's.
var publishedIBAN = nameSet(`AE070331234567890123456 AT611904300234573201 BE68539007547034 BG80BNBG96611020345678 BR1800360305000010009795493C1 CH9300762011623852957
 CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243 EE382200221020145685 ES9121000418450200051332 FI2112345600000785
 FO6264600001631634 FR1420041010050500013M02606 GB29NWBK60161331926819 GB33BUKB20201555555555 GI75NWBK000000007099453 GR1601101250000000012300695 HR1210010051863000160
 HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999 IS140159260076545510730339 IT60X0542811101000000123456 KW81CBKU0000000000001234560101
 LI21088100002324013AA LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030 MT84MALT011000012345MTLCAST001S NL91ABNA0417164300
 NO9386011117947 PL61109010140000071219812874 PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379
 SA0380000000608010167519 SE4550000000058398257466 SI56191000000123438 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100 TR330006100519786457841326`)

// ibanLength gives, by country code, the length that its numbers have, from the
// SWIFT IBAN registry; 0 if it has none.
var ibanLength = func() (table [26][26]uint8) {
	for country := range strings.FieldsSeq(ibanLengths) {
		table[country[0]-'A'][country[1]-'A'] = (country[2]-'0')*10 + country[3] - '0'
	}
	return table
}()

const ibanLengths = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 " +
	"DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 " +
	"IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 " +
	"MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 " +
	"SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
