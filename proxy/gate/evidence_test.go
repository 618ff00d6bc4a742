package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/evidence"
	"github.com/sekimori-dlp/sekimori/rules"
)

// drawer keeps evidence in memory, in clear.
type drawer struct {
	head  evidence.Head
	text  bytes.Buffer
	fault error
	n     int
}

func (d *drawer) Keep(h evidence.Head, write func(io.Writer) error) (evidence.Kept, error) {
	d.n++
	if d.fault != nil {
		return evidence.Kept{}, d.fault
	}
	d.head = h
	d.text.Reset()
	err := write(&d.text)
	return evidence.Kept{Bytes: int64(d.text.Len())}, err
}

// withEvidence is a fixture whose rule asks for evidence.
func withEvidence(t *testing.T, what string) (*fixture, *drawer) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.toml")
	src := "[[rule]]\nid = \"card\"\naction = \"block\"\nevidence = \"" + what + "\"\nwhat = { findings = { types = \"CARD\" } }\n"
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load([]string{file}, rules.Options{NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	d := &drawer{}
	f := newFixture(t, func(c *Config) { c.Evidence = d })
	f.policy.Scanner, f.policy.Rules = set.Scanner(), set
	return f, d
}

const card = "4539578763621486"

func TestMatchedEvidence(t *testing.T) {
	f, d := withEvidence(t, rules.EvidenceMatched)
	far := strings.Repeat("nothing at all. ", 50)
	o := f.Check(context.Background(), upload(far+"the card number is "+card+" of our guest. "+far))
	if o.Passes() || o.Verdict.Rule != "card" || d.n != 1 || d.head.Incident != o.Incident || d.head.User != "alice" {
		t.Fatalf("%+v, %+v", o, d.head)
	}
	var p evidence.Piece
	if err := json.Unmarshal(d.text.Bytes(), &p); err != nil {
		t.Fatalf("%v in %q", err, d.text.String())
	}
	if p.Type != "CARD" || p.Value != card || p.In != "body" || !strings.Contains(p.Around, "number is "+card+" of our guest") || len(p.Around) > len(card)+2*aroundBytes {
		t.Errorf("%+v", p)
	}
	ev := f.log.last()
	if ev.Kind != "evidence" || ev.Action != "kept" || ev.Incident != o.Incident || ev.Details["what"] != "matched" {
		t.Errorf("recorded %+v", ev)
	}
	if f.Check(context.Background(), upload(far)); d.n != 1 {
		t.Error("evidence of what no rule asked for")
	}
	for _, e := range f.log.evs {
		if b, _ := json.Marshal(e); bytes.Contains(b, []byte(card)) {
			t.Error("the value is in the record")
		}
	}
}

func TestBodyEvidence(t *testing.T) {
	f, d := withEvidence(t, rules.EvidenceBody)
	u := upload("card " + card)
	u.FileNames, u.MediaType = []string{"a.txt"}, "text/plain"
	if o := f.Check(context.Background(), u); o.Passes() || d.text.String() != "card "+card || d.head.FileName != "a.txt" || d.head.What != "body" {
		t.Errorf("%+v %q", d.head, d.text.String())
	}
	u = upload("")
	u.Body, u.Length, u.Query = nil, 0, "q=card+"+card
	if o := f.Check(context.Background(), u); o.Passes() || d.head.What != "matched" || !strings.Contains(d.text.String(), card) {
		t.Errorf("in a query: %+v %q", d.head, d.text.String())
	}
}

// TestEvidenceThatCannotBeKept is an alarm, and changes no verdict.
func TestEvidenceThatCannotBeKept(t *testing.T) {
	f, d := withEvidence(t, rules.EvidenceBody)
	d.fault = errors.New("no room")
	o := f.Check(context.Background(), upload("card "+card))
	if o.Passes() || o.Failure != None {
		t.Errorf("%+v", o)
	}
	if ev := f.log.last(); ev.Kind != "alarm" || ev.Details["about"] != "evidence-not-kept" || ev.Incident != o.Incident {
		t.Errorf("recorded %+v", ev)
	}
}
