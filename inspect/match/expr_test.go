package match

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// shapes of personal data as rule authors write them, and expressions chosen
// to be awkward. Each has its pivot at the start, inside, or nowhere.
var exprCases = []string{
	`0[789]0[-\s]?\d{4}[-\s]?\d{4}`,
	`0\d{1,4}[-(]\d{1,4}[-)]\d{3,4}`,
	`\+81[-\s]?\d{1,4}[-\s]?\d{1,4}[-\s]?\d{3,4}`,
	`\b(?:\d[ -]?){12,18}\d\b`,
	`(?:〒)?\d{3}-\d{4}`,
	`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,8}`,
	`\b[a-z]+@[a-z]+\b`,
	`(?:(?:明治|大正|昭和|平成|令和|[MTSHR])\s?\d{1,2}年|(?:19|20)\d{2}[-/.]\d{1,2})`,
	`\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b`,
	`(CAF|COP)[0-9]{10}`,
	`(?i)project\s+x`,
	`.{0,10}社外秘`,
	`.*秘`,
	`\w+`,
	`(?s).`,
	`[^a]`,
	`[^\x00-\x{fffc}]`,
	`\p{Han}{2,4}様`,
	`(?m)^ID: \d+$`,
	`^a`,
	`a$`,
	`a|ab|abc`,
	`(?:a+?)(?:b*)`,
	`\Bx\B`,
	`(?i)kelvin|ſtraße`,
	`[a-z]*@@?`,
	`[ab]{3,}c`,
	`(?:q.{5}|z)@`,
	"\n\\b.",
}

var exprTexts = []string{
	"",
	"a",
	"tel 090-1234-5678 03(1234)5678 +81-90-1234-5678 〒100-0001 1234 5678 9012 3456",
	"a.b+c@example.co.jp,@x.jp,x@,a@b@c.de foo@bar",
	"昭和60年 R5年 2024/01 1999-12.. GB82WEST12345698765432 xGB82WEST12345698765432",
	"CAF0123456789 COP01234 cop0123456789 PROJECT  X project\tx",
	"これは社外秘です。社外秘\n社外秘 山田様 東京都港区様",
	"ID: 1\nID: 22x\nID: 333",
	"abcabababaabbb xxx x x\xffx \xe6\x97a\xe6\xa7\x98 \xef\xbf\xbd Kelvin KELVIN STRASSE ſtraße ſTRAßE",
	"aaa@@bbb@aabc aabbc ababc qabcde@z@ q z@abc@",
	strings.Repeat("a", 200) + "@" + strings.Repeat("b", 100),
	strings.Repeat("1234-", 100),
	strings.Repeat("様", 70),
}

func exprsOf(src ...string) []Expr {
	e := make([]Expr, len(src))
	for i, s := range src {
		e[i] = Expr{s, uint32(i)}
	}
	return e
}

// exprAgree compares each engine with regexp on the texts.
func exprAgree(t *testing.T, src []string, texts ...[]byte) {
	t.Helper()
	want := make([][]Hit, len(texts))
	for k, text := range texts {
		for i, s := range src {
			for _, m := range regexp.MustCompile(s).FindAllIndex(text, -1) {
				want[k] = append(want[k], Hit{int32(m[0]), int32(m[1]), uint32(i)})
			}
		}
		sortHits(want[k])
	}
	for _, v := range variants() {
		if v.name == Naive.String() || v.name == Cloudflare.String() {
			continue // they are regexp
		}
		set := v.must(t, nil, Options{Exprs: exprsOf(src...)})
		var ev Evidence
		for k, text := range texts {
			set.Scan(text, &ev)
			if err := sameList("match", ev.Matches, want[k]); err != nil {
				t.Errorf("%s: %q in %.60q: %v", v.name, src, text, err)
			}
		}
	}
}

func TestExpressionsEqualRegexp(t *testing.T) {
	texts := [][]byte{}
	for _, text := range exprTexts {
		texts = append(texts, []byte(text))
	}
	for _, e := range exprCases {
		exprAgree(t, []string{e}, texts...)
	}
	all := []byte(strings.Join(exprTexts, "\n"))
	for cut := range blockSize + 6 { // every place in a block
		texts = append(texts, all[cut:])
	}
	exprAgree(t, exprCases, texts...)
}

// The engines that leave expressions to regexp, and the order of matches.
func TestExpressionsByRegexpAlone(t *testing.T) {
	for _, e := range []Engine{Naive, Cloudflare, Portable} {
		s, err := Compile(nil, Options{Engine: e, Exprs: []Expr{{`b+`, 7}, {`a.`, 8}, {`ab`, 9}}})
		if err != nil {
			t.Fatal(err)
		}
		var ev Evidence
		s.Scan([]byte("abbab"), &ev)
		if got, want := format(ev.Matches), "0-2:8 0-2:9 1-3:7 3-5:8 3-5:9 4-5:7"; got != want {
			t.Errorf("%s: %s, want %s", e, got, want)
		}
	}
}

func TestExpressionsOnCorpora(t *testing.T) {
	lits := names(seeded(4), 100)
	for _, c := range corpora {
		exprAgree(t, exprCases[:12], corpus(c.make, 3*chunkSize+5, lits))
	}
}

// Literals and expressions that are looked for together, without digits and "@", are those
// that are found with them, in texts of several chunks and turns.
func TestExpressionsWithLiterals(t *testing.T) {
	lits := append(names(seeded(5), 200), keywords...)
	hits, matches := 0, 0
	for _, c := range corpora {
		for _, size := range []int{chunkSize - 7, 2*chunkSize + slack, 3*chunkSize + 5, turnSize + 2*chunkSize + 70} {
			text := corpus(c.make, size, lits)
			var want Evidence
			variant := variants()[0] // naive
			variant.must(t, literals(true, lits...), Options{Exprs: exprsOf(exprCases[:12]...)}).Scan(text, &want)
			hits, matches = hits+len(want.Hits), matches+len(want.Matches)
			for _, v := range variants()[1:] {
				var got Evidence
				v.must(t, literals(true, lits...), Options{Exprs: exprsOf(exprCases[:12]...), NoRuns: true, NoAts: true}).Scan(text, &got)
				got.Runs, got.Ats = want.Runs, want.Ats
				if err := same(&got, &want); err != nil {
					t.Errorf("%s, %s of %d bytes: %v", v.name, c.name, size, err)
				}
				if !slices.Equal(got.Matches, want.Matches) {
					t.Errorf("%s, %s of %d bytes: %d matches, want %d", v.name, c.name, size, len(got.Matches), len(want.Matches))
				}
			}
		}
	}
	if hits < 1000 || matches < 100 {
		t.Errorf("%d literals and %d matches in all", hits, matches)
	}
}

func TestExprErrors(t *testing.T) {
	for src, want := range map[string]string{
		`(`:     "missing closing )",
		``:      "without a character",
		`a*`:    "without a character",
		`\b`:    "without a character",
		`(x|)`:  "without a character",
		`a{0,}`: "without a character",
	} {
		if _, err := Compile(nil, Options{Exprs: exprsOf("ok", src)}); err == nil ||
			!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "expression 1") {
			t.Errorf("%q: %v, want %q", src, err, want)
		}
	}
	if _, err := Compile(nil, Options{Exprs: make([]Expr, MaxExprs+1)}); err == nil {
		t.Error("too many expressions compile")
	}
}

// The expressions that matter most must not fall back to package regexp nor be
// tried all over the text.
func TestPivots(t *testing.T) {
	for src, want := range map[string]leadKind{
		exprCases[0]:   leadNone,
		exprCases[5]:   leadRun,
		exprCases[6]:   leadRun,
		`(CAF|COP)\d+`: leadNone,
		`.{0,10}社外秘`:   leadWindow,
		`.*秘`:          leadAny,
	} {
		x, err := newExprs(exprsOf(src))
		if err != nil {
			t.Fatal(err)
		}
		if got := x.all[0].lead; got != want {
			t.Errorf("%s: lead %d, want %d", src, got, want)
		}
	}
}

// A text made to be tried again and again from every start costs no more than
// package regexp and is decided the same.
func TestExpressionPatience(t *testing.T) {
	text := []byte(strings.Repeat("1 ", 3_000))
	exprAgree(t, []string{`\d[\d ]*x`, `1`}, text)
	exprAgree(t, []string{`\d[\d ]*x`}, append(text, 'x'))
	exprAgree(t, []string{`[a-z@]+@x[a-z]{5}Q`, `@`}, []byte(strings.Repeat("a", 3000)+strings.Repeat("@xaaaa", 1000)+"aQ@xaaaaaQ"))
}

func TestLargeExpressionFallsBack(t *testing.T) {
	src := `[ab]*a[ab]{14}c` // 2^14 states
	x, err := newExprs(exprsOf(src))
	if err != nil {
		t.Fatal(err)
	}
	if x.all[0].machine != nil || x.all[0].lead != leadAny {
		t.Errorf("%s has a machine", src)
	}
	exprAgree(t, []string{src}, []byte(strings.Repeat("abba", 30)+"c"))

	start := time.Now()
	if _, err := newExprs(exprsOf(`[ab]*a[ab]{400}c`, `(?:x{0,30}y?){30}z`)); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("compiling took %v", d)
	}
}

func FuzzExpressionsEqualRegexp(f *testing.F) {
	for i, e := range exprCases {
		f.Add(e, exprCases[(i+5)%len(exprCases)], []byte(exprTexts[i%len(exprTexts)]))
	}
	f.Fuzz(func(t *testing.T, a, b string, text []byte) {
		if len(a) > 150 || len(b) > 150 || len(text) > 300 {
			t.Skip()
		}
		var src []string
		for _, s := range []string{a, b} {
			if _, err := newExprs(exprsOf(s)); err == nil && utf8.ValidString(s) {
				src = append(src, s)
			}
		}
		if len(src) > 0 {
			exprAgree(t, src, text)
		}
	})
}

// Whatever regexp matches starts with one of the expression's shapes.
func FuzzShapesNeverDrop(f *testing.F) {
	for i, e := range exprCases {
		f.Add(e, []byte(exprTexts[i%len(exprTexts)]))
	}
	f.Fuzz(func(t *testing.T, src string, text []byte) {
		re, err := regexp.Compile(src)
		if err != nil || len(src) > 100 {
			t.Skip()
		}
		tree, err := syntax.Parse(src, syntax.Perl)
		if err != nil {
			t.Skip()
		}
		shapes := slices.Concat(markReach.shapesOf([]*syntax.Regexp{tree}), fineReach.shapesOf([]*syntax.Regexp{tree}))
		for _, m := range re.FindAllIndex(text, -1) {
			start := append(slices.Clone(text[m[0]:m[1]]), make([]byte, fineReach)...)
			if !slices.ContainsFunc(shapes, func(s shape) bool {
				for i := range s.bytes {
					if !s.bytes[i].has(start[i]) {
						return false
					}
				}
				return true
			}) {
				t.Fatalf("%q: no shape for the match %q", src, text[m[0]:m[1]])
			}
		}
	})
}
