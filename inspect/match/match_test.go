package match

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// variant is an engine with the kernels it shall use.
type variant struct {
	name    string
	compile func([]Pattern, Options) (*Set, error)
}

// variants lists everything that can run here. The first is the judge.
func variants() []variant {
	var v []variant
	for _, e := range []Engine{Naive, Portable, Cloudflare} {
		v = append(v, variant{e.String(), func(p []Pattern, o Options) (*Set, error) {
			o.Engine = e
			return Compile(p, o)
		}})
	}
	for _, k := range vectors {
		v = append(v, variant{fmt.Sprintf("%T", k), func(p []Pattern, o Options) (*Set, error) {
			o.Engine = Vector
			s, err := Compile(p, o)
			if err == nil {
				v := s.search.(*sieve)
				if p, ok := k.(preparer); ok { // Compile prepares the first of them only
					p.prepare(v.filter, s.table)
				}
				v.kernels = k
			}
			return s, err
		}})
	}
	return v
}

func literals(fold bool, lits ...string) []Pattern {
	p := make([]Pattern, len(lits))
	for i, l := range lits {
		p[i] = Pattern{l, fold, uint32(i)}
	}
	return p
}

// cases run over every engine. want lists "start-end:payload".
var cases = []struct {
	name     string
	patterns []Pattern
	text     string
	want     string
}{
	{"nothing to find", nil, "text 123", ""},
	{"empty text", literals(false, "氏名"), "", ""},
	{"one byte", literals(false, "a", "b"), "abca", "0-1:0 1-2:1 3-4:0"},
	{"one byte at the very end", literals(false, "z"), strings.Repeat("x", 64) + "z", "64-65:0"},
	{"two bytes", literals(false, "ab", "bc", "abc"), "xabcab", "1-3:0 1-4:2 2-4:1 4-6:0"},
	{"overlapping itself", literals(false, "aa"), "aaaa", "0-2:0 1-3:0 2-4:0"},
	{"nested prefixes", literals(false, "東京都港区", "東京", "東京都"), "東京都港区", "0-6:1 0-9:2 0-15:0"},
	{"nested, the longest fails", literals(false, "東京都港区", "東京", "東京都"), "東京都港北", "0-6:1 0-9:2"},
	{"sibling in between", literals(false, "abcdef", "abcdefx", "abcdefy"), "abcdefxabcdefz", "0-6:0 0-7:1 7-13:0"},
	{"single kanji beside longer", literals(false, "林", "小林", "林田"), "小林田様", "0-6:1 3-6:0 3-9:2"},
	{"starts inside a character", literals(false, "\xb1"), "東\xb1", "2-3:0 3-4:0"},
	{"payload kept for each duplicate", []Pattern{{"森", false, 7}, {"森", false, 9}, {"森", true, 8}}, "森", "0-3:7 0-3:9 0-3:8"},
	{"folded", literals(true, "e-mail", "TEL"), "E-Mail tel Tel", "0-6:0 7-10:1 11-14:1"},
	{"case kept", literals(false, "SSN"), "ssn SSN Ssn", "4-7:0"},
	{"case kept beside folded", []Pattern{{"ssn", true, 1}, {"SSN", false, 2}, {"sSn", false, 3}}, "ssn SSN", "0-3:1 4-7:1 4-7:2"},
	{"neighbours of letters do not fold", literals(true, "@[`{"), "`{@[@[`{", "4-8:0"},
	{"fold after kanji", literals(true, "顧客ID", "氏名Name"), "顧客id 顧客Id氏名NAME", "0-8:0 9-17:0 17-27:1"},
	{"fold inside the first three bytes", literals(true, "aB", "aBc"), "AbC", "0-2:0 0-3:1"},
	{"text ends inside a literal", literals(false, "生年月日", "生年"), "生年月", "0-6:1"},
	{"NUL bytes", literals(false, "a\x00", "a\x00\x00\x00\x00\x00\x00"), "a\x00a", "0-2:0"},
	{"after invalid bytes", literals(false, "氏名"), "\xe6\xb0\xe6\xb0\x8f\xe5\x90\x8d", "2-8:0"},
	{"half a character before the end", literals(false, "住所"), "住所\xe4\xbd", "0-6:0"},
	{"across every block border", literals(false, "住所は"), strings.Repeat("。", 100) + "住所は" + strings.Repeat("。", 100), "300-309:0"},
	{"English names", literals(true, "smith", "smithson", "son"), "Ms. SMITHSON", "4-9:0 4-12:1 9-12:2"},
	{"long literal", literals(true, strings.Repeat("Long", 100)), "x" + strings.Repeat("lONG", 101), "1-401:0 5-405:0"},
}

func format(h []Hit) string {
	var b strings.Builder
	for i, x := range h {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%d-%d:%d", x.Start, x.End, x.Payload)
	}
	return b.String()
}

func TestCases(t *testing.T) {
	for _, c := range cases {
		for _, v := range variants() {
			t.Run(c.name+"/"+v.name, func(t *testing.T) {
				s := v.must(t, c.patterns, Options{})
				var ev Evidence
				s.Scan([]byte(c.text), &ev)
				if got := format(ev.Hits); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				var at []Hit
				for i := range len(c.text) {
					at = s.At(at, []byte(c.text), i)
				}
				if !slices.Equal(at, ev.Hits) {
					t.Errorf("At gives %q, Scan %q", format(at), format(ev.Hits))
				}
				if each := s.AtEach(nil, []byte(c.text), offsets(len(c.text))); !slices.Equal(each, ev.Hits) {
					t.Errorf("AtEach gives %q, Scan %q", format(each), format(ev.Hits))
				}
			})
		}
	}
}

// offsets are those of a text of n bytes.
func offsets(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

func (v variant) must(t testing.TB, p []Pattern, o Options) *Set {
	t.Helper()
	s, err := v.compile(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShapes(t *testing.T) {
	long := strings.Repeat("7", 200)
	for _, c := range []struct {
		text string
		runs []Run
		ats  []int32
	}{
		{"", nil, nil},
		{"0", []Run{{0, 1}}, nil},
		{"/0123456789:", []Run{{1, 11}}, nil},
		{"tel 03-1234-5678", []Run{{4, 6}, {7, 11}, {12, 16}}, nil},
		{"@a@", nil, []int32{0, 2}},
		{"０１２", nil, nil},
		{long, []Run{{0, 200}}, nil},
		{"a" + long + "@" + long, []Run{{1, 201}, {202, 402}}, []int32{201}},
		{strings.Repeat("x", 63) + "12" + strings.Repeat("x", 63) + "@", []Run{{63, 65}}, []int32{128}},
	} {
		for _, v := range variants() {
			var ev Evidence
			v.must(t, nil, Options{}).Scan([]byte(c.text), &ev)
			if !slices.Equal(ev.Runs, c.runs) || !slices.Equal(ev.Ats, c.ats) {
				t.Errorf("%s: %.20q: got %v %v, want %v %v", v.name, c.text, ev.Runs, ev.Ats, c.runs, c.ats)
			}
		}
	}
}

func TestUnwantedShapesStayOut(t *testing.T) {
	for _, v := range variants() {
		s := v.must(t, literals(false, "a"), Options{NoRuns: true, NoAts: true})
		ev := Evidence{Runs: []Run{{1, 2}}, Ats: []int32{3}}
		s.Scan([]byte("a12@"), &ev)
		if len(ev.Hits) != 1 || len(ev.Runs) != 0 || len(ev.Ats) != 0 {
			t.Errorf("%s: got %+v", v.name, ev)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for _, c := range []struct {
		p    []Pattern
		want string
	}{
		{literals(false, "a", ""), "pattern 1 is empty"},
		{literals(false, strings.Repeat("a", MaxLiteral+1)), "the limit is 32768"},
	} {
		_, err := Compile(c.p, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if _, err := Compile(nil, Options{Engine: 99}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("unknown engine: %v", err)
	}
}

func TestAtOutOfRange(t *testing.T) {
	s, err := Compile(literals(false, "a"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, 1, 99} {
		if h := s.At(nil, []byte("a"), i); h != nil {
			t.Errorf("At(%d) = %v", i, h)
		}
	}
}

var poolsForget bool // set in builds with the race detector

func TestEvidenceIsReused(t *testing.T) {
	if poolsForget {
		t.Skip("scratch is pooled")
	}
	text := []byte(strings.Repeat("氏名 a@b 123 ", 1000))
	for _, v := range variants() {
		if v.name == Cloudflare.String() || v.name == Naive.String() {
			continue
		}
		s := v.must(t, literals(true, "氏名", "a"), Options{Exprs: exprsOf(`\d{3}`, `[a-z]+@b`)})
		var ev Evidence
		s.Scan(text, &ev)
		if n := testing.AllocsPerRun(20, func() { s.Scan(text, &ev) }); n > 0 {
			t.Errorf("%s: %v allocations a scan", v.name, n)
		}
	}
}

func TestConcurrentScans(t *testing.T) {
	text := []byte(strings.Repeat("氏名 a@b.cc 090-0000-0000 tel\n", 300))
	for _, v := range variants() {
		s := v.must(t, literals(true, "氏名", "Tel"), Options{Exprs: exprsOf(exprCases[:6]...)})
		var want Evidence
		s.Scan(text, &want)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				var ev Evidence
				for range 5 {
					s.Scan(text, &ev)
					if err := same(&ev, &want); err != nil || !slices.Equal(ev.Matches, want.Matches) {
						t.Errorf("%s: differs from a scan alone: %v", v.name, err)
					}
				}
			})
		}
		wg.Wait()
	}
}
