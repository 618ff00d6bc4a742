package rules

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
)

// dripping are rules over time, without the built-in ones.
const dripping = `
[[rule]]
id     = "drip"
action = "hold"
where  = { class = ["web-mail", "cloud-storage"] }
over   = { days = 7, people = 100 }

[[rule]]
id     = "tries"
action = "log"
over   = { hours = 1, stopped = 3 }

[[rule]]
id     = "volume"
action = "warn"
say    = "a lot"
over   = { days = 30, bytes = "1 MB", by = "group" }

[[rule]]
id     = "unusual"
action = "log"
over   = { days = 1, times_usual = 5.0 }

[[rule]]
id     = "much"
action = "log"
over   = { days = 1, bytes_times_usual = 8.0 }

[[rule]]
id     = "unlike-peers"
action = "log"
over   = { days = 7, times_peers = 5.0 }

[[rule]]
id     = "much-unlike-peers"
action = "log"
over   = { days = 7, bytes_times_peers = 5.0 }

[[rule]]
id     = "at-night"
action = "log"
over   = { days = 28, unusual_hour = true }

[[rule]]
id     = "nobody-works-then"
action = "log"
over   = { days = 28, unusual_hour = true, by = "group" }

[[rule]]
id     = "passed-around"
action = "log"
over   = { days = 1, accounts = 3 }

[[rule]]
id     = "first-time"
action = "log"
over   = { hours = 1, new_destination = true }
`

// sending is an upload of so many persons, from a first one on.
func sending(class string, at time.Time, first, n int) Transaction {
	t := Transaction{
		Report:      &inspect.Report{},
		Principal:   Principal{User: "sato", Groups: []string{"sales"}},
		Destination: Destination{Scheme: "https", Host: "mail.example", Classes: []string{class}},
		Time:        at,
	}
	for i := range n {
		t.Persons = append(t.Persons, uint64(first+i)*0x9E3779B97F4A7C15)
	}
	return t
}

// pastDesk is a history and a set that asks it.
type pastDesk struct {
	t   *testing.T
	set *Set
	*history.History
}

// send decides on an upload and remembers it; it returns the rules that applied.
func (d *pastDesk) send(x Transaction, stopped bool) string {
	d.t.Helper()
	x.History = d.History
	var ids []string
	for _, m := range d.set.Decide(x).Matches {
		ids = append(ids, m.Rule)
	}
	d.Add(history.Entry{Time: x.Time, User: x.Principal.Sender(), Groups: x.Principal.Groups, Host: x.Destination.Host,
		Classes: x.Destination.Classes, Bytes: x.Bytes, Stopped: stopped, Persons: x.Persons, Content: x.Content})
	return strings.Join(ids, " ")
}

func TestOver(t *testing.T) {
	set := from(t, dripping)
	day := func(n int) time.Time { return time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, n) }
	t.Run("a drip is seen when it fills the bucket, not before", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 30 {
			got := d.send(sending("web-mail", day(n), 20*n, 20), false)
			if has, want := strings.Contains(got, "drip"), n >= 4; has != want {
				t.Errorf("day %d: %q", n, got)
			}
		}
	})
	t.Run("the same persons again are no more persons", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 30 {
			if got := d.send(sending("web-mail", day(n), 0, 99), false); strings.Contains(got, "drip") {
				t.Errorf("day %d: %q", n, got)
			}
		}
	})
	t.Run("what went elsewhere, long ago, by others or was stopped does not count", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		d.send(sending("crm", day(0), 0, 90), false)
		d.send(sending("web-mail", day(-9), 100, 90), false)
		d.send(sending("web-mail", day(0), 200, 90), true)
		other := sending("web-mail", day(0), 300, 90)
		other.Principal = Principal{Address: netip.MustParseAddr("10.0.0.9")}
		d.send(other, false)
		if got := d.send(sending("web-mail", day(0), 400, 90), false); strings.Contains(got, "drip") {
			t.Error(got)
		}
		if got := d.send(sending("web-mail", day(0), 500, 10), false); !strings.Contains(got, "drip") {
			t.Error(got)
		}
	})
	t.Run("tries", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 5 {
			got := d.send(sending("web-mail", day(0), 0, 0), true)
			if has, want := strings.Contains(got, "tries"), n >= 3; has != want {
				t.Errorf("after %d: %q", n, got)
			}
		}
	})
	t.Run("volume of a group", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 4 {
			x := sending("web-mail", day(n), 0, 0)
			x.Bytes, x.Principal.User = 300_000, "user"+string(rune('a'+n))
			got := d.send(x, false)
			if has, want := strings.Contains(got, "volume"), n == 3; has != want {
				t.Errorf("upload %d: %q", n, got)
			}
		}
	})
	t.Run("more than usual", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 20 {
			if got := d.send(sending("web-mail", day(n), 1000*n, 4), false); strings.Contains(got, "unusual") {
				t.Errorf("day %d: %q", n, got)
			}
		}
		if got := d.send(sending("web-mail", day(20), 50_000, 60), false); !strings.Contains(got, "unusual") {
			t.Error(got)
		}
	})
	t.Run("more bytes than usual", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 20 {
			x := sending("web-mail", day(n), 0, 0)
			x.Bytes = 1000
			if got := d.send(x, false); strings.Contains(got, "much") {
				t.Errorf("day %d: %q", n, got)
			}
		}
		x := sending("web-mail", day(20), 0, 0)
		x.Bytes = 50_000
		if got := d.send(x, false); !strings.Contains(got, "much") {
			t.Error(got)
		}
	})
	t.Run("more than the peers", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 6 {
			for _, who := range []string{"ito", "kato", "mori", "sato"} {
				x := sending("web-mail", day(n), 1000*n+len(who), 3)
				x.Principal.User, x.Bytes = who, 1000
				if got := d.send(x, false); strings.Contains(got, "peers") {
					t.Errorf("day %d: %q", n, got)
				}
			}
		}
		x := sending("web-mail", day(6), 50_000, 300)
		x.Bytes = 1000
		if got := d.send(x, false); !strings.Contains(got, "unlike-peers") || strings.Contains(got, "much-unlike") {
			t.Error(got)
		}
		x = sending("web-mail", day(6), 0, 0)
		x.Bytes = 100_000
		if got := d.send(x, false); !strings.Contains(got, "much-unlike-peers") {
			t.Error(got)
		}
		alone := x
		alone.Principal.Groups = []string{"a group of one"}
		if got := d.send(alone, false); strings.Contains(got, "peers") {
			t.Error("without peers:", got)
		}
	})
	t.Run("an unusual hour", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		night := func(n int) time.Time { return day(n).Add(-6 * time.Hour) }
		for n := range 20 {
			if got := d.send(sending("web-mail", day(n), 0, 0), false); strings.Contains(got, "night") {
				t.Errorf("day %d: %q", n, got)
			}
			late := sending("web-mail", night(n), 0, 0)
			late.Principal.User = "night-shift"
			late.Principal.Groups = []string{"operations"}
			d.send(late, false)
		}
		if got := d.send(sending("web-mail", night(20), 0, 0), false); !strings.Contains(got, "at-night") || !strings.Contains(got, "nobody-works-then") {
			t.Error(got)
		}
		x := sending("web-mail", night(20), 0, 0)
		x.Principal.Groups = []string{"sales", "operations"}
		if got := d.send(x, false); !strings.Contains(got, "at-night") || strings.Contains(got, "nobody-works-then") {
			t.Error("a colleague works then:", got)
		}
	})
	t.Run("the same list from several accounts", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n := range 3 {
			x := sending("web-mail", day(0), 0, 30)
			x.Content, x.Principal.User = 4711, "user"+string(rune('a'+n))
			got := d.send(x, false)
			if has, want := strings.Contains(got, "passed-around"), n == 2; has != want {
				t.Errorf("account %d: %q", n, got)
			}
		}
	})
	t.Run("a first time", func(t *testing.T) {
		d := &pastDesk{t, set, history.New()}
		for n, want := range []bool{true, false, false} {
			got := d.send(sending("web-mail", day(n), 0, 0), false)
			if strings.Contains(got, "first-time") != want {
				t.Errorf("day %d: %q", n, got)
			}
		}
	})
	t.Run("without a history none applies", func(t *testing.T) {
		x := sending("web-mail", day(0), 0, 5000)
		if v := set.Decide(x); len(v.Matches) > 0 {
			t.Errorf("%+v", v.Matches)
		}
	})
}
