package detect

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// canons is a Sink that keeps the canonical names of each record.
type canons struct{ names [][]string }

func (*canons) Demand() Demand { return nil }

func (c *canons) Record(r *Record) {
	var n []string
	for i := range r.Found {
		if r.Found[i].Type == Name && r.Found[i].Confidence >= 0.5 {
			n = append(n, r.Found[i].Canon)
		}
	}
	if n != nil {
		c.names = append(c.names, n)
	}
}

// A surname or given name alone is the person whose whole name stood before.
func TestAcquaintances(t *testing.T) {
	for _, c := range []struct {
		text   string
		people int // by canonical names
	}{
		{"田中太郎様の件です。\n\n先日、田中様よりお電話がありました。\n", 1},
		{"From: Okabe, Rika <rika@example.com>\n\nHi Rika,\n", 1},
		{"田中様\n\n田中です。\n\n--\n田中太郎\nTEL 03-3581-5111\n", 1}, // the whole name last
		{"林田明さんの件です。\n\n林さんは来週来ます。\n", 2},
		{"田中太郎さんの件です。\n\n中田さんは来週来ます。\n", 2},
		{"John Smith called.\n\nMr. Walker called too.\n", 2},
	} {
		var sink canons
		s := builtinEngine().Session(&sink)
		s.Write(part.Text{Bytes: []byte(c.text), Layout: part.Auto})
		s.Close()
		people := map[string]bool{}
		for _, names := range sink.names {
			for _, n := range names {
				people[n] = true
			}
		}
		if len(people) != c.people {
			t.Errorf("%q: %d canonical names, want %d", c.text, len(people), c.people)
		}
	}
}

// A session does not know who stood in another one's text.
func TestAcquaintancesAreForgotten(t *testing.T) {
	for _, text := range []string{"田中太郎様の件です。\n", "田中様より。\n"} {
		var sink canons
		s := builtinEngine().Session(&sink)
		s.Write(part.Text{Bytes: []byte(text), Layout: part.Auto})
		s.Close()
		if len(sink.names) != 1 || sink.names[0][0] != strings.TrimSuffix(strings.TrimSuffix(text, "様の件です。\n"), "様より。\n") {
			t.Fatalf("names %q", sink.names)
		}
	}
}

// The name that was met last counts, whichever of those in mind it is.
func TestAcquaintancesEqualEach(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	words := []string{"anna", "smith", "john", "petersen", "lee", "robert", "田中", "太郎", "林", "x", "suzuki"}
	var a acquaintances
	var known []string // the last one first
	for range 4000 {
		canon := ""
		for n := r.IntN(4); n > 0; n-- {
			canon += words[r.IntN(len(words))]
		}
		want, met := canon, canon == ""
		for _, name := range known {
			if name == canon || partOf(canon, name) {
				want, met = name, true
				break
			}
		}
		if !met {
			known = append([]string{canon}, known[:min(len(known), 31)]...)
		}
		if got := a.whole(canon); got != want {
			t.Fatalf("%q is %q, want %q; known are %q", canon, got, want, known)
		}
	}
	a.forget()
	if a.n != 0 || a.whole("lee") != "lee" {
		t.Error("somebody is known after all")
	}
}
