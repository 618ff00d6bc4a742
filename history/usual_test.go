package history

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestUsual(t *testing.T) {
	h := New()
	q := Query{Names: []string{"sato"}, Window: 24 * time.Hour}
	for day := range 28 {
		e := upload(noon.AddDate(0, 0, day), digests(1000*day, 4))
		e.Bytes = 1000
		h.Add(e)
	}
	q.Now = noon.AddDate(0, 0, 28)
	if mean, ok := h.Usual(q); !ok || mean.People < 3.9 || mean.People > 8.1 || mean.Bytes < 999 || mean.Bytes > 2001 {
		t.Errorf("%v %v", mean, ok)
	}
	q.Names = []string{"ito"}
	if _, ok := h.Usual(q); ok {
		t.Error("somebody new has a usual amount")
	}
}

// send adds an upload of somebody in a group.
func send(h *History, at time.Time, user string, people, bytes int) {
	h.Add(Entry{Time: at, User: user, Groups: []string{"sales"}, Host: "www.dropbox.com", Classes: []string{"cloud-storage"},
		Bytes: int64(bytes), Persons: digests(int(at.Unix()%1e6)*100+len(user)*7, people)})
}

func TestPeers(t *testing.T) {
	h := New()
	q := Query{Window: 24 * time.Hour, Now: noon}
	groups := []string{"staff", "sales"}
	for i := range 2 {
		send(h, noon, fmt.Sprint("peer", i), 4, 100)
	}
	send(h, noon, "sato", 500, 1e6)
	send(h, noon.AddDate(0, 0, -9), "long-ago", 4, 100)
	if _, ok := h.Peers(q, "sato", groups); ok {
		t.Error("two others are taken for a group")
	}
	send(h, noon, "peer2", 6, 300)
	if got, ok := h.Peers(q, "sato", groups); !ok || got != (Amount{4, 100}) {
		t.Errorf("%+v %v; want what the others send, not the sum", got, ok)
	}
	q.Classes = []string{"web-mail"}
	if _, ok := h.Peers(q, "sato", groups); ok {
		t.Error("what went to other classes counts")
	}
	for i := range 2 * maxMembers {
		send(h, noon, fmt.Sprint("more", i), 1, 1)
	}
	if n := len(h.members("sales")); n > maxMembers {
		t.Errorf("%d members are kept", n)
	}
	send(h, noon.AddDate(0, 0, 40), "late", 1, 1)
	if got := h.members("sales"); len(got) > 1 {
		t.Errorf("after forty days %d members are kept", len(got))
	}
}

func TestUnusualHour(t *testing.T) {
	at := func(day, hour int) time.Time {
		return noon.Truncate(24*time.Hour).AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
	}
	h := New()
	ask := func(day, hour int) string {
		odd, ok := h.UnusualHour(Query{Names: []string{"sato"}, Now: at(day, hour)})
		return fmt.Sprint(odd, ok)
	}
	for day := range 4 {
		send(h, at(day, 9), "sato", 0, 1)
	}
	if got := ask(4, 3); got != "true false" {
		t.Error("after four days something is said:", got)
	}
	for day := 4; day < 20; day++ {
		send(h, at(day, 9), "sato", 0, 1)
		send(h, at(day, 23), "sato", 0, 1)
	}
	for hour, want := range map[int]string{7: "true true", 8: "false true", 9: "false true", 10: "false true", 11: "true true", 3: "true true", 0: "false true", 22: "false true", 1: "true true"} {
		if got := ask(20, hour); got != want {
			t.Errorf("at %d: %s, want %s", hour, got, want)
		}
	}
	send(h, at(20, 3), "sato", 0, 1)
	if got := ask(20, 3); got != "true true" {
		t.Error("a first time makes the same night usual:", got)
	}
	send(h, at(21, 3), "sato", 0, 1)
	send(h, at(22, 3), "sato", 0, 1)
	if got := ask(23, 3); got != "false true" {
		t.Error("after three nights in three weeks:", got)
	}
	if got := ask(60, 9); got != "false false" {
		t.Error("what is older than four weeks counts:", got)
	}
	stopped := Entry{Time: at(60, 9), User: "sato", Host: "h", Stopped: true}
	for day := range 9 {
		stopped.Time = at(60+day, 9)
		h.Add(stopped)
	}
	if got := ask(70, 9); got != "false false" {
		t.Error("what was stopped did leave:", got)
	}
}

// TestRhythm compares with a list of hours, in any order of time.
func TestRhythm(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		var got rhythm
		sent := map[int64]bool{}
		now := int64(500_000)
		for range 60 {
			now += int64(r.IntN(70)) - 20
			got.add(now)
			sent[now] = true
			day := now/24 + int64(r.IntN(40)) - 3
			for h, bits := range got.days(day) {
				for back := int64(1); back <= usualDays; back++ {
					// What lies farther back than 31 days from the last is not kept.
					want := sent[(day-back)*24+int64(h)] && got.day-(day-back) < 32
					if have := bits>>back&1 == 1; have != want {
						t.Fatalf("seed %d: hour %d, %d days before: %v, want %v", seed, h, back, have, want)
					}
				}
				if bits&1 != 0 || bits>>(usualDays+1) != 0 {
					t.Fatalf("seed %d: today, or more than four weeks: %b", seed, bits)
				}
			}
		}
	}
}

// TestUsualSurvivesARestart asks the same of a history that is opened again.
func TestUsualSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().Truncate(time.Hour)
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for day := range 10 {
		for i := range 4 {
			send(h, now.AddDate(0, 0, day-10), fmt.Sprint("user", i), 3, 50)
			send(h, now, fmt.Sprint("user", i), 3, 50)
		}
	}
	q := Query{Names: []string{"user0"}, Now: now.Add(12 * time.Hour), Window: 24 * time.Hour}
	odd, _ := h.UnusualHour(q)
	peers, _ := h.Peers(q, "user0", []string{"sales"})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if h, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if again, ok := h.UnusualHour(q); !ok || again != odd || !odd {
		t.Errorf("unusual hour: %v, it was %v", again, odd)
	}
	if again, ok := h.Peers(q, "user0", []string{"sales"}); !ok || again != peers || peers.People == 0 {
		t.Errorf("peers: %v, it was %v", again, peers)
	}
}

func BenchmarkPeers(b *testing.B) {
	h := New()
	for i := range 2 * maxMembers {
		for day := range 20 {
			send(h, noon.AddDate(0, 0, -day), fmt.Sprint("user", i), 10, 1000)
		}
	}
	q := Query{Window: 7 * 24 * time.Hour, Now: noon}
	for b.Loop() {
		h.Peers(q, "user1", []string{"sales"})
	}
}
