package detect

import "strings"

// iban finds international bank account numbers (ISO 13616): country, two
// check digits by mod 97-10, and the length that the country uses.
type iban struct{}

func (iban) ID() string    { return "iban" }
func (iban) Types() []Type { return []Type{IBAN} }

// maxIBAN is the greatest length in use (Saint Lucia has 32) by the standard.
const maxIBAN = 34

func (ib iban) Find(b *Block, emit func(Finding)) {
	t := b.Text
	for _, r := range b.Runs {
		if r.Start < 2 || r.End-r.Start < 2 || !isUpper(t[r.Start-1]) || !isUpper(t[r.Start-2]) {
			continue
		}
		start := int(r.Start) - 2
		want := int(ibanLength[t[start]-'A'][t[start+1]-'A'])
		if want == 0 || before(t, start) != free {
			continue
		}
		// Move the first four to the end, as the check wants it.
		var c [maxIBAN]byte
		n, i := 0, start
		for ; i < len(t) && n < want; i++ {
			if isDigit(t[i]) || isUpper(t[i]) {
				c[n] = t[i]
				n++
			} else if t[i] != ' ' && t[i] != '-' || n%4 != 0 {
				break
			}
		}
		if n < want || behind(t, i) == glued {
			continue
		}
		var moved [maxIBAN]byte
		copy(moved[copy(moved[:], c[4:n]):], c[:4])
		if !mod97(moved[:n]) {
			continue
		}
		p := float32(.97)
		own, _ := b.Label(start)
		switch {
		case own&LIBAN != 0:
			p = .99
		case own&against != 0:
			p = .7
		}
		emit(Finding{Type: IBAN, Detector: ib.ID(), Start: start, End: i,
			Confidence: p, Validated: true, Canon: string(c[:n])})
	}
}

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
