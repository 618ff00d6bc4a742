package gate

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Decision is what an Observer is told.
type Decision struct {
	Verdict  rules.Verdict
	Failure  Failure
	Classes  []string
	Bytes    int64
	Coverage inspect.Coverage // zero if nothing was inspected
	Opaque   string
	Added    time.Duration // from the body's last byte to the durable verdict
	Streamed Streamed      // what had become of a body that was sent on meanwhile; "" for any other
	Left     int64         // bytes of it that had left at most, before the verdict
}

func (c *check) observe() {
	if c.Observer == nil {
		return
	}
	d := Decision{
		Verdict: c.out.Verdict, Failure: c.out.Failure, Classes: c.t.Destination.Classes,
		Bytes: c.size(), Opaque: c.t.Opaque, Added: c.added,
	}
	d.Streamed, d.Left = c.streamed()
	if c.out.Report != nil {
		d.Coverage = c.out.Report.Coverage
	}
	c.Observer.Decided(d)
}

// recorded tells whether the decision goes into the audit log: always when
// there was a body or a query, when something was found, and when something is
// kept in; else, as for most of what browsers fetch, as configured.
func (c *check) recorded() bool {
	r := c.out.Report
	return c.RecordAll || c.size() > 0 || c.use != nil || c.t.Query != "" || c.t.Opaque != "" ||
		r != nil && (len(r.Total) > 0 || r.Coverage.Not+r.Coverage.Partly > 0) || !c.out.Passes()
}

// shownFindings is how many findings an event lists; its counts are whole.
const shownFindings = 20

// record writes the decision. If that cannot be done, nothing is let out.
func (c *check) record() {
	if err := c.append(c.event()); err != nil {
		c.Log.Error("decision not recorded", "incident", c.out.Incident, "error", err)
		if c.out.Failure == None {
			c.out.Verdict = rules.Verdict{Action: rules.Block, Clause: string(Unrecorded)}
			c.out.Failure, c.out.Confirm = Unrecorded, ""
		}
		if c.out.Incident == "" {
			c.out.Incident = newIncident()
		}
	}
}

// append waits for the disk, whether or not the client does: what was decided
// is recorded all the same.
func (g *Gate) append(ev audit.Event) error {
	_, err := g.Audit.Append(g.patience.context(time.Now()), ev)
	return err
}

// recordTime bounds how long a decision waits for the disk: it may be up to
// twice as long.
const recordTime = 10 * time.Second

// patience makes the contexts under which decisions wait. All that begin
// within recordTime share one and its timer.
type patience struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc // not called: the timer ends it
	until  time.Time          // when another one is due
}

func (p *patience) context(now time.Time) context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.until) {
		p.until = now.Add(recordTime)
		p.ctx, p.cancel = context.WithDeadline(context.Background(), p.until.Add(recordTime))
	}
	return p.ctx
}

// coverage encodes itself: it stands in every record.
type coverage inspect.Coverage

// AppendJSON appends what encoding/json would.
func (c coverage) AppendJSON(dst []byte) []byte {
	if len(c.Reasons) > 0 || len(c.Missed) > 0 { // seldom
		all, _ := json.Marshal(inspect.Coverage(c)) // of numbers and words there is no error
		return append(dst, all...)
	}
	dst = strconv.AppendInt(append(dst, `{"inspected":`...), int64(c.Inspected), 10)
	dst = strconv.AppendInt(append(dst, `,"partly":`...), int64(c.Partly), 10)
	dst = strconv.AppendInt(append(dst, `,"not":`...), int64(c.Not), 10)
	dst = strconv.AppendInt(append(dst, `,"bytes":`...), c.Bytes, 10)
	return append(dst, '}')
}

func address(p rules.Principal) string {
	if !p.Address.IsValid() {
		return ""
	}
	return p.Address.String()
}

func (c *check) event() audit.Event {
	t, v := c.t, &c.out.Verdict
	ev := audit.Event{
		Kind: "decision", Time: c.start, Incident: c.out.Incident,
		User: cmp.Or(t.Principal.User, "anonymous"), Groups: t.Principal.Groups, Address: address(t.Principal), How: t.Principal.How,
		Method: t.Destination.Method, Scheme: t.Destination.Scheme, Host: t.Destination.Host, Port: t.Destination.Port,
		Path: c.maskedPath(), Service: t.Destination.Service, Classes: t.Destination.Classes, Protocol: t.Protocol,
		Bytes: c.size(), Action: v.Action.String(), Rule: v.Rule, Severity: v.Severity, Clause: c.withReleases(v.Clause),
		Reason: string(c.out.Failure), Milliseconds: float64(time.Since(c.ready).Microseconds()) / 1000,
	}
	if c.use != nil {
		ev.Details = c.details()
	}
	if c.stream != nil {
		ev.Details = c.tellStream(ev.Details)
	}
	if len(v.Matches) > 0 {
		ev.Matches = v.Matches
	}
	if c.policy != nil {
		ev.RuleSet = c.policy.Rules.Digest()
	}
	if c.out.Incident != "" && c.out.Body != nil && c.out.Body.Size() > 0 {
		if d, err := c.out.Body.Digest(); err == nil {
			ev.Content = hex.EncodeToString(d[:])
		}
	}
	if r := c.out.Report; r != nil {
		ev.Coverage = coverage(r.Coverage)
		ev.Records = r.Records
		if len(r.Total) > 0 {
			ev.Counts = make(map[string]int, len(r.Total))
			for typ, n := range r.Total {
				ev.Counts[string(typ)] = n
			}
		}
		if len(r.Findings) > 0 {
			ev.Findings = places(r)
		}
	}
	return ev
}

// place is a finding as events list it.
type place struct {
	inspect.Finding
	In string `json:"in"` // the part's path
}

// places lists the first findings. The steps of a path are file names; where
// something was found in a file name, formats stand in their stead.
func places(r *inspect.Report) []place {
	const fileName = part.Separator + "filename"
	named := false
	for i := range r.Findings {
		in := partPath(r, &r.Findings[i])
		named = named || strings.HasSuffix(in, fileName) || strings.Contains(in, fileName+part.Separator)
	}
	out := make([]place, min(len(r.Findings), shownFindings))
	for i := range out {
		f := &r.Findings[i]
		in := partPath(r, f)
		if root, inner, ok := strings.Cut(in, part.Separator); ok && inner != "" && (named || len(r.Findings) == inspect.MaxFindings) {
			in = root + part.Separator + r.Parts[f.Part].Format
		}
		out[i] = place{*f, in}
	}
	return out
}

func partPath(r *inspect.Report, f *inspect.Finding) string {
	if f.Part < 0 || f.Part >= len(r.Parts) {
		return ""
	}
	return r.Parts[f.Part].Path
}

// maxPath bounds the bytes of a path that an event keeps.
const maxPath = 500

// maskedPath is the path with what was found in it starred out.
func (c *check) maskedPath() string {
	p := c.t.Destination.Path
	if telling(p) {
		if r := c.pathReport(); r != nil {
			p = maskFindings(p, r)
		} else {
			p = maskAll(p) // not inspected: say nothing
		}
	}
	if len(p) > maxPath {
		cut := maxPath
		for cut > 0 && !utf8.RuneStart(p[cut]) {
			cut--
		}
		p = p[:cut] + "…"
	}
	return p
}

// pathReport tells all that is in the path, also what no rule asks for; nil if
// nothing was inspected.
func (c *check) pathReport() *inspect.Report {
	if c.out.Report == nil || c.policy == nil || c.pathKnown {
		return c.out.Report
	}
	return c.guarded(context.Background(), c.pathRoots(nil), inspect.ScanOptions{Key: c.key, Limits: part.Limits{Time: c.Time}})
}

func maskFindings(p string, r *inspect.Report) string {
	if len(r.Findings) == inspect.MaxFindings {
		return maskAll(p) // there may be more than the report lists
	}
	b := []byte(p)
	for i := range r.Findings {
		f := &r.Findings[i]
		switch in := partPath(r, f); {
		case in == pathPart:
			for k := max(f.Start, 0); k < f.End && k < int64(len(b)); k++ {
				b[k] = '*'
			}
		case strings.HasPrefix(in, pathPart+part.Separator):
			return maskAll(p) // it was encoded: its place here is not known
		}
	}
	return string(b)
}

// maskAll keeps the shape of a path only.
func maskAll(p string) string {
	b := []byte(p)
	for i, x := range b {
		if x != '/' && x != '.' {
			b[i] = '*'
		}
	}
	return string(b)
}
