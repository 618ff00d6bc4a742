package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"golang.org/x/crypto/bcrypt"
)

// run runs a program and returns what it wrote.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), installed(t, name), args...)
	cmd.Env = clientEnv()
	out, _ := cmd.CombinedOutput() // what went wrong stands in it
	return string(out)
}

// swaks sends a message by swaks, which many administrators try mail with.
func swaks(t *testing.T, hop string, args ...string) string {
	t.Helper()
	return run(t, "swaks", append([]string{"--server", hop, "--helo", "pc.corp.example", "--from", "sato@corp.example", "--to", "a@outside.example", "--timeout", "30"}, args...)...)
}

func withUser(in *site, name, password string) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	check(in.t, err)
	in.write("users", fmt.Sprintf("%s:%s\n", name, hash))
}

func TestLogInByLocalAccounts(t *testing.T) {
	hop := freeAddress(t)
	box := &postbox{}
	in := install(t, fmt.Sprintf(`[company]
domains = ["corp.example"]
[auth]
htpasswd = "users"
[smtp]
listen = [%q]
name = "gate.corp.example"
clients = ["192.0.2.0/24"]
auth = "local"
next = { address = %q, tls = "never" }
`, hop, listen(t, box)))
	withUser(in, "sato", "open sesame")
	in.start()
	for _, kind := range []string{"PLAIN", "LOGIN"} {
		if out := swaks(t, hop, "--tls", "--auth", kind, "--auth-user", "sato", "--auth-password", "open sesame"); !strings.Contains(out, "<~  250 2.0.0 OK: next hop has it") {
			t.Errorf("%s: %s", kind, out)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a wrong password": {[]string{"--tls", "--auth", "PLAIN", "--auth-user", "sato", "--auth-password", "wrong"}, "<~* 535 5.7.8"},
		"no log-in":        {[]string{"--tls"}, "<~* 530 5.7.0"},
		"without TLS":      {[]string{"--auth", "PLAIN", "--auth-user", "sato", "--auth-password", "open sesame"}, "Host did not advertise authentication"},
		"a card":           {[]string{"--tls", "--auth", "PLAIN", "--auth-user", "sato", "--auth-password", "open sesame", "--body", "Card number 4980-1273-4561-2094"}, "550-5.7.1 SK-"},
	} {
		if out := swaks(t, hop, c.args...); !strings.Contains(out, c.want) {
			t.Errorf("%s: no %q in %s", name, c.want, out)
		}
	}
	in.stop()
	who := map[string]bool{}
	for _, ev := range in.events("--kind", "decision") {
		who[ev.User+" "+ev.How] = true
	}
	if !who["sato basic"] || len(who) != 1 {
		t.Errorf("recorded: %v", who)
	}
}

// checking is a mail server that asks for a log-in.
type checking struct {
	postbox
	mu   sync.Mutex
	said []string
}

type checkedSession struct {
	gosmtp.Session
	c  *checking
	in bool
}

func (c *checking) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	return &checkedSession{Session: &c.postbox, c: c}, nil
}

func (s *checkedSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *checkedSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "open sesame" {
			return gosmtp.ErrAuthFailed
		}
		s.c.mu.Lock()
		defer s.c.mu.Unlock()
		s.c.said, s.in = append(s.c.said, user), true
		return nil
	}), nil
}

func (s *checkedSession) Mail(string, *gosmtp.MailOptions) error {
	if !s.in {
		return errors.New("nobody logged in")
	}
	return nil
}

func TestLogInIsPassedOn(t *testing.T) {
	hop := freeAddress(t)
	next := &checking{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := gosmtp.NewServer(next)
	s.AllowInsecureAuth = true
	go s.Serve(l) //nolint:errcheck // ends with Close
	defer s.Close()
	config := `[company]
domains = ["corp.example"]
[smtp]
listen = [%q]
name = "gate.corp.example"
clients = ["192.0.2.0/24"]
auth = "pass"
next = { address = %q%s }
`
	in := install(t, fmt.Sprintf(config, hop, l.Addr(), `, tls = "never"`)).start()
	if out := swaks(t, hop, "--tls", "--auth", "LOGIN", "--auth-user", "sato@corp.example", "--auth-password", "open sesame"); !strings.Contains(out, "<~  250 2.0.0 OK: next hop has it") {
		t.Error(out)
	}
	if out := swaks(t, hop, "--tls", "--auth", "PLAIN", "--auth-user", "sato@corp.example", "--auth-password", "wrong"); !strings.Contains(out, "<~* 535 5.7.8") {
		t.Error(out)
	}
	in.stop()
	if !slices.Equal(next.said, []string{"sato@corp.example", "sato@corp.example"}) { // to check it, and with the message
		t.Errorf("logged in there: %v", next.said)
	}
	if evs := in.events("--kind", "decision"); len(evs) != 1 || evs[0].User != "sato" {
		t.Errorf("recorded: %+v", evs)
	}
	// Unless it is told to, it hands no password on in clear.
	hop = freeAddress(t)
	install(t, fmt.Sprintf(config, hop, l.Addr(), "")).start()
	if out := swaks(t, hop, "--tls", "--auth", "PLAIN", "--auth-user", "sato", "--auth-password", "open sesame"); !strings.Contains(out, "<~* 454 4.7.0") {
		t.Error(out)
	}
	if len(next.said) != 2 {
		t.Errorf("logged in there: %v", next.said)
	}
}

// Postfix asks by milter, swaks sends: the same answers as at the relay hop.
func TestPostfixAsksByMilter(t *testing.T) {
	ask := freeAddress(t)
	box := &postbox{}
	in := install(t, fmt.Sprintf("[company]\ndomains = [\"corp.example\"]\n[rules]\npaths = [\"plans.toml\"]\n[milter]\nlisten = [%q]\n", ask))
	in.write("plans.toml", `
[[keywords]]
id    = "plans"
words = ["Project Hamabe"]

[[rule]]
id     = "plans-outside"
action = "warn"
what   = { keywords = "plans" }
where  = { class = "mail" }
say    = "Be 100% sure."
`)
	in.start()
	p := newPostfix(t, "front", listen(t, box), "smtpd_milters = inet:"+ask+"\nmilter_default_action = tempfail\n")
	if out := swaks(t, p.addr); !strings.Contains(out, "queued as") {
		t.Fatal(out)
	}
	card := []string{"--body", "Card number 4980-1273-4561-2094"}
	out := swaks(t, p.addr, card...)
	for _, want := range []string{"550-5.7.1 SK-", "550 5.7.1 ", "Payment card numbers: 1"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	// What only warns is confirmed in the subject, which goes on without that.
	warned := []string{"--body", "About Project Hamabe"}
	out = swaks(t, p.addr, append(warned, "--header", "Subject: papers")...)
	incident := regexp.MustCompile(`SK-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(out)
	if incident == "" || !strings.Contains(out, "Be 100% sure.") {
		t.Fatalf("not warned: %s", out)
	}
	if out := swaks(t, p.addr, append(warned, "--header", "Subject: ["+incident+" the applicant asked] papers")...); !strings.Contains(out, "queued as") {
		t.Error(out)
	}
	waitFor(t, "two messages", func() bool {
		box.mu.Lock()
		defer box.mu.Unlock()
		return len(box.data) == 2
	})
	if m := box.data[1]; !strings.Contains(m, "\r\nSubject: papers\r\n") || strings.Contains(m, incident) {
		t.Errorf("arrived: %s", m)
	}
	in.stop()
	if out := swaks(t, p.addr); !strings.Contains(out, "<** 4") && !strings.Contains(out, "<~* 4") {
		t.Errorf("without Sekimori: %s", out)
	}
	evs := in.events("--kind", "decision")
	if len(evs) != 4 || evs[1].Protocol != "milter" || evs[1].User != "sato" || evs[1].Address != "127.0.0.1" {
		t.Errorf("recorded: %+v", evs)
	}
}

// Postfix asks by a socket in a folder that only its group may use.
func TestPostfixAsksByUnixSocket(t *testing.T) {
	installed(t, "postfix")
	if os.Getuid() != 0 {
		t.Skip("Postfix is started by root only")
	}
	dir, err := os.MkdirTemp("", "sekimori-milter-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755)) //nolint:gosec // Postfix's processes have to get in
	path := filepath.Join(dir, "milter.sock")
	box := &postbox{}
	in := install(t, fmt.Sprintf("[company]\ndomains = [\"corp.example\"]\n[milter]\nlisten = [\"unix:%s mode=0660 group=postfix\"]\n", path)).start()
	group, err := user.LookupGroup("postfix")
	check(t, err)
	info, err := os.Lstat(path)
	check(t, err)
	if st := info.Sys().(*syscall.Stat_t); info.Mode() != fs.ModeSocket|0o660 || fmt.Sprint(st.Gid) != group.Gid {
		t.Errorf("the socket: %v, group %d", info.Mode(), st.Gid)
	}
	p := newPostfix(t, "front", listen(t, box), "smtpd_milters = unix:"+path+"\nmilter_default_action = tempfail\n")
	if out := swaks(t, p.addr); !strings.Contains(out, "queued as") {
		t.Fatalf("%s\n%s", out, p.log())
	}
	if out := swaks(t, p.addr, "--body", "Card number 4980-1273-4561-2094"); !strings.Contains(out, "550 5.7.1 ") {
		t.Errorf("the card: %s", out)
	}
	// What a kill leaves behind is no hindrance.
	check(t, in.cmd.Process.Kill())
	_ = in.cmd.Wait()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	in.start()
	if out := swaks(t, p.addr); !strings.Contains(out, "queued as") {
		t.Errorf("%s\n%s", out, p.log())
	}
	in.stop()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket after the end: %v", err)
	}
	evs := in.events("--kind", "decision")
	if len(evs) != 3 || evs[1].Protocol != "milter" || evs[1].Action != "block" || evs[1].Address != "127.0.0.1" {
		t.Errorf("recorded: %+v", evs)
	}
}

// An encrypted file by one message, its password by the next one to the same
// people: the second is warned of, whoever of them it goes to.
func TestPasswordFollowsFile(t *testing.T) {
	hop := freeAddress(t)
	box := &postbox{}
	in := install(t, fmt.Sprintf(`[company]
domains = ["corp.example"]
[rules]
paths = ["lets.toml"]
[smtp]
listen = [%q]
name = "gate.corp.example"
next = { address = %q, tls = "never" }
`, hop, listen(t, box)))
	in.write("lets.toml", "disable = [\"unreadable-outside\"]\n") // or the file were held already
	in.start()
	file := []string{"--to", "a@outside.example,b@outside.example", "--body", "資料をお送りします。パスワードは別途お送りします。",
		"--attach-type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "--attach", "@../../inspect/extract/ole/testdata/encrypted/agile.xlsx"}
	password := []string{"--header", "Subject: files", "--header", "Content-Type: text/plain; charset=utf-8", "--body", "先ほどのファイルのパスワードは以下のとおりです。\n\naB3-xYz9q\n"}
	taken := "<-  250 2.0.0 OK: next hop has it"
	for _, step := range []struct {
		what string
		args []string
		want string
	}{
		{"a password for no file", append(slices.Clone(password), "--to", "b@outside.example"), taken},
		{"the file, to others", append(slices.Clone(file), "--to", "c@outside.example"), taken},
		{"its password", append(slices.Clone(password), "--to", "c@outside.example"), "550-5.7.1 SK-"},
		{"a word on it to somebody else", append(slices.Clone(password), "--to", "d@outside.example"), taken},
		{"the file to the one who had a password before", file, "550-5.7.1 SK-"},
	} {
		if out := swaks(t, hop, step.args...); !strings.Contains(out, step.want) {
			t.Errorf("%s: no %q in %s", step.what, step.want, tail(out))
		}
	}
	out := swaks(t, hop, append(slices.Clone(password), "--to", "c@outside.example")...)
	incident := incidentNumber.FindString(out)
	password[1] = "Subject: [" + incident + " they have no other way] files"
	if out := swaks(t, hop, append(password, "--to", "c@outside.example")...); incident == "" || !strings.Contains(out, taken) {
		t.Errorf("confirmed: %s", tail(out))
	}
	in.stop()
	warned := 0
	for _, ev := range in.events("--kind", "decision") {
		if ev.Action == "warn" {
			if warned++; ev.Rule != "mail-password-same-way" || !slices.Contains(ev.Classes, "mail-ppap") {
				t.Errorf("recorded: %s %v", ev.Rule, ev.Classes)
			}
		}
	}
	if warned != 3 {
		t.Errorf("%d warnings on record", warned)
	}
}

// c-icap's client asks, as appliances do.
func TestICAPClient(t *testing.T) {
	ask := freeAddress(t)
	in := install(t, fmt.Sprintf("[icap]\nlisten = [%q]\n", ask)).start()
	_, port, err := net.SplitHostPort(ask)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(in.dir, "card.txt"), []byte(strings.Repeat("padding\n", 2000)+"card 4980127345612094\n"), 0o600))
	check(t, os.WriteFile(filepath.Join(in.dir, "fine.txt"), []byte(strings.Repeat("padding\n", 2000)), 0o600))
	client := func(service string, args ...string) string {
		return run(t, "c-icap-client", append([]string{"-i", "127.0.0.1", "-p", port, "-s", service, "-v"}, args...)...)
	}
	if out := client("reqmod"); !strings.Contains(out, "Allow 204: Yes") || !strings.Contains(out, "Preview: 4096") || !strings.Contains(out, "ISTag:") {
		t.Errorf("OPTIONS: %s", out)
	}
	upload := []string{"-req", "https://upload.example.com/", "-method", "POST", "-x", "X-Client-IP: 192.0.2.7"}
	for _, more := range [][]string{nil, {"-nopreview"}, {"-no204"}, {"-nopreview", "-no204"}} {
		got := filepath.Join(in.dir, "got")
		args := append(append(slices.Clone(upload), more...), "-o", got)
		os.Remove(got)
		if out := client("reqmod", append(args, "-f", filepath.Join(in.dir, "fine.txt"))...); !strings.Contains(out, "ICAP/1.0 20") {
			t.Errorf("%v: a fine file: %s", more, out)
		}
		os.Remove(got)
		out := client("reqmod", append(args, "-f", filepath.Join(in.dir, "card.txt"))...)
		b, _ := os.ReadFile(got)
		if !strings.Contains(out, "403 Forbidden") && !strings.Contains(string(b), "SK-") {
			t.Errorf("%v: a card: %s%s", more, out, b)
		}
	}
	in.stop()
	blocked := 0
	for _, ev := range in.events("--kind", "decision") {
		if ev.Action == "block" || ev.Action == "warn" {
			blocked++
		}
	}
	if blocked != 4 {
		t.Errorf("%d of 4 kept in", blocked)
	}
}
