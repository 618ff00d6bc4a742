package bypass

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestFind(t *testing.T) {
	l, err := New([]Entry{
		{ID: "ended", Hosts: []string{"a.example", "*.a.example"}, Expires: day.Add(-time.Second)},
		{ID: "short", Hosts: []string{"b.example"}, Expires: day.Add(time.Hour)},
		{ID: "long", Hosts: []string{"B.example.", "*.c.example"}, Expires: day.Add(48 * time.Hour)},
		{ID: "ever", Hosts: []string{"192.0.2.1", "2001:DB8::1", "d.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"a.example": "", "x.a.example": "", "b.example": "long", "x.b.example": "", "c.example": "", "x.c.example": "long", "y.x.c.example": "long",
		"xc.example": "", "d.example": "ever", "192.0.2.1": "ever", "2001:db8::1": "ever", "": "", ".": "",
	} {
		got := ""
		if e := l.Find(host, day); e != nil {
			got = e.ID
		}
		if got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
	if e := l.Find("b.example", day.Add(72*time.Hour)); e != nil {
		t.Errorf("after its end %q still holds", e.ID)
	}
	if say := (&Entry{ID: "x", Owner: "it", Reason: "pins", Expires: day}).Say(); !strings.Contains(say, `"x"`) || !strings.Contains(say, "it: pins") || !strings.Contains(say, "2026-11-21") {
		t.Error(say)
	}
}

func TestFaults(t *testing.T) {
	_, err := New([]Entry{{Hosts: []string{"a"}}, {ID: "x"}, {ID: "x", Hosts: []string{"*", "http://a/", "*.*.b", "a b", ":1"}}})
	for _, want := range []string{"entry 1 has no id", "entry 3 has no id", "no hosts", `"*"`, "http://a/", "*.*.b", `"a b"`, `":1"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func client(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

func TestPins(t *testing.T) {
	p := NewPins()
	now := day
	p.now = func() time.Time { return now }
	if kind, _ := p.Refused(client(1), "pinned.example"); kind != "untrusted" {
		t.Errorf("of a client that trusts nothing: %s", kind)
	}
	p.Accepted(client(1), "other.example")
	p.Accepted(client(2), "other.example")
	told := 0
	for i := range 6 {
		kind, s := p.Refused(client(1+i%2), "pinned.example")
		if kind != "pinned" {
			t.Errorf("refusal %d: %s", i, kind)
		}
		if s != nil {
			told++
			if s.Host != "pinned.example" || s.Tries != enoughTries || s.Clients != 2 || s.Partly {
				t.Errorf("%+v", s)
			}
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	p.Accepted(client(3), "pinned.example")
	if s := p.Suspects(); len(s) != 1 || s[0].Tries != 6 || !s[0].Partly {
		t.Errorf("%+v", s)
	}
	now = now.Add(25 * time.Hour)
	if s := p.Suspects(); len(s) != 0 {
		t.Errorf("a day later: %+v", s)
	}
	if kind, _ := p.Refused(client(1), "pinned.example"); kind != "untrusted" {
		t.Errorf("of a client not seen for a day: %s", kind)
	}
}

func TestPinsAreBounded(t *testing.T) {
	p := NewPins()
	for i := range maxTrusted + 10 {
		p.Accepted(client(i), "other.example")
	}
	p.Accepted(client(0), "other.example")
	for i := range 3 * maxHosts {
		for range enoughTries {
			p.Refused(client(0), fmt.Sprintf("%d.example", i))
		}
	}
	if len(p.hosts) > maxHosts || len(p.trusted) > maxTrusted {
		t.Errorf("%d hosts, %d clients", len(p.hosts), len(p.trusted))
	}
	if n := len(p.Suspects()); n > maxSuspicion {
		t.Errorf("%d suspects", n)
	}
}
