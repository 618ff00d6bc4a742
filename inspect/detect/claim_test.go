package detect

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// What a column claims, the detector of its type finds too, with the same
// extent, value and confidence; what it does not claim is left to the detector.
func TestClaimsAgreeWithDetectors(t *testing.T) {
	tests := []struct {
		label  Label
		d      Detector
		values []string
		claims int // of the values, from the first on
	}{
		{LPhone, phone{}, []string{"090-1234-5678", "03-3581-5111", "0335815111", "09012345678", "0120-444-444", "0495-62-1234",
			"+81 90 1234 5678", "(03)3581-5111", "090-1234-567", "内線 12", "2024-01-05", "03-3581-5111(代)"}, 6},
		{LEmail, email{}, []string{"Taro.Yamada@Example.jp", "a@example.co.jp", "x_y-z+1@mail.example.com",
			"taro@example.jp, hanako@example.jp", "taro@", "@taro", "なし", "山田<a@example.jp>"}, 3},
		{LBirth, birthdate{}, []string{"1985-03-05", "1985/3/5", "1985.3.5", "1985年3月5日", "1985年12月31日", "昭和60年3月5日", "平成1年1月8日",
			"昭和64年1月8日", "1985-13-05", "1985-03/05", "85/03/05", "1985-03-05 10:00", "19850305", "S60.3.5", "5 March 1985", "1899-01-01"}, 7},
		{LCard, card{}, []string{"4111111111111111", "4012-8888-8888-1881", "5105 1051 0510 5100", "378282246310005", "3782-822463-10005",
			"4111111111111112", "4111-1111-11111111", "1111222233334444", "4111 1111-1111 1111", "12/29"}, 5},
		{LMyNumber, myNumber{}, []string{"123456789018", "1234-5678-9018", "1234 5678 9018", "123456789012", "12345678901", "123-456-789-018"}, 3},
		{LPostal, postals{}, []string{"100-0014", "1000014", "〒100-0014", "10-0014", "100-00145", "A1B 2C3"}, 3},
	}
	for _, c := range tests {
		var p []match.Pattern
		if v, ok := c.d.(Vocabulary); ok {
			p = v.Patterns()
		}
		set, err := match.Compile(p, match.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var tab table
		col := column{label: c.label}
		col.reader = tab.readerOf(&col)
		for i, value := range c.values {
			text := []byte("x," + value + ",y\n")
			k := claims{}
			claimed := k.read(text, cell{2, int32(2 + len(value))}, &col, 0)
			if claimed != (i < c.claims) {
				t.Errorf("%s: value %d claimed: %v", c.d.ID(), i, claimed)
			}
			if !claimed {
				if len(k.taken)+len(k.canon) > 0 {
					t.Errorf("%s: value %d: traces of what was not claimed", c.d.ID(), i)
				}
				continue
			}
			k.list(text, set)
			k.post()
			b := &Block{Text: text, context: fixedLabel{c.label, c.label}}
			set.Scan(text, &b.Evidence)
			var found []Finding
			c.d.Find(b, func(f Finding) { found = append(found, f) })
			got := k.findings(k.taken, text, true)[0]
			if !slices.Contains(found, got) {
				t.Errorf("%s: value %d: claimed as %+v, found as %+v", c.d.ID(), i, got, found)
			}
		}
	}
}

// The detectors see a table without the cells that were claimed, and what they
// find there stands where it stood.
func TestRestLeadsBack(t *testing.T) {
	text := []byte("氏名,備考,電話\n山田太郎,\"午前中, 緊急時は03-3581-5111\",090-1234-5678\n佐藤花子,,080-1234-5678\n")
	v := view{text: text}
	var r rest
	r.begin(&v, 0)
	for _, value := range []string{"山田太郎", "090-1234-5678", "佐藤花子", "080-1234-5678"} {
		at := strings.Index(string(text), value)
		r.skip(at, at+len(value))
	}
	r.finish(len(text))
	if want := "氏名,備考,電話\n,\"午前中, 緊急時は03-3581-5111\",\n,,\n"; string(r.text) != want {
		t.Fatalf("rest is %q", r.text)
	}
	for _, order := range []int{1, -1} {
		for k := range r.text {
			i := k
			if order < 0 {
				i = len(r.text) - 1 - k
			}
			if o := r.origin(i); text[o] != r.text[i] {
				t.Fatalf("offset %d leads to %d", i, o)
			}
		}
	}
	at := strings.Index(string(r.text), "03-3581")
	f := Finding{Start: at, End: at + 12}
	if !r.move(&f) || string(text[f.Start:f.End]) != "03-3581-5111" {
		t.Errorf("finding leads to %d-%d", f.Start, f.End)
	}
	at = strings.Index(string(r.text), "電話")
	if f = (Finding{Start: at, End: len(r.text) - 1}); r.move(&f) {
		t.Error("a finding over what was left out is moved")
	}
}

// withCompany is a collector to whom names matter beside telephone numbers and
// e-mail addresses only.
type withCompany struct{ collector }

func (*withCompany) Company() *Company {
	return &Company{Types: []Type{Phone, Email}, Confidence: 0.5}
}

func (*withCompany) LeftOut() {}

// Leaving out names that stand alone changes no record with company.
func TestNamesInCompany(t *testing.T) {
	left := 0
	for _, kind := range []string{"csv", "json", "prose", "english"} {
		for seed := range uint64(4) {
			// Long stretches with names alone between those with more.
			text := corpus(kind, 12<<10, seed)
			alone := strings.Repeat("司会は佐藤花子さんでした。本日は晴天なり。\n", 400)
			if kind == "prose" || kind == "english" {
				text = alone + text + alone + corpus(kind, 4<<10, seed+50) + alone
			}
			run := func(sink Sink) {
				s := builtinEngine().Session(sink)
				s.size = 4 << 10
				s.Write(part.Text{Bytes: []byte(text), Layout: layoutOf(kind)})
				s.Close()
				s.size = blockSize
			}
			accompanied := func(lines []string) []string {
				return slices.DeleteFunc(slices.Clone(lines), func(l string) bool {
					return !strings.Contains(l, "PHONE=") && !strings.Contains(l, "EMAIL=")
				})
			}
			every, some := &collector{least: 0.5}, &withCompany{collector{least: 0.5}}
			run(every)
			run(some)
			a, b := accompanied(every.lines), accompanied(some.lines)
			if i := firstDifference(a, b); i >= 0 {
				t.Errorf("%s: record %d of %d/%d differs:\n%s\n%s", kind, i, len(a), len(b), at(a, i), at(b, i))
			}
			left += len(every.lines) - len(some.lines)
		}
	}
	if left == 0 {
		t.Error("no name was left out")
	}
}

// usualName says no more than plausibleName and nameCanon do.
func TestUsualNameIsPlausible(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := []rune("山田太郎花子髙﨑齋々ヶ生中氏様さんヤマダタロウーやまだ  　・a(\"")
	usual := 0
	for range 50_000 {
		name := make([]rune, 1+r.IntN(9))
		for i := range name {
			name[i] = letters[r.IntN(len(letters))]
		}
		value := []byte(string(name))
		var k claims
		if !k.usualName(value) {
			if len(k.canon) > 0 {
				t.Fatalf("%q: traces of what was not claimed", value)
			}
			continue
		}
		usual++
		lo, hi, ok := plausibleName(value, LName)
		if !ok || lo != 0 || hi != len(value) || nameCanon(value) != string(k.canon) {
			t.Errorf("%q is usual as %q, plausible %v in [%d,%d) as %q", value, k.canon, ok, lo, hi, nameCanon(value))
		}
	}
	if usual < 100 {
		t.Errorf("%d usual names", usual)
	}
}

// A domain that is remembered says what it said before.
func TestDomainsAreRemembered(t *testing.T) {
	var k claims
	for range 2 {
		for _, c := range []struct {
			before, mail, after string
		}{
			{",", "taro1@example.co.jp", ","}, {",", "hanako@example.co.jp", ","}, {",", "git@example.co.jp", ","},
			{"\t", "taro@EXAMPLE.com", "\t"}, {":", "taro@example.com", ":80"}, {",", "taro@2x.png", ","}, {",", "t@2x.png", ","},
			{",", "taro.yamada@mail.example.jp", "\n"}, {",", "taro@co.jp", ","}, {",", "taro@example.local", ","}, {"/", "taro@example.local", "/"},
			{",", "taro@aBcDeF.gHi", ","}, {",", "taro@a-very-long-name-of-a-domain-in-a-test.example.com", ","},
		} {
			text := []byte("x" + c.before + c.mail + c.after + "yz\n")
			at := bytes.IndexByte(text, '@')
			start, end, score := email{}.around(text, at)
			want := score >= .05 && start == 2 && end == 2+len(c.mail)
			k.taken = k.taken[:0]
			got := k.email(text, cell{2, int32(2 + len(c.mail))})
			if got != want || got && k.taken[0].confidence != max(score, min(.99, score+.2)) {
				t.Errorf("%q: claimed %v, want %v with %v", text, got, want, score)
			}
		}
	}
}

// mayBeLabel never rules out a label.
func TestMayBeLabel(t *testing.T) {
	ruledOut := 0
	for _, before := range []string{"", "東京都千代田区", "1-2-3 ", "ご", "東京都 千代田区 ", "東 京  都 1 "} {
		for _, after := range []string{"", "1-2-3", "東京都", "(a)", " 1-2-3", " 東京", "  1 ", " a"} {
			for _, w := range labelWords {
				words := append(strings.Fields(w.words), "丸の内一丁目")
				for _, word := range words {
					words = append(words, strings.Join(strings.Split(word, ""), " "))
				}
				for _, word := range words {
					b := []byte(normal.String(before + word + after))
					if mayBeLabel(b) {
						continue
					}
					if ruledOut++; classify(b) != 0 {
						t.Errorf("%q is a label", b)
					}
				}
			}
		}
	}
	if ruledOut == 0 {
		t.Error("nothing was ruled out")
	}
}

// Lists of which one does not overlap merge as if each finding were placed.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	types := []Type{Name, Address, Postal, Phone}
	list := func(gap int) (l []Finding) {
		for at := r.IntN(10); at < 300; at += r.IntN(gap) {
			end := at + 1 + r.IntN(12)
			l = append(l, Finding{Type: types[r.IntN(len(types))], Start: at, End: end, Confidence: r.Float32()})
			at = end
		}
		return l
	}
	for range 300 {
		a, b := list(9), list(40)
		if r.IntN(2) == 0 { // a postal code in an address
			b = append([]Finding{{Type: Address, Start: 0, End: 20, Confidence: 1}, {Type: Postal, Start: 1, End: 4, Confidence: 1}}, b...)
			b = slices.DeleteFunc(b, func(f Finding) bool { return f.Start < 20 && f.Confidence < 1 })
		}
		var want []Finding
		for x, y := a, b; len(x)+len(y) > 0; {
			if len(y) == 0 || len(x) > 0 && orderOf(&x[0]) <= orderOf(&y[0]) {
				want, x = place(want, &x[0]), x[1:]
			} else {
				want, y = place(want, &y[0]), y[1:]
			}
		}
		var res resolver
		if got := res.merge(a, b); !slices.Equal(got, want) {
			t.Fatalf("%v and %v merge to %v, want %v", a, b, got, want)
		}
	}
}

// eightDigits takes digits and nothing else.
func TestEightDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		b := make([]byte, 8)
		for i := range b {
			b[i] = "0123456789"[r.IntN(10)]
		}
		digits := r.IntN(2) == 0
		if !digits {
			c := byte(r.Uint32())
			digits = isDigit(c)
			b[r.IntN(8)] = c
		}
		n, ok := eightDigits(binary.LittleEndian.Uint64(b))
		if ok != digits || ok && n != number(b) {
			t.Fatalf("%q is %d, %v", b, n, ok)
		}
	}
}

// Lower case is told from capitals and from what is no ASCII, at every place.
func TestIsLowerASCII(t *testing.T) {
	for c := range 256 {
		for n := 1; n < 20; n++ {
			for at := range n {
				b := bytes.Repeat([]byte{'a'}, n)
				b[at] = byte(c)
				if got, want := isLowerASCII(b), c < 0x80 && (c < 'A' || c > 'Z'); got != want {
					t.Fatalf("%q: %v", b, got)
				}
			}
		}
	}
}
