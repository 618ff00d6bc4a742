package corpus

import (
	"fmt"
	"strconv"
	"strings"
)

// Numbers with check digits, worked out here rather than by the detectors'
// code, so that an error there does not hide itself.

// weighted returns the weighted sum of digits.
func weighted(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return sum
}

func (g *gen) myNumber() string {
	d := g.digits(11)
	r := weighted(d, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11
	if r <= 1 {
		return d + "0"
	}
	return d + strconv.Itoa(11-r)
}

func (g *gen) corporate() string {
	d := g.digits(12)
	return strconv.Itoa(9-weighted(d, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)%9) + d
}

func (g *gen) licence() string {
	d := g.pick("10", "30", "43", "44", "45", "54", "62", "63", "90") + fmt.Sprintf("%02d", g.n(70, 99)) + g.digits(6)
	return d + strconv.Itoa((11-weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11)%10) + strconv.Itoa(g.n(0, 1))
}

// luhnDigit returns the digit that completes d.
func luhnDigit(d string) string {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return strconv.Itoa((10 - sum%10) % 10)
}

// card returns a number by its issuer's range and length, grouped by sep.
func (g *gen) card(sep string) string {
	type issuer struct {
		prefix string
		length int
	}
	issuers := []issuer{{"4", 16}, {"4", 16}, {"51", 16}, {"54", 16}, {"2221", 16}, {"3530", 16}, {"3569", 16}, {"34", 15}, {"37", 15}, {"3601", 14}, {"6011", 16}, {"6222", 16}}
	is := issuers[g.n(0, len(issuers)-1)]
	d := is.prefix + g.digits(is.length-1-len(is.prefix))
	d += luhnDigit(d)
	switch is.length {
	case 15:
		return d[:4] + sep + d[4:10] + sep + d[10:]
	case 14:
		return d[:4] + sep + d[4:10] + sep + d[10:]
	}
	return d[:4] + sep + d[4:8] + sep + d[8:12] + sep + d[12:]
}

// ean completes d with the check digit of GS1: JAN, GTIN, ISBN-13.
func ean(d string) string {
	sum := 0
	for i := range d {
		w := 3
		if i%2 == 1 {
			w = 1
		}
		sum += int(d[len(d)-1-i]-'0') * w
	}
	return d + strconv.Itoa((10-sum%10)%10)
}

func (g *gen) jan() string { return ean(g.pick("49", "45") + g.digits(10)) }

func (g *gen) isbn() string {
	d := ean("9784" + g.digits(8))
	return d[:3] + "-" + d[3:4] + "-" + d[4:8] + "-" + d[8:12] + "-" + d[12:]
}

func (g *gen) passport() string {
	return g.pick("TR", "TK", "TZ", "MZ", "NH") + g.digits(7)
}

func (g *gen) residenceCard() string {
	return g.letters(2) + g.digits(8) + g.letters(2)
}

func (g *gen) pension() string { return g.digits(4) + "-" + g.digits(6) }

// insurer returns a 保険者番号: eight digits, the last a check digit.
func (g *gen) insurer() string {
	d := g.pick("06", "01", "32", "34", "39") + fmt.Sprintf("%02d", g.n(1, 47)) + g.digits(3)
	return d + luhnDigit(d)
}

func (g *gen) plate() string {
	kana := []rune("あいうえかきくけこさすせそたちつてとなにぬねのはひふほまみむめもやゆよらりるれろ")
	return g.pick("品川", "練馬", "横浜", "名古屋", "なにわ", "神戸", "札幌", "福岡", "松本", "世田谷", "富士山", "尾張小牧") + g.pick(" ", "") +
		strconv.Itoa(g.n(300, 599)) + g.pick(" ", "") + string(kana[g.n(0, len(kana)-1)]) + g.pick(" ", "") + fmt.Sprintf("%d%d-%d%d", g.n(1, 9), g.n(0, 9), g.n(0, 9), g.n(0, 9))
}

// account returns an account number of seven digits.
func (g *gen) account() string { return g.digits(7) }

func (g *gen) ssn() string {
	area := g.n(1, 772)
	if area == 666 {
		area = 665
	}
	return fmt.Sprintf("%03d-%02d-%04d", area, g.n(1, 99), g.n(1, 9999))
}

func (g *gen) iban() string {
	country := g.pick("DE", "FR", "GB", "NL")
	body := map[string]func() string{
		"DE": func() string { return g.digits(18) },
		"FR": func() string { return g.digits(23) },
		"GB": func() string { return "NWBK" + g.digits(14) },
		"NL": func() string { return "ABNA" + g.digits(10) },
	}[country]()
	r := 0
	for _, c := range body + country + "00" {
		if c >= 'A' {
			r = (r*100 + int(c-'A') + 10) % 97
		} else {
			r = (r*10 + int(c-'0')) % 97
		}
	}
	s := country + fmt.Sprintf("%02d", 98-r) + body
	if g.chance(.5) {
		return s
	}
	var out []string
	for len(s) > 4 {
		out, s = append(out, s[:4]), s[4:]
	}
	return strings.Join(append(out, s), " ")
}

func (g *gen) uuid() string {
	return g.hex(8) + "-" + g.hex(4) + "-4" + g.hex(3) + "-a" + g.hex(3) + "-" + g.hex(12)
}

func (g *gen) ip() string {
	return fmt.Sprintf("%d.%d.%d.%d", g.n(10, 203), g.n(0, 255), g.n(0, 255), g.n(1, 254))
}

// order returns a number of an order, a slip or a parcel, in one of the forms
// that shops and carriers give them.
func (g *gen) order() string {
	switch g.n(0, 6) {
	case 0:
		return g.digits(4) + "-" + g.digits(4) + "-" + g.digits(4)
	case 1:
		return g.digits(3) + "-" + g.digits(7) + "-" + g.digits(7)
	case 2:
		return strconv.Itoa(g.n(10, 99)) + g.digits(10)
	case 3:
		return g.letters(2) + g.digits(9) + "JP"
	case 4:
		return fmt.Sprintf("%d%02d%02d-%s", g.n(2019, 2026), g.n(1, 12), g.n(1, 28), g.digits(6))
	case 5:
		return g.letters(3) + "-" + g.digits(8)
	default:
		return g.digits(16)
	}
}
