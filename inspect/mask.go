package inspect

import (
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// mask hides a value but for what lets people find it again: the ends of a
// number, the initials of an e-mail address, the first character of a name.
func mask(t Type, value []byte) string {
	out := make([]byte, 0, len(value)+8)
	switch t {
	case detect.Email:
		return string(maskEmail(out, value))
	case detect.Name:
		return string(maskWords(out, value))
	case detect.Address:
		return string(maskRest(out, value, 3))
	case detect.Card, detect.TestCard:
		return string(maskDigits(out, value, 1, 4))
	case detect.Phone, detect.Service:
		return string(maskDigits(out, value, 3, 2))
	case detect.Postal:
		return string(maskDigits(out, value, 3, 0))
	case detect.Corporate:
		return string(value) // public
	case detect.Birthdate:
		return string(maskDigits(out, value, 0, 0))
	case detect.MyNumber, detect.Driver, detect.Passport, detect.Residence, detect.Pension,
		detect.Insurance, detect.Bank, detect.SSN, detect.IBAN:
		return string(maskDigits(out, value, 0, 2))
	}
	return string(maskRest(out, value, 1))
}

// maskDigits hides digits and ASCII letters but for the first and last ones;
// separators stay. At least half of them are hidden.
func maskDigits(out, v []byte, first, last int) []byte {
	n := 0
	for _, c := range v {
		if alnum(c) {
			n++
		}
	}
	for first+last > n/2 {
		if last > first {
			last--
		} else {
			first--
		}
	}
	k := 0
	for i := 0; i < len(v); {
		c := v[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(v[i:])
			if unicode.IsNumber(r) {
				out = append(out, '*')
			} else {
				out = append(out, v[i:i+size]...)
			}
			i += size
			continue
		}
		if alnum(c) {
			if k >= first && k < n-last {
				c = '*'
			}
			k++
		}
		out = append(out, c)
		i++
	}
	return out
}

func alnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// maskWords keeps the first character of a name: 山＊＊＊, J*** S****.
func maskWords(out, v []byte) []byte {
	_, latin := utf8.DecodeRune(v)
	star := "＊"
	if latin == 1 {
		star = "*"
	}
	start := true
	for i := 0; i < len(v); {
		r, size := utf8.DecodeRune(v[i:])
		switch {
		case unicode.IsSpace(r) || r == '・' || r == ',' || r == '"':
			out = append(out, v[i:i+size]...)
			start = latin == 1
		case start:
			out = append(out, v[i:i+size]...)
			start = false
		default:
			out = append(out, star...)
		}
		i += size
	}
	return out
}

// maskRest keeps the first n characters, at most a third of them.
func maskRest(out, v []byte, n int) []byte {
	n = min(n, utf8.RuneCount(v)/3)
	for i := 0; i < len(v); {
		_, size := utf8.DecodeRune(v[i:])
		switch {
		case n > 0:
			out = append(out, v[i:i+size]...)
			n--
		case size == 1 && !alnum(v[i]):
			out = append(out, v[i])
		case size == 1:
			out = append(out, '*')
		default:
			out = append(out, "＊"...)
		}
		i += size
	}
	return out
}

// maskEmail keeps the initials: t***@e***.jp.
func maskEmail(out, v []byte) []byte {
	at, dot := -1, -1
	for i, c := range v {
		if c == '@' {
			at, dot = i, -1
		} else if c == '.' && at >= 0 {
			dot = i
		}
	}
	if at < 0 {
		return maskRest(out, v, 1)
	}
	initial := func(w []byte) {
		if len(w) > 1 {
			_, size := utf8.DecodeRune(w)
			out = append(out, w[:size]...)
		}
		out = append(out, "***"...)
	}
	initial(v[:at])
	out = append(out, '@')
	if dot < 0 {
		initial(v[at+1:])
		return out
	}
	initial(v[at+1 : dot])
	return append(out, v[dot:]...)
}
