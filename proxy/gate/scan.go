package gate

import (
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// turns bounds how many do something at once.
type turns chan struct{}

// take waits for a turn and tells whether it got one.
func (t turns) take(ctx context.Context, wait time.Duration) bool {
	select {
	case t <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (t turns) give() { <-t }

// thoroughness is how much a scan counts.
type thoroughness int

const (
	untilDecided thoroughness = iota // it may stop once it is clear which rules can apply
	exactly                          // all that rules ask for, and all beside it
	wholly                           // names that stand alone in running text too
)

// scan inspects what the transaction carries, if anything.
func (c *check) scan(ctx context.Context, how thoroughness) Failure {
	roots := c.roots()
	if len(roots) == 0 {
		if c.t.Opaque != "" || c.use != nil {
			c.out.Report = &inspect.Report{}
			c.remark(c.out.Report)
		}
		return None
	}
	defer c.took(Inspecting, c.clock())
	turn := c.turns()
	if !turn.take(ctx, c.Queue) {
		if ctx.Err() != nil {
			return Aborted
		}
		return Busy
	}
	defer turn.give()
	c.pathKnown = how == wholly
	if c.out.Report = c.takeEarly(); c.out.Report != nil {
		c.pathKnown = true
	} else {
		c.out.Report = c.inspect(ctx, roots, how)
	}
	if c.out.Report == nil {
		return Engine
	}
	if tried := c.passwords(); len(tried) > 0 && c.out.Report.Coverage.Reasons[part.Encrypted] > 0 && ctx.Err() == nil {
		if c.out.Report = c.inspect(ctx, c.roots(), how, tried...); c.out.Report == nil {
			return Engine
		}
	}
	if ctx.Err() != nil {
		return Aborted
	}
	c.remark(c.out.Report)
	return None
}

// remark adds to a report what is known beside it.
func (c *check) remark(r *inspect.Report) {
	if c.t.Opaque != "" {
		addOpaque(r, c.t.Opaque)
	}
	if c.use != nil {
		c.qualify(r)
	}
	if c.pairs() {
		c.pair(r)
	}
}

// turns are those that the transaction waits for.
func (c *check) turns() turns {
	if c.weight() > smallBody {
		return c.large
	}
	return c.small
}

// inspect returns nil if the engine failed. The passwords are tried where one is
// needed.
func (c *check) inspect(ctx context.Context, roots []part.Part, how thoroughness, passwords ...string) (r *inspect.Report) {
	defer func() {
		if p := recover(); p != nil {
			r = nil
			c.fault("inspecting", p)
		}
	}()
	for i := range roots {
		roots[i].Passwords = passwords
	}
	return c.policy.Scanner.Scan(ctx, roots, c.scanOptions(how))
}

// scanOptions are those of a scan, whose persons are then the upload's.
func (c *check) scanOptions(how thoroughness) inspect.ScanOptions {
	o := inspect.ScanOptions{Key: c.key, Limits: part.Limits{Time: c.Time}, UntilDecided: how == untilDecided, InCompany: how < wholly}
	if c.Past != nil {
		c.persons = c.persons[:0]
		o.OnPerson, o.PersonKey = c.person, c.PersonKey
	}
	c.hear(&o)
	return o
}

// The paths of the roots, as incidents show them.
const (
	pathPart  = "path"
	queryPart = "query"
	bodyPart  = "body"
	wholePart = "upload" // in pieces, put together
	piecePart = "piece"  // of an upload, in a form

	headerPart  = "header "  // and the field's name
	trailerPart = "trailer " // likewise
)

// inspectable is the body as it is to be inspected; nil if there is none.
func (c *check) inspectable() (io.Reader, int64) {
	switch {
	case c.live != nil:
		return c.live, c.t.Length
	case c.size() > 0:
		return c.out.Body.NewReader(), c.size()
	}
	return nil, 0
}

// roots lists what of the transaction is inspected.
func (c *check) roots() []part.Part {
	t := c.t
	n := len(t.Headers)
	roots := make([]part.Part, 0, n+3)
	short := func(path, name, value string, role part.Role) {
		roots = append(roots, part.Part{Path: path, Name: name, Role: role, Body: strings.NewReader(value), Size: int64(len(value))})
	}
	var body part.Part
	if content, size := c.inspectable(); content != nil {
		name := ""
		if len(t.FileNames) > 0 {
			name = t.FileNames[0]
		}
		body = part.Part{
			Path: bodyPart, Name: name, MediaType: t.MediaType, Encodings: t.Encodings,
			Body: content, Size: size,
		}
	}
	if c.use != nil {
		roots = c.bodies(roots, body)
	} else if body.Body != nil {
		roots = append(roots, body)
	}
	if t.Query != "" {
		short(queryPart, "", t.Query, part.Query)
	}
	roots = c.pathRoots(roots)
	for _, h := range t.Headers {
		if !telling(h.Value) {
			continue
		}
		short(headerPart+h.Name, h.Name, h.Value, part.Header)
	}
	if t.Trailer != nil && !c.parting {
		for _, h := range t.Trailer() {
			short(trailerPart+h.Name, h.Name, h.Value, part.Header)
		}
	}
	return roots
}

// pathRoots adds the path to roots if it may tell something, and its steps if they
// may be a list.
func (c *check) pathRoots(roots []part.Part) []part.Part {
	p := c.t.Destination.Path
	if !telling(p) {
		return roots
	}
	roots = append(roots, part.Part{Path: pathPart, Name: pathPart, Role: part.Field, Body: strings.NewReader(p), Size: int64(len(p))})
	if list := steps(p); list != "" {
		roots = append(roots, part.Part{Path: pathPart, Body: strings.NewReader(list), Size: int64(len(list))})
	}
	return roots
}

// minSteps is how many steps make a path that may be a list, longStep the length
// of one that may be a list in itself, encoded.
const (
	minSteps = 12
	longStep = 80
)

// steps is a long path as a list with a step a line.
func steps(path string) string {
	if strings.Count(path, "/") < minSteps && len(path) < longStep {
		return ""
	}
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	return strings.ReplaceAll(path, "/", "\n")
}

// telling tells whether a path or header value could hold what people write:
// words, an address, something encoded, or seven digits. Most that programs
// set do not, and every request has some.
func telling(s string) bool {
	digits := 0
	upper, lower := 0, 0 // letters since the last other sign
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 0x80, b == ' ', b == '@', b == '%', b == '"':
			return true
		case b >= '0' && b <= '9':
			if digits++; digits >= 7 {
				return true
			}
		case b >= 'a' && b <= 'z':
			lower++
		case b >= 'A' && b <= 'Z':
			upper++
		case b != '-' && b != '_' && b != '+':
			upper, lower = 0, 0
		}
		if min(upper, lower) >= 12 { // more than a name: base64
			return true
		}
	}
	return false
}

// addOpaque puts what will be relayed uninspected into the report.
func addOpaque(r *inspect.Report, name string) {
	r.Parts = append(r.Parts, inspect.PartReport{Path: name, Format: name, State: inspect.Not, Reason: part.UnknownFormat})
	r.Coverage.Not++
	if r.Coverage.Reasons == nil {
		r.Coverage.Reasons = map[part.Reason]int{}
	}
	r.Coverage.Reasons[part.UnknownFormat]++
}
