package gate

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// spoken reports each part with a reason that stands in it.
func spoken(_ context.Context, roots []part.Part) *inspect.Report {
	r := &inspect.Report{Coverage: inspect.Coverage{Reasons: map[part.Reason]int{}}}
	for _, p := range roots {
		b, _ := io.ReadAll(p.Body)
		pr := inspect.PartReport{Path: p.Path, Bytes: int64(len(b))}
		for _, why := range part.Reasons {
			if strings.Contains(string(b), string(why)) {
				pr.Reason, pr.State = why, inspect.Not
				r.Coverage.Reasons[why]++
			}
		}
		r.Parts = append(r.Parts, pr)
	}
	return r
}

func TestTogether(t *testing.T) {
	unread := decideFunc(func(t rules.Transaction) rules.Verdict {
		if len(t.Report.Coverage.Reasons) > 0 || t.Report.Parts[0].Reason != "" {
			return rules.Verdict{Action: rules.Hold, Rule: "unread"}
		}
		return rules.Verdict{Action: rules.Allow}
	})
	for _, c := range []struct {
		before, body string
		pass         bool
		parts        string // of the report that stands
	}{
		{"", "harmless", true, bodyPart},
		{"some ", "harmless", true, bodyPart},
		{"encry", "pted", false, conversationPart},    // a file in two messages
		{"decode", "-error", true, bodyPart},          // no file in two messages
		{"harmless", "decode-error", false, bodyPart}, // by itself
	} {
		f := newFixture(t, nil)
		f.policy = &Policy{Scanner: scanFunc(spoken), Rules: unread}
		tx := upload(c.body)
		tx.Before = []byte(c.before)
		o := f.Check(t.Context(), tx)
		if o.Passes() != c.pass || o.Report.Parts[0].Path != c.parts {
			t.Errorf("%q behind %q: %s, report of %q", c.body, c.before, o.Verdict.Action, o.Report.Parts[0].Path)
		}
		if ev := f.log.last(); (ev.Incident == "") != c.pass {
			t.Errorf("%q behind %q: recorded %+v", c.body, c.before, ev)
		}
		o.Close()
	}
}
