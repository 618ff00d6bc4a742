package identity

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/sekimori-dlp/sekimori/rules"
)

func bcryptOf(t testing.TB, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(h), "$2a$", "$2y$", 1) // as htpasswd writes it
}

func argon2Of(password string) string {
	salt := []byte("salt of the test")
	sum := argon2.IDKey([]byte(password), salt, 1, 7<<10, 1, 32)
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=7168,t=1,p=1$%s$%s", e.EncodeToString(salt), e.EncodeToString(sum))
}

func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	put(t, path, text)
	return path
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustNew(t testing.TB, c Config) *Identifier {
	t.Helper()
	i, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func request(from string, headers ...string) *http.Request {
	r := &http.Request{RemoteAddr: from, Header: http.Header{}}
	for k := 0; k+1 < len(headers); k += 2 {
		r.Header.Add(headers[k], headers[k+1])
	}
	return r
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func prefixes(s ...string) (p []netip.Prefix) {
	for _, s := range s {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

func refusal(t testing.TB, err error, status int) *Refusal {
	t.Helper()
	var f *Refusal
	if !errors.As(err, &f) || f.Status != status {
		t.Fatalf("got %v, want a refusal with %d", err, status)
	}
	return f
}

func TestIdentify(t *testing.T) {
	c := Config{
		Htpasswd: file(t, "htpasswd", "# people\nhanako:"+bcryptOf(t, "correct horse")+"\n\n太郎:"+argon2Of("さくら")+"\n"),
		Groups:   file(t, "groups", "sales: hanako kenji\nall: hanako 太郎\n"),
		Members:  map[string][]string{"officers": {"太郎"}},
		Networks: []Network{
			{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Groups: []string{"branch"}},
			{Prefix: netip.MustParsePrefix("10.1.2.3/32"), User: "kenji", Groups: []string{"kiosk"}},
		},
	}
	for _, tt := range []struct {
		name, from, auth string
		allow            bool
		want             string // principal, or the status of the refusal
	}{
		{"bcrypt", "192.0.2.1:5", basic("hanako", "correct horse"), false, "hanako basic 192.0.2.1 [all sales]"},
		{"argon2id", "192.0.2.1:5", basic("太郎", "さくら"), false, "太郎 basic 192.0.2.1 [all officers]"},
		{"scheme in lower case", "192.0.2.1:5", strings.Replace(basic("hanako", "correct horse"), "B", "b", 1), false, "hanako basic 192.0.2.1 [all sales]"},
		{"network adds groups", "10.9.9.9:5", basic("hanako", "correct horse"), false, "hanako basic 10.9.9.9 [all branch sales]"},
		{"wrong password", "192.0.2.1:5", basic("hanako", "Correct horse"), false, "407"},
		{"wrong password where anonymous is allowed", "192.0.2.1:5", basic("hanako", "x"), true, "407"},
		{"unknown user", "192.0.2.1:5", basic("jiro", "correct horse"), false, "407"},
		{"no colon", "192.0.2.1:5", "Basic aGFuYWtv", false, "407"},
		{"no base64", "192.0.2.1:5", "Basic ?", false, "407"},
		{"another scheme", "192.0.2.1:5", "Negotiate YII=", true, "407"},
		{"control character", "192.0.2.1:5", basic("hana\nko", "x"), false, "407"},
		{"giant", "192.0.2.1:5", basic("hanako", strings.Repeat("x", 1<<20)), false, "407"},
		{"nothing", "192.0.2.1:5", "", false, "407"},
		{"anonymous", "192.0.2.1:5", "", true, " anonymous 192.0.2.1 []"},
		{"anonymous in a network", "10.9.9.9:5", "", true, " anonymous 10.9.9.9 [branch]"},
		{"network without a user", "10.9.9.9:5", "", false, "407"},
		{"network with a user", "10.1.2.3:5", "", false, "kenji network 10.1.2.3 [kiosk sales]"},
		{"mapped address", "[::ffff:10.1.2.3]:5", "", false, "kenji network 10.1.2.3 [kiosk sales]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := c
			c.Anonymous = map[bool]string{true: "allow", false: "deny"}[tt.allow]
			i := mustNew(t, c)
			r := request(tt.from)
			if tt.auth != "" {
				r.Header.Set("Proxy-Authorization", tt.auth)
			}
			for range 2 { // the second time from memory
				p, err := i.Identify(r)
				if len(tt.want) == 3 {
					f := refusal(t, err, http.StatusProxyAuthRequired)
					h := http.Header{}
					f.SetHeader(h)
					if h.Get("Proxy-Authenticate") != `Basic realm="Sekimori", charset="UTF-8"` {
						t.Errorf("asks with %v", h)
					}
					if tt.auth != "" && strings.Contains(err.Error(), "hanako") {
						t.Errorf("error names the user: %v", err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := show(p); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
		})
	}
}

func show(p rules.Principal) string {
	return fmt.Sprintf("%s %s %v %v", p.User, p.How, p.Address, p.Groups)
}

func TestWithoutPasswords(t *testing.T) {
	i := mustNew(t, Config{Anonymous: "deny"})
	_, err := i.Identify(request("192.0.2.1:5", "Proxy-Authorization", basic("a", "b")))
	f := refusal(t, err, http.StatusForbidden)
	h := http.Header{}
	f.SetHeader(h)
	if len(h) > 0 {
		t.Errorf("asks for a log-in that cannot help: %v", h)
	}
	i = mustNew(t, Config{Htpasswd: file(t, "h", ""), Anonymous: "allow"})
	_, err = i.Identify(request("192.0.2.1:5", "Proxy-Authorization", basic("a", "b"), "Proxy-Authorization", basic("c", "d")))
	refusal(t, err, http.StatusBadRequest)
	_, err = i.Identify(request("192.0.2.1:5", "Proxy-Authorization", basic("a", "b")))
	refusal(t, err, http.StatusProxyAuthRequired)
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ name, header, from, value, want string }{
		{"direct", xForwardedFor, "192.0.2.9:1", "", "192.0.2.9"},
		{"untrusted peer", xForwardedFor, "192.0.2.9:1", "203.0.113.1", "192.0.2.9"},
		{"trusted peer", xForwardedFor, "10.0.0.1:1", "203.0.113.1", "203.0.113.1"},
		{"forged before", xForwardedFor, "10.0.0.1:1", "127.0.0.1, 203.0.113.1", "203.0.113.1"},
		{"two trusted", xForwardedFor, "10.0.0.1:1", "8.8.8.8, 203.0.113.1, 10.0.0.2", "203.0.113.1"},
		{"all trusted", xForwardedFor, "10.0.0.1:1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
		{"unknown", xForwardedFor, "10.0.0.1:1", "203.0.113.1, unknown", "10.0.0.1"},
		{"port", xForwardedFor, "10.0.0.1:1", "203.0.113.1:4711", "203.0.113.1"},
		{"v6", xForwardedFor, "[2001:db8::1]:1", "2001:db8:1::5", "2001:db8:1::5"},
		{"v6 port", xForwardedFor, "10.0.0.1:1", "[2001:db8:1::5]:77", "2001:db8:1::5"},
		{"mapped", xForwardedFor, "[::ffff:10.0.0.1]:1", "::ffff:203.0.113.1", "203.0.113.1"},
		{"zone", xForwardedFor, "[fe80::1%eth0]:1", "", "fe80::1"},
		{"other header ignored", forwarded, "10.0.0.1:1", "", "10.0.0.1"},
		{"forwarded", forwarded, "10.0.0.1:1", `for=203.0.113.1;proto=http`, "203.0.113.1"},
		{"forwarded quoted", forwarded, "10.0.0.1:1", `for=198.51.100.1, proto=https;For="[2001:db8:1::5]:4711"`, "2001:db8:1::5"},
		{"forwarded comma in quotes", forwarded, "10.0.0.1:1", `for=203.0.113.1;by="a,for=1.1.1.1"`, "203.0.113.1"},
		{"forwarded hidden", forwarded, "10.0.0.1:1", `for=203.0.113.1, for=_hidden`, "10.0.0.1"},
		{"forwarded without for", forwarded, "10.0.0.1:1", `proto=http`, "10.0.0.1"},
		{"garbage", forwarded, "10.0.0.1:1", `"\`, "10.0.0.1"},
	} {
		i := mustNew(t, Config{Anonymous: "allow", Trusted: prefixes("10.0.0.0/8", "2001:db8::/48"), Forwarded: strings.ToLower(tt.header)})
		r := request(tt.from, tt.header, tt.value)
		if tt.header == forwarded {
			r.Header.Set(xForwardedFor, "127.0.0.1")
		}
		p, err := i.Identify(r)
		if err != nil || p.Address.String() != tt.want {
			t.Errorf("%s: got %v, want %s, error %v", tt.name, p.Address, tt.want, err)
		}
	}
	i := mustNew(t, Config{Anonymous: "allow", Trusted: prefixes("10.0.0.0/8")})
	p, err := i.Identify(request("10.0.0.1:1", xForwardedFor, "203.0.113.7", xForwardedFor, "10.0.0.2"))
	if err != nil || p.Address.String() != "203.0.113.7" {
		t.Errorf("two header lines: got %v, %v", p.Address, err)
	}
}

func TestFaults(t *testing.T) {
	h := file(t, "htpasswd", strings.Join([]string{
		"a:$apr1$ZjTqBB3f$IF9gdYAGlMrs2fuINjHsz.",
		"b:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
		"c:rl.3StKT.4T8M",
		"d:$6$abc$def",
		"no colon",
		":" + bcryptOf(t, "x"),
		"ok:" + bcryptOf(t, "x"),
		"ok:" + bcryptOf(t, "x"),
		"e:$2y$10$short",
		"f:$2y$31$" + strings.Repeat("a", 53),
		"g:$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$" + strings.Repeat("A", 43),
		"h:$argon2id$v=19$m=65536,t=3$c2FsdHNhbHQ$" + strings.Repeat("A", 43),
		"i:$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$" + strings.Repeat("A", 43),
		"j:$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$" + strings.Repeat("A", 43),
	}, "\n"))
	g := file(t, "groups", "sales: a\nno colon\n")
	_, err := New(Config{
		Htpasswd: h, Groups: g, Anonymous: "yes", Realm: "a\"b", Forwarded: "X-Real-IP",
		Networks: []Network{{}, {Prefix: netip.MustParsePrefix("10.1.0.0/8"), User: "x"}, {Prefix: netip.MustParsePrefix("10.0.0.0/8")}},
		Trusted:  []netip.Prefix{{}},
	})
	if err == nil {
		t.Fatal("faults were not found")
	}
	for _, want := range []string{
		`anonymous is "yes"`, "realm", "X-Real-IP", "has no prefix", "bits beyond", "neither a user", "trusted network",
		h + `:1: user "a": its hash is MD5`, h + `:2: user "b": its hash is plain SHA-1`, h + `:3: user "c"`, h + `:4: user "d"`,
		h + ":5: this is no user:hash line", h + ":6: the user name", h + `:8: user "ok" is already in line 7`,
		h + ":9: ", h + ":10: ", h + ":11: ", h + ":12: ", h + ":13: ", h + ":14: ", g + ":2: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	if strings.Contains(err.Error(), h+":7:") {
		t.Error("a good line is called bad")
	}
	if _, err := New(Config{Htpasswd: filepath.Join(t.TempDir(), "none"), Anonymous: "deny"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// clock lets a test move time for one Identifier.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestReload(t *testing.T) {
	h := file(t, "htpasswd", "hanako:"+bcryptOf(t, "one")+"\n")
	i := mustNew(t, Config{Htpasswd: h, Anonymous: "deny"})
	c := &clock{now: time.Now()}
	i.now = c.Now
	try := func(password string) error {
		_, err := i.Identify(request("192.0.2.1:5", "Proxy-Authorization", basic("hanako", password)))
		return err
	}
	write := func(text string, at time.Time) {
		put(t, h, text)
		if err := os.Chtimes(h, at, at); err != nil {
			t.Fatal(err)
		}
		c.add(2 * time.Second)
	}
	if err := try("one"); err != nil {
		t.Fatal(err)
	}
	write("hanako:"+bcryptOf(t, "two")+"\n", time.Now().Add(time.Hour))
	refusal(t, try("one"), 407) // although it was remembered
	if err := try("two"); err != nil {
		t.Fatal(err)
	}
	write("hanako:{SHA}xx\n", time.Now().Add(2*time.Hour))
	if err := try("two"); err != nil {
		t.Errorf("a faulty file locks everybody out: %v", err)
	}
	if err := i.Healthy(); err == nil || !strings.Contains(err.Error(), h+":1:") {
		t.Errorf("Healthy: %v", err)
	}
	if err := i.Reload(); err == nil {
		t.Error("Reload of a faulty file gave no error")
	}
	if err := os.Remove(h); err != nil {
		t.Fatal(err)
	}
	c.add(2 * time.Second)
	if err := try("two"); err != nil {
		t.Errorf("a missing file locks everybody out: %v", err)
	}
	if err := i.Healthy(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Healthy: %v", err)
	}
	write("hanako:"+bcryptOf(t, "three")+"\n", time.Now().Add(3*time.Hour))
	if err := try("three"); err != nil {
		t.Error(err)
	}
	if err := i.Healthy(); err != nil {
		t.Errorf("Healthy: %v", err)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	i := mustNew(t, Config{Htpasswd: file(t, "h", "hanako:"+bcryptOf(t, "one")+"\ntaro:"+bcryptOf(t, "two")+"\n"), Anonymous: "deny"})
	c := &clock{now: time.Now()}
	i.now = c.Now
	try := func(from, user, password string) error {
		_, err := i.Identify(request(from, "Proxy-Authorization", basic(user, password)))
		return err
	}
	if err := try("192.0.2.1:5", "taro", "two"); err != nil {
		t.Fatal(err)
	}
	for k := range 5 {
		refusal(t, try("192.0.2.1:5", "hanako", fmt.Sprint(k)), 407)
	}
	f := refusal(t, try("192.0.2.1:6", "hanako", "one"), 429) // even the right one
	refusal(t, try("192.0.2.1:5", "Hanako", "x"), 429)        // a directory takes it for the same
	h := http.Header{}
	f.SetHeader(h)
	if f.Retry <= 0 || h.Get("Retry-After") != "1" {
		t.Errorf("try again in %v, header %v", f.Retry, h)
	}
	if err := try("192.0.2.1:5", "taro", "two"); err != nil {
		t.Errorf("somebody else at the address: %v", err)
	}
	if err := try("192.0.2.2:5", "hanako", "one"); err != nil {
		t.Errorf("the user from elsewhere: %v", err)
	}
	c.add(1100 * time.Millisecond)
	refusal(t, try("192.0.2.1:5", "hanako", "x"), 407)
	if f := refusal(t, try("192.0.2.1:5", "hanako", "y"), 429); f.Retry < 1500*time.Millisecond {
		t.Errorf("the wait does not grow: %v", f.Retry)
	}
	c.add(2100 * time.Millisecond)
	if err := try("192.0.2.1:5", "hanako", "one"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	// Many users from one network of IPv6: the address counts as one.
	var last error
	for k := range 51 {
		last = try(fmt.Sprintf("[2001:db8::%x]:5", k+1), fmt.Sprint("user", k), "x")
	}
	refusal(t, last, 429)
}

func TestMemoryOfGuessingIsBounded(t *testing.T) {
	s, v := newSlow(), newVerified()
	now := time.Now()
	for k := range 3 * maxSubjects {
		s.wrong(netip.AddrFrom4([4]byte{10, byte(k >> 16), byte(k >> 8), byte(k)}), fmt.Sprint(k), now)
		v.add(v.key("u", fmt.Sprint(k)), now)
	}
	if len(s.seen) > maxSubjects || len(v.until) > maxVerified {
		t.Errorf("%d subjects, %d credentials", len(s.seen), len(v.until))
	}
	if v.key("ab", "c") == v.key("a", "bc") {
		t.Error("user and password run into one another")
	}
	k := v.key("u", "p")
	v.add(k, now)
	if !v.has(k, now.Add(verifiedFor-1)) || v.has(k, now.Add(verifiedFor)) {
		t.Error("credentials are not remembered for their time")
	}
}

// counted is a credential that is slow to verify and counts how often it was.
type counted struct{ n atomic.Int32 }

func (c *counted) verify(password string) bool {
	c.n.Add(1)
	time.Sleep(20 * time.Millisecond)
	return password == "one"
}

func TestConcurrentLogIns(t *testing.T) {
	i := mustNew(t, Config{Htpasswd: file(t, "h", "hanako:"+bcryptOf(t, "one")), Anonymous: "deny"})
	slow := new(counted)
	i.current.Load().users["hanako"] = slow
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			p, err := i.Identify(request("192.0.2.1:5", "Proxy-Authorization", basic("hanako", "one")))
			if err != nil || p.User != "hanako" {
				t.Error(p, err)
			}
		})
	}
	wg.Wait()
	if n := slow.n.Load(); n != 1 {
		t.Errorf("64 equal log-ins were verified %d times", n)
	}
}

// Guesses that come all at once are as few as those that come one by one, but for
// those under way.
func TestGuessesAtOnce(t *testing.T) {
	i := mustNew(t, Config{Htpasswd: file(t, "h", "hanako:"+bcryptOf(t, "one")), Anonymous: "deny"})
	slow := new(counted)
	i.current.Load().users["hanako"] = slow
	var wg sync.WaitGroup
	for k := range 200 {
		wg.Go(func() {
			if _, err := i.Identify(request("192.0.2.1:5", "Proxy-Authorization", basic("hanako", fmt.Sprint(k)))); err == nil {
				t.Error("let in")
			}
		})
	}
	wg.Wait()
	if n, most := slow.n.Load(), int32(5+runtime.GOMAXPROCS(0)); n > most {
		t.Errorf("%d passwords were looked at, want no more than %d", n, most)
	}
}

func TestGroupsAreNotShared(t *testing.T) {
	n := Network{Prefix: netip.MustParsePrefix("10.0.0.0/8"), User: "u", Groups: []string{"z", "a"}}
	i := mustNew(t, Config{Anonymous: "deny", Networks: []Network{n}, Members: map[string][]string{"m": {"u"}}})
	p, err := i.Identify(request("10.0.0.1:1"))
	if err != nil || !slices.Equal(p.Groups, []string{"a", "m", "z"}) {
		t.Errorf("%v %v", p.Groups, err)
	}
	if n.Groups[0] != "z" {
		t.Error("the configuration was changed")
	}
}

func BenchmarkIdentify(b *testing.B) {
	i := mustNew(b, Config{Htpasswd: file(b, "h", "hanako:"+bcryptOf(b, "one")), Anonymous: "deny", Trusted: prefixes("10.0.0.0/8")})
	for name, r := range map[string]*http.Request{
		"remembered": request("192.0.2.1:5", "Proxy-Authorization", basic("hanako", "one")),
		"forwarded":  request("10.0.0.1:5", "Proxy-Authorization", basic("hanako", "one"), xForwardedFor, "203.0.113.1"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := i.Identify(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
