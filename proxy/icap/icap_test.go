package icap

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

const secret = "SECRET-CONTENT"

// wordScanner finds the word above.
type wordScanner struct{}

func (wordScanner) Scan(_ context.Context, roots []part.Part, _ inspect.ScanOptions) *inspect.Report {
	r := &inspect.Report{Total: map[inspect.Type]int{}}
	for _, p := range roots {
		b, err := io.ReadAll(p.Body)
		if err != nil {
			panic(err)
		}
		if n := bytes.Count(b, []byte(secret)); n > 0 {
			r.Total["CARD"] += n
		}
	}
	return r
}

type wordRules struct {
	mu    sync.Mutex
	asked rules.Transaction
}

func (*wordRules) Digest() string                       { return "test" }
func (*wordRules) Release(string) (rules.Release, bool) { return rules.Release{}, false }
func (w *wordRules) Decide(t rules.Transaction) rules.Verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = t
	if t.Report.Total["CARD"] > 0 {
		return rules.Verdict{Action: rules.Block, Rule: "no-secrets"}
	}
	return rules.Verdict{Action: rules.Allow}
}

func (w *wordRules) last() rules.Transaction {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// web describes requests as the HTTP door does, in short.
type web struct{}

func (web) Describe(r *http.Request, who rules.Principal) (*gate.Transaction, *answer.Answer) {
	t := &gate.Transaction{Principal: who, Query: r.URL.RawQuery, Length: r.ContentLength, MediaType: r.Header.Get("Content-Type"),
		Destination: rules.Destination{Scheme: r.URL.Scheme, Host: r.URL.Hostname(), Method: r.Method, Path: r.URL.Path}}
	if v := r.Header.Get(answer.ConfirmHeader); v != "" {
		t.Confirm, t.Reason, _ = strings.Cut(v, " ")
	}
	if r.URL.Hostname() == "barred.example" {
		return t, &answer.Answer{Kind: answer.Barred, Host: "barred.example"}
	}
	return t, nil
}

func (web) Refuse(_ *gate.Transaction, o *gate.Outcome) *answer.Answer {
	a := &answer.Answer{Kind: answer.Blocked, Incident: o.Incident, Rule: o.Verdict.Rule}
	if o.Failure != gate.None {
		a.Kind = answer.Kind(o.Failure)
	}
	return a
}

func (web) Confirm(r *http.Request, _ rules.Principal) *answer.Answer {
	form, err := io.ReadAll(r.Body)
	if err != nil || string(form) != "token=t&reason=r" {
		return &answer.Answer{Kind: answer.NotConfirm}
	}
	return &answer.Answer{Kind: answer.Confirmed}
}

func (web) Write(a *answer.Answer, r *http.Request) *http.Response { return a.Response(r) }

type accounts struct{}

func (accounts) Named(_ context.Context, user string, groups []string, at netip.Addr, how string) rules.Principal {
	return rules.Principal{User: user, Groups: groups, Address: at, How: how}
}

type recorder struct {
	mu  sync.Mutex
	evs []audit.Event
}

func (r *recorder) Append(_ context.Context, ev audit.Event) (audit.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.evs = append(r.evs, ev)
	return audit.Receipt{}, nil
}

func (r *recorder) last() audit.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.evs) == 0 {
		return audit.Event{}
	}
	return r.evs[len(r.evs)-1]
}

type fixture struct {
	*Server
	t      *testing.T
	addr   string
	rules  *wordRules
	log    *recorder
	digest string
}

func start(t *testing.T, mend func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, rules: &wordRules{}, log: &recorder{}, digest: "one"}
	spool, err := hold.Open(hold.Config{Dir: t.TempDir(), MemoryPerBody: 64 << 10, Max: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	g, err := gate.New(gate.Config{Policy: func() *gate.Policy { return &gate.Policy{Scanner: wordScanner{}, Rules: f.rules} }, Hold: spool, Audit: f.log})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Version: "test"}
	if mend != nil {
		mend(&c)
	}
	if f.Server, err = New(c, Deps{Gate: g, Web: web{}, Accounts: accounts{}, Digest: func() string { return f.digest }}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = l.Addr().String()
	go f.Serve(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := f.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if n := spool.Stats().Bodies; n != 0 {
			t.Errorf("%d bodies are still held", n)
		}
	})
	return f
}

// client is a neighbour by hand.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (f *fixture) dial() *client {
	f.t.Helper()
	c, err := net.Dial("tcp", f.addr)
	if err != nil {
		f.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	f.t.Cleanup(func() { c.Close() })
	return &client{f.t, c, bufio.NewReader(c)}
}

// said is an answer taken apart.
type said struct {
	status int
	header http.Header
	head   string // encapsulated
	body   string
}

// answer reads one answer whole.
func (c *client) answer() said {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	var a said
	if _, err := fmt.Sscanf(line, "ICAP/1.0 %d", &a.status); err != nil {
		c.t.Fatalf("answer %q", line)
	}
	a.header = http.Header{}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
		k, v, _ := strings.Cut(strings.TrimSpace(line), ": ")
		a.header.Add(k, v)
	}
	if a.status == 100 {
		return a
	}
	list, err := encapsulated(a.header.Get("Encapsulated"))
	if err != nil || list == nil {
		c.t.Fatalf("Encapsulated %q", a.header.Get("Encapsulated"))
	}
	last := list[len(list)-1]
	head := make([]byte, last.at)
	if _, err := io.ReadFull(c.r, head); err != nil {
		c.t.Fatal(err)
	}
	a.head = string(head)
	if last.name != "null-body" {
		b, err := io.ReadAll(&body{r: c.r})
		if err != nil {
			c.t.Fatal(err)
		}
		a.body = string(b)
	}
	return a
}

func (c *client) ask(s string) said {
	c.t.Helper()
	io.WriteString(c, s)
	return c.answer()
}

// reqmod writes a REQMOD with a head, and what follows it.
func reqmod(fields, head, rest string) string {
	kind := "req-body"
	if rest == "" {
		kind = "null-body"
	}
	return fmt.Sprintf("REQMOD icap://gate.example/reqmod ICAP/1.0\r\nHost: gate.example\r\n%sEncapsulated: req-hdr=0, %s=%d\r\n\r\n%s%s", fields, kind, len(head), head, rest)
}

func chunks(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
	}
	return b.String() + "0\r\n\r\n"
}

const post = "POST http://origin.example/upload HTTP/1.1\r\nHost: origin.example\r\nContent-Type: text/plain\r\n\r\n"

func TestOptionsTagFollowsTheRules(t *testing.T) {
	f := start(t, nil)
	c := f.dial()
	a := c.ask("OPTIONS icap://gate.example/reqmod ICAP/1.0\r\nHost: gate.example\r\n\r\n")
	if a.status != 200 || a.header.Get("Methods") != "REQMOD" || a.header.Get("Allow") != "204" || a.header.Get("Preview") != "4096" || a.header.Get("Max-Connections") != "2000" {
		t.Errorf("%+v", a)
	}
	tag := a.header.Get("ISTag")
	if len(tag) < 3 || len(tag) > 34 || tag[0] != '"' {
		t.Errorf("tag %q", tag)
	}
	f.digest = "two"
	b := c.ask(reqmod("Allow: 204\r\n", post, chunks("x")))
	if again := b.header.Get("ISTag"); again == tag || again == "" {
		t.Errorf("tag %q after %q", again, tag)
	}
	if a := c.ask("OPTIONS icap://gate.example/respmod ICAP/1.0\r\nEncapsulated: null-body=0\r\n\r\n"); a.header.Get("Methods") != "RESPMOD" || a.header.Get("Preview") != "0" {
		t.Errorf("%+v", a)
	}
}

func TestLeaveAndRefusal(t *testing.T) {
	f := start(t, nil)
	get := "GET http://origin.example/?q=%s HTTP/1.1\r\nHost: origin.example\r\nAccept: application/json\r\n\r\n"
	big := strings.Repeat("0123456789abcdef", 20<<10)
	for name, k := range map[string]struct {
		say    []string
		status int // the last
		head   string
		body   string
	}{
		"204 outside of a preview":     {[]string{reqmod("Allow: 204\r\n", post, chunks("hello"))}, 204, "", ""},
		"204 without a body":           {[]string{reqmod("Allow: 204\r\n", fmt.Sprintf(get, "x"), "")}, 204, "", ""},
		"no 204 allowed":               {[]string{reqmod("", post, chunks("hel", "lo"))}, 200, post, "hello"},
		"no 204 allowed, without body": {[]string{reqmod("", fmt.Sprintf(get, "x"), "")}, 200, fmt.Sprintf(get, "x"), ""},
		"all in the preview":           {[]string{reqmod("Preview: 10\r\n", post, "5\r\nhello\r\n0; ieof\r\n\r\n")}, 204, "", ""},
		"empty preview":                {[]string{reqmod("Preview: 0\r\nAllow: 204\r\n", post, "0\r\n\r\n"), chunks("hello")}, 204, "", ""},
		"rest after the preview":       {[]string{reqmod("Preview: 3\r\nAllow: 204\r\n", post, chunks("hel")), chunks("lo")}, 204, "", ""},
		"no 204 after the preview":     {[]string{reqmod("Preview: 3\r\n", post, chunks("hel")), chunks("lo", big)}, 200, post, "hello" + big},
		"blocked":                      {[]string{reqmod("Allow: 204\r\n", post, chunks(secret))}, 200, "HTTP/1.1 403 Forbidden\r\n", "送信を止めました"},
		"blocked in the preview":       {[]string{reqmod("Preview: 1024\r\nAllow: 204\r\n", post, fmt.Sprintf("%x\r\n%s\r\n0; ieof\r\n\r\n", len(secret), secret))}, 200, "HTTP/1.1 403", "送信を止めました"},
		"blocked after the preview":    {[]string{reqmod("Preview: 4\r\nAllow: 204\r\n", post, chunks(secret[:4])), chunks(secret[4:])}, 200, "HTTP/1.1 403", "送信を止めました"},
		"blocked in the query":         {[]string{reqmod("Allow: 204\r\n", fmt.Sprintf(get, secret), "")}, 200, "HTTP/1.1 403", `"error": "blocked"`},
		"too large":                    {[]string{reqmod("Allow: 204\r\n", post, chunks(big, big, big, big))}, 200, "HTTP/1.1 413", ""},
		"barred":                       {[]string{reqmod("Preview: 4\r\nAllow: 204\r\n", strings.ReplaceAll(post, "origin.", "barred."), chunks("hell"))}, 200, "HTTP/1.1 403", ""},
		"confirming form": {[]string{reqmod("", "POST https://origin.example"+answer.ConfirmPath+" HTTP/1.1\r\nHost: origin.example\r\n\r\n", chunks("token=t", "&reason=r"))},
			200, "HTTP/1.1 200 OK", "確認を記録しました"},
		"confirming header": {[]string{reqmod("Allow: 204\r\n", strings.Replace(post, "Content-Type", "sekimori-confirm: t r\r\nContent-Type", 1), chunks("hello"))}, 200, post, "hello"},
		"CONNECT":           {[]string{reqmod("Allow: 204\r\n", "CONNECT origin.example:443 HTTP/1.1\r\nHost: origin.example:443\r\n\r\n", "")}, 204, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := f.dial()
			var a said
			for i, s := range k.say {
				io.WriteString(c, s)
				if a = c.answer(); i < len(k.say)-1 && a.status != 100 {
					t.Fatalf("%+v", a)
				}
			}
			if a.status != k.status || !strings.HasPrefix(a.head, k.head) || k.status == 204 && a.head != "" {
				t.Fatalf("%.300v, want %d %q", a, k.status, k.head)
			}
			if k.head == post && a.body != k.body || !strings.Contains(a.body, k.body) {
				t.Errorf("body %.300q", a.body)
			}
			if name == "too large" {
				return // the connection ends with it
			}
			if a := c.ask(reqmod("Allow: 204\r\n", post, chunks("next"))); a.status != 204 {
				t.Errorf("the next: %+v", a)
			}
		})
	}
}

func TestWhoSends(t *testing.T) {
	base := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, k := range map[string]struct {
		fields string
		mend   func(*Config)
		want   rules.Principal
	}{
		"plain":    {"X-Client-IP: 192.0.2.7\r\nX-Authenticated-User: sato\r\n", nil, rules.Principal{User: "sato", Address: netip.MustParseAddr("192.0.2.7")}},
		"base64":   {"X-Client-IP: 2001:db8::1\r\nX-Authenticated-User: " + base("佐藤") + "\r\n", nil, rules.Principal{User: "佐藤", Address: netip.MustParseAddr("2001:db8::1")}},
		"local":    {"X-Authenticated-User: " + base("Local://sato") + "\r\n", nil, rules.Principal{User: "sato", Address: netip.MustParseAddr("127.0.0.1")}},
		"windows":  {"X-Authenticated-User: WinNT://CORP/sato\r\n", nil, rules.Principal{User: "sato", Address: netip.MustParseAddr("127.0.0.1")}},
		"squid":    {"X-Client-Username: " + base("sato") + "\r\n", nil, rules.Principal{User: "sato", Address: netip.MustParseAddr("127.0.0.1")}},
		"as is":    {"X-Authenticated-User: c2F0bw==\r\n", func(c *Config) { c.UserCoding = Plain }, rules.Principal{User: "c2F0bw==", Address: netip.MustParseAddr("127.0.0.1")}},
		"no code":  {"X-Authenticated-User: sato!\r\n", func(c *Config) { c.UserCoding = Base64 }, rules.Principal{Address: netip.MustParseAddr("127.0.0.1")}},
		"groups":   {"X-Authenticated-User: sato\r\nX-Authenticated-Groups: sales, ops\r\n", nil, rules.Principal{User: "sato", Groups: []string{"sales", "ops"}, Address: netip.MustParseAddr("127.0.0.1")}},
		"ldap":     {"X-Authenticated-User: LDAP://dc/cn=sato,ou=p\r\nX-Authenticated-Groups: " + base("LDAP://dc/cn=sales,ou=g, LDAP://dc/cn=ops,ou=g") + "\r\n", nil, rules.Principal{User: "sato", Groups: []string{"sales", "ops"}, Address: netip.MustParseAddr("127.0.0.1")}},
		"garbage":  {"X-Client-IP: nowhere\r\nX-Authenticated-User: \xff\xfe\r\n", nil, rules.Principal{Address: netip.MustParseAddr("127.0.0.1")}},
		"stranger": {"X-Client-IP: 192.0.2.7\r\nX-Authenticated-User: sato\r\nX-Authenticated-Groups: sales\r\n", func(c *Config) { c.Trusted = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }, rules.Principal{Address: netip.MustParseAddr("127.0.0.1")}},
	} {
		f := start(t, k.mend)
		if a := f.dial().ask(reqmod("Allow: 204\r\n"+k.fields, post, chunks("x"))); a.status != 204 {
			t.Errorf("%s: %+v", name, a)
		}
		got := f.rules.last().Principal
		if got.User != k.want.User || got.Address != k.want.Address || !slices.Equal(got.Groups, k.want.Groups) {
			t.Errorf("%s: %+v", name, got)
		}
		if ev := f.log.last(); ev.Protocol != "ICAP" || ev.Host != "origin.example" {
			t.Errorf("%s: recorded %+v", name, ev)
		}
	}
}

func TestRespmodPasses(t *testing.T) {
	f := start(t, nil)
	c := f.dial()
	req, res := "GET http://o.example/ HTTP/1.1\r\nHost: o.example\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
	head := func(fields, last string) string {
		return fmt.Sprintf("RESPMOD icap://g/respmod ICAP/1.0\r\n%sEncapsulated: req-hdr=0, res-hdr=%d, %s=%d\r\n\r\n%s%s", fields, len(req), last, len(req)+len(res), req, res)
	}
	if a := c.ask(head("Preview: 0\r\n", "res-body") + "0\r\n\r\n"); a.status != 204 {
		t.Errorf("preview: %+v", a)
	}
	if a := c.ask(head("Allow: 204\r\n", "res-body") + chunks(secret, strings.Repeat("x", 100_000))); a.status != 204 {
		t.Errorf("204: %+v", a)
	}
	if a := c.ask(head("Allow: 204\r\n", "null-body")); a.status != 204 {
		t.Errorf("no body: %+v", a)
	}
	if a := c.ask(head("", "res-body") + chunks("as ", "it is")); a.status != 200 || a.head != res || a.body != "as it is" {
		t.Errorf("echo: %+v", a)
	}
}

func TestMalformedIsRefused(t *testing.T) {
	f := start(t, func(c *Config) { c.Header = 8 << 10 })
	for name, k := range map[string]struct {
		say    string
		status int
	}{
		"garbage":              {"GET / HTTP/1.1\r\n\r\n", 505},
		"no words":             {"REQMOD\r\n\r\n", 400},
		"bare LF":              {"OPTIONS icap://g/reqmod ICAP/1.0\n\n", 400},
		"version":              {"OPTIONS icap://g/reqmod ICAP/1.1\r\n\r\n", 505},
		"no service":           {"OPTIONS icap://g/echo ICAP/1.0\r\n\r\n", 404},
		"method":               {"LOGMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: null-body=0\r\n\r\n", 501},
		"wrong method":         {"RESPMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: null-body=0\r\n\r\n", 405},
		"nothing encapsulated": {"REQMOD icap://g/reqmod ICAP/1.0\r\n\r\n", 400},
		"no request":           {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: null-body=0\r\n\r\n", 400},
		"offsets fall":         {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=0, req-body=0\r\n\r\n", 400},
		"offset not zero":      {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=4, req-body=9\r\n\r\n", 400},
		"no body named":        {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=0\r\n\r\n", 400},
		"response in REQMOD":   {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: res-hdr=0, null-body=4\r\n\r\nabcd", 400},
		"huge head announced":  {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=0, req-body=2000000000\r\n\r\n", 431},
		"huge head":            {"OPTIONS icap://g/reqmod ICAP/1.0\r\nX: " + strings.Repeat("a", 9<<10) + "\r\n\r\n", 431},
		"two Encapsulated":     {"REQMOD icap://g/reqmod ICAP/1.0\r\nEncapsulated: null-body=0\r\nEncapsulated: null-body=0\r\n\r\n", 400},
		"preview":              {reqmod("Preview: -1\r\n", post, chunks("x")), 400},
		"chunk size":           {reqmod("", post, "zz\r\n"), 400},
		"chunk size sign":      {reqmod("", post, "+1\r\nx\r\n"), 400},
		"empty chunk size":     {reqmod("", post, "\r\n\r\n"), 400},
		"huge chunk size":      {reqmod("", post, "ffffffffffffffff\r\n"), 400},
		"chunk too long":       {reqmod("", post, "1\r\nxy\r\n0\r\n\r\n"), 400},
		"chunk line":           {reqmod("", post, "1;"+strings.Repeat("a", 2<<10)+"\r\n"), 431},
		"HTTP head":            {reqmod("", "POST nowhere\r\n\r\n", ""), 400},
		"HTTP head with more":  {reqmod("", "GET http://o.example/ HTTP/1.1\r\nHost: o.example\r\n\r\nmore", ""), 400},
		"HTTP scheme":          {reqmod("", "GET ftp://o.example/ HTTP/1.1\r\nHost: o.example\r\n\r\n", ""), 400},
	} {
		if a := f.dial().ask(k.say); a.status != k.status {
			t.Errorf("%s: %+v, want %d", name, a, k.status)
		}
	}
	if ev := f.log.last(); ev.Action == "allow" {
		t.Errorf("recorded %+v", ev)
	}
}

// A neighbour that goes away in the middle gets nothing and leaves nothing.
func TestBrokenOff(t *testing.T) {
	f := start(t, nil)
	whole := reqmod("Preview: 4\r\nAllow: 204\r\n", post, chunks("hell"))
	for _, n := range []int{1, 20, len(whole) / 2, len(whole) - 3, len(whole)} {
		c := f.dial()
		io.WriteString(c, whole[:n])
		c.Close()
	}
	if a := f.dial().ask(reqmod("Allow: 204\r\n", post, chunks("x"))); a.status != 204 {
		t.Errorf("%+v", a)
	}
}

func TestSlowNeighbour(t *testing.T) {
	f := start(t, func(c *Config) { c.Body = 200 * time.Millisecond })
	if a := f.dial().ask("REQMOD icap://g"); a.status != 408 {
		t.Errorf("half a head: %+v", a)
	}
	whole := reqmod("Allow: 204\r\n", post, chunks("hello"))
	if a := f.dial().ask(whole[:len(whole)-9]); !strings.HasPrefix(a.head, "HTTP/1.1 408") {
		t.Errorf("half a body: %+v", a)
	}
}

func TestOnlyClientsAndOnlySoMany(t *testing.T) {
	f := start(t, func(c *Config) { c.Connections = 1 })
	one := f.dial()
	one.ask("OPTIONS icap://g/reqmod ICAP/1.0\r\n\r\n")
	if a := f.dial().answer(); a.status != 503 || a.header.Get("ISTag") != f.tag() {
		t.Errorf("one too many: %+v", a)
	}
	g := start(t, func(c *Config) { c.Clients = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	if b, _ := io.ReadAll(g.dial()); len(b) > 0 {
		t.Errorf("a stranger was told %q", b)
	}
}

func FuzzExchange(f *testing.F) {
	for _, s := range []string{
		reqmod("Allow: 204\r\n", post, chunks("hello")), reqmod("Preview: 4\r\n", post, "4\r\nhell\r\n0; ieof\r\n\r\n"),
		reqmod("Preview: 4\r\n", post, chunks("hell")+chunks("o")), reqmod("", "GET http://o/ HTTP/1.1\r\nHost: o\r\n\r\n", ""),
		"OPTIONS icap://g/reqmod ICAP/1.0\r\n\r\n", "RESPMOD icap://g/respmod ICAP/1.0\r\nEncapsulated: res-hdr=0, res-body=19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + chunks("x"),
	} {
		f.Add([]byte(s))
	}
	spool, err := hold.Open(hold.Config{Dir: f.TempDir(), Max: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	words := &wordRules{}
	g, err := gate.New(gate.Config{Policy: func() *gate.Policy { return &gate.Policy{Scanner: wordScanner{}, Rules: words} }, Hold: spool, Audit: &recorder{}})
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Config{Header: 4 << 10}, Deps{Gate: g, Web: web{}, Accounts: accounts{}, Digest: func() string { return "x" }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out := &memory{in: bytes.NewReader(in)}
		c := newConn(out, netip.MustParseAddr("127.0.0.1"), time.Second)
		for s.one(c) {
		}
		c.out.Flush()
		// Where the secret came in whole and was asked about, no 204 followed
		// for it alone: what leaves is what was judged.
		if got := out.out.String(); got != "" && !strings.HasPrefix(got, "ICAP/1.0 ") {
			t.Fatalf("%q was answered %q", in, got)
		}
		if n := spool.Stats().Bodies; n != 0 {
			t.Fatalf("%d bodies are still held after %q", n, in)
		}
	})
}

// memory is a connection whose other side has said all it has to say.
type memory struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (m *memory) Read(p []byte) (int, error)       { return m.in.Read(p) }
func (m *memory) Write(p []byte) (int, error)      { return m.out.Write(p) }
func (m *memory) Close() error                     { return nil }
func (m *memory) SetReadDeadline(time.Time) error  { return nil }
func (m *memory) SetWriteDeadline(time.Time) error { return nil }

// leave is a gate that reads what comes, and lets it out.
type leave struct{ room []byte }

func (l *leave) Check(_ context.Context, t *gate.Transaction) gate.Outcome {
	for {
		if _, err := t.Body.Read(l.room); err != nil {
			return gate.Outcome{Verdict: rules.Verdict{Action: rules.Allow}}
		}
	}
}

// What the door costs without the gate behind it.
func BenchmarkReqmod(b *testing.B) {
	s, err := New(Config{}, Deps{Gate: &leave{make([]byte, 16<<10)}, Web: web{}, Accounts: accounts{}, Digest: func() string { return "x" }})
	if err != nil {
		b.Fatal(err)
	}
	say := []byte(reqmod("Date: Sun, 22 Nov 2026 12:00:00 GMT\r\nAllow: 204\r\nX-Client-IP: 192.0.2.7\r\n", post, chunks(strings.Repeat("x", 10<<10))))
	m := &memory{in: bytes.NewReader(say)}
	c := newConn(m, netip.MustParseAddr("127.0.0.1"), time.Second)
	b.ReportAllocs()
	b.SetBytes(int64(len(say)))
	for b.Loop() {
		m.in.Reset(say)
		m.out.Reset()
		if !s.one(c) {
			b.Fatal("not served")
		}
	}
}
