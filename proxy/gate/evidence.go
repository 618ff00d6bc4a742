package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/evidence"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Evidence keeps what rules ask to be kept, so that only auditors can open it;
// *evidence.Store in production.
type Evidence interface {
	Keep(h evidence.Head, write func(io.Writer) error) (evidence.Kept, error)
}

// keepEvidence keeps what the rules that apply ask for, and records that. What
// cannot be kept changes no verdict, but is an alarm.
//
// It goes on when the client goes away: that must not be a way to leave none.
func (c *check) keepEvidence(ctx context.Context) {
	what := c.out.Verdict.Evidence
	if what == "" || c.Evidence == nil || c.out.Failure != None {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			c.fault("keeping evidence", p)
			c.recordEvidence(what, evidence.Kept{}, errors.New("a fault of the program"))
		}
	}()
	if what == rules.EvidenceBody && c.size() == 0 {
		what = rules.EvidenceMatched // it was found in the request's head
	}
	t := c.t
	h := evidence.Head{Incident: c.out.Incident, What: what, Time: c.start, User: t.Principal.User, Host: t.Destination.Host,
		Rule: c.out.Verdict.Rule, Bytes: c.size()}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Queue+c.Time)
	defer cancel()
	write := c.writePieces(ctx)
	if what == rules.EvidenceBody {
		h.MediaType, h.Encodings = t.MediaType, t.Encodings
		if len(t.FileNames) > 0 {
			h.FileName = t.FileNames[0]
		}
		write = func(w io.Writer) error {
			r := c.out.Body.NewReader()
			defer r.Close()
			_, err := io.Copy(w, r)
			return err
		}
	}
	k, err := c.Evidence.Keep(h, write)
	c.recordEvidence(what, k, err)
}

// recordEvidence puts into the record that evidence was kept, or could not be.
func (c *check) recordEvidence(what string, k evidence.Kept, err error) {
	ev := audit.Event{Kind: "evidence", Action: "kept", Time: time.Now(), Incident: c.out.Incident, User: c.t.Principal.User, Host: c.t.Destination.Host,
		Rule: c.out.Verdict.Rule, Details: map[string]string{"what": what, "bytes": strconv.FormatInt(k.Bytes, 10)}}
	if k.Cut {
		ev.Details["cut"] = "yes"
	}
	if err != nil {
		c.Log.Error("evidence not kept", "incident", c.out.Incident, "error", err)
		ev.Kind, ev.Action, ev.Severity, ev.Reason = "alarm", "", "high", err.Error()
		ev.Details = map[string]string{"about": "evidence-not-kept", "what": what}
	}
	if err := c.append(ev); err != nil {
		c.Log.Error("that evidence was kept is not recorded", "incident", c.out.Incident, "error", err)
	}
}

// The bounds of what is kept of the text around what was found.
const (
	aroundBytes = 80
	maxText     = 8 << 20 // of all parts; of what is beyond, only the values are kept
)

// writePieces inspects the upload once more, for the values and the text around
// them: the report holds neither.
func (c *check) writePieces(ctx context.Context) func(io.Writer) error {
	return func(w io.Writer) error {
		turn := c.turns()
		if !turn.take(ctx, c.Queue) {
			return errors.New("there was no turn to inspect it once more")
		}
		defer turn.give()
		var fault error
		texts, left := map[string]*bytes.Buffer{}, maxText
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		o := inspect.ScanOptions{Key: c.key, Reveal: true}
		o.Limits.Time = c.Time
		o.OnText = func(p *inspect.PartReport, text []byte) {
			b := texts[p.Path]
			if b == nil {
				b = new(bytes.Buffer)
				texts[p.Path] = b
			}
			n := min(len(text), left)
			b.Write(text[:n])
			left -= n
		}
		o.OnFinding = func(p *inspect.PartReport, f *inspect.Finding) {
			if fault != nil {
				return
			}
			piece := evidence.Piece{Type: string(f.Type), In: p.Path, Line: f.Line, Value: f.Value}
			if b := texts[p.Path]; b != nil {
				piece.Around = around(b.Bytes(), f)
			}
			fault = enc.Encode(piece)
		}
		c.policy.Scanner.Scan(ctx, c.roots(), o)
		if fault == nil {
			fault = ctx.Err()
		}
		return fault
	}
}

// around is the text around a finding: at its place where that is one in the
// text, which it is in plain text, else where the value stands first.
func around(text []byte, f *inspect.Finding) string {
	at := int(min(f.Start, int64(len(text))))
	if at < 0 || !bytes.HasPrefix(text[at:], []byte(f.Value)) {
		at = bytes.Index(text, []byte(f.Value))
	}
	if at < 0 || f.Value == "" {
		return ""
	}
	from, to := max(0, at-aroundBytes), min(len(text), at+len(f.Value)+aroundBytes)
	for from < at && !utf8.RuneStart(text[from]) {
		from++
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}
	return strings.ToValidUTF8(string(text[from:to]), "�")
}
