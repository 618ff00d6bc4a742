package gate

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// conversationPart is a message with what was sent before it.
const conversationPart = "conversation"

// together inspects what passes by itself once more, with what went before it in
// the same conversation: a list, a record or an encrypted file may lie over several
// messages of which each is harmless. Where that is stopped, so is this message,
// with the report of both; else its own report stands.
func (c *check) together(ctx context.Context) Failure {
	alone, verdict, persons := c.out.Report, c.out.Verdict, c.persons
	if !c.small.take(ctx, c.Queue) {
		if ctx.Err() != nil {
			return Aborted
		}
		return Busy
	}
	defer c.small.give()
	c.persons = nil
	before := c.t.Before
	r := c.inspect(ctx, []part.Part{{
		Path: conversationPart, MediaType: c.t.MediaType, Encodings: c.t.Encodings,
		Body: io.MultiReader(bytes.NewReader(before), c.out.Body.NewReader()), Size: int64(len(before)) + c.size(),
	}}, wholly)
	if r == nil {
		return Engine
	}
	c.out.Report = ofConversation(r)
	if c.judge(); c.out.Passes() {
		c.out.Report, c.out.Verdict, c.persons = alone, verdict, persons
		return None
	}
	c.out.Report, c.pathKnown = r, false
	return None
}

// cutReasons are why a file that is cut over several messages is not read.
var cutReasons = []part.Reason{part.Encrypted, part.Truncated, part.Bomb, part.TooDeep, part.TooMany}

// ofConversation leaves out that messages behind one another are of no format: each
// was judged by itself.
func ofConversation(whole *inspect.Report) *inspect.Report {
	r := *whole
	r.Parts = slices.Clone(r.Parts)
	for i := range r.Parts {
		if p := &r.Parts[i]; !slices.Contains(cutReasons, p.Reason) {
			p.State, p.Reason = inspect.Inspected, ""
		}
	}
	other := func(why part.Reason, _ int) bool { return !slices.Contains(cutReasons, why) }
	r.Coverage.Reasons = maps.Clone(r.Coverage.Reasons)
	maps.DeleteFunc(r.Coverage.Reasons, other)
	return &r
}
