package corpus

import (
	"strconv"
	"strings"
)

// customer appends a row of a customer list, each of another person.
func customer(r *random, b []byte) []byte {
	if !r.begun {
		r.begun = true
		b = append(b, "会員番号,氏名,フリガナ,郵便番号,住所,電話番号,メールアドレス,生年月日,カード番号,備考\n"...)
	}
	b = append(r.digits(b, 8), ',')
	gap := " "
	if r.one(4) {
		gap = "　"
	}
	b = append(append(append(b, r.skewed(surnames)...), gap...), r.skewed(givenNames)...)
	b = append(append(b, ','), r.skewed(surnameReadings)...)
	b = append(append(append(b, ' '), r.skewed(givenReadings)...), ',')
	if r.one(3) {
		b = append(b, "〒"...)
	}
	b = r.zeros(append(r.zeros(b, 3), '-'), 4)
	prefecture, city, _ := strings.Cut(r.any(cities), "\t")
	b = append(append(append(b, ','), prefecture...), city...)
	b = append(b, r.any(towns)...)
	for k, n := range []int{9, 30, 20} {
		if k > 0 {
			b = append(b, '-')
		}
		b = r.number(b, n)
	}
	b = append(b, ',')
	if r.one(3) {
		area := r.any(areaCodes)
		b = append(append(b, area...), '-')
		b = append(r.digits(b, 6-len(area)), '-')
	} else {
		b = append(b, '0', byte('7'+r.IntN(3)), '0', '-')
		b = append(r.digits(b, 4), '-')
	}
	b = r.zeros(b, 4)
	b = append(r.digits(append(b, ",user"...), r.between(5, 6)), '@')
	b = append(append(b, r.any(mailHosts)...), ',')
	year := r.between(1940, 2005)
	month, day := r.between(1, 12), r.between(1, 28)
	if r.one(3) {
		b = append(b, "昭和"...)
		b = append(strconv.AppendInt(b, int64(1+r.IntN(62)), 10), "年"...)
		b = append(strconv.AppendInt(b, int64(month), 10), "月"...)
		b = append(strconv.AppendInt(b, int64(day), 10), "日"...)
	} else {
		b = append(strconv.AppendInt(b, int64(year), 10), '/')
		b = append(append(b, byte('0'+month/10), byte('0'+month%10)), '/')
		b = append(b, byte('0'+day/10), byte('0'+day%10))
	}
	b = append(b, ',')
	if r.one(4) {
		b = r.card(b)
	}
	b = append(append(b, ','), r.any(remarks)...)
	return append(b, '\n')
}

// skewed draws a word, those at the front more often, the last still often
// enough to be met.
func (r *random) skewed(words []string) string {
	u := r.Float64()
	return words[int(u*u*float64(len(words)))]
}

// zeros appends n digits, of which any may be zero.
func (r *random) zeros(b []byte, n int) []byte {
	for range n {
		b = append(b, byte('0'+r.IntN(10)))
	}
	return b
}

// card appends a card number of the range of an issuer, with its check digit.
func (r *random) card(b []byte) []byte {
	var d [16]byte
	d[0] = 4
	for i := 1; i < 15; i++ {
		d[i] = byte(r.IntN(10))
	}
	sum := 0
	for i, x := range d[:15] {
		n := int(x)
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	d[15] = byte((10 - sum%10) % 10)
	for i, x := range d {
		if i > 0 && i%4 == 0 {
			b = append(b, '-')
		}
		b = append(b, '0'+x)
	}
	return b
}

// cityOf returns a municipality with its prefecture.
func cityOf(r *random) string {
	return strings.Replace(r.any(cities), "\t", "", 1)
}

var (
	towns     = strings.Fields("本町 栄町 中央 緑町 新町 東町 西町 南町 北町 旭町 幸町 錦町 末広町 大手町 朝日町 日の出町 桜ヶ丘 若葉町")
	areaCodes = strings.Fields("03 06 011 022 045 052 075 078 082 092 0187 0242 0263 0294 0463 0566 0754 0835 0944")
	mailHosts = strings.Fields("example.com mail.example.jp example.co.jp example.ne.jp")
	remarks   = []string{"", "", "", "要連絡", "VIP", "DM不可"}
)
