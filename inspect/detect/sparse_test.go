package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// wishes is a Sink with a demand.
type wishes struct {
	demand Demand
	found  []Found
}

func (w *wishes) Demand() Demand { return w.demand }

func (w *wishes) Record(r *Record) { w.found = append(w.found, r.Found...) }

// sparseTypes are those whose detectors are sparse.
var sparseTypes = []Type{Card, MyNumber, Driver, Passport, Residence, Pension, Insurance, Bank, SSN, IBAN, "STAFF_CODE", "OTHER_WORD"}

func sparseEngine(t testing.TB) *Engine {
	e, err := NewEngine(Builtin(), []Custom{
		{ID: "staff", Type: "STAFF_CODE", Words: []string{"社員票", "staff card"}, Near: []string{"本社"}},
		{ID: "other", Type: "OTHER_WORD", Words: []string{"別の語"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// withCheck returns digits such that the check accepts them.
func withCheck(rng *rand.Rand, n int, check func([]byte) bool) string {
	for {
		d := make([]byte, n)
		for i := range d {
			d[i] = '0' + byte(rng.IntN(10))
		}
		if check(d) {
			return string(d)
		}
	}
}

// parted puts sep between groups of so many digits.
func parted(d, sep string, sizes ...int) string {
	var out []string
	for _, n := range sizes {
		out = append(out, d[:n])
		d = d[n:]
	}
	return strings.Join(append(out, d)[:len(sizes)], sep)
}

// sparseText is text with some numbers in it, that may be in demand or not.
func sparseText(rng *rand.Rand) string {
	var b strings.Builder
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	sep := func() string {
		return pick("-", "-", " ", " ", "", ".", "_", " - ", "\n", "・", "ー", "  ", "/", ")(")
	}
	number := func() string {
		switch rng.IntN(15) {
		case 0:
			return withCheck(rng, 12, validMyNumber)
		case 1:
			return parted(withCheck(rng, 12, validMyNumber), sep(), 4, 4, 4)
		case 2:
			return parted(withCheck(rng, 12, isLicence), sep(), 4, 4, 4)
		case 3:
			return withCheck(rng, 12, isLicence)
		case 4:
			return withCheck(rng, 12+rng.IntN(8), isCard)
		case 5:
			return parted(withCheck(rng, 16, isCard), sep(), 4, 4, 4, 4)
		case 6:
			return parted(withCheck(rng, 15, isCard), sep(), 4, 6, 5)
		case 7:
			return parted(withCheck(rng, 9, issuedSSN), sep(), 3, 2, 4)
		case 8:
			return pick("TK", "MZ", "tr", "AB ") + withCheck(rng, 7, digitsOnly)
		case 9:
			return pick("AB", "QX", "X", "cd") + withCheck(rng, 8, digitsOnly) + pick("CD", "XY", "")
		case 10:
			return pick("GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "FR1420041010050500013M02606", "NO9386011117947", "gb82 west 1234 5698 7654 32")
		case 11:
			return "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
		case 12:
			return parted(withCheck(rng, 14, digitsOnly), sep(), 4, 3, 7)
		case 13:
			return parted(withCheck(rng, 10, digitsOnly), sep(), 4, 6)
		}
		return parted(withCheck(rng, 20, digitsOnly), sep(), 1+rng.IntN(8), 1+rng.IntN(8), 1+rng.IntN(4))
	}
	word := func() string {
		return pick("会議", "資料です。", "price ", "ver.", "電話", "年金手帳 ", "基礎年金番号：", "口座番号 ", "支店 普通 ", "保険証 記号 ", "番号 ",
			"passport no. ", "在留カード ", "運転免許証 ", "マイナンバー: ", "個人番号は", "ssn ", "iban ", "card ", "社員票", "staff card", "別の語",
			"〇一二三四五六七八九〇一", "O12 345", "1 2 3 4 5 6 7 8 9 0 1 2", "住所", "氏名 山田太郎 ", "<a@example.com> ", "aB3x/4T9z")
	}
	if rng.IntN(3) == 0 { // a table
		var heads []string
		for range 2 + rng.IntN(4) {
			heads = append(heads, pick("氏名", "会員番号", "備考", "電話番号", "口座番号", "マイナンバー", "旅券番号", "記号番号", "免許証番号", "カード番号", "日付"))
		}
		b.WriteString(strings.Join(heads, ",") + "\n")
		for range rng.IntN(8) {
			for k := range heads {
				if k > 0 {
					b.WriteString(",")
				}
				b.WriteString(pick(number(), "山田 太郎", "2024/05/17", "090-1234-5678", "", word()))
			}
			b.WriteString("\n")
		}
	}
	for range rng.IntN(12) {
		switch rng.IntN(5) {
		case 0:
			b.WriteString(number())
		case 1:
			b.WriteString(pick(" ", "、", ",", "\n", "(", " ", "x", "A", "-"))
		case 2:
			fmt.Fprintf(&b, "%s%d", pick("", " ", "#"), rng.IntN(1e6))
		case 3:
			b.WriteString(word())
		default:
			b.WriteString(word() + pick("", " ", ":") + number())
		}
	}
	return b.String()
}

// A block in which a detector finds what is in demand has signs of it.
func TestSignsShowAllFindings(t *testing.T) {
	e := sparseEngine(t)
	rng := rand.New(rand.NewPCG(11, 12))
	seen, passed := map[Type]int{}, 0
	for range 30000 {
		var demand Demand
		for _, typ := range sparseTypes {
			if rng.IntN(4) == 0 {
				demand = append(demand, typ)
			}
		}
		text := []byte(sparseText(rng))
		if len(demand) == 0 || len(text) == 0 {
			continue
		}
		s := e.Session(&wishes{demand: demand})
		first, all := s.first(demand)
		if all || !s.known {
			t.Fatalf("signs of %v are not known", demand)
		}
		s.view.begin(part.Auto, 0)
		s.view.set(text, 0)
		s.view.cut = len(text)
		s.block.Text = text
		is := s.hasSigns(&s.asked)
		s.scan(&e.numbers)
		s.block.demand = demand
		find(first, nil, &s.block, func(f Finding) {
			if !slices.Contains(demand, f.Type) {
				return
			}
			if seen[f.Type]++; !is {
				t.Fatalf("no sign of %s %q in %q", f.Type, text[f.Start:f.End], text)
			}
		})
		s.block.demand = nil
		if !is {
			passed++
		}
		s.view.reset()
		s.Close()
	}
	for _, typ := range sparseTypes {
		if seen[typ] < 50 {
			t.Errorf("%s was found %d times", typ, seen[typ])
		}
	}
	if passed < 3000 {
		t.Errorf("%d texts had no signs", passed)
	}
}

// What a session finds of the types in demand is the same if signs are not asked for.
func TestSignsChangeNothing(t *testing.T) {
	e := sparseEngine(t)
	rng := rand.New(rand.NewPCG(13, 14))
	for range 60 {
		demand := Demand{sparseTypes[rng.IntN(len(sparseTypes))], sparseTypes[rng.IntN(len(sparseTypes))]}
		var b strings.Builder
		for b.Len() < 400<<10 {
			if rng.IntN(30) == 0 {
				b.WriteString(sparseText(rng))
			}
			b.WriteString(strings.Repeat("会議の資料です。2024年5月17日 13:00 ABC-123\n", rng.IntN(300)))
		}
		found := func(blind bool) (list []string) {
			w := &wishes{demand: demand}
			s := e.Session(w)
			if blind {
				s.first(demand)
				s.known = false
			}
			s.Write(part.Text{Bytes: []byte(b.String()), Layout: part.Auto})
			s.Close()
			s.ahead = nil
			for _, f := range w.found {
				if slices.Contains(demand, f.Type) {
					list = append(list, fmt.Sprintf("%s %d-%d %.2f", f.Type, f.From, f.To, f.Confidence))
				}
			}
			return list
		}
		if got, want := found(false), found(true); !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", demand, got, want)
		}
	}
}

// Words and shapes that are not in demand are no signs.
func TestSignsOfOthers(t *testing.T) {
	e := sparseEngine(t)
	for _, c := range []struct {
		demand Demand
		text   string
		want   bool
	}{
		{Demand{MyNumber}, "口座番号 1234567 旅券 TK1234567 別の語 123-45-6789", false},
		{Demand{MyNumber}, "カード 4980-1273-4561-2094, 4980 1273 4561 2094", false},
		{Demand{MyNumber}, "123456789018", true},
		{Demand{MyNumber}, "123456789012", false},
		{Demand{Bank}, "普通", true},
		{Demand{IBAN}, "DE89370400440532013001 AB1203", false},
		{Demand{IBAN}, "DE89370400440532013000", true},
		{Demand{"STAFF_CODE"}, "本社 別の語", false},
		{Demand{"STAFF_CODE"}, "社員票", true},
		{Demand{Card}, "4980127345612095, 4980-1273-4561-2095,", false},
		{Demand{Card}, "4980127345612094", true},
		{Demand{Card}, "4980-1273-4561-2094", true},
		{Demand{SSN, Residence}, "000-12-3456 AB12345678C", false},
		{Demand{SSN, Residence}, "AB12345678CD", true},
		{Demand{"UNHEARD"}, "AB12345678CD 社員票", false},
	} {
		s := e.Session(&wishes{demand: c.demand})
		s.first(c.demand)
		s.block.Text = []byte(c.text)
		if got := s.hasSigns(&s.asked); got != c.want || !s.known {
			t.Errorf("%v in %q: %v, known %v", c.demand, c.text, got, s.known)
		}
		s.Close()
	}
}

// FuzzFigures holds vectors and Go against each other.
func FuzzFigures(f *testing.F) {
	f.Add("1234-5678 9012 AB12345678CD 123-45-6789 DE89370400440532013000 1234567F", uint8(3))
	f.Add(strings.Repeat("4980-1273-4561-2094,ー・·12345678901234567890 ", 12), uint8(70))
	f.Add(strings.Repeat("12 1234\n\n1234 TK1234567 ", 20), uint8(0))
	f.Fuzz(func(t *testing.T, s string, n uint8) {
		text := []byte(strings.Repeat("1", int(n)) + s)
		best := figureVectors
		defer func() { figureVectors = best }()
		var got, want figured
		figureVectors = false
		want.mark(text)
		figureVectors = best
		if g := got.mark(text); !slices.Equal(g, want.marks[:len(g)]) {
			t.Fatalf("marks of %q: %x, in Go %x", text, g, want.marks[:len(g)])
		}
		for k := range got.kinds {
			if !slices.Equal(got.kinds[k], want.kinds[k]) {
				t.Fatalf("kind %d of %q: %x, in Go %x", k, text, got.kinds[k], want.kinds[k])
			}
		}
	})
}
