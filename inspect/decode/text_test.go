package decode

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// TestTextEncodings reads the same file in every encoding and follows a value
// back to its bytes.
func TestTextEncodings(t *testing.T) {
	for name, enc := range encodings {
		t.Run(name, func(t *testing.T) {
			body := encode(t, enc, customers)
			x := inspect(t, part.Part{Name: "customers.csv"}, body)
			s := x.Find(person)
			if s.Path != "upload" || len(x.Skips()) > 0 {
				t.Errorf("read otherwise than whole:\n%s", x)
			}
			want := strings.TrimPrefix(strings.TrimPrefix(encode(t, enc, person), "\xff\xfe\x00\x00"), "\xff\xfe")
			want = strings.TrimPrefix(strings.TrimPrefix(want, "\xfe\xff"), "\xef\xbb\xbf")
			got := string(s.Bytes(person))
			if name == "iso-2022-jp" {
				want = strings.TrimSuffix(strings.TrimPrefix(want, "\x1b$B"), "\x1b(B")
				got = strings.TrimSuffix(strings.TrimSuffix(got, "\x1b(B"), "\x1b$B")
			}
			if got != want {
				t.Errorf("the value leads to % x, want % x", got, want)
			}
		})
	}
}

// TestLateEncoding puts the first character that is not ASCII behind megabytes.
func TestLateEncoding(t *testing.T) {
	filler := strings.Repeat("0123456789,abcdefghij,2026-01-01\r\n", 40000)
	for _, name := range []string{"utf-8", "cp932", "euc-jp", "iso-2022-jp"} {
		body := filler + encode(t, encodings[name], customers)
		x := inspect(t, part.Part{}, body)
		if s := x.Find(person); len(x.Skips()) > 0 || s.Charset != name {
			t.Errorf("%s is taken for %s, %v", name, s.Charset, x.Skips())
		}
	}
}

// TestMixedEncodings changes the encoding in the middle of a file.
func TestMixedEncodings(t *testing.T) {
	decoy := "これは無害な文章です。何も含まれていません。\n"
	for _, times := range []int{1, 700} {
		for first, a := range encodings {
			for second, b := range encodings {
				if strings.HasPrefix(first, "utf-16") || strings.HasPrefix(first, "utf-32") ||
					strings.HasPrefix(second, "utf-16") || strings.HasPrefix(second, "utf-32") || strings.HasSuffix(second, "bom") {
					continue
				}
				body := encode(t, a, strings.Repeat(decoy, times)) + encode(t, b, customers)
				x := inspect(t, part.Part{}, body)
				if !x.Has(person) {
					t.Errorf("%d lines of %s, then %s: not found:\n%s", times, first, second, x)
				}
			}
		}
	}
}

func TestSecondReading(t *testing.T) {
	// Half-width kana in CP932 that is valid EUC-JP as well, and the reverse.
	x := inspect(t, part.Part{}, "\xd4\xcf\xc0\xde\xca\xc5\xba\xb1")
	found := ""
	for _, p := range x.Parts {
		found += p.Charset + " "
	}
	if !strings.Contains(found, "cp932") || !strings.Contains(found, "euc-jp") {
		t.Errorf("read as %s", found)
	}
}

func TestVeiled(t *testing.T) {
	for body, reason := range map[string]string{
		`{\rtf1\ansi\ansicpg932 \'96\'e5\'94\'d4}`:                   "unknown-format",
		"-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE\n": "encrypted",
		"\xc1\x82\x83\x84\x40\xc1\x82\x83\x84\x40\xe2\xe3\xe4\xe5\x40\xc1\x82\x83\x84\x40\xc1\x82\x83\x84\x40\xe2\xe3\xe4\xe5\x40\x25\xc1\x82\x83\x84\x40\xc1\x82\x83\x84\x40\xe2\xe3\xe4\xe5": "decode-error", // EBCDIC
	} {
		if x := inspect(t, part.Part{}, body); len(x.Skips()) != 1 || x.Skips()[0] != reason {
			t.Errorf("%.20q: %v, want %s", body, x.Skips(), reason)
		}
	}
}

func TestFields(t *testing.T) {
	x := inspect(t, part.Part{Role: part.Field, Path: "memo"}, "一行目\n"+customers)
	if s := x.Find(person); s.Layout != part.Auto {
		t.Errorf("a field of several lines has layout %v", s.Layout)
	}
	inspect(t, part.Part{Role: part.Field}, base64.StdEncoding.EncodeToString([]byte("氏名 "+person))).Find(person)
}
