package gate

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/pieces"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Pieces keeps uploads that come in several requests; *pieces.Store in
// production.
type Pieces interface {
	Add(session string, at pieces.Place, body io.Reader, size int64) (*pieces.Held, error)
	Join(session string, order []string) *pieces.Whole
	Rename(from, to string) error
	Drop(session string)
}

// used is what is known of a request to a service that is.
type used struct {
	*service.Use
	outside []string // domains of recipients outside
	count   int      // of recipients outside

	held     *pieces.Held // its piece, if it has one
	sessions []string     // of its pieces
	lost     string       // why its piece could not be kept; "" if it was, or there is none
	wholes   []*pieces.Whole
}

// data reports whether the request's body is a piece, or content of its own
// that the service's interface wraps.
func (u *used) data() bool { return len(u.Pieces) > 0 && !u.Pieces[0].Empty }

// understand finds out what the request does, keeps its piece, and puts an
// upload together that is complete with it.
func (c *check) understand() {
	if c.t.Use == nil {
		return
	}
	use := c.t.Use(c.out.Body)
	if use == nil {
		return
	}
	u := &used{Use: use}
	c.use = u
	u.outside, u.count = c.Company.Outside(use)
	if c.Pieces == nil {
		return
	}
	for i := range use.Pieces {
		p := &use.Pieces[i]
		session := p.Session
		if p.Opened != nil {
			var b [16]byte
			rand.Read(b[:])
			session = "opening " + hex.EncodeToString(b[:])
		}
		u.sessions = append(u.sessions, session)
		if p.Abort {
			continue
		}
		if i == 0 && (!p.Empty || p.Opened != nil || p.Remote) && !c.alone(p) {
			c.keep(p, session)
		}
		if p.Last && !c.alone(p) || u.held != nil && i == 0 && u.held.Complete() {
			u.wholes = append(u.wholes, c.Pieces.Join(session, p.Order))
		}
	}
}

// alone reports whether a piece is the whole upload.
func (c *check) alone(p *service.Piece) bool {
	return p.ID == "" && p.Offset == 0 && !p.Empty && p.Total == c.contentSize()
}

// keep keeps the piece of this request. It does so before the verdict: of two
// that come at once, one must see the other.
func (c *check) keep(p *service.Piece, session string) {
	at := pieces.Place{Offset: p.Offset, ID: p.ID, Total: p.Total, Count: p.Count, Remote: p.Remote, Sender: c.t.Principal.Sender()}
	var body io.Reader = strings.NewReader("")
	var size int64
	if !p.Empty && c.size() > 0 {
		body, size = c.plain(), c.contentSize()
	}
	held, err := c.Pieces.Add(session, at, body, size)
	if err != nil {
		c.use.lost = "no room to keep the piece until the upload is complete"
		if errors.Is(err, pieces.ErrShare) {
			c.use.lost = "the sender has as many uploads in pieces under way as one may have"
		}
		if !errors.Is(err, pieces.ErrFull) {
			c.Log.Error("piece of an upload not kept", "error", err)
		}
		return
	}
	c.use.held = held
}

// plain is the body without what an interface wraps it in.
func (c *check) plain() *io.SectionReader {
	if c.use != nil && c.use.Content != nil {
		return c.use.Content.Of(c.out.Body)
	}
	return io.NewSectionReader(c.out.Body, 0, c.out.Body.Size())
}

func (c *check) contentSize() int64 {
	if c.use != nil && c.use.Content != nil {
		return c.use.Content.Size()
	}
	return c.size()
}

// weight is how much is inspected: the body, or the uploads that it completes.
func (c *check) weight() int64 {
	n := c.size()
	if c.use != nil {
		for _, w := range c.use.wholes {
			n = max(n, w.Size())
		}
	}
	return n
}

// overlap is how much of a piece's neighbours is read with it, so that what is
// cut between them is found.
const overlap = 4 << 10

// bodies lists the roots that the body and the uploads it completes make.
func (c *check) bodies(roots []part.Part, body part.Part) []part.Part {
	u := c.use
	if len(u.Files) > 0 {
		body.Name = u.Files[0]
	}
	if u.Form {
		roots = append(roots, body)
		body.Path, body.MediaType, body.Encodings = piecePart, "", nil
	}
	if u.Content != nil {
		body.Body, body.Size = u.Content.Of(c.out.Body), u.Content.Size()
		body.Encodings = slices.DeleteFunc(slices.Clone(body.Encodings), func(e string) bool { return e == "aws-chunked" })
	}
	data := u.data()
	if u.Form && !data {
		return roots
	}
	if body.Body != nil && !(data && len(u.wholes) > 0) {
		alone := true
		if u.held != nil && data {
			last, next := u.held.Around(overlap)
			if before, after := lineAfter(last), lineBefore(next); len(before)+len(after) > 0 {
				body.Body = io.MultiReader(strings.NewReader(before), body.Body, strings.NewReader(after))
				body.Size += int64(len(before) + len(after))
				alone = false
			}
		}
		if !u.Form || !alone { // else the form shows it
			roots = append(roots, body)
		}
	}
	for i, w := range u.wholes {
		p := part.Part{Path: wholePart, Body: w.Reader(), Size: w.Size()}
		if data && i == 0 {
			p.Path, p.MediaType = body.Path, body.MediaType
		} else if i > 0 {
			p.Path = fmt.Sprint(wholePart, " ", i+1)
		}
		if i < len(u.Files) {
			p.Name = u.Files[i]
		}
		if w.Size() > 0 {
			roots = append(roots, p)
		}
	}
	return roots
}

// lineAfter is b from its first line that is whole, lineBefore b up to its last.
func lineAfter(b []byte) string {
	if _, rest, ok := strings.Cut(string(b), "\n"); ok && len(rest) > 0 {
		return rest
	}
	return string(b)
}

func lineBefore(b []byte) string {
	s := string(b)
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		return s[:i]
	}
	return s
}

// qualify adds to a report what the pieces of an upload make of it. A piece of
// an upload at the service's own host is not unreadable because it is one: the
// whole is read before anybody there can have it.
func (c *check) qualify(r *inspect.Report) {
	u := c.use
	for _, w := range u.wholes {
		if w.Missing {
			fault(r, part.Truncated, w.Size() > 0, "pieces of the upload were not seen here")
		}
		if w.Lost {
			fault(r, part.TooLarge, w.Size() > 0, "the upload is larger than what is kept of one")
		}
	}
	if u.lost != "" && len(u.wholes) == 0 {
		fault(r, part.TooLarge, c.size() > 0, u.lost)
	}
	if u.held == nil || len(u.wholes) > 0 {
		return
	}
	if u.held.Apart() {
		fault(r, part.Truncated, c.size() > 0, "other nodes, which may have what stands before this piece, could not be asked")
		return
	}
	if !u.data() || !u.Pieces[0].Trusted {
		return
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.Path != bodyPart && !strings.HasPrefix(p.Path, bodyPart+part.Separator) {
			continue
		}
		switch p.Reason {
		case part.Truncated, part.UnknownFormat, part.DecodeError:
		default:
			continue
		}
		k := &r.Coverage
		if k.Reasons[p.Reason]--; k.Reasons[p.Reason] == 0 {
			delete(k.Reasons, p.Reason)
		}
		if k.Missed[p.Reason] -= p.Bytes; k.Missed[p.Reason] <= 0 {
			delete(k.Missed, p.Reason)
		}
		if p.State == inspect.Not {
			k.Not--
			k.Partly++
		}
		p.State, p.Reason, p.Detail = inspect.Partly, "", "a piece; the whole is inspected when it is complete"
	}
}

// fault adds to a report what was not inspected.
func fault(r *inspect.Report, why part.Reason, partly bool, detail string) {
	p := inspect.PartReport{Path: wholePart, Format: "pieces", State: inspect.Not, Reason: why, Detail: detail}
	if partly {
		p.State = inspect.Partly
		r.Coverage.Partly++
	} else {
		r.Coverage.Not++
	}
	r.Parts = append(r.Parts, p)
	if r.Coverage.Reasons == nil {
		r.Coverage.Reasons = map[part.Reason]int{}
	}
	r.Coverage.Reasons[why]++
}

// names are those of the files, as the request and its service tell them.
func (c *check) names() []string {
	names := c.t.FileNames
	if c.use != nil {
		names = slices.Clip(names)
		for _, f := range c.use.Files {
			if !slices.Contains(names, f) {
				names = append(names, f)
			}
		}
	}
	return names
}

// ruled is what rules see of the use.
func (c *check) ruled() rules.Use {
	u := c.use
	if u == nil {
		return rules.Use{}
	}
	return rules.Use{Operation: string(u.Operation), Recipients: len(u.Recipients), Outside: u.count, OutsideDomains: u.outside,
		Unclear: u.Unclear, Public: u.Public}
}

// details tells the record of the use: of recipients the domains only, and
// of files' names only the ending where something personal was found.
func (c *check) details() map[string]string {
	u := c.use
	d := map[string]string{}
	put := func(key, value string) {
		if value != "" {
			d[key] = value
		}
	}
	put("operation", string(u.Operation))
	if c.t.Destination.Service == "" {
		put("interface", u.Service)
	}
	if n := len(u.Recipients); n > 0 || u.Unclear {
		s := fmt.Sprintf("%d, %d outside", n, u.count)
		if len(u.outside) > 0 {
			s += ": " + strings.Join(u.outside[:min(len(u.outside), shownFindings)], " ")
		}
		if u.Unclear {
			s += "; not all are known"
		}
		d["recipients"] = s
	}
	if u.Public {
		d["public_link"] = "yes"
	}
	var files []string
	for _, f := range u.Files[:min(len(u.Files), shownFindings)] {
		if r := c.out.Report; r == nil || len(r.Total) > 0 {
			f = "*" + path.Ext(f)
		}
		files = append(files, f)
	}
	put("files", strings.Join(files, ", "))
	if u.data() {
		if p := &u.Pieces[0]; p.ID != "" {
			d["piece"] = "number " + p.ID
		} else {
			d["piece"] = fmt.Sprintf("from %d", p.Offset)
		}
	}
	if len(u.wholes) > 0 {
		n, size := 0, int64(0)
		for _, w := range u.wholes {
			n, size = n+w.Pieces(), size+w.Size()
		}
		d["joined"] = fmt.Sprintf("%d pieces, %d bytes", n, size)
	}
	return d
}

// settle ends what understand began. A piece that does not leave is forgotten;
// of one that does, the service's answer tells what has become of the upload.
func (c *check) settle() {
	u := c.use
	if u == nil {
		return
	}
	for _, w := range u.wholes {
		w.Close()
	}
	if !c.out.Passes() {
		if u.held != nil {
			u.held.Withdraw()
		}
		return
	}
	if len(u.sessions) == 0 {
		return
	}
	c.out.Answered = func(status int, h http.Header, body func() []byte) {
		for i, session := range u.sessions {
			switch p := &u.Pieces[i]; {
			case p.Opened != nil:
				if name := p.Opened(status, h, body()); name == "" || c.Pieces.Rename(session, name) != nil {
					c.Pieces.Drop(session)
				}
			case status/100 == 2 && (p.Abort || len(u.wholes) > 0):
				c.Pieces.Drop(session)
			}
		}
	}
}
