package numfmt

import (
	"math"
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		code string
		v    float64
		want string
	}{
		{"General", 123456789012345, "123456789012345"},
		{"General", 4111111111111111, "4111111111111111"},
		{"General", 0.1 + 0.2, "0.3"},
		{"General", -12.5, "-12.5"},
		{"General", 0.00125, "0.00125"},
		{"General", 1.5e-12, "1.5E-12"},
		{"00000", 123, "00123"},
		{"000-0000", 1000001, "100-0001"},
		{"000-0000", 600001, "060-0001"},
		{"0##-####-####", 9000000001, "090-0000-0001"},
		{`[<=99999999]####-####;\(00\) ####-####`, 312345678, "(03) 1234-5678"},
		{`[<=99999999]####-####;\(00\) ####-####`, 12345678, "1234-5678"},
		{`[<=999]000;[<=9999]000\-00;000\-0000`, 1000001, "100-0001"},
		{`[<=999]000;[<=9999]000\-00;000\-0000`, 1001, "010-01"},
		{"#,##0", 1234567, "1,234,567"},
		{"#,##0", 12, "12"},
		{"#,##0.00;[Red]-#,##0.00", -1234.5, "-1,234.50"},
		{"#,##0,", 1234567, "1,235 1234567"},
		{"0%", 0.125, "13%"},
		{"0.0%", 0.125, "12.5%"},
		{"0.00E+00", 4111111111111111, "4.11E+15 4111111111111111"},
		{"0", 2.5, "3"},
		{"0.00", 1.005, "1.01"},
		{"0", 0.999999, "1"},
		{"#", 0, " 0"[1:]},
		{"0.0#", 3, "3.0"},
		{"0;-0;\"なし\"", 0, "なし"},
		{"0_);(0)", -5, "(5)"},
		{";;;", 90, "90"},
		{`"No."0000`, 7, "No.0007"},
		{`0"人"`, 7, "7人"},
		{"yyyy/mm/dd", 32874, "1990/01/01"},
		{"m/d/yyyy", 32874, "1/1/1990"},
		{"d-mmm-yy", 32874, "1-Jan-90"},
		{"dd.mm.yyyy hh:mm", 32874.75, "01.01.1990 18:00"},
		{`[$-411]ggge"年"m"月"d"日"`, 32874, "平成2年1月1日"},
		{`[$-411]ge\.m\.d;@`, 32874, "H2.1.1"},
		{`[$-ja-JP-x-gannen]ggge"年"m"月"d"日";@`, 43586, "令和1年5月1日"},
		{`[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`, 32874, "1990年1月1日"},
		{`yyyy"年"m"月"d"日"(aaa)`, 32874, "1990年1月1日(月)"},
		{"m/d", 32874, "1/1 1990/1/1"},
		{"h:mm AM/PM", 0.75, "6:00 PM"},
		{"[h]:mm:ss", 1.5, "36:00:00"},
		{"mm:ss.0", 0.5 / 86400, "00:00.5"},
		{"h:mm:ss", 0.999999, "0:00:00"},
		{"yyyy-mm-dd", 60, "1900-02-29"},
		{"yyyy-mm-dd", 59, "1900-02-28"},
		{"yyyy-mm-dd", 61, "1900-03-01"},
		{"yyyy-mm-dd", -1, "-1"},
		{"yyyy-mm-dd", 1e9, "1000000000"},
		{"# ?/?", 1.5, "1.5"},
		{"@", 12, "12"},
		{`General"円"`, 1200, "1200円"},
	} {
		if got := string(Compile(c.code).Append(nil, c.v, false)); got != c.want {
			t.Errorf("%s of %v: %q, not %q", c.code, c.v, got, c.want)
		}
	}
	if got := string(Compile("yyyy-mm-dd").Append(nil, 31412, true)); got != "1990-01-01" {
		t.Errorf("from 1904: %s", got)
	}
	if got := string(Builtin(14).Append(nil, 32874, false)); got != "1990/1/1" {
		t.Errorf("built in: %s", got)
	}
	if got := string(Compile(`0;-0;0;@"様"`).AppendText(nil, []byte("関守"))); got != "関守様" {
		t.Errorf("text: %s", got)
	}
	if got := string(Builtin(0).AppendText(nil, []byte("関守"))); got != "関守" {
		t.Errorf("text: %s", got)
	}
}

func FuzzAppend(f *testing.F) {
	for _, code := range builtin {
		f.Add(code, 32874.5)
	}
	f.Add(`[<=99999999]####-####;\(00\) ####-####`, 1e9)
	f.Add("[$-411]ggge\"年\"", -1.0)
	f.Fuzz(func(t *testing.T, code string, v float64) {
		out := Compile(code).Append(nil, v, true)
		if len(out) > 4*len(code)+400 {
			t.Errorf("%d bytes", len(out))
		}
		if utf8.ValidString(code) && !utf8.Valid(out) {
			t.Errorf("%q is not UTF-8", out)
		}
		if n, err := strconv.ParseFloat(string(AppendGeneral(nil, v)), 64); err != nil || math.Abs(n-v) > math.Abs(v)*1e-14 {
			t.Errorf("General of %v: %v, %v", v, n, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	f := Compile("0##-####-####")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = f.Append(dst[:0], 9000000001, false)
	}
}
