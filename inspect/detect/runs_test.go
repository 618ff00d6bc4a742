package detect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/match"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

func TestDropEncoded(t *testing.T) {
	blob := strings.Repeat("aB3x", 20)
	for _, c := range []struct {
		name, text string
		want       string // the runs that are kept
	}{
		{"digits alone", "4111 22", "4111|22"},
		{"glued on one side", "a1 2b", "1|2"},
		{"an identifier", "AB12345678CD and NL91ABNA0417164300", "12345678|91|0417164300"},
		{"encoded data", blob, ""},
		{"beside encoded data", "090-1234 " + blob + " 5678 " + blob + "9", "090|1234|5678|9"},
		{"a path with letters", "/users/4111111111111111/" + strings.Repeat("name/", 20), "4111111111111111"},
	} {
		set, err := match.Compile([]match.Pattern{{Literal: "zzzz"}}, match.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ev match.Evidence
		set.Scan([]byte(c.text), &ev)
		var got []string
		b := Block{Text: []byte(c.text), Evidence: ev}
		b.dropEncoded()
		for _, r := range b.Runs {
			got = append(got, c.text[r.Start:r.End])
		}
		if g := strings.Join(got, "|"); g != c.want {
			t.Errorf("%s: kept %q, want %q", c.name, g, c.want)
		}
	}
}

// FuzzDropEncoded compares what is kept, and its sets, with what they say they are,
// with vectors and without.
func FuzzDropEncoded(f *testing.F) {
	long := strings.Repeat("aB3x/4T9z", 9)
	f.Add("090-1234 " + long + " 1 " + strings.Repeat("a1b 22c3d ", 40) + long)
	f.Add(strings.Repeat(long+",", 30))
	f.Add("1" + strings.Repeat("é2", 130) + strings.Repeat("x3x-", 11) + "x4x.5")
	f.Fuzz(func(t *testing.T, s string) { checkRuns(t, []byte(s)) })
}

// Words and digits of all lengths, in groups of 64 runs that end anywhere.
func TestDropEncodedAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 400 {
		var text []byte
		for range r.IntN(150) {
			for range r.IntN(1 + 60*r.IntN(2)) {
				text = append(text, "abXY+/-x0123456789"[r.IntN(18)])
			}
			text = append(text, " ,é.:/-(+"[r.IntN(10)])
		}
		checkRuns(t, text)
	}
}

func checkRuns(t *testing.T, text []byte) {
	var all, kept []match.Run
	for i := 0; i < len(text); i++ {
		if from := i; isDigit(text[i]) {
			for i < len(text) && isDigit(text[i]) {
				i++
			}
			all = append(all, match.Run{Start: int32(from), End: int32(i)})
		}
	}
	for _, r := range all {
		lo, hi := int(r.Start), int(r.End)
		for lo > 0 && normal.Sextet[text[lo-1]] != 0 {
			lo--
		}
		for hi < len(text) && normal.Sextet[text[hi]] != 0 {
			hi++
		}
		if hi-lo < longWord || r.Start == 0 || int(r.End) == len(text) || !isLetter(text[r.Start-1]) || !isLetter(text[r.End]) {
			kept = append(kept, r)
		}
	}
	defer func() { runVectors = bestVectors }()
	for runVectors = noVectors; runVectors <= bestVectors; runVectors++ {
		b := Block{Text: text, Evidence: match.Evidence{Runs: slices.Clone(all)}}
		b.dropEncoded()
		if !slices.Equal(b.Runs, kept) {
			t.Fatalf("%d runs kept of %d, want %d; vectors %v", len(b.Runs), len(all), len(kept), runVectors)
		}
		want := make([]runWord, (len(kept)+63)/64)
		for i := range kept {
			want[i/64][anyRun] |= 1 << (i % 64)
			want[i/64].sort(text, kept[i&^63:], 1<<(i%64))
			if i%64 == 63 || i+1 == len(kept) {
				want[i/64][closeBy] |= 1 << (i % 64)
			}
		}
		if !slices.Equal(b.words, want) {
			t.Fatalf("the sets differ; vectors %v", runVectors)
		}
	}
}

// Groups of runs that are passed by hold none in a long word, and most are passed.
func TestShortWords(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	passed := 0
	for range 3000 {
		var text []byte
		var runs []match.Run
		var m uint64
		for len(runs) < 4+r.IntN(60) {
			for n := r.IntN(5); n > 0; n-- {
				text = append(text, "a/-. Zz"[r.IntN(7)])
			}
			if r.IntN(30) == 0 {
				text = append(text, strings.Repeat("q", r.IntN(45))...)
			}
			i := len(text)
			for n := 1 + r.IntN(3); n > 0; n-- {
				text = append(text, byte('0'+r.IntN(10)))
			}
			if i > 0 && isLetter(text[i-1]) {
				m |= 1 << len(runs) // if a letter follows, too
			}
			runs = append(runs, match.Run{Start: int32(i), End: int32(len(text))})
			text = append(text, "b "[r.IntN(2)])
		}
		long := false
		for i, run := range runs {
			if m>>i&1 == 0 {
				continue
			}
			lo, hi := int(run.Start), int(run.End)
			for lo > 0 && normal.Sextet[text[lo-1]] != 0 {
				lo--
			}
			for hi < len(text) && normal.Sextet[text[hi]] != 0 {
				hi++
			}
			long = long || hi-lo >= longWord
		}
		switch short := shortWords(text, runs, m); {
		case short && long:
			t.Fatalf("%q is passed by", text)
		case short:
			passed++
		}
	}
	if passed < 500 {
		t.Fatalf("%d groups are passed by", passed)
	}
}
