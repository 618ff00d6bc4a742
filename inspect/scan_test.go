package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// plain reads anything as UTF-8 text.
type plain struct{}

func (plain) Name() string                  { return "text" }
func (plain) Match(*part.Part, []byte) bool { return true }
func (plain) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("text", "utf-8")
	buf := make([]byte, 32<<10)
	at := int64(0)
	for {
		n, err := io.ReadFull(p.Body, buf)
		if n > 0 {
			if err := b.Spend(ctx, n); err != nil {
				return err
			}
			var m normal.Map
			m.Reset(at)
			if err := e.Text(part.Text{Bytes: buf[:n], Map: &m}); err != nil {
				return err
			}
			at += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// box is a container: "BOX\n", then children divided by lines of "--". A child
// that says "panic", "locked" or "again" makes it misbehave.
type box struct{}

func (box) Name() string                         { return "box" }
func (box) Match(_ *part.Part, head []byte) bool { return bytes.HasPrefix(head, []byte("BOX\n")) }
func (box) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	all, err := io.ReadAll(p.Body)
	if err != nil {
		return err
	}
	for i, c := range strings.Split(strings.TrimPrefix(string(all), "BOX\n"), "\n--\n") {
		switch c {
		case "panic":
			panic("a reader's fault")
		case "locked":
			e.Skip(part.Encrypted, true, "")
			continue
		case "again":
			c = string(all)
		}
		child := part.Part{Path: fmt.Sprint("child ", i), Body: strings.NewReader(c), Size: int64(len(c))}
		if err := e.Child(child); err != nil {
			return err
		}
	}
	return nil
}

// stub finds every "SECRET" and panics at every "BANG".
type stub struct{}

func (stub) ID() string           { return "stub" }
func (stub) Types() []detect.Type { return []detect.Type{"SECRET"} }
func (stub) Find(b *detect.Block, emit func(detect.Finding)) {
	if bytes.Contains(b.Text, []byte("BANG")) {
		panic("a detector's fault")
	}
	for at := 0; ; {
		k := bytes.Index(b.Text[at:], []byte("SECRET"))
		if k < 0 {
			return
		}
		emit(detect.Finding{Type: "SECRET", Detector: "stub", Start: at + k, End: at + k + 6, Confidence: 1, Canon: "SECRET"})
		at += k + 6
	}
}

func testScanner(t testing.TB, spec Spec) *Scanner {
	t.Helper()
	s, err := New(spec, Options{Readers: []part.Reader{box{}, plain{}}, Detectors: []detect.Detector{stub{}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func root(text string) []part.Part {
	return []part.Part{{Path: "root", Body: strings.NewReader(text), Size: int64(len(text))}}
}

func TestScanOfNestedParts(t *testing.T) {
	s := testScanner(t, Spec{})
	r := s.Scan(t.Context(), root("BOX\na SECRET here\n--\nBOX\nnothing\n--\n"), ScanOptions{})
	if r.Total["SECRET"] != 1 || len(r.Findings) != 1 {
		t.Fatalf("found %v", r.Total)
	}
	f := r.Findings[0]
	if got := r.Parts[f.Part].Path; got != "root » child 0" || f.Start != 2 || f.End != 8 || f.Line != 1 {
		t.Errorf("finding in %q at %d-%d, line %d", got, f.Start, f.End, f.Line)
	}
	if f.Value != "" || f.Masked == "SECRET" {
		t.Errorf("a clear value in a report: %+v", f)
	}
	// The empty child is inspected too.
	if r.Coverage.Inspected != 5 || r.Coverage.Not+r.Coverage.Partly != 0 {
		t.Errorf("coverage %+v, parts %+v", r.Coverage, r.Parts)
	}
}

func TestFaultsBecomeCoverage(t *testing.T) {
	deep := "BOX\nagain"
	broken := func(before string, err error) []part.Part {
		return []part.Part{{Path: "root", Body: io.MultiReader(strings.NewReader(before), failing{err}), Size: 100}}
	}
	gone := errors.New("gone")
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		roots  []part.Part
		limits part.Limits
		want   part.Reason
		state  State
	}{
		{"reader panics", nil, root("BOX\nSECRET\n--\npanic"), part.Limits{}, part.EngineError, Partly},
		{"detector panics", nil, root("BANG"), part.Limits{}, part.EngineError, Partly},
		{"locked", nil, root("BOX\nlocked"), part.Limits{}, part.Encrypted, Partly},
		{"too deep", nil, root(deep), part.Limits{}, part.TooDeep, Not},
		{"too many", nil, root("BOX\n" + strings.Repeat("x\n--\n", 50)), part.Limits{Entries: 10}, part.TooMany, Not},
		{"too large", nil, root(strings.Repeat("text ", 50000)), part.Limits{Bytes: 100000}, part.TooLarge, Partly},
		{"timed out", expired, root("some text"), part.Limits{}, part.TimedOut, Not},
		{"out of time", nil, root(strings.Repeat("text ", 50000)), part.Limits{Time: time.Nanosecond}, part.TimedOut, Not},
		{"broken body", nil, broken("some text ", gone), part.Limits{}, part.ReadError, Partly},
		{"broken at once", nil, broken("", gone), part.Limits{}, part.ReadError, Not},
		{"truncated", nil, broken("some text ", &part.Fault{Reason: part.Truncated}), part.Limits{}, part.Truncated, Partly},
		{"damaged at once", nil, broken("", &part.Fault{Reason: part.DecodeError}), part.Limits{}, part.DecodeError, Not},
	}
	s := testScanner(t, Spec{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			r := s.Scan(ctx, tt.roots, ScanOptions{Limits: tt.limits})
			if r.Coverage.Reasons[tt.want] == 0 {
				t.Fatalf("coverage %+v", r.Coverage)
			}
			for _, p := range r.Parts {
				if p.Reason == tt.want && p.State != tt.state {
					t.Errorf("part %q is %s, want %s", p.Path, p.State, tt.state)
				}
				if (p.State == Inspected) != (p.Reason == "") {
					t.Errorf("part %q is %s for the reason %q", p.Path, p.State, p.Reason)
				}
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What a body gave before it failed is inspected, be it ever so short.
func TestStartOfABrokenBody(t *testing.T) {
	s := testScanner(t, Spec{})
	for _, size := range []int64{-1, 20, 5000, 1 << 20} {
		body := io.MultiReader(strings.NewReader("the SECRET"), failing{errors.New("gone")})
		r := s.Scan(t.Context(), []part.Part{{Path: "root", Body: body, Size: size}}, ScanOptions{})
		if r.Total["SECRET"] != 1 || r.Parts[0].State != Partly || r.Parts[0].Bytes != 10 {
			t.Errorf("size %d: found %v in %+v", size, r.Total, r.Parts)
		}
	}
}

func TestPlace(t *testing.T) {
	s := testScanner(t, Spec{})
	boxed := "BOX\na\n--\nBOX\nb"
	r := s.Scan(t.Context(), []part.Part{
		{Path: "query", Body: strings.NewReader("q"), Size: 1},
		{Path: "body", Name: "a.box", Body: strings.NewReader(boxed), Size: int64(len(boxed))},
		{Path: "body", Body: strings.NewReader(boxed), Size: int64(len(boxed))},
	}, ScanOptions{})
	want := []string{"", "a.box", "a.box » child 0", "a.box » child 1", "a.box » child 1 » child 0",
		"", "child 0", "child 1", "child 1 » child 0"}
	for i := range r.Parts {
		if got := r.Place(i); i >= len(want) || got != want[i] {
			t.Errorf("part %d, %q, is placed in %q", i, r.Parts[i].Path, got)
		}
	}
	if len(r.Parts) != len(want) || r.Place(-1) != "" || r.Place(len(want)) != "" {
		t.Errorf("%d parts", len(r.Parts))
	}
}

// The ratio of a body whose size is not known goes by what was read of it.
func TestRatioOfAStream(t *testing.T) {
	s := testScanner(t, Spec{})
	text := strings.Repeat("some text\n", part.RatioFloor/10+1000)
	r := s.Scan(t.Context(), []part.Part{{Path: "root", Body: strings.NewReader(text), Size: -1}}, ScanOptions{})
	if r.Coverage.Inspected != 1 {
		t.Errorf("coverage %+v", r.Coverage)
	}
}

// What a report keeps is bounded; counts and callbacks are not.
func TestBounds(t *testing.T) {
	s := testScanner(t, Spec{})
	n := 0
	r := s.Scan(t.Context(), root(strings.Repeat("SECRET,\n\n", 3*MaxFindings)), ScanOptions{
		Reveal:    true,
		OnFinding: func(_ *PartReport, f *Finding) { n++ },
	})
	if len(r.Findings) != MaxFindings || r.Total["SECRET"] != 3*MaxFindings || n != 3*MaxFindings {
		t.Errorf("%d kept, %d counted, %d handed on", len(r.Findings), r.Total["SECRET"], n)
	}
	if r.Findings[0].Value != "SECRET" {
		t.Errorf("value %q", r.Findings[0].Value)
	}
}

// One scanner serves many scans at once, also after one of them panicked.
func TestConcurrentScans(t *testing.T) {
	s := testScanner(t, Spec{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				if i%4 == 3 {
					s.Scan(context.Background(), root("BANG"), ScanOptions{})
					continue
				}
				want := 1 + i
				r := s.Scan(context.Background(), root(strings.Repeat("a SECRET\n\n", want)), ScanOptions{})
				if r.Total["SECRET"] != want {
					t.Errorf("found %d, want %d", r.Total["SECRET"], want)
				}
			}
		})
	}
	wg.Wait()
}

func TestHooks(t *testing.T) {
	s := testScanner(t, Spec{})
	var text strings.Builder
	var parts []string
	s.Scan(t.Context(), root("BOX\nfirst\n--\nsecond"), ScanOptions{
		OnText: func(p *PartReport, b []byte) { fmt.Fprintf(&text, "[%s|%s]", p.Path, b) },
		OnPart: func(p *PartReport) { parts = append(parts, p.Path+" "+p.Format) },
	})
	if got, want := text.String(), "[root » child 0|first][root » child 1|second]"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if got, want := strings.Join(parts, ";"), "root » child 0 text;root » child 1 text;root box"; got != want {
		t.Errorf("parts %q, want %q", got, want)
	}
}

// realEngine is compiled once for all tests.
var realEngine = sync.OnceValues(func() (*detect.Engine, error) { return detect.NewEngine(detect.Builtin(), nil) })

func realScanner(t testing.TB, spec Spec) *Scanner {
	t.Helper()
	e, err := realEngine()
	if err != nil {
		t.Fatal(err)
	}
	return newScanner(spec, []part.Reader{plain{}}, e)
}

var peopleQueries = []Query{
	{People: true, With: [][]Type{{detect.Name}, {detect.Phone, detect.Address, detect.Email}}, Confidence: 0.5, AtLeast: 10},
	{People: true, With: [][]Type{{detect.Name}}, Confidence: 0.5, AtLeast: 3},
	{With: [][]Type{{detect.Email}}, Confidence: 0.5, AtLeast: 5},
	{With: [][]Type{{detect.Card}}, Confidence: 0.5, AtLeast: 1},
}

func TestPersonsAreCountedOnce(t *testing.T) {
	s := realScanner(t, Spec{Queries: peopleQueries})
	var b strings.Builder
	b.WriteString("氏名,電話番号,メール\n")
	for i := range 40 {
		// Every person stands there twice, the second time without a mail.
		fmt.Fprintf(&b, "%s太郎,090-1234-%04d,taro%d@example.jp\n", [...]string{"山田", "佐藤", "鈴木", "高橋"}[i%4], 1000+i, i)
		fmt.Fprintf(&b, "%s 太郎,090-1234-%04d,\n", [...]string{"山田", "佐藤", "鈴木", "高橋"}[i%4], 1000+i)
	}
	r := s.Scan(t.Context(), root(b.String()), ScanOptions{})
	if r.Answers[0] != 40 || r.Answers[2] != 40 || r.Records != 40 {
		t.Errorf("answers %v, records %d", r.Answers, r.Records)
	}
}

// Which records are one person does not depend on their order.
func TestSamePersonInOtherWords(t *testing.T) {
	s := realScanner(t, Spec{Queries: peopleQueries})
	blocks := []string{"差出人: 山田太郎 taro@example.jp", "taro@example.jp", "氏名: 佐藤花子\n電話: 090-1234-5678", "氏名: 佐藤花子\n電話: 090-8765-4321"}
	r := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		text := strings.Join(blocks, "\n\n")
		if got := s.Scan(t.Context(), root(text), ScanOptions{}).Records; got != 3 {
			t.Errorf("%d persons, want 3, in\n%s", got, text)
		}
	}
}

func TestNewReportsAllFaults(t *testing.T) {
	_, err := New(Spec{Customs: []Custom{
		{ID: "one", Type: "ONE", Pattern: "("},
		{ID: "two", Type: "TWO", Pattern: "[0-9]{4}", Check: "no-such"},
		{ID: "three", Type: "THREE"},
	}}, Options{Readers: []part.Reader{plain{}}, Detectors: []detect.Detector{stub{}}})
	for _, id := range []string{`"one"`, `"two"`, `"three"`} {
		if err == nil || !strings.Contains(err.Error(), id) {
			t.Errorf("error %v does not name %s", err, id)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	texts := map[string]func(i int) string{
		"prose": func(int) string {
			return "本日は晴天なり。会議の資料を添付しますので、ご確認のほどよろしくお願いいたします。次回は三月の予定です。\n"
		},
		"csv": func(i int) string {
			return fmt.Sprintf("%06d,山田 太郎,ヤマダ タロウ,東京都千代田区永田町1-7-%d,090-1234-%04d,taro%d@example.jp,1980-01-02\n", i, i%90, i%10000, i)
		},
		"dates": func(i int) string {
			return fmt.Sprintf("%05d,widget,%d,%d.%02d,2024-0%d-1%d\n", i, i%100, i%90, i%100, i%9+1, i%9)
		},
		"script": func(int) string {
			return "export function render(node) { if (node.kind === 'item') { return node.children.map(render).join(''); } }\n"
		},
		"base64": func(i int) string { return "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24" },
		"api": func(i int) string {
			return fmt.Sprintf(`{"id":"7f3a%04x-11","createdAt":"2024-05-06T07:08:09Z","status":"open","amount":1200.50,"items":[{"sku":"A-%d","qty":2}]}`+"\n", i, i)
		},
	}
	s, err := New(Spec{Queries: peopleQueries}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []string{"prose", "csv", "dates", "script", "base64", "api"} {
		var t strings.Builder
		if kind == "csv" {
			t.WriteString("会員番号,氏名,フリガナ,住所,電話番号,メール,生年月日\n")
		}
		for i := 0; t.Len() < 4<<20; i++ {
			t.WriteString(texts[kind](i))
		}
		text := t.String()
		for _, until := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/decided=%v", kind, until), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					r := s.Scan(context.Background(), root(text), ScanOptions{UntilDecided: until})
					if r.Coverage.Not > 0 {
						b.Fatalf("coverage %+v", r.Coverage)
					}
				}
			})
		}
	}
}

// sheet is a form: lines of "name=value", each a part of its own.
type sheet struct{}

func (sheet) Name() string                         { return "sheet" }
func (sheet) Match(_ *part.Part, head []byte) bool { return bytes.HasPrefix(head, []byte("FORM\n")) }
func (sheet) Read(_ context.Context, p *part.Part, e part.Emitter, _ *part.Budget) error {
	all, err := io.ReadAll(p.Body)
	if err != nil {
		return err
	}
	for l := range strings.Lines(strings.TrimPrefix(string(all), "FORM\n")) {
		name, value, _ := strings.Cut(strings.TrimSpace(l), "=")
		if err := e.Child(part.Part{Path: name, Role: part.Field, Body: strings.NewReader(value), Size: -1}); err != nil {
			return err
		}
	}
	return nil
}

// field reads a form field.
type field struct{}

func (field) Name() string                      { return "field" }
func (field) Match(p *part.Part, _ []byte) bool { return p.Role == part.Field }
func (field) Read(_ context.Context, p *part.Part, e part.Emitter, _ *part.Budget) error {
	all, err := io.ReadAll(p.Body)
	if err != nil {
		return err
	}
	_, label, _ := strings.Cut(p.Path, part.Separator)
	return e.Text(part.Text{Bytes: all, Layout: part.Single, Label: label})
}

// The fields of a form are parts of their own, and one person.
func TestFieldsOfAFormAreOneRecord(t *testing.T) {
	e, err := realEngine()
	if err != nil {
		t.Fatal(err)
	}
	s := newScanner(Spec{Queries: peopleQueries}, []part.Reader{sheet{}, field{}}, e)
	r := s.Scan(t.Context(), root("FORM\nfull_name=Xochitl Nabatame\ntel=090-1234-5678\nmail=x@example.jp\n"), ScanOptions{})
	if r.Records != 1 || r.Answers[0] != 1 {
		t.Fatalf("records %d, answers %v, findings %+v", r.Records, r.Answers, r.Findings)
	}
	for _, f := range r.Findings {
		if want := map[Type]string{detect.Name: "root » full_name", detect.Phone: "root » tel", detect.Email: "root » mail"}[f.Type]; r.Parts[f.Part].Path != want || f.Start != 0 {
			t.Errorf("a %s in %q at %d", f.Type, r.Parts[f.Part].Path, f.Start)
		}
	}
}
