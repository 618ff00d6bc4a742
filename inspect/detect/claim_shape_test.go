package detect

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf8"
)

// shapeOfBytes is what shapes tell of a cell whose bytes stand before more.
func shapeOfBytes(b []byte, size int) (s cellShape) {
	letters := nameLetters()
	for i, c := range b[:size] {
		set := func(mask *uint32, is bool) {
			if is {
				*mask |= 1 << i
			}
		}
		set(&s.digits, isDigit(c))
		set(&s.words, isAlnum(c))
		set(&s.others, isUpper(c) || c >= utf8.RuneSelf)
		set(&s.ats, c == '@')
		set(&s.hyphens, c == '-')
		set(&s.spaces, c == ' ')
		set(&s.rest, c&0xC0 == 0x80)
		if x, y := b[i+1], b[i+2]; c >= 0xE3 && c <= 0xE9 && x&0xC0 == 0x80 && y&0xC0 == 0x80 {
			l := letters[uint16(c)<<12|uint16(x&0x3F)<<6|uint16(y&0x3F)]
			set(&s.kanji, c > 0xE3 && l != noLetter)
			set(&s.kana, c == 0xE3 && l != noLetter)
		}
	}
	return s
}

// whole leaves of s those first bytes that two more follow: others are told by rest.
func (s cellShape) whole(b []byte) cellShape {
	for i := range shapedCell {
		if b[i+1]&0xC0 != 0x80 || b[i+2]&0xC0 != 0x80 {
			s.kanji &^= 1 << i
			s.kana &^= 1 << i
		}
	}
	return s
}

// Shapes are what the bytes of cells are, one by one.
func TestShapeCells(t *testing.T) {
	if runVectors == noVectors {
		t.Skip("no vectors")
	}
	checked := 0
	check := func(b []byte) {
		for size := range min(shapedCell, len(b)-shapeReach) + 1 {
			var s [2]cellShape
			cells := [2]cell{{0, int32(size)}, {1, int32(1 + size)}}
			columns := [2]int32{0, 1}
			shapeSigns(&s[0], &b[0], &cells[0], &columns[0], 2)
			shapeNames(&s[0], &b[0], &cells[0], &columns[0], 2)
			for i := range s {
				if got, want := s[i].whole(b[i:]), shapeOfBytes(b[i:], size); got != want {
					t.Fatalf("%q: %+v, want %+v", b[i:i+size], got, want)
				}
			}
			checked++
		}
	}
	for c := rune(0); c < 0xFFFF; c++ { // all characters of two bytes and three, one after the other
		if c%16 == 0 {
			var b []byte
			for d := c; d < c+16; d++ {
				b = utf8.AppendRune(b, d)
			}
			check(append(b, make([]byte, 2*shapeReach)...)[:34+shapeReach])
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		b := make([]byte, 40+shapeReach)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		check(b)
		for i := range b {
			const of = "-@ az09AZ/:[`{\xe3\xe4\xe9\xea\x80\x81\x82\x83\x93\x94\xa0\xa1\xb7\xb8\xba\xbb\xbc\xbd\xbf\xc0"
			b[i] = of[r.IntN(len(of))]
		}
		check(b)
	}
	if checked < 10_000 {
		t.Errorf("%d shapes", checked)
	}
}

// A cell with a shape is claimed as the same cell without one.
func checkShapedClaim(t *testing.T, before, value, behind []byte) (claimed int) {
	text := slices.Concat(before, value, behind, make([]byte, shapeReach))
	c := cell{int32(len(before)), int32(len(before) + len(value))}
	for _, l := range []Label{LName, LSurname, LPhone, LEmail, LPostal, LBirth, LCard, LMyNumber} {
		var tab table
		col := column{label: l}
		col.reader = tab.readerOf(&col)
		var k, plain claims
		k.shapers([]column{col})
		for range 2 { // the second time domains are known
			k.shape(text, []cell{c})
			a, b := k.read(text, c, &col, 0), plain.read(text, c, &col, 0)
			if a != b {
				t.Fatalf("%q, label %b: claimed %v, without a shape %v", value, l, a, b)
			}
			if a {
				claimed++
			}
		}
		if got, want := k.findings(k.taken, text, true), plain.findings(plain.taken, text, true); !slices.Equal(got, want) {
			t.Fatalf("%q, label %b: %+v, without a shape %+v", value, l, got, want)
		}
	}
	return claimed
}

func TestShapedClaims(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	claimed := 0
	for _, letters := range []string{"山田太郎花子髙﨑齋々ヶ生中氏様さんヤマダタロウーやまだカガノツ  　・a(\"", "0123456789--", "00000998- ", "ab1@.@example.jp", "09 -年月日/昭和"} {
		of := []rune(letters)
		for range 3000 {
			value := make([]rune, 1+r.IntN(14))
			for i := range value {
				value[i] = of[r.IntN(len(of))]
			}
			claimed += checkShapedClaim(t, []byte(","), []byte(string(value)), []byte(",\n"))
		}
	}
	for _, v := range []string{"090-1234-5678", "09012345678", "03-1234-5678", "0123456789-1-2", "1-2-345678901", "0-123456789-0", "0120-123-456",
		"user1@example.co.jp", "git@example.co.jp", "root@example.co.jp", "anoncvs@example.co.jp", "anoncvs1@example.co.jp", "User1@example.co.jp",
		"user1@EXAMPLE.co.jp", "u.1@example.co.jp", "user1@@example.co.jp", "user1@example.co.jp@a", "a@example.co.jp", "山田 太郎", "カガノ ツヶヵ", "か っ"} {
		for _, behind := range []string{",x", "\n", ":", " "} {
			claimed += checkShapedClaim(t, []byte("x\n"), []byte(v), []byte(behind))
			claimed += checkShapedClaim(t, []byte("x:"), []byte(v), []byte(behind))
		}
		claimed += checkShapedClaim(t, nil, []byte(v), nil)
	}
	if claimed < 3000 {
		t.Errorf("%d claimed", claimed)
	}
}

func FuzzShapedClaims(f *testing.F) {
	for _, v := range []string{"山田 太郎", "090-1234-5678", "user1@example.co.jp", "カガ ノツ"} {
		f.Add([]byte(","), []byte(v), []byte(","))
	}
	f.Fuzz(func(t *testing.T, before, value, behind []byte) {
		if len(before)+len(value)+len(behind) < 1<<10 {
			checkShapedClaim(t, before, value, behind)
		}
	})
}

// What dict.Fold makes of the characters of names takes as many bytes.
func TestFoldedLettersKeepTheirSize(t *testing.T) {
	set := variants()
	for r := rune('ぁ'); r <= 0x9FFF; r++ {
		if set[r>>6]>>(r&63)&1 != 0 && len(nameCanon([]byte(string(r)))) != 3 {
			t.Errorf("%c", r)
		}
	}
}

// endsHonorific tells by the last byte no less than by the last character.
func TestEndsHonorific(t *testing.T) {
	for _, h := range []string{"\u3000", "様", "さん", "さま", "殿", "御中", "先生", "氏", "ちゃん", "くん", "君"} {
		if !endsHonorific([]byte("山田" + h)) {
			t.Errorf("%q", h)
		}
	}
}
