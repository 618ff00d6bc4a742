// Package gate takes one transaction from its first byte to its verdict. It is
// the only way out: every door (HTTP today, others later) fills a Transaction,
// calls Check, and acts on the Outcome. In Check the body is held whole,
// inspected, decided on by the rules, and the decision is on disk in the audit
// log before Check returns; so nothing has left before all of that is done.
//
// Every way in which a step can fail has a verdict of its own, and all of them
// keep the upload in.
package gate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/framing"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Scanner inspects; *inspect.Scanner in production.
type Scanner interface {
	Scan(ctx context.Context, roots []part.Part, o inspect.ScanOptions) *inspect.Report
}

// Rules decide; *rules.Set in production.
type Rules interface {
	Decide(rules.Transaction) rules.Verdict
	Digest() string
	// Release is what it takes to let out what a rule holds; false if the
	// rule does not hold.
	Release(rule string) (rules.Release, bool)
}

// Policy is one generation of rules and the scanner compiled for it. The two
// change together, so that no upload is judged by halves of two generations.
type Policy struct {
	Scanner Scanner
	Rules   Rules
	Streams Streams // nil: nothing leaves before its verdict
}

// Recorder keeps the evidence; *audit.Log in production. Append returns when
// the event is durable.
type Recorder interface {
	Append(ctx context.Context, ev audit.Event) (audit.Receipt, error)
}

// Holder keeps bodies; *hold.Spool in production.
type Holder interface {
	Hold(ctx context.Context, r io.Reader, o hold.Options) (*hold.Body, error)
}

// Past remembers what has left over time; *history.History in production.
type Past interface {
	rules.History
	Add(history.Entry)
}

// Releases keeps what is asked to be let out; *release.Store in production.
type Releases interface {
	Content(digest [32]byte) string
	Ask(sub release.Subject, incident, reason string, t release.Terms) (release.Case, error)
	Allowed(sub release.Subject) (release.Case, bool)
	Latest(sub release.Subject) (release.Case, bool)
	Passed(id string) error
	Withdraw(id, sender string) (release.Case, error)
}

// Observer is told of every decision, for metrics. It must not block.
type Observer interface{ Decided(Decision) }

// Config bounds and equips a Gate. All fields but Past, Releases, Evidence and Observer are
// needed; zero numbers take the defaults.
type Config struct {
	Policy   func() *Policy // the generation in force; nil if there is none
	Hold     Holder
	Audit    Recorder
	Observer Observer
	Log      *slog.Logger
	Past     Past // nil: nothing is remembered over time
	// PersonKey keys the digests by which Past knows persons.
	PersonKey [16]byte
	Releases  Releases // nil: what is held stays
	Pieces    Pieces   // nil: uploads in pieces are not put together
	Company   service.Company
	Evidence  Evidence // nil: none is kept

	Exact      bool          // always count everything, also where no rule applies
	Passwords  bool          // try passwords that the sender wrote in this or a recent upload
	RecordAll  bool          // audit also requests of which nothing was inspected
	Scans      int           // large bodies inspected at once; default half the cores
	Queue      time.Duration // longest wait for a turn; default 30 s
	Time       time.Duration // longest inspection; default 60 s
	ConfirmFor time.Duration // how long a confirmation holds; default 10 min

	// Where several nodes honour each other's confirmations: their common key,
	// and who is given each confirmation to hand it to TakeConfirmed of the
	// others. nil: the key is this process's own.
	ConfirmKey *[32]byte
	Confirmed  func(sum [32]byte, end time.Time)
	// ConfirmFile keeps confirmations over restarts, with ConfirmKey, which has
	// to stay the same then; "": a restart forgets them.
	ConfirmFile string
}

// Gate checks transactions. Safe for concurrent use.
type Gate struct {
	Config
	*Confirmations
	key          [16]byte // of the digests of findings
	small, large turns
	patience     patience
	order        sync.Mutex // of verdicts that rest on the past
	secrets      *secrets   // nil: no passwords are tried
}

// smallBody is the size up to which a body is inspected without queueing
// behind large ones.
const smallBody = 256 << 10

// New returns a Gate.
func New(c Config) (*Gate, error) {
	if c.Policy == nil || c.Hold == nil || c.Audit == nil {
		return nil, errors.New("gate needs rules, a place to hold bodies and an audit log")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	cores := runtime.GOMAXPROCS(0)
	c.Scans = or(c.Scans, max(1, cores/2))
	c.Queue = or(c.Queue, 30*time.Second)
	c.Time = or(c.Time, time.Minute)
	c.ConfirmFor = or(c.ConfirmFor, 10*time.Minute)
	g := &Gate{Config: c, Confirmations: newConfirmations(c.ConfirmFor), small: make(turns, 4*cores), large: make(turns, c.Scans)}
	if c.Passwords {
		g.secrets = newSecrets()
	}
	if c.ConfirmKey != nil {
		g.Confirmations.key, g.told = *c.ConfirmKey, c.Confirmed
	}
	if c.ConfirmFile != "" {
		if err := g.remember(c.ConfirmFile); err != nil {
			return nil, err
		}
	}
	if _, err := rand.Read(g.key[:]); err != nil {
		return nil, fmt.Errorf("make digest key: %w", err)
	}
	return g, nil
}

// Close lets go of the file of confirmations.
func (g *Gate) Close() error { return g.forget() }

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Transaction is one request on its way out, as a door sees it.
type Transaction struct {
	Principal   rules.Principal
	Destination rules.Destination
	Protocol    string // as audited: "HTTP/1.1", "HTTP/2.0"

	Query     string   // raw, without the question mark
	Headers   []Header // those to be inspected, if they could hold anything
	FileNames []string // that the request itself names

	Body      io.Reader // nil if there is none
	Length    int64     // declared length of Body, -1 if unknown
	MediaType string    // Content-Type
	Encodings []string  // Content-Encoding, in the order applied, lower case
	Idle      time.Duration
	Interrupt func() // makes a blocked read of Body return; see hold.Options
	// Stream begins to send a large body on while it is inspected, where the
	// rules ask for that. It is called once at most, and must not wait. nil: the
	// door cannot.
	Stream func(*Stream)
	// Trailer returns the fields that came after Body; all are inspected.
	Trailer func() []Header
	// Before is what the same conversation has sent before Body, the last of it:
	// where Body may pass by itself, it is inspected once more behind that.
	Before []byte

	// Held is the body where the door has held it whole by itself; Body is not
	// read then. It is the Outcome's too.
	Held *hold.Body

	// Same writes what makes the content the same when it is sent again, for
	// a door whose content is never the same byte for byte, such as mail with
	// its dates and numbers; nil: the body itself.
	Same func(w io.Writer, body io.Reader) error

	// Use tells what the request does at a service whose interface is known,
	// from its body, which is nil if there is none; nil for any other request.
	Use func(body *hold.Body) *service.Use

	// Opaque names a protocol that the connection is to be turned over to
	// and that is not inspected, such as "websocket"; "" if none. The rules
	// decide on it as on content of an unknown format.
	Opaque string

	// Confirm is what the sender gives to confirm an earlier warning: a
	// token and a reason.
	Confirm, Reason string

	// Watch, if it is not nil, is told of each step of the check when it is done.
	Watch func(s Step, began time.Time)
}

// Step is a step of a check.
type Step string

// The steps. The second and the third may be taken several times.
const (
	Holding    Step = "hold"    // the body is read, whole
	Inspecting Step = "inspect" // with the wait for a turn
	Deciding   Step = "decide"  // by the rules
	Recording  Step = "record"  // until it is on disk
)

// clock is the time, if anybody wants to know it.
func (c *check) clock() (t time.Time) {
	if c.t.Watch != nil {
		t = time.Now()
	}
	return t
}

// took tells that a step is done.
func (c *check) took(s Step, began time.Time) {
	if c.t.Watch != nil {
		c.t.Watch(s, began)
	}
}

// Header is one header field.
type Header struct{ Name, Value string }

// Failure says which step could not be done. The zero value means none.
type Failure string

// The failures. With each of them nothing leaves.
const (
	None       Failure = ""
	Full       Failure = "hold-full"  // no room to hold the body, now
	TooLarge   Failure = "too-large"  // the body is over the limit
	Stalled    Failure = "stalled"    // the client stopped sending
	Malformed  Failure = "malformed"  // the client's framing is wrong
	Aborted    Failure = "aborted"    // the client went away; nobody to answer
	Busy       Failure = "busy"       // no turn to inspect within the queue time
	Engine     Failure = "engine"     // inspecting or deciding failed
	Unrecorded Failure = "unrecorded" // the audit log could not be written
	NoRules    Failure = "no-rules"   // there are no rules in force
)

// Outcome is what is to be done. The zero Outcome keeps the upload in.
type Outcome struct {
	Verdict  rules.Verdict
	Failure  Failure
	Incident string          // number for the employee; "" when it passes unremarked
	Report   *inspect.Report // nil if nothing was inspected
	// Body is the held body, nil if there was none. The caller closes it,
	// whatever the verdict, through Close.
	Body *hold.Body
	// Confirm is the token with which the sender may confirm a warning, or
	// ask for a release of what is held.
	Confirm string
	// Asked is the last request for a release of this upload, if there is one.
	Asked *release.Case
	// Answered, if it is not nil, is to be told of the service's answer. body
	// gives the start of its body, decoded.
	Answered func(status int, h http.Header, body func() []byte)
}

// Passes tells whether the transaction may go on. It is false for everything
// but an explicit verdict to let it out.
func (o *Outcome) Passes() bool {
	return o.Failure == None && (o.Verdict.Action == rules.Allow || o.Verdict.Action == rules.Log)
}

// Close gives the held body's room back.
func (o *Outcome) Close() error {
	if o.Body == nil {
		return nil
	}
	return o.Body.Close()
}

// Check decides. It returns after the decision is recorded, never panics, and
// never returns an Outcome that passes for which one of the steps failed.
func (g *Gate) Check(ctx context.Context, t *Transaction) (o Outcome) {
	c := check{Gate: g, t: t, start: time.Now()}
	defer func() {
		if p := recover(); p != nil {
			c.fault("checking", p)
			c.out.Verdict, c.out.Failure = rules.Verdict{Action: rules.Block}, Engine
			c.settle()
			c.letOut()
			c.observe()
			o = c.out
		}
	}()
	c.run(ctx)
	c.settle()
	c.letOut()
	c.observe()
	return c.out
}

// check is the state of one Check.
type check struct {
	*Gate
	t      *Transaction
	policy *Policy
	out    Outcome
	source source
	use    *used         // nil if nothing is known of it
	start  time.Time     // of the check
	ready  time.Time     // when the body was there
	added  time.Duration // from then to the durable verdict

	fingerprint *[32]byte // of the content, once it was needed
	rough       bool      // what was found may be only what decides
	asked       bool      // whether something was confirmed, while that was so
	releases    []string  // by which holds were lifted
	persons     []uint64  // in what was inspected
	past        asking
	remembered  bool     // by the past
	heard       []string // passwords in it
	keyed       bool     // it tells one, and may be half of a pair

	growing   *hold.Growing   // the body, where it may be sent on while it comes in
	stream    *Stream         // where it is
	live      *liveBody       // the body while it is inspected as it comes in
	early     *inspect.Report // what came of that; see takeEarly
	earlyBy   *Policy
	earlySize int64
	left      int64 // bytes of the stream that had left at most, before the verdict
	parting   bool  // there are no trailers yet
	pathKnown bool  // the report tells all that was found in the path
}

// fault logs a fault of the program: where it was, not what it was about.
func (c *check) fault(step string, p any) {
	c.Log.Error("fault while "+step, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
}

func (c *check) run(ctx context.Context) {
	c.out.Failure = c.decide(ctx)
	if c.out.Failure == None && (!valid(c.out.Verdict.Action) || !c.identified()) {
		c.out.Failure = Engine
	}
	if c.out.Failure == Aborted && c.stream == nil {
		return // nothing left and nothing will
	}
	if c.out.Failure != None {
		c.out.Verdict = rules.Verdict{Action: rules.Block, Clause: string(c.out.Failure)}
	}
	if !c.out.Passes() || c.out.Verdict.Rule != "" {
		c.out.Incident = newIncident()
	}
	switch {
	case c.out.Verdict.Action == rules.Warn:
		c.out.Confirm = c.issue(c.claim(c.out.Verdict.Rule))
	case c.out.Verdict.Action == rules.Hold && c.Releases != nil && c.out.Failure == None:
		c.offerRelease()
	}
	c.endStream()
	if c.recorded() {
		began := c.clock()
		c.record()
		c.took(Recording, began)
	}
	c.useReleases()
	c.keepEvidence(ctx)
	c.remember()
	c.added = time.Since(c.ready)
}

// identified tells whether the body's digest is known, where the record or the past is
// to have it.
func (c *check) identified() bool {
	if c.out.Passes() && c.out.Verdict.Rule == "" && len(c.persons) == 0 || c.size() == 0 {
		return true
	}
	_, err := c.out.Body.Digest()
	if err != nil {
		c.Log.Error("body could not be read back", "error", err)
	}
	return err == nil
}

// decide takes the steps up to the verdict.
func (c *check) decide(ctx context.Context) (f Failure) {
	defer func() {
		if p := recover(); p != nil {
			c.fault("deciding", p)
			f = Engine
		}
	}()
	if f = c.decideOn(ctx); f == None && len(c.t.Before) > 0 && c.size() > 0 && c.out.Passes() {
		f = c.together(ctx)
	}
	if f == None {
		c.inTurn()
	}
	return f
}

// decideOn decides on the transaction by itself.
func (c *check) decideOn(ctx context.Context) Failure {
	began := c.clock()
	f := c.hold(ctx)
	c.took(Holding, began)
	c.ready = time.Now()
	if f != None {
		return f
	}
	if c.policy = c.Policy(); c.policy == nil {
		return NoRules
	}
	// Most uploads hold nothing, and that is known before everything is
	// counted; where a rule applies, the incident deserves exact counts. A
	// large body is read once, exactly, since twice could take long.
	c.understand()
	how := untilDecided
	switch {
	case c.Exact:
		how = wholly
	case c.weight() > smallBody:
		how = exactly
	}
	if f := c.scan(ctx, how); f != None {
		return f
	}
	if c.t.Confirm != "" {
		if f := c.confirmInline(); f != None {
			return f
		}
	}
	for again := false; ; again = true {
		first := c.out.Verdict.Action
		c.rough = how == untilDecided
		c.judge()
		c.rough = false
		if again && c.out.Verdict.Action < first {
			return Engine // the scans must agree; if ever they do not, nothing leaves
		}
		r := c.out.Report
		switch {
		case r != nil && r.Again:
			how = wholly
		case how == untilDecided && (len(c.out.Verdict.Matches) > 0 || len(c.persons) > 0 || c.asked):
			how = exactly
		default:
			return None
		}
		if f := c.scan(ctx, how); f != None {
			return f
		}
	}
}

// judge asks the rules.
func (c *check) judge() {
	t := c.t
	defer c.took(Deciding, c.clock())
	report := c.out.Report
	if report == nil {
		report = &inspect.Report{}
	}
	tx := rules.Transaction{
		Report: report, Principal: t.Principal, Destination: t.Destination,
		FileNames: c.names(), Bytes: c.weight(), Time: c.ready, Use: c.ruled(),
		Confirmed: c.confirmed, Released: c.released,
	}
	if c.Past != nil {
		c.persons = distinct(c.persons)
		c.past.History = c.Past
		tx.History, tx.Persons, tx.Content = &c.past, c.persons, c.contentDigest()
	}
	c.out.Verdict = c.policy.Rules.Decide(tx)
}

func (c *check) size() int64 {
	if c.out.Body == nil {
		return 0
	}
	return c.out.Body.Size()
}

// hold reads the body whole.
func (c *check) hold(ctx context.Context) Failure {
	t := c.t
	if t.Held != nil {
		c.out.Body = t.Held
		return None
	}
	if t.Body == nil {
		return None
	}
	c.source.Reader = t.Body
	var body *hold.Body
	var err error
	o := hold.Options{Expect: t.Length, Sender: t.Principal.Sender(), Idle: t.Idle, Interrupt: t.Interrupt}
	if by, w, ok := c.wanted(); ok {
		o.Most = w.Max
		body, err = c.holdAndSend(ctx, by, w, o)
	} else {
		body, err = c.Hold.Hold(ctx, &c.source, o)
	}
	if err == nil {
		c.out.Body = body
		return None
	}
	fault := c.source.err
	var malformed framing.Error
	switch {
	case errors.Is(err, errUnrecorded):
		return Unrecorded
	case errors.Is(err, hold.ErrTooLarge):
		return TooLarge
	case errors.Is(err, hold.ErrFull):
		return Full
	case errors.Is(err, hold.ErrStalled), errors.Is(fault, os.ErrDeadlineExceeded):
		return Stalled
	case errors.As(fault, &malformed):
		return Malformed
	case errors.Is(fault, io.ErrUnexpectedEOF), ctx.Err() != nil:
		return Aborted
	case fault != nil && fault != io.EOF:
		return Malformed
	}
	c.Log.Error("body could not be held", "error", err)
	return Full
}

// source stands between the spool and the client's side. It remembers what
// reading came to, to tell the client's faults from the spool's.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

func valid(a rules.Action) bool { return a >= rules.Allow && a <= rules.Block }
