package alarm

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/export"
)

// site is a log, and alarms that follow it.
type site struct {
	t   *testing.T
	dir string
	log *audit.Log
	cfg Config

	mu   sync.Mutex
	skew time.Duration // the clock of alarms is so much ahead

	*Alarms
	stop func()
}

func newSite(t *testing.T) *site {
	s := &site{t: t, dir: t.TempDir()}
	var err error
	s.log, err = audit.Open(filepath.Join(s.dir, "audit"), audit.Options{})
	check(t, err)
	t.Cleanup(func() { s.end(); check(t, s.log.Close()) })
	s.cfg = Config{Dir: filepath.Join(s.dir, "audit"), State: filepath.Join(s.dir, "alarms"), Log: s.log, Origin: "https://dlp.example.jp", Location: time.UTC,
		Record: func(ev audit.Event) { s.put(ev) }, Now: s.now}
	return s
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.skew)
}

func (s *site) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew += d
}

func (s *site) put(ev audit.Event) {
	s.t.Helper()
	if ev.Time.IsZero() {
		ev.Time = s.now()
	}
	_, err := s.log.Append(context.Background(), ev)
	check(s.t, err)
}

// begin starts alarms, as the program does.
func (s *site) begin() {
	s.t.Helper()
	check(s.t, s.cfg.Mail.Validate())
	var names []string
	for i := range s.cfg.Destinations {
		check(s.t, s.cfg.Destinations[i].Validate(s.cfg.Mail.Server != ""))
		names = append(names, s.cfg.Destinations[i].Name)
	}
	for i := range s.cfg.Rules {
		check(s.t, s.cfg.Rules[i].Validate(names, s.cfg.Mail.Server != ""))
	}
	var err error
	s.Alarms, err = New(s.cfg)
	check(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	s.stop = func() { cancel(); <-done }
}

func (s *site) end() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

func (s *site) file(name, text string) string {
	p := filepath.Join(s.dir, name)
	check(s.t, os.WriteFile(p, []byte(text+"\n"), 0o600))
	return p
}

// until waits for something to come about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("in vain: %s", what)
}

func block(user, incident string) audit.Event {
	return audit.Event{Kind: "decision", Action: "block", Severity: "high", Rule: "customers-out", User: user, Host: "paste.example", Incident: incident,
		Clause: "people: 12 (needs at least 10 with NAME and PHONE, confidence 0.80)", Records: 12, Reason: "",
		Findings: []map[string]string{{"masked": "0*0-****-***8"}}}
}

const secretKey = "0123456789abcdef"

// hooked is a site with one alarm to one webhook.
func hooked(t *testing.T) (*site, *wall) {
	s, w := newSite(t), newWall(t)
	s.cfg.Destinations = []Destination{{Name: "soc", URL: w.URL, SecretFile: s.file("secret", secretKey)}}
	s.cfg.Rules = []Rule{{Name: "grave", When: When{Severity: "high", Kinds: []string{"decision", "alarm", "release", "reload", "mode"}}, To: []string{"soc"}}}
	return s, w
}

func TestWebhookIsSignedAndTellsNoValue(t *testing.T) {
	s, w := hooked(t)
	s.put(block("old", "SK-OLD")) // before there were alarms
	until(t, "its end", func() bool { return s.log.Acknowledged() == 1 })
	s.begin()
	s.put(audit.Event{Kind: "decision", Action: "log", Severity: "low", User: "sato"})
	s.put(audit.Event{Kind: "reload"})
	s.put(block("sato\r\nBcc: x", "SK-1111-2222"))
	until(t, "a message", func() bool { return len(w.all()) == 1 })
	p := w.all()[0]
	if got := p.head.Get("X-Sekimori-Signature"); got != export.Sign([]byte(secretKey), p.head.Get("X-Sekimori-Timestamp"), []byte(p.body)) {
		t.Errorf("the signature %q does not fit", got)
	}
	var m Posted
	check(t, json.Unmarshal([]byte(p.body), &m))
	if m.Kind != "decision" || m.Count != 1 || m.Record != 4 || m.Incidents[0] != "SK-1111-2222" || m.Link != "https://dlp.example.jp/console/alarms/grave-4" || m.Persons != 12 {
		t.Errorf("%+v", m)
	}
	for _, want := range []string{"送信を遮断しました", "An upload was blocked", "paste.example", "customers-out", "SK-1111-2222", "people: 12"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text does not tell %q:\n%s", want, m.Text)
		}
	}
	if strings.Contains(p.body, "****") || strings.Contains(m.Text, "\r") || strings.Contains(m.Text, "\nBcc") {
		t.Errorf("it tells too much: %s", p.body)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(s.Alarms)
	all, err := reg.Gather()
	check(t, err)
	if len(all) != 6 || s.Healthy() != nil {
		t.Errorf("%d families, %v", len(all), s.Healthy())
	}
}

// TestGrouping: one message at first, then one in the alarm's time, with the
// count; another person is another alert.
func TestGrouping(t *testing.T) {
	s, w := hooked(t)
	s.begin()
	for range 50 {
		s.put(block("sato", "SK-A"))
	}
	s.put(block("suzuki", "SK-B"))
	until(t, "two alerts", func() bool { return len(s.List()) == 2 && len(w.all()) >= 2 })
	time.Sleep(2 * poll)
	early := len(w.all())
	if early > 2 {
		t.Errorf("%d messages at once", early)
	}
	s.later(11 * time.Minute)
	until(t, "the count", func() bool {
		for _, p := range w.all() {
			if strings.Contains(p.body, `"count":50`) {
				return true
			}
		}
		return false
	})
	s.put(block("sato", "SK-C")) // after a quiet time: another alert
	until(t, "a third alert", func() bool { return len(s.List()) == 3 })
}

// TestDeadSinkAndRestart: nothing is lost while a destination is down and the
// program is not running, and another destination does not wait for it.
func TestDeadSinkAndRestart(t *testing.T) {
	s, w := hooked(t)
	room := newWall(t)
	s.cfg.Destinations = append(s.cfg.Destinations, Destination{Name: "room", URL: room.URL, Form: "slack"})
	s.cfg.Rules[0].To = append(s.cfg.Rules[0].To, "room")
	w.answer(500)
	s.begin()
	s.put(block("sato", "SK-A"))
	until(t, "the other destination", func() bool { return len(room.all()) == 1 })
	until(t, "a failed try", func() bool { st := s.Status(); return st[0].Failed > 0 && st[0].Waiting == 1 && st[0].Err != nil })
	s.end()
	s.put(block("suzuki", "SK-B")) // nobody looks
	w.answer(200)
	s.begin()
	until(t, "both", func() bool { return len(w.all()) == 2 && len(room.all()) == 2 })
	if a, b := w.all()[0].head.Get("Idempotency-Key"), w.all()[1].head.Get("Idempotency-Key"); a == b || a == "" {
		t.Errorf("keys %q, %q", a, b)
	}
	s.end()
	s.begin()
	time.Sleep(3 * poll)
	if len(w.all()) != 2 {
		t.Errorf("%d messages after a restart for nothing", len(w.all()))
	}
	// What waits for a destination that is taken out waits no more.
	w.answer(500)
	s.put(block("kato", "SK-D"))
	until(t, "a waiting message", func() bool { return s.Status()[0].Waiting == 1 })
	s.end()
	s.cfg.Destinations, s.cfg.Rules[0].To = s.cfg.Destinations[1:], []string{"room"}
	s.begin()
	until(t, "nothing that waits", func() bool {
		s.Alarms.mu.Lock()
		defer s.Alarms.mu.Unlock()
		return len(s.st.Tasks) == 0
	})
}

func TestAcknowledgeAndEscalate(t *testing.T) {
	s, w := hooked(t)
	chief := newWall(t)
	s.cfg.Destinations = append(s.cfg.Destinations, Destination{Name: "chief", URL: chief.URL, Form: "teams"})
	s.cfg.Rules[0].Escalate, s.cfg.Rules[0].EscalateTo = 30*time.Minute, []string{"chief"}
	s.begin()
	s.put(block("sato", "SK-A"))
	s.put(block("suzuki", "SK-B"))
	until(t, "both told", func() bool { return len(w.all()) == 2 })
	id := ""
	for _, a := range s.List() {
		if a.User == "sato" {
			id = a.ID
		}
	}
	if ok, err := s.Acknowledge(id, "anna"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, _ := s.Acknowledge(id, "ben"); ok {
		t.Error("acknowledged twice")
	}
	s.end()
	s.begin()
	s.later(31 * time.Minute)
	until(t, "an escalation", func() bool { return len(chief.all()) == 1 })
	if body := chief.all()[0].body; !strings.Contains(body, "suzuki") || !strings.Contains(body, "AdaptiveCard") || !strings.Contains(body, "nobody") {
		t.Error(body)
	}
	until(t, "the record of it", func() bool {
		n := 0
		_ = audit.Read(s.cfg.Dir, audit.Filter{Kind: "alarm-escalated"}, func(audit.Record) error { n++; return nil })
		return n == 1
	})
	a, _ := s.Get(id)
	if a.Open() || a.AckBy != "anna" || !a.Escalated.IsZero() {
		t.Errorf("%+v", a)
	}
	// What comes after somebody looked is told again.
	s.put(block("sato", "SK-C"))
	until(t, "a new alert", func() bool { return len(w.all()) >= 3 })
}

// TestMail goes by STARTTLS with a log-in, to the manager and the approvers.
func TestMail(t *testing.T) {
	s, p := newSite(t), newPost(t)
	s.cfg.Mail = Mail{Server: p.l.Addr().String(), From: "sekimori@example.jp", CAFile: p.ca, User: "u", PasswordFile: s.file("password", "pw"), Domain: "example.jp",
		Addresses: map[string]string{"ito": "ito.k@example.jp"}}
	s.cfg.Manager = func(who string) string { return map[string]string{"sato": "ito"}[who] }
	s.cfg.Approvers = func() []string { return []string{"anna", "sato"} }
	s.cfg.Decide = func(release, account string) (string, string) {
		return "https://dlp.example.jp/decide?" + strings.Repeat("y", 600) + release + account, "https://dlp.example.jp/decide?n" + release + account
	}
	s.cfg.Destinations = []Destination{{Name: "third", Mail: []string{"auditor@third.example"}}}
	s.cfg.Rules = []Rule{{Name: "stopped", Language: "ja", When: When{Actions: []string{"block"}, Kinds: []string{"decision"}}, To: []string{"manager", "third"}},
		{Name: "asked", Language: "en", When: When{Kinds: []string{"release"}}, To: []string{"approvers"}}}
	s.begin()
	s.put(block("sato", "SK-1111-2222"))
	s.put(audit.Event{Kind: "release", Action: "asked", User: "sato", Incident: "SK-3", Reason: "for 090-0000-0000", Details: map[string]string{"release": "RL-AAAA-BBBB", "asked_by": "sato"}})
	s.put(audit.Event{Kind: "release", Action: "approved", User: "anna"})
	until(t, "three letters", func() bool { return len(p.all()) == 3 })
	to := map[string]letter{}
	for _, l := range p.all() {
		to[strings.Join(l.to, " ")] = l
	}
	if l := to["ito.k@example.jp"]; l.subject != "[Sekimori] 送信を遮断しました: sato" || !strings.Contains(l.text, "SK-1111-2222") || strings.Contains(l.text, "blocked") || l.user == "" {
		t.Errorf("to the manager: %+v", l)
	}
	if l := to["auditor@third.example"]; l.subject == "" || l.id == "" {
		t.Errorf("to a third: %+v", l)
	}
	if l := to["anna@example.jp"]; !strings.Contains(l.text, "yRL-AAAA-BBBBanna") || !strings.Contains(l.text, "?nRL-AAAA-BBBBanna") {
		t.Errorf("the approver has no links: %+v", l)
	}
	for _, who := range []string{"ito.k@example.jp", "auditor@third.example"} {
		if strings.Contains(to[who].text, "/decide?") {
			t.Errorf("%s can decide: %+v", who, to[who])
		}
	}
	if l := to["anna@example.jp"]; !strings.Contains(l.text, "https://dlp.example.jp/console/releases/RL-AAAA-BBBB") || strings.Contains(l.text, "090") {
		t.Errorf("to the approver: %+v", l)
	}
	if p.clear != 0 {
		t.Error("a letter went in clear")
	}
	p.mu.Lock()
	p.refuse = true
	p.mu.Unlock()
	s.put(block("kato", "SK-9"))
	until(t, "a refusal", func() bool { return s.Healthy() != nil })
	p.mu.Lock()
	p.refuse = false
	p.mu.Unlock()
	until(t, "the letter all the same", func() bool { return len(p.all()) == 4 })
	// Each request is told of by itself, also the next one of the same person.
	for _, id := range []string{"RL-CCCC-0001", "RL-CCCC-0002"} {
		s.put(audit.Event{Kind: "release", Action: "asked", User: "sato", Details: map[string]string{"release": id, "asked_by": "sato"}})
	}
	until(t, "a letter for each request", func() bool {
		text := ""
		for _, l := range p.all() {
			text += l.text
		}
		return strings.Contains(text, "RL-CCCC-0001anna") && strings.Contains(text, "RL-CCCC-0002anna")
	})
}

func TestChatwork(t *testing.T) {
	s, w := newSite(t), newWall(t)
	s.cfg.Destinations = []Destination{{Name: "room", URLFile: s.file("url", w.URL+"/v2/rooms/1/messages"), Form: "chatwork", TokenFile: s.file("token", "tok")}}
	s.cfg.Rules = []Rule{{Name: "all", When: When{}, To: []string{"room"}}}
	s.begin()
	s.put(audit.Event{Kind: "alarm", Action: "emergency-release", Severity: "critical", User: "[To:1]", Reason: "words", Details: map[string]string{"release": "RL-1", "asked_by": "sa[to"}})
	until(t, "a post", func() bool { return len(w.all()) == 1 })
	form, err := url.ParseQuery(w.all()[0].body)
	check(t, err)
	body := form.Get("body")
	if !strings.HasPrefix(body, "[info][title]") || strings.Count(body, "[") != 4 || strings.Contains(body, "words") || w.all()[0].head.Get("X-ChatWorkToken") != "tok" {
		t.Error(body)
	}
}

// TestDamagedState: alarms start all the same, and say so.
func TestDamagedState(t *testing.T) {
	s, w := hooked(t)
	s.cfg.Rules[0].When.Kinds = append(s.cfg.Rules[0].When.Kinds, "gap")
	check(t, os.MkdirAll(s.cfg.State, 0o700))
	check(t, os.WriteFile(filepath.Join(s.cfg.State, "state.json"), []byte("{"), 0o600))
	s.begin()
	until(t, "word of it", func() bool { return len(w.all()) == 1 && strings.Contains(w.all()[0].body, `"kind":"gap"`) })
}

func TestFaults(t *testing.T) {
	for want, err := range map[string]error{
		"mail.from":        (&Mail{Server: "mail.example:25"}).Validate(),
		"in clear":         (&Mail{Server: "mail.example:25", From: "a@b.example", TLS: "none"}).Validate(),
		"two places":       (&Destination{Name: "x"}).Validate(false),
		"no mail.server":   (&Destination{Name: "x", Mail: []string{"a@b.example"}}).Validate(false),
		"no mail address":  (&Destination{Name: "x", Mail: []string{"a"}}).Validate(true),
		"secret_file":      (&Destination{Name: "x", URL: "https://a.example"}).Validate(true),
		"token_file":       (&Destination{Name: "x", URL: "https://a.example", Form: "chatwork"}).Validate(true),
		"is no address":    (&Destination{Name: "x", URL: "a.example", Form: "slack"}).Validate(true),
		"no [[notify]]":    (&Rule{Name: "a", To: []string{"x"}}).Validate(nil, true),
		"belong together":  (&Rule{Name: "a", Escalate: 1}).Validate(nil, true),
		"when.kinds":       (&Rule{Name: "a", When: When{Kinds: []string{"decisions"}}}).Validate(nil, true),
		"when.severity":    (&Rule{Name: "a", When: When{Severity: "grave"}}).Validate(nil, true),
		"when.actions":     (&Rule{Name: "a", When: When{Actions: []string{"stop"}}}).Validate(nil, true),
		"language":         (&Rule{Name: "a", Language: "fr"}).Validate(nil, true),
		"told by mail and": (&Rule{Name: "a", To: []string{"manager"}}).Validate(nil, false),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want a fault with %q, got %v", want, err)
		}
	}
}

// TestBounds: the state does not grow without end.
func TestBounds(t *testing.T) {
	var st state
	r := Rule{Name: "a", Group: time.Minute}
	now := time.Now()
	for i := range maxAlerts + 100 {
		st.fold(&r, &audit.Record{Seq: uint64(i + 1), Event: audit.Event{Kind: "decision", User: "u" + string(rune('a'+i%26)) + time.Duration(i).String(), Time: now}})
	}
	if len(st.Alerts) > maxAlerts+1 {
		t.Errorf("%d alerts", len(st.Alerts))
	}
	if last := st.Alerts[len(st.Alerts)-1]; last.Count != 100 {
		t.Errorf("the rest is %d", last.Count)
	}
	st.tidy(now.Add(keepOpen + time.Hour))
	if len(st.Alerts) != 0 {
		t.Errorf("%d alerts are kept for ever", len(st.Alerts))
	}
}
