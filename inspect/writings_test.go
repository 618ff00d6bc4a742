package inspect

import (
	"context"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// TestWritings writes a value of each type in every way that folding makes one,
// and asks for the value's exact place.
func TestWritings(t *testing.T) {
	s, err := New(Spec{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	each := func(f func(rune) string) func(string) string {
		return func(v string) string {
			var b strings.Builder
			for _, r := range v {
				b.WriteString(f(r))
			}
			return b.String()
		}
	}
	digits := func(to string) func(string) string {
		ten := []rune(to)
		return each(func(r rune) string {
			if r >= '0' && r <= '9' {
				r = ten[r-'0']
			}
			return string(r)
		})
	}
	writings := map[string]func(string) string{
		"full width": each(func(r rune) string {
			if r > ' ' && r < 0x7f {
				r += 0xfee0
			}
			return string(r)
		}),
		"zero width":    each(func(r rune) string { return string(r) + "\u200b" }),
		"soft hyphen":   each(func(r rune) string { return string(r) + "\u00ad" }),
		"struck":        each(func(r rune) string { return string(r) + "\u0336" }),
		"control":       func(v string) string { return strings.Replace(v, "1", "1\x00", 1) },
		"other script":  digits("٠١٢٣٤٥٦٧٨٩"),
		"mathematical":  digits("𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
		"circled":       digits("⓪①②③④⑤⑥⑦⑧⑨"),
		"kanji numbers": digits("〇一二三四五六七八九"),
		"spaces":        each(func(r rune) string { return string(r) + " " }),
	}
	for _, h := range "‐－−ー―–—﹣～" {
		writings["hyphen "+string(h)] = func(v string) string { return strings.ReplaceAll(v, "-", string(h)) }
	}
	for _, c := range []struct {
		kind         detect.Type
		label, value string
		not          string // writings that this type has not
	}{
		{detect.Phone, "電話番号", "090-1234-5678", ""},
		{detect.Card, "カード番号", "4980-1273-4561-2094", ""},
		{detect.MyNumber, "マイナンバー", "2071-8463-5902", ""},
		{detect.Postal, "郵便番号", "100-0005", "kanji numbers, spaces"},
		{detect.Birthdate, "生年月日", "1985年12月24日", "spaces"},
		{detect.Address, "住所", "東京都千代田区丸の内1-2-3", "spaces"},
		{detect.Name, "氏名", "渡邊太郎", ""},
		{detect.Email, "メール", "taro@mail1.example.jp", "kanji numbers, spaces"},
	} {
		for name, write := range writings {
			value := strings.TrimRight(write(c.value), " \u200b\u00ad\u0336")
			if strings.Contains(c.not, name) {
				continue
			}
			text := c.label + ": " + value + "\n"
			from, to, found := int64(len(c.label)+2), int64(len(text)-1), false
			s.Scan(context.Background(), root(text), ScanOptions{OnFinding: func(_ *PartReport, f *Finding) {
				// What is invisible behind the value may belong to it or not.
				if string(f.Type) == string(c.kind) && f.Start == from && f.End >= to-1 && f.End <= to && f.Confidence >= 0.5 {
					found = true
				}
			}})
			if !found {
				t.Errorf("%s, %s: not found, or not in its place", c.kind, name)
			}
		}
	}
}
