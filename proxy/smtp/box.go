package smtp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/outbox"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Releases is how what is held is asked for.
type Releases interface {
	// Confirm is the gate's.
	Confirm(p rules.Principal, host, token, reason string) (*release.Case, error)
	// Get is *release.Store's.
	Get(id string) (release.Case, error)
}

// Box is what it takes to keep messages for a while. Store, URL, From and
// Releases are needed; zero numbers take the default named beside them.
type Box struct {
	Store    *outbox.Store
	Releases Releases
	URL      string        // under which people reach the pages: "https://gate.example.jp:8443"
	Notices  Next          // the way of notices; without an address or MX that of messages
	From     string        // whom notices are from
	Links    time.Duration // how long files can be fetched; default 14 days
	Held     time.Duration // how long something held waits to be asked for; default 3 days
	GiveUp   time.Duration // how long a message is tried; default 5 days

	tick time.Duration // between two looks at what is due; a second but in tests
}

// box keeps what goes later, and sends it when its time has come. Safe for
// concurrent use.
type box struct {
	s *Server
	c Box

	mu      sync.Mutex
	parcels map[string]*parcel // by ID
	pages   map[string]*parcel
	shares  map[string]*parcel
	ended   map[string]string // what became of others, by their page
	busy    map[string]bool   // somebody works on it

	nudge chan struct{}
	turns chan struct{}
	end   context.CancelFunc
	done  chan struct{}
}

// workers bounds the parcels that are on their way at once.
const workers = 8

// openBox reads what is kept, and begins to send.
func openBox(s *Server, c Box) (*box, error) {
	if c.Store == nil || c.Releases == nil || c.URL == "" || c.From == "" {
		return nil, errors.New("mail that goes later needs a store, releases, an address for its pages, and one for its notices")
	}
	if _, ok := mail.ParseAddress(c.From); !ok {
		return nil, fmt.Errorf("notices cannot be from %q", c.From)
	}
	set(&c.Links, 14*24*time.Hour)
	set(&c.Held, 3*24*time.Hour)
	set(&c.GiveUp, 5*24*time.Hour)
	set(&c.tick, time.Second)
	c.Notices.name = s.c.Name
	if c.Notices.Address == "" && !c.Notices.MX {
		c.Notices = s.c.Next
	} else if err := c.Notices.check(); err != nil {
		return nil, err
	}
	b := &box{s: s, c: c, parcels: map[string]*parcel{}, pages: map[string]*parcel{}, shares: map[string]*parcel{}, ended: map[string]string{},
		busy: map[string]bool{}, nudge: make(chan struct{}, 1), turns: make(chan struct{}, workers), done: make(chan struct{})}
	bad := c.Store.Each(func(id string, about []byte) {
		p := &parcel{}
		if err := json.Unmarshal(about, p); err != nil {
			s.judge.Log.Error("a message that was kept cannot be read", "item", id, "error", err)
			return
		}
		p.ID = id
		b.add(p)
		// A crash between the box and the journal must not make a second copy.
		if err := s.journal.adopt(p.Key); err != nil {
			s.judge.Log.Error("message that is kept not noted down", "incident", p.Incident, "error", err)
		}
	})
	if bad > 0 {
		s.judge.Log.Error("messages that were kept cannot be read: their files are damaged or of another key", "number", bad)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.end = cancel
	go b.run(ctx)
	return b, nil
}

// close stops sending and waits for what is under way until ctx is done.
func (b *box) close(ctx context.Context) error {
	b.end()
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *box) wake() {
	select {
	case b.nudge <- struct{}{}:
	default:
	}
}

func (b *box) run(ctx context.Context) {
	var under sync.WaitGroup
	defer close(b.done)
	defer under.Wait()
	tick := time.NewTicker(b.c.tick)
	defer tick.Stop()
	for {
		for _, p := range b.due(time.Now()) {
			select {
			case b.turns <- struct{}{}:
			case <-ctx.Done():
				b.release(p)
				return
			}
			under.Go(func() {
				defer func() { b.release(p); <-b.turns }()
				b.work(ctx, p)
			})
		}
		select {
		case <-tick.C:
		case <-b.nudge:
		case <-ctx.Done():
			return
		}
	}
}

// due acquires the parcels for which there is something to do, the oldest first.
func (b *box) due(now time.Time) []*parcel {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*parcel
	for id, p := range b.parcels {
		if !b.busy[id] && p.ready(now, b.c.Held) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(x, y *parcel) int { return x.Taken.Compare(y.Taken) })
	all = all[:min(len(all), workers)]
	for _, p := range all {
		b.busy[p.ID] = true
	}
	return all
}

func (p *parcel) ready(now time.Time, held time.Duration) bool {
	switch {
	case now.Before(p.Next) && p.Next.Sub(now) <= pauses[len(pauses)-1]: // else the clock was set back
		return false
	case !p.Told:
		return true
	case p.Stage == stageHeld:
		return len(p.Cases) > 0 || now.After(p.Taken.Add(held))
	case p.Stage == stageOpen:
		return now.After(p.Ends)
	}
	return !now.Before(p.Due)
}

// acquire makes a parcel the caller's alone until release.
func (b *box) acquire(p *parcel) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[p.ID] || b.parcels[p.ID] != p {
		return false
	}
	b.busy[p.ID] = true
	return true
}

func (b *box) release(p *parcel) {
	b.mu.Lock()
	delete(b.busy, p.ID)
	b.mu.Unlock()
	b.wake()
}

// work does what is next for a parcel that the caller has acquired.
func (b *box) work(ctx context.Context, p *parcel) {
	var err error
	switch {
	case !p.Told:
		err = b.tell(ctx, p)
	case p.Stage == stageHeld:
		err = b.look(ctx, p)
	case p.Stage == stageOpen:
		b.note(p, "ended", "", nil)
		b.forget(p, "ended")
	default:
		err = b.pass(ctx, p)
	}
	if err != nil {
		b.s.judge.Log.Error("mail that is kept waits on", "incident", p.Incident, "error", err)
		b.mu.Lock()
		p.Next = time.Now().Add(pause(p.Tries))
		b.mu.Unlock()
	}
}

// pauses are between tries; the last one again and again.
var pauses = []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute}

func pause(tries int) time.Duration { return pauses[min(tries, len(pauses)-1)] }

// note records what became of a parcel.
func (b *box) note(p *parcel, what, reason string, r *result) {
	ev := audit.Event{Incident: p.Incident, Host: p.Host, Reason: reason, Details: map[string]string{"what": what, "recipients": fmt.Sprint(len(p.To))}}
	if p.Notice {
		ev.Details["notice"] = "yes"
	}
	if p.Trace != "" {
		ev.Details["id"] = p.Trace
	}
	if r != nil {
		ev.Details["next"], ev.Details["answer"] = r.next, fmt.Sprintf("%d %s", r.reply.Code, mail.OneLine(r.reply.Message))
	}
	b.s.judge.Note(&mail.Message{Who: p.Who, Protocol: p.Protocol}, ev)
}

// Why a message may arrive twice.
const (
	doubtCut     = "a restart cut an earlier try off before its end was noted down: the next hop may have it already"
	doubtNoReply = "the next hop broke off before its answer: it may have the message, and it is sent again"
)

// pass sends a parcel on.
func (b *box) pass(ctx context.Context, p *parcel) error {
	if p.Sending {
		b.note(p, "doubtful", doubtCut, nil)
	} else if err := b.change(p, func(p *parcel) { p.Sending = true }); err != nil {
		return err
	}
	item, err := b.c.Store.Get(p.ID)
	if err != nil {
		return err
	}
	defer item.Close()
	next := &b.s.c.Next
	if p.Notice {
		next = &b.c.Notices
	}
	r := next.relay(ctx, p.letter(item), b.s.judge.Log)
	switch {
	case r.fate == taken:
		b.note(p, "accepted", "", &r)
		b.forget(p, "sent")
		return nil
	case r.fate == doubtful:
		b.note(p, "doubtful", doubtNoReply, &r)
	case r.reply.Code/100 == 5:
		b.note(p, "refused", "", &r)
		return b.giveBack(p, failed, r.reply.Message)
	case time.Since(p.Taken) > b.c.GiveUp:
		b.note(p, "given up", "", &r)
		return b.giveBack(p, failed, r.reply.Message)
	case p.Tries == 0:
		b.note(p, "deferred", "", &r)
	}
	return b.change(p, func(p *parcel) {
		p.Sending = false
		p.Doubt = p.Doubt || r.fate == doubtful
		p.Next = time.Now().Add(pause(p.Tries))
		p.Tries++
	})
}

// giveBack ends a parcel that does not go on, with a notice to its sender. The
// notice is kept before the parcel is forgotten.
func (b *box) giveBack(p *parcel, k kind, why string) error {
	if !p.Notice && p.From != (mail.Address{}) {
		if err := b.keepNotice(p, k, why); err != nil {
			return err
		}
	}
	b.forget(p, "returned")
	return nil
}

// tell sends the sender the notice of a new parcel. Its delay begins when the
// mail server has the notice, or does not want it.
func (b *box) tell(ctx context.Context, p *parcel) error {
	k := delayed
	switch {
	case p.Files != nil && p.Stage == stageHeld:
		k = filesHeld
	case p.Files != nil:
		k = filesOpen
	case p.Stage == stageHeld:
		k = kept
	}
	r := b.c.Notices.relay(ctx, b.notice(p, k, ""), b.s.judge.Log)
	if r.fate != taken && r.reply.Code/100 != 5 {
		if p.Tries == 0 {
			b.note(p, "not told yet", "", &r)
		}
		return b.change(p, func(p *parcel) { p.Next = time.Now().Add(pause(p.Tries)); p.Tries++ })
	}
	what := "told"
	if r.fate != taken {
		what = "not told"
	}
	b.note(p, what, "", &r)
	return b.change(p, func(p *parcel) { p.Told, p.Tries, p.Next, p.Due = true, 0, time.Time{}, time.Now().Add(p.Delay) })
}

// look sees whether what is held was released.
func (b *box) look(ctx context.Context, p *parcel) error {
	if len(p.Cases) == 0 {
		b.note(p, "not asked for", "", nil)
		return b.giveBack(p, unreleased, "")
	}
	for _, id := range p.Cases {
		switch c, err := b.c.Releases.Get(id); {
		case err == nil && c.State == release.Approved:
		case err == nil && c.State == release.Waiting:
			b.mu.Lock()
			p.Next = time.Now().Add(b.c.tick)
			b.mu.Unlock()
			return nil
		default:
			b.note(p, "not released", "", nil)
			return b.giveBack(p, unreleased, "")
		}
	}
	m, v, err := b.again(ctx, p)
	switch {
	case err != nil:
		return err
	case v.Passes():
		return b.change(p, func(p *parcel) { b.free(p, m, &v) })
	case v.Failure != gate.None:
		return fmt.Errorf("judge what was released: %s", v.Failure)
	}
	b.note(p, "not released", "another rule keeps it in", nil)
	return b.giveBack(p, unreleased, "")
}

// free lets a parcel go on that the rules let pass now.
func (b *box) free(p *parcel, m *mail.Message, v *mail.Verdict) {
	p.Incident = v.Incident
	if p.Files != nil {
		p.Stage, p.Ends = stageOpen, time.Now().Add(b.c.Links)
		return
	}
	p.Stage, p.Due = stageWaiting, time.Now()
	p.Trace = newID()
	p.Head = b.s.received(p.Trace, p.Protocol, p.To) + head(m.Outgoing)
}

// again judges a parcel's message once more.
func (b *box) again(ctx context.Context, p *parcel) (*mail.Message, mail.Verdict, error) {
	item, err := b.c.Store.Get(p.ID)
	if err != nil {
		return nil, mail.Verdict{}, err
	}
	defer item.Close()
	in := &mail.Reader{R: io.NewSectionReader(item, 0, item.Size())}
	body, err := b.s.judge.Hold.Hold(ctx, in, hold.Options{Expect: item.Size()})
	if err != nil {
		return nil, mail.Verdict{}, fmt.Errorf("hold what was kept: %w", err)
	}
	defer body.Close()
	m := &mail.Message{Who: p.Who, Protocol: p.Protocol, From: p.From, UTF8: p.Opts.UTF8, Fields: mail.Fields(in.Header), Headed: len(in.Header),
		Size: in.Size, Eight: in.Eight, Body: body}
	for _, r := range p.To {
		m.To = append(m.To, r.Recipient)
	}
	return m, b.s.judge.Judge(ctx, m, nil), nil
}

// Errors of what senders do on their pages.
var (
	errTooLate = errors.New("it is on its way")
	errOnce    = errors.New("it cannot be done now")
)

// withdraw takes a parcel back for its sender.
func (b *box) withdraw(p *parcel) error {
	if !b.acquire(p) {
		return errOnce
	}
	defer b.release(p)
	if p.Sending || p.Doubt {
		return errTooLate
	}
	b.note(p, "withdrawn", "", nil)
	with := p.With
	b.forget(p, "withdrawn")
	b.mu.Lock()
	files := b.parcels[with]
	b.mu.Unlock()
	if files != nil {
		return b.withdraw(files)
	}
	return nil
}

// hasten ends a parcel's delay for its sender.
func (b *box) hasten(p *parcel) error {
	if !b.acquire(p) {
		return errOnce
	}
	defer b.release(p)
	if p.Stage != stageWaiting {
		return errOnce
	}
	b.note(p, "hastened", "", nil)
	return b.change(p, func(p *parcel) { p.Due = time.Now() })
}

// ask asks for the release of a parcel for its sender.
func (b *box) ask(ctx context.Context, p *parcel, reason string) error {
	if !b.acquire(p) {
		return errOnce
	}
	defer b.release(p)
	if p.Stage != stageHeld || len(p.Cases) > 0 {
		return errOnce
	}
	m, v, err := b.again(ctx, p)
	switch {
	case err != nil:
		return err
	case v.Passes():
		return b.change(p, func(p *parcel) { b.free(p, m, &v) })
	case v.Failure != gate.None || v.Verdict.Action != rules.Hold:
		return errOnce
	}
	var cases []string
	for _, host := range slices.Sorted(maps.Keys(v.Tokens)) {
		c, err := b.c.Releases.Confirm(p.Who, host, v.Tokens[host], reason)
		if err != nil {
			return err
		}
		if c != nil {
			cases = append(cases, c.ID)
		}
	}
	if v.Asked != nil && !slices.Contains(cases, v.Asked.ID) {
		cases = append(cases, v.Asked.ID)
	}
	if len(cases) == 0 {
		return errOnce
	}
	return b.change(p, func(p *parcel) { p.Cases = cases })
}
