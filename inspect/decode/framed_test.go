package decode

import (
	"fmt"
	"strings"
	"testing"
)

func TestFramed(t *testing.T) {
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "関守 花子%c,090-0000-%04d,hanako%d@example.jp\n", 'ァ'+rune(i), 1000+i*37, i)
	}
	want := text.String()
	each := func(between string, write func(r rune) string) string {
		var all []string
		for _, r := range want {
			all = append(all, write(r))
		}
		return strings.Join(all, between)
	}
	plain := func(r rune) string { return string(r) }
	number := func(format string) func(r rune) string {
		return func(r rune) string { return fmt.Sprintf(format, r) }
	}
	joined := func(n int, quote, operator string) string {
		var all []string
		for r := []rune(want); len(r) > 0; r = r[min(n, len(r)):] {
			all = append(all, quote+string(r[:min(n, len(r))])+quote)
		}
		return strings.Join(all, operator)
	}
	for name, c := range map[string]struct{ body, want string }{
		"elements":    {"<c>" + each("</c><c>", plain) + "</c>", want},
		"groups":      {"{" + each("}{", plain) + "}", want},
		"comments":    {each("<!-- x -->", plain), want},
		"strings":     {"s = " + joined(3, `"`, "+"), want},
		"formulas":    {joined(5, `"`, "&"), want},
		"SQL":         {joined(4, "'", " || "), want},
		"calls":       {each("+", number("chr(%d)")), want},
		"hexadecimal": {each("+", number("[char]0x%04X")), want},
		"references":  {"&#" + each("&#", number("%d")), want},
		"TeX":         {each(" ", number(`\char%d`)), want},
	} {
		out := through(frameOrNil(c.body), []byte(c.body), true)
		if !strings.Contains(string(out), c.want[len("関守"):len(c.want)-1]) {
			t.Errorf("%s: %.120q becomes %.120q", name, c.body, out)
		}
	}
	for name, body := range map[string]string{
		"text":              want,
		"a table of digits": strings.Repeat("<td>1</td><td>2</td><td>3</td>", 200),
		"a page":            strings.Repeat("<div class=\"row\"><span>some words</span><a href=\"/x\">more of them</a></div>\n", 60),
		"a program":         strings.Repeat("if a[i] == \"x\" { b += \"y\"; c = append(c, d...) }\n", 80),
		"a list of strings": strings.Repeat("'ab','cd','ef',", 200),
		"a matrix":          strings.Repeat("{1,2,3},{4,5,6},", 200),
		"whole references":  strings.Repeat("&#x95a2;&#x5b88; &#x82b1;&#x5b50;,090\n&#12354;", 60),
		"JSON":              "[" + strings.Repeat(`"a","b","c",`, 200) + `"d"]`,
	} {
		if f := frameOf([]byte(body)[:min(len(body), 4096)]); f != nil {
			t.Errorf("%s is taken to stand in %q", name, f.all)
		}
	}
}

// frameOrNil is what a body is read through.
func frameOrNil(body string) recoding {
	if f := frameOf([]byte(body)[:min(len(body), 4096)]); f != nil {
		return f.recoding()
	}
	return asItStands
}

func BenchmarkFramedLooks(b *testing.B) {
	for name, body := range map[string]string{
		"prose": strings.Repeat("本日は定例会議の議事録を共有いたします。", 100),
		"page":  strings.Repeat("<div class=\"row\"><span>some words</span><a href=\"/x\">more of them</a></div>\n", 60),
		"csv":   strings.Repeat("\"Hanako\",\"090-0000-0001\",\"Tokyo\",12\n", 120),
	} {
		b.Run(name, func(b *testing.B) {
			head := []byte(body)[:4096]
			for b.Loop() {
				if frameOf(head) != nil {
					b.Fatal("it has a frame")
				}
			}
		})
	}
}

// FuzzFramed: whatever stands in a frame comes to an end, and the frame is gone from
// what was joined.
func FuzzFramed(f *testing.F) {
	f.Add(strings.Repeat("<c>x</c><c>門</c>", 60))
	f.Add("s = " + strings.Repeat(`"ab"+"cd"+`, 60))
	f.Add(strings.Repeat("chr(38272)+chr(65)+chr(7)+", 60))
	f.Add("&#" + strings.Repeat("38272&#65&#", 60))
	f.Fuzz(func(t *testing.T, body string) {
		fr := frameOf([]byte(body)[:min(len(body), 4096)])
		if fr == nil {
			return
		}
		out := through(fr.recoding(), []byte(body), true)
		if len(out) > 2*len(body) {
			t.Errorf("%d bytes become %d", len(body), len(out))
		}
		if fr.call == nil && strings.Count(string(out), string(fr.all)) > strings.Count(body, string(fr.all))/2 {
			t.Errorf("%q is still there", fr.all)
		}
	})
}
