package gate

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Errors of Confirm.
var (
	ErrToken  = errors.New("confirmation is not valid, not yours, or expired")
	ErrReason = errors.New("confirmation needs a reason")
	// ErrNoRelease says that no release can be asked for, here or now.
	ErrNoRelease = errors.New("no release can be asked for")
)

// Bounds of a confirmation.
const (
	maxReason        = 1000 // characters of a reason that are kept
	maxConfirmations = 100_000
	incidentSize     = len("SK-7F3K-9Q2M")
)

// claim is what is confirmed: that this sender may send this content to this
// host although this rule warns.
type claim struct {
	sender, host, rule string
	content            [32]byte
	incident           string // of the warning or hold
	user               string
	release            bool // it is a hold for which a release is asked
	withdraw           bool // with release: the request is taken back
}

// Confirmations remembers which warnings were confirmed, in memory and, where
// Config.ConfirmFile is given, over restarts: else the sender is then warned again.
// Safe for concurrent use.
type Confirmations struct {
	key [32]byte
	ttl time.Duration
	now func() time.Time
	// told is given each confirmation: its sum and its end; nil: nobody is.
	told func(sum [32]byte, end time.Time)

	mu    sync.Mutex
	given map[[32]byte]time.Time // sum of the claim to its end
	// halves of pairs, in the same way; see pairs.go.
	halves map[[32]byte]time.Time
	kept   *ledger // on disk; nil if nothing is
}

func newConfirmations(ttl time.Duration) *Confirmations {
	c := &Confirmations{ttl: ttl, now: time.Now, given: map[[32]byte]time.Time{}}
	rand.Read(c.key[:])
	return c
}

// TakeConfirmed takes in what was told on another node with the same key, a
// confirmation or the half of a pair: its sum and its end.
func (c *Confirmations) TakeConfirmed(sum [32]byte, end time.Time) {
	if c.isHalf(end) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.keepHalf(sum, end)
		return
	}
	_ = c.keep(sum, end) // where there are too many at once, the sender is warned again
}

// sum binds all of a claim but its incident; each field is preceded by its
// length, so that no two claims run together.
func (c *Confirmations) sum(cl claim) (s [32]byte) {
	h := hmac.New(sha256.New, c.key[:])
	for _, f := range []string{cl.sender, cl.host, cl.rule} {
		field(h, f)
	}
	h.Write(cl.content[:])
	h.Sum(s[:0])
	return s
}

func field(h hash.Hash, s string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(s)))
	h.Write(n[:])
	io.WriteString(h, s)
}

// issue makes a token: its end, the content, the incident and the rule in
// clear, and a MAC over these and over who and where to.
func (c *Confirmations) issue(cl claim) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.now().Add(c.ttl).Unix()))
	b = append(b, cl.content[:]...)
	b = append(b, cl.incident...)
	b = append(b, cl.kind())
	b = append(b, cl.rule...)
	return base64.RawURLEncoding.EncodeToString(append(b, c.mac(b, cl.sender, cl.host)...))
}

// What a token is for.
const (
	confirms  = 'c' // to confirm a warning
	asks      = 'r' // to ask for a release
	withdraws = 'w' // to take that back
)

func (cl *claim) kind() byte {
	switch {
	case cl.withdraw:
		return withdraws
	case cl.release:
		return asks
	}
	return confirms
}

func (c *Confirmations) mac(b []byte, sender, host string) []byte {
	h := hmac.New(sha256.New, c.key[:])
	io.WriteString(h, "token")
	field(h, sender)
	field(h, host)
	h.Write(b)
	return h.Sum(nil)
}

// read checks a token and returns what it claims.
func (c *Confirmations) read(token, sender, host string) (claim, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	const head = 8 + 32 + incidentSize + 1
	if err != nil || len(b) < head+sha256.Size || len(b) > 4096 {
		return claim{}, ErrToken
	}
	b, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if !hmac.Equal(mac, c.mac(b, sender, host)) {
		return claim{}, ErrToken
	}
	if c.over(time.Unix(int64(binary.BigEndian.Uint64(b)), 0)) {
		return claim{}, ErrToken
	}
	return claim{sender: sender, host: host, rule: string(b[head:]), content: [32]byte(b[8:40]),
		incident: string(b[40 : head-1]), release: b[head-1] != confirms, withdraw: b[head-1] == withdraws}, nil
}

func (c *Confirmations) give(cl claim) error {
	s, end := c.sum(cl), c.now().Add(c.ttl)
	if err := c.keep(s, end); err != nil {
		return err
	}
	if c.told != nil {
		c.told(s, end)
	}
	return nil
}

func (c *Confirmations) keep(sum [32]byte, end time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if len(c.given) >= maxConfirmations {
		maps.DeleteFunc(c.given, func(_ [32]byte, end time.Time) bool { return now.After(end) })
		if len(c.given) >= maxConfirmations {
			return errors.New("too many confirmations at once")
		}
	}
	c.given[sum] = end
	c.write(entryConfirmed, sum, end)
	return nil
}

// maxAhead is by how much the clock of another node may be ahead of this one's.
const maxAhead = 5 * time.Minute

// over tells whether something that ends at end, and has lasted ttl then, is over:
// also if it would go on for longer than that, because the clock was set back.
func (c *Confirmations) over(end time.Time) bool {
	now := c.now()
	return now.After(end) || end.Sub(now) > c.ttl+maxAhead
}

func (c *Confirmations) holds(cl claim) bool {
	s := c.sum(cl)
	c.mu.Lock()
	defer c.mu.Unlock()
	end, ok := c.given[s]
	if ok && c.over(end) {
		delete(c.given, s)
		return false
	}
	return ok
}

func sender(p rules.Principal) string {
	if p.User != "" {
		return "user " + p.User
	}
	return "address " + p.Address.String()
}

// Confirm records that p confirms the warning of a token, for the host it was
// given for, and lets the same content pass that rule from then on. The
// record is on disk when it returns nil. With the token of a hold it asks for a
// release instead, or takes the request back, and returns the request.
func (g *Gate) Confirm(p rules.Principal, host, token, reason string) (*release.Case, error) {
	cl, err := g.read(token, sender(p), host)
	if err != nil {
		return nil, err
	}
	if cl.release {
		cl.user = p.User
		if cl.withdraw {
			return g.withdrawRelease(cl)
		}
		return g.askRelease(cl, reason)
	}
	return nil, g.confirm(p, host, cl, reason)
}

func (g *Gate) confirm(p rules.Principal, host string, cl claim, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" || !utf8.ValidString(reason) {
		return ErrReason
	}
	if r := []rune(reason); len(r) > maxReason {
		reason = string(r[:maxReason])
	}
	ev := audit.Event{
		Kind: "confirm", Time: g.now(), Incident: cl.incident, Host: host, Rule: cl.rule, Reason: reason,
		User: cmp.Or(p.User, "anonymous"), Groups: p.Groups, Address: address(p), How: p.How,
	}
	if err := g.append(ev); err != nil {
		return fmt.Errorf("record confirmation: %w", err)
	}
	return g.give(cl)
}

// confirmInline takes the confirmation that came with the request itself. One
// that is not valid changes nothing: the warning comes again.
func (c *check) confirmInline() Failure {
	_, err := c.Confirm(c.t.Principal, c.t.Destination.Host, c.t.Confirm, c.t.Reason)
	if err == nil || errors.Is(err, ErrToken) || errors.Is(err, ErrReason) || errors.Is(err, ErrNoRelease) {
		return None
	}
	c.Log.Error("confirmation not recorded", "error", err)
	return Unrecorded
}

func (c *check) confirmed(rule string) bool { return c.assumed() || c.holds(c.claim(rule)) }

// assumed reports whether what rules ask of confirmations and releases is only
// answered later: what was confirmed is all that was found, and that is not known yet.
// Until then everything counts as confirmed, so that the verdict can only get stricter.
func (c *check) assumed() bool {
	c.asked = c.asked || c.rough
	return c.rough
}

func (c *check) claim(rule string) claim {
	if c.fingerprint == nil {
		f := c.content()
		c.fingerprint = &f
	}
	return claim{sender: sender(c.t.Principal), host: c.t.Destination.Host, rule: rule, content: *c.fingerprint, incident: c.out.Incident, user: c.t.Principal.User}
}

// content identifies what is sent: path, query, body, the fields of head and
// trailer that tell something, and how much was found of what. Other fields are
// left out, because clients put a new number or time in them with every attempt.
func (c *check) content() (sum [32]byte) {
	h := sha256.New()
	field(h, c.t.Destination.Path)
	field(h, c.t.Query)
	if r := c.out.Report; r != nil {
		for _, typ := range slices.Sorted(maps.Keys(r.Total)) {
			field(h, fmt.Sprintf("%s %d", typ, r.Total[typ]))
		}
	}
	for _, f := range c.tellingFields() {
		field(h, f.Name)
		field(h, f.Value)
	}
	if c.use != nil {
		for _, w := range c.use.wholes {
			d := w.Digest()
			h.Write(d[:])
		}
	}
	if b := c.out.Body; b != nil {
		if c.t.Same != nil {
			if err := c.t.Same(h, b.NewReader()); err != nil {
				once(h)
			}
		} else if _, params, err := mime.ParseMediaType(c.t.MediaType); err == nil && params["boundary"] != "" {
			hashWithout(h, b.NewReader(), "--"+params["boundary"])
		} else {
			d, err := b.Digest()
			if err != nil {
				once(h)
			}
			h.Write(d[:])
		}
	}
	h.Sum(sum[:0])
	return sum
}

// tellingFields lists, by name, the fields in which something was found or which
// could not be read; where the report does not list all that was found, every field
// that was inspected.
func (c *check) tellingFields() []Header {
	r, t := c.out.Report, c.t
	if r == nil {
		return nil
	}
	tell := map[string]bool{}
	for i := range r.Findings {
		tell[rootOf(partPath(r, &r.Findings[i]))] = true
	}
	for i := range r.Parts {
		if p := &r.Parts[i]; p.Reason != "" {
			tell[rootOf(p.Path)] = true
		}
	}
	all := len(r.Findings) == inspect.MaxFindings
	pick := func(kind string, fields []Header) (out []Header) {
		for _, f := range fields {
			if tell[kind+f.Name] || all && telling(f.Value) {
				out = append(out, Header{kind + f.Name, f.Value})
			}
		}
		return out
	}
	out := pick(headerPart, t.Headers)
	if t.Trailer != nil {
		out = append(out, pick(trailerPart, t.Trailer())...)
	}
	slices.SortStableFunc(out, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// rootOf is the path of the root that a part is in.
func rootOf(path string) string {
	root, _, _ := strings.Cut(path, part.Separator)
	return root
}

// hashWithout hashes r but for the boundary, where it stands as one: a browser
// that sends the same form again chooses a new one.
func hashWithout(h hash.Hash, r io.Reader, boundary string) {
	br := bufio.NewReaderSize(r, 32<<10)
	for fresh := true; ; {
		line, err := br.ReadSlice('\n')
		rest, ok := bytes.CutPrefix(line, []byte(boundary))
		rest = bytes.TrimRight(rest, " \t\r\n")
		if fresh && ok && (len(rest) == 0 || string(rest) == "--") {
			h.Write(rest)
			io.WriteString(h, "\n")
		} else {
			h.Write(line)
		}
		fresh = err == nil
		if err != nil && err != bufio.ErrBufferFull {
			if err != io.EOF {
				once(h)
			}
			return
		}
	}
}

// once makes a sum that no other equals: content that cannot be read equals
// nothing, itself included.
func once(h hash.Hash) {
	var b [16]byte
	rand.Read(b[:])
	h.Write(b[:])
}
