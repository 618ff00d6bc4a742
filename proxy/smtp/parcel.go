package smtp

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/mail"
	"github.com/sekimori-dlp/sekimori/proxy/outbox"
	"github.com/sekimori-dlp/sekimori/rules"
)

// stage says what a parcel waits for.
type stage string

const (
	stageHeld    stage = "held"    // that it is released
	stageWaiting stage = "waiting" // that its delay is over, or for the next try
	stageOpen    stage = "open"    // files only: until nobody may fetch them any more
)

// parcel is a message that was acknowledged and has not gone on yet, or the
// files that were taken out of one, or a notice of ours. Its bytes in the store
// are the message as it came.
type parcel struct {
	ID    string `json:"-"`
	Stage stage
	Page  string // the secret of the sender's page
	Told  bool   // the sender knows of it, or need not
	Taken time.Time

	Notice bool        `json:",omitempty"` // of ours: from nobody
	Files  []mail.File `json:",omitempty"` // it is about these
	Share  string      `json:",omitempty"` // the secret of their page
	With   string      `json:",omitempty"` // the parcel of this message's files

	Key      key
	Trace    string // its number in the trace field
	Who      rules.Principal
	Protocol string
	Incident string
	Host     string
	Subject  string
	From     mail.Address
	To       []to
	Opts     gosmtp.MailOptions
	Eight    bool
	Head     string // of the message as it goes on
	Headed   int    // bytes that it stands for

	Delay   time.Duration
	Due     time.Time // of a waiting one, once Told
	Ends    time.Time // of an open one
	Cases   []string  // the requests for its release
	Sending bool      // its last byte may be with the next hop
	Doubt   bool      // an earlier try ended without an answer
	Tries   int
	Next    time.Time // no try before
}

// MarshalText implements encoding.TextMarshaler.
func (k key) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(k[:])), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *key) UnmarshalText(b []byte) error {
	if hex.DecodedLen(len(b)) != len(k) {
		return hex.ErrLength
	}
	_, err := hex.Decode(k[:], b)
	return err
}

// letter is the parcel as it goes to the next hop.
func (p *parcel) letter(i *outbox.Item) *letter {
	return &letter{From: p.From, To: p.To, Opts: p.Opts, Eight: p.Eight, Size: i.Size() - int64(p.Headed), head: p.Head,
		content: func() io.Reader { return io.NewSectionReader(i, int64(p.Headed), i.Size()-int64(p.Headed)) }}
}

// keep puts a new parcel into the store, with its bytes, and begins with it.
func (b *box) keep(p *parcel, bytes io.Reader) error {
	if err := b.put(p, bytes); err != nil {
		return err
	}
	b.release(p)
	return nil
}

// put puts a new parcel into the store, with its bytes, and acquires it.
func (b *box) put(p *parcel, bytes io.Reader) error {
	p.ID = outbox.NewID()
	if p.Page == "" {
		p.Page = outbox.NewID()
	}
	about, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write down a parcel: %w", err)
	}
	if err := b.c.Store.Put(p.ID, about, bytes); err != nil {
		return err
	}
	b.mu.Lock()
	b.add(p)
	b.busy[p.ID] = true
	b.mu.Unlock()
	return nil
}

// change changes a parcel that the caller has acquired; it counts, and is on
// disk, when change returns nil.
func (b *box) change(p *parcel, f func(p *parcel)) error {
	next := *p
	f(&next)
	about, err := json.Marshal(&next)
	if err != nil {
		return fmt.Errorf("write down a parcel: %w", err)
	}
	if err := b.c.Store.Update(p.ID, about); err != nil {
		return err
	}
	b.mu.Lock()
	*p = next
	b.mu.Unlock()
	return nil
}

// forget ends a parcel. what is told on its page from then on.
func (b *box) forget(p *parcel, what string) {
	if err := b.c.Store.Remove(p.ID); err != nil {
		b.s.judge.Log.Error("a parcel that is done is still on disk; after a restart it will be taken for one in doubt", "error", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.parcels, p.ID)
	delete(b.pages, p.Page)
	delete(b.shares, p.Share)
	if len(b.ended) >= maxEnded {
		clear(b.ended)
	}
	b.ended[p.Page] = what
}

// maxEnded bounds the pages that are remembered of parcels that are done.
const maxEnded = 10_000

// add takes a parcel in. The caller has mu.
func (b *box) add(p *parcel) {
	b.parcels[p.ID] = p
	b.pages[p.Page] = p
	if p.Share != "" {
		b.shares[p.Share] = p
	}
}
