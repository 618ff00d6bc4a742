package page

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/report"
)

// TestEveryWordIsThere looks through the templates for words that the
// dictionary does not have, and through the dictionary for empty ones.
func TestEveryWordIsThere(t *testing.T) {
	names, err := fs.Glob(htmlFiles, "html/*.html")
	if err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile(`\bt "([a-z0-9.-]+)"`)
	seen := 0
	for _, n := range names {
		data, err := htmlFiles.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range plain.FindAllStringSubmatch(string(data), -1) {
			seen++
			if _, ok := dictionary[m[1]]; !ok {
				t.Errorf("%s: no word %q", n, m[1])
			}
		}
		if strings.Contains(string(data), "style=") || strings.Contains(string(data), "onclick") || strings.Contains(string(data), "<style") {
			t.Errorf("%s: something inline that the policy would not let through", n)
		}
	}
	if seen < 200 {
		t.Errorf("only %d words looked at", seen)
	}
	for _, words := range []map[string]pair{dictionary, terms} {
		for k, p := range words {
			if p.ja == "" || p.en == "" {
				t.Errorf("%q has no word in one language", k)
			}
			if strings.Count(p.ja, "%") != strings.Count(p.en, "%") && !strings.Contains(k, "figure") {
				t.Errorf("%q takes other values in ja than in en", k)
			}
		}
	}
}

func TestClauses(t *testing.T) {
	over := Clauses("en", "people over 14 days by user: 512 (needs at least 500 different persons)")
	if len(over) != 1 || over[0] != (Clause{"Persons sent out in 14 days by this person", "512", "at least 500 different persons"}) {
		t.Errorf("%+v", over)
	}
	got := Clauses("ja", "people over 14 days by user: 512 (needs at least 500 different persons); bytes over 24 hours by user: 900, usually 12.5 (needs 8 times what their group sends); hour by group: 03:10 (needs one that is unusual for them); recipients_outside: 2 of 5 outside at b.example (needs one outside); people: 12 (needs at least 10 with NAME and PHONE|EMAIL, confidence 0.80); class: web-mail (needs web-mail|chat); the sender confirmed the warning")
	want := []Clause{
		{"過去14日間の個人の数 (本人)", "512", "重複を除いて 500 人以上"},
		{"過去24時間の送信の量 (本人)", "900 (普段は 12.5)", "グループの他の人の 8 倍以上"},
		{"送信の時刻 (グループ)", "03:10", "普段は送信のない時間帯"},
		{"社外の宛先", "5 人のうち社外 2 人 (b.example)", "社外の宛先がある"},
		{"個人の数", "12", "氏名 と 電話番号・メールアドレス のそろう人が 10 人以上 (確度 0.80 以上)"},
		{"宛先の分類", "ウェブメール", "ウェブメール・チャット"},
		{"", "送信者が警告を確認した", ""},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := Number(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 KB", 999_999: "1000 KB", 5_000_000_000: "5.0 GB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]int64{1: 1, 3: 4, 6: 6, 9: 10, 11: 12, 21: 30, 121: 160, 999: 1000} {
		if got := ceiling(n); got != want {
			t.Errorf("ceiling of %d: %d, want %d", n, got, want)
		}
	}
}

func TestChartEscapesAndTells(t *testing.T) {
	c := Chart{Title: `<b>"`, Labels: []string{"<i>", "2"}, Format: Number, Series: []Series{{"block", "B", []int64{0, 7}}, {"warn", "W", []int64{3, 1}}}}
	svg := string(c.SVG())
	if strings.Contains(svg, "<b>") || strings.Contains(svg, "<i>") || !strings.Contains(svg, "B 7, W 1") {
		t.Error(svg)
	}
	if rows := c.Rows(); len(rows) != 2 || rows[1].Cells[0] != "7" {
		t.Errorf("%+v", rows)
	}
	if _, err := New(time.UTC); err != nil {
		t.Fatal(err)
	}
}

// TestNoWordTwice looks through the sources for a key that stands in two places:
// the one read last would take the other's place, with another meaning.
func TestNoWordTwice(t *testing.T) {
	files, err := filepath.Glob("words*.go")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	seen := map[string]string{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"([^"]*)":\s*\{"`).FindAllStringSubmatch(string(src), -1) {
			if was := seen[m[1]]; was != "" {
				t.Errorf("%q stands in %s and in %s", m[1], was, f)
			}
			seen[m[1]] = f
		}
	}
	if all := len(dictionary) + len(terms) - len(report.Acts) - len(report.Types); len(seen) < all-20 {
		t.Errorf("only %d of %d words seen", len(seen), all)
	}
}
