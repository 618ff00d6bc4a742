package corpus

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"testing"
	"unicode/utf8"
)

const mib = 1 << 20

// TestTextIsFixed holds the corpora to what the records were taken on. A new
// sum means that old and new records cannot be compared.
func TestTextIsFixed(t *testing.T) {
	want := map[string]string{
		"C1": "d1625df9acad50f4", "C2": "e39836c3579c6958", "C3": "40d81b6af6fe81d0", "C4": "ee2269cdb811f2a5", "C5": "4f0947ab057f4429", "C6": "c567b7725bbbdf89",
	}
	for _, c := range All() {
		sum := sha256.Sum256(c.Text(mib))
		if got := fmt.Sprintf("%x", sum[:8]); got != want[c.Name] {
			t.Errorf("%s: checksum %q, want %q", c.Name, got, want[c.Name])
		}
	}
}

func TestSmallerIsPrefixOfLarger(t *testing.T) {
	for _, c := range All() {
		large := c.Text(300 << 10)
		for _, n := range []int{1, 100, 1 << 10, 100_001} {
			small := c.Text(n)
			if len(small) > n || !bytes.HasPrefix(large, small) {
				t.Errorf("%s: %d bytes are no prefix of %d", c.Name, n, len(large))
			}
			if again := Prefix(large, n); !bytes.Equal(again, small) {
				t.Errorf("%s: Prefix gives %d bytes, Text %d", c.Name, len(again), len(small))
			}
		}
		streamed, err := io.ReadAll(c.Reader(200_000))
		if err != nil || !bytes.HasPrefix(large, streamed) || len(streamed) != 200_000 {
			t.Errorf("%s: streaming differs: %d bytes, %v", c.Name, len(streamed), err)
		}
		if c.Name != "C4" && !utf8.Valid(large) {
			t.Errorf("%s is not UTF-8", c.Name)
		}
	}
}

// TestShares holds the corpora to what real texts of their kinds were measured
// to have: a manual, a customer list, web pages and change logs, random bytes,
// API bodies.
func TestShares(t *testing.T) {
	prefixes := map[string]bool{}
	for _, n := range Names() {
		if len(n) >= 6 {
			prefixes[n[:6]] = true
		}
	}
	run, longRun := regexp.MustCompile(`[0-9]+`), regexp.MustCompile(`[0-9]{3,}`)
	shares := map[string]func([]byte) float64{
		"% of positions with a kanji lead": func(b []byte) float64 {
			n := 0
			for _, c := range b {
				if c >= 0xE4 && c <= 0xE9 {
					n++
				}
			}
			return 100 * float64(n) / float64(len(b))
		},
		"% of positions with the first six bytes of a name": func(b []byte) float64 {
			n := 0
			for i := range len(b) - 6 {
				if b[i] >= utf8.RuneSelf && prefixes[string(b[i:i+6])] {
					n++
				}
			}
			return 100 * float64(n) / float64(len(b))
		},
		"runs of digits a KiB":            func(b []byte) float64 { return float64(len(run.FindAllIndex(b, -1))) / float64(len(b)) * 1024 },
		"runs of 3 and more digits a KiB": func(b []byte) float64 { return float64(len(longRun.FindAllIndex(b, -1))) / float64(len(b)) * 1024 },
		"% of 64-byte blocks with a digit": func(b []byte) float64 {
			n := 0
			for i := 0; i+64 <= len(b); i += 64 {
				if bytes.ContainsAny(b[i:i+64], "0123456789") {
					n++
				}
			}
			return 100 * float64(n) / float64(len(b)/64)
		},
		"bytes a line": func(b []byte) float64 { return float64(len(b)) / float64(bytes.Count(b, []byte("\n"))+1) },
	}
	for name, want := range map[string]map[string]float64{
		"C1": {"% of positions with a kanji lead": 7.0, "% of positions with the first six bytes of a name": .12,
			"runs of digits a KiB": 3.4, "runs of 3 and more digits a KiB": .45, "% of 64-byte blocks with a digit": 14, "bytes a line": 90},
		"C2": {"% of positions with a kanji lead": 9.9, "% of positions with the first six bytes of a name": 3.5,
			"runs of digits a KiB": 90, "runs of 3 and more digits a KiB": 53, "% of 64-byte blocks with a digit": 100, "bytes a line": 156},
		"C3": {"runs of digits a KiB": 13, "runs of 3 and more digits a KiB": 4.8, "% of 64-byte blocks with a digit": 40, "bytes a line": 45},
		"C4": {"runs of 3 and more digits a KiB": .06, "% of 64-byte blocks with a digit": 92},
		"C5": {"runs of 3 and more digits a KiB": 3.3, "% of 64-byte blocks with a digit": 100, "bytes a line": mib},
		"C6": {"% of positions with a kanji lead": .45,
			"runs of digits a KiB": 59, "runs of 3 and more digits a KiB": 24, "% of 64-byte blocks with a digit": 73, "bytes a line": 456},
	} {
		c, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		text := c.Text(mib)
		for what, w := range want {
			if got := shares[what](text); got < w/1.6 || got > w*1.6 {
				t.Errorf("%s: %s: %.3g, a real text has %.3g", name, what, got, w)
			}
		}
	}
}

func TestFindNamesWhatThereIs(t *testing.T) {
	if _, err := Find("C7"); err == nil {
		t.Error("C7 was found")
	}
}
