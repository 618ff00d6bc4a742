package detect

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Check returns the named check function, for detectors that rule authors
// write. It takes the value's ASCII digits without separators, check digit
// included; mod97 takes upper-case letters too. The names:
//
//	none                    always true
//	luhn                    ISO/IEC 7812-1: cards, IMEI, 保険者番号
//	ean                     GS1 mod 10, weights 3 and 1: JAN, GTIN, ISBN-13
//	isbn10                  weights 10 to 1, mod 11, digits only
//	mod97                   ISO 7064 mod 97-10: the remainder is 1
//	my-number               個人番号 (12 digits)
//	corporate-number        法人番号 (13 digits)
//	driver-licence          運転免許証の番号 (12 digits)
//	mod10:3,1,3,…           weighted sum; the check digit makes it 0 mod 10
//	mod11:6,5,4,…           weighted sum r mod 11; check digit 11-r, 10 and 11 as 0
//
// In the last two the weights stand for the digits from the left, the check
// digit left out; a value of another length fails. The result is false for an
// unknown name or malformed weights. The functions are safe for concurrent use.
func Check(name string) (func(digits []byte) bool, bool) {
	if f, ok := checks[name]; ok {
		return f, true
	}
	kind, list, ok := strings.Cut(name, ":")
	if !ok || (kind != "mod10" && kind != "mod11") {
		return nil, false
	}
	fields := strings.Split(list, ",")
	if len(fields) > maxDigits {
		return nil, false
	}
	weights := make([]byte, len(fields))
	for i, s := range fields {
		w, err := strconv.ParseUint(strings.TrimSpace(s), 10, 8)
		if err != nil {
			return nil, false
		}
		weights[i] = byte(w)
	}
	if kind == "mod10" {
		return func(d []byte) bool { return checkMod10(d, weights) }, true
	}
	return func(d []byte) bool { return checkMod11(d, weights) }, true
}

// CheckNames lists what Check knows, for messages and documentation.
var CheckNames = []string{"none", "luhn", "ean", "isbn10", "mod97", "my-number",
	"corporate-number", "driver-licence", "mod10:WEIGHTS", "mod11:WEIGHTS"}

var checks = map[string]func([]byte) bool{
	"none":             func([]byte) bool { return true },
	"luhn":             luhn,
	"ean":              ean,
	"isbn10":           isbn10,
	"mod97":            mod97,
	"my-number":        validMyNumber,
	"corporate-number": validCorporate,
	"driver-licence":   validLicence,
}

func digitsOnly(d []byte) bool {
	for _, c := range d {
		if !isDigit(c) {
			return false
		}
	}
	return len(d) > 0
}

// weigh returns the weighted sum of digits; false if one is none.
func weigh(d, weights []byte) (int, bool) {
	sum := 0
	for i, c := range d {
		if !isDigit(c) {
			return 0, false
		}
		sum += int(c-'0') * int(weights[i])
	}
	return sum, true
}

func checkMod10(d, weights []byte) bool {
	k := len(d) - 1
	if k != len(weights) || !isDigit(d[k]) {
		return false
	}
	sum, ok := weigh(d[:k], weights)
	return ok && (sum+int(d[k]-'0'))%10 == 0
}

// checkMod11: check digit 11-r where r is the sum mod 11; 10 and 11 become 0.
func checkMod11(d, weights []byte) bool {
	k := len(d) - 1
	if k != len(weights) || !isDigit(d[k]) {
		return false
	}
	sum, ok := weigh(d[:k], weights)
	want := 11 - sum%11
	if want >= 10 {
		want = 0
	}
	return ok && int(d[k]-'0') == want
}

// luhn is the check of ISO/IEC 7812-1 annex B.
func luhn(d []byte) bool {
	const doubled = "\x00\x02\x04\x06\x08\x01\x03\x05\x07\x09"
	sum, other := 0, false
	for i := len(d) - 1; i >= 0; i -= 2 {
		v := d[i] - '0'
		sum, other = sum+int(v), other || v > 9
		if i == 0 {
			break
		}
		if v = d[i-1] - '0'; v > 9 {
			return false
		}
		sum += int(doubled[v])
	}
	return !other && len(d) > 1 && sum%10 == 0
}

// ean is the GS1 check: weights 3 and 1 alternate from the right, the check
// digit has 1.
func ean(d []byte) bool {
	if len(d) < 2 || !digitsOnly(d) {
		return false
	}
	sum := 0
	for i, c := range d {
		w := 1
		if (len(d)-i)%2 == 0 {
			w = 3
		}
		sum += w * int(c-'0')
	}
	return sum%10 == 0
}

func isbn10(d []byte) bool {
	if len(d) != 10 || !digitsOnly(d) {
		return false
	}
	sum := 0
	for i, c := range d {
		sum += (10 - i) * int(c-'0')
	}
	return sum%11 == 0
}

// mod97 is ISO 7064 mod 97-10, letters as 10 to 35.
func mod97(d []byte) bool {
	r := 0
	for _, c := range d {
		switch {
		case isDigit(c):
			r = (r*10 + int(c-'0')) % 97
		case isUpper(c):
			r = (r*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return len(d) > 2 && r == 1
}

var myNumberWeights = []byte{6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2}

// validMyNumber is the check of article 5 of Ordinance 85 of 2014 of the
// Ministry of Internal Affairs and Communications (平成26年総務省令第85号): mod11
// with these weights.
func validMyNumber(d []byte) bool { return checkMod11(d, myNumberWeights) }

// validCorporate is the check of 法人番号: check digit first,
// 9 - (sum mod 9) with weights 1 and 2 alternating from the right.
func validCorporate(d []byte) bool {
	if len(d) != 13 {
		return false
	}
	// Two bytes a lane: one counts twice, one once.
	const zeros, lanes = 0x3030303030303030, 0x00ff00ff00ff00ff
	x, y := binary.LittleEndian.Uint64(d[1:])^zeros, uint64(binary.LittleEndian.Uint32(d[9:])^zeros>>32)
	if (x|(x+0x0606060606060606)|y|(y+0x06060606))&0xf0f0f0f0f0f0f0f0 != 0 || !isDigit(d[0]) {
		return false // there is something else
	}
	sum := (2*(x&lanes) + x>>8&lanes + 2*(y&lanes) + y>>8&lanes) * 0x0001000100010001 >> 48
	return uint64(d[0]-'0') == 9-sum%9
}

var licenceWeights = []byte{5, 4, 3, 2, 7, 6, 5, 4, 3, 2}

// validLicence checks the eleventh digit, which is (11 - sum mod 11) mod 10;
// the twelfth counts re-issues.
func validLicence(d []byte) bool {
	if len(d) != 12 || !digitsOnly(d) {
		return false
	}
	sum, _ := weigh(d[:10], licenceWeights)
	return (11-sum%11)%10 == int(d[10]-'0')
}
