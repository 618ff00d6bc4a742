package object

import (
	"reflect"
	"strings"
	"testing"
)

func TestLexer(t *testing.T) {
	for in, want := range map[string]any{
		"12":                      12,
		"-7":                      -7,
		"--7":                     -7,
		"+1.5":                    1.5,
		".5":                      0.5,
		"4.":                      4.0,
		"12.5Td":                  12.5,
		"1.2-3":                   1.2,
		"true":                    true,
		"null":                    nil,
		"/Name#20x":               Name("Name x"),
		"/":                       Name(""),
		"(a(b)\\)\\n\\101\\\nc)":  String("a(b))\nAc"),
		"(open":                   String("open"),
		"<48 65 6>":               String("He`"),
		"[1 [2] (x)]":             Array{1, Array{2}, String("x")},
		"[1 2":                    Array{1, 2},
		"<< /A 1 /B [2 >>":        Dict{"A": 1, "B": Array{2}},
		"<< /A >>":                Dict{},
		"<< /A << /B 1 >> /C 2>>": Dict{"A": Dict{"B": 1}, "C": 2},
		"% comment\n5":            5,
		"12 0 R":                  Ref{12, 0},
		"12 0 RG":                 12,
		"obj":                     Keyword("obj"),
		"":                        End{},
		"] >> )":                  End{},
	} {
		l := &Lexer{b: []byte(in), refs: true}
		if got := l.Next(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %#v, want %#v", in, got, want)
		}
	}
}

func TestNesting(t *testing.T) {
	l := NewLexer([]byte(strings.Repeat("[", 1<<20)))
	depth := 0
	for o := l.Next(); ; depth++ {
		a, ok := o.(Array)
		if !ok || len(a) == 0 {
			break
		}
		o = a[0]
	}
	if depth > maxNesting {
		t.Errorf("nested %d deep", depth)
	}
}

func FuzzLexer(f *testing.F) {
	f.Add([]byte("<< /A [1 0 R (x\\)) <41>] >> stream"))
	f.Add([]byte("[[<<]>>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := &Lexer{b: b, refs: true}
		for {
			before := l.Pos()
			if _, end := l.Next().(End); end {
				break
			}
			if l.Pos() <= before {
				t.Fatalf("no progress at %d", before)
			}
		}
	})
}
