package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	netsmtp "net/smtp"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

var (
	mailMessages = flag.Int("mail.messages", 24, "messages that go through Postfix while processes are killed")
	mailKills    = flag.Int("mail.kills", 2, "how often a process is killed meanwhile")
)

// postfix is a Postfix of its own, on one address of this machine.
type postfix struct {
	t    *testing.T
	dir  string
	addr string
}

// installed tells where a program is; the test is skipped, saying so, where there
// is none.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return filepath.Join(dir, name)
			}
		}
		if os.Getenv("SEKIMORI_CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

// postfixServices is a master.cf with what relaying needs.
const postfixServices = `%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// newPostfix starts a Postfix that passes all mail to next. further is more of
// its main.cf.
func newPostfix(t *testing.T, name, next, further string) *postfix {
	t.Helper()
	installed(t, "postfix")
	if os.Getuid() != 0 {
		t.Skip("Postfix is started by root only")
	}
	dir, err := os.MkdirTemp("", "sekimori-"+name+"-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755)) //nolint:gosec // Postfix's processes have to get in
	p := &postfix{t: t, dir: dir, addr: freeAddress(t)}
	for _, sub := range []string{"conf", "queue", "data"} {
		check(t, os.Mkdir(filepath.Join(dir, sub), 0o755))
	}
	owner, err := user.Lookup("postfix")
	check(t, err)
	uid, err := strconv.Atoi(owner.Uid)
	check(t, err)
	check(t, os.Chown(filepath.Join(dir, "data"), uid, -1))
	host, port, err := net.SplitHostPort(next)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "conf", "main.cf"), []byte(fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
myhostname = %[2]s.corp.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [%[3]s]:%[4]s
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
enable_long_queue_ids = yes
smtputf8_enable = yes
minimal_backoff_time = 1s
maximal_backoff_time = 3s
queue_run_delay = 1s
transport_retry_time = 1s
smtp_connect_timeout = 5s
max_idle = 3s
alias_maps =
alias_database =
local_recipient_maps =
%[5]s
`, dir, name, host, port, further)), 0o644)) //nolint:gosec // read by Postfix's processes
	check(t, os.WriteFile(filepath.Join(dir, "conf", "master.cf"), []byte(fmt.Sprintf(postfixServices, p.addr)), 0o644)) //nolint:gosec // as above
	p.start()
	t.Cleanup(func() { p.kill() })
	return p
}

func (p *postfix) start() {
	p.t.Helper()
	// Its own check of the queue stumbles now and then over what a kill left
	// half done, tidies it and ends; asked again it starts.
	for try := 1; ; try++ {
		out, err := exec.Command(installed(p.t, "postfix"), "-c", filepath.Join(p.dir, "conf"), "start").CombinedOutput()
		if err == nil {
			break
		}
		if try == 5 {
			p.t.Fatalf("start Postfix: %v\n%s%s", err, out, p.log())
		}
		time.Sleep(200 * time.Millisecond)
	}
	waitFor(p.t, "Postfix listens", func() bool {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (p *postfix) log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return string(b)
}

// waiting lists its queue.
func (p *postfix) waiting() string {
	b, err := exec.Command(installed(p.t, "postqueue"), "-c", filepath.Join(p.dir, "conf"), "-p").CombinedOutput()
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// kill ends all of its processes at once, as a machine does that loses its
// power. Its master leads a session of its own.
func (p *postfix) kill() {
	b, err := os.ReadFile(filepath.Join(p.dir, "queue", "pid", "master.pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && pid > 1 {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		waitFor(p.t, "Postfix ends", func() bool { return syscall.Kill(-pid, 0) != nil })
	}
}

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within two minutes", what)
		}
	}
}

// count takes mail and remembers which messages came, and by which way.
type count struct {
	mu  sync.Mutex
	got map[string]map[string]string // our id by the last Postfix's, by the message's
	raw []string                     // all of those without an id of ours
}

var (
	messageID = regexp.MustCompile(`(?im)^Message-ID: <(m[0-9]+)@`)
	lastID    = regexp.MustCompile(`by out\.corp\.example[^;]* id ([0-9A-Za-z]+)`)
	oursID    = regexp.MustCompile(`by gate\.corp\.example \(Sekimori\) with [A-Za-z0-9]+ id ([0-9a-f]+)`)
)

func (c *count) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return c, nil }
func (c *count) Reset()                                          {}
func (c *count) Logout() error                                   { return nil }
func (c *count) Mail(string, *gosmtp.MailOptions) error          { return nil }
func (c *count) Rcpt(string, *gosmtp.RcptOptions) error          { return nil }
func (c *count) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	first := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(b); m != nil {
			return string(m[1])
		}
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := first(messageID)
	if id == "" {
		c.raw = append(c.raw, string(b))
		return nil
	}
	if c.got[id] == nil {
		c.got[id] = map[string]string{}
	}
	c.got[id][first(lastID)] = first(oursID)
	return nil
}

func (c *count) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// listen starts a mail server.
func listen(t *testing.T, b gosmtp.Backend) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := gosmtp.NewServer(b)
	s.EnableSMTPUTF8, s.MaxLineLength, s.ErrorLog = true, 1<<20, log.New(io.Discard, "", 0)
	go s.Serve(l) //nolint:errcheck // ends with Close
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

// attachment is of some ten to thirty kilobytes.
func attachment(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	var b strings.Builder
	for range 150 + r.IntN(300) {
		for range 76 {
			b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[r.IntN(64)])
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func parcelMessage(n int) string {
	return fmt.Sprintf("From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: =?UTF-8?B?6LOH5paZ?= %d\r\nMessage-ID: <m%d@corp.example>\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the picture.\r\n--b\r\nContent-Type: image/x-portable-bitmap; name=a.pbm\r\nContent-Disposition: attachment; filename=a.pbm\r\nContent-Transfer-Encoding: base64\r\n\r\n%s--b--\r\n",
		n, n, time.Now().Format(time.RFC1123Z), attachment(n))
}

// pour sends messages into a Postfix over a few connections.
func pour(t *testing.T, addr string, from, to int) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range 4 {
		wait.Go(func() {
			for n := range next {
				if err := netsmtp.SendMail(addr, nil, "sato@corp.example", []string{"a@outside.example"}, []byte(parcelMessage(n))); err != nil {
					t.Errorf("message %d into Postfix: %v", n, err)
				}
			}
		})
	}
	for n := from; n < to; n++ {
		next <- n
	}
	close(next)
	wait.Wait()
}

// Messages with attachments go from a Postfix through Sekimori to another one,
// while Sekimori and the second one are killed again and again: each arrives, and
// arrives once, but where the record says that it may arrive twice.
func TestNothingIsLostOrDoubledByKills(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	for _, way := range []string{"relay", "milter"} {
		t.Run(way, func(t *testing.T) { killsTest(t, way) })
	}
}

func killsTest(t *testing.T, way string) {
	box := &count{got: map[string]map[string]string{}}
	out := newPostfix(t, "out", listen(t, box), "")
	hop, pages, ask := freeAddress(t), freeAddress(t), freeAddress(t)
	in := install(t, fmt.Sprintf(`[company]
domains = ["corp.example"]
[rules]
paths = ["rules"]
[smtp]
listen = [%q]
name = "gate.corp.example"
next = { address = %q }
pages = { listen = %q, url = "https://gate.corp.example" }
[smtp.notices]
next = { address = %q, tls = "never" }
[milter]
listen = [%q]
`, hop, out.addr, pages, listen(t, &postbox{}), ask))
	in.write("rules/none.toml", "")
	next, further := hop, ""
	if way == "milter" { // the message is taken over, and goes out of our own store
		in.write("rules/links.toml", "[[rule]]\nid = \"by-link\"\naction = \"log\"\nwhere = { class = \"mail\" }\nmail = { attachments = \"link\" }\n")
		next, further = freeAddress(t), "smtpd_milters = inet:"+ask+"\nmilter_default_action = tempfail\nmilter_connect_timeout = 5s\n"
	}
	in.start()
	front := newPostfix(t, "in", next, further)

	n := *mailMessages
	poured := make(chan struct{})
	go func() {
		defer close(poured)
		if way == "relay" {
			pour(t, front.addr, 0, n)
			return
		}
		pourAgain(t, front.addr, n)
	}()
	for k := range *mailKills {
		want := n * (k + 1) / (*mailKills + 1)
		waitFor(t, fmt.Sprintf("%d messages", want), func() bool { return box.len() >= want })
		if k%2 == 0 {
			check(t, in.cmd.Process.Kill())
			_ = in.cmd.Wait()
			in.start()
		} else {
			out.kill()
			out.start()
		}
	}
	<-poured
	// A process of the postfix that was killed may outlive it by the time for which
	// one waits for work (max_idle), with a message in its hands.
	end := time.Now().Add(90*time.Second + time.Duration(n)*100*time.Millisecond)
	for box.len() < n && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
	}
	if way == "milter" {
		waitFor(t, "nothing waits", func() bool {
			waits, err := filepath.Glob(filepath.Join(in.dir, "data", "outbox", "*.about"))
			return err == nil && len(waits) >= n
		})
	}
	in.stop()
	doubt := map[string]bool{}
	counts := map[string]int{}
	for _, ev := range in.events("--kind", "mail") {
		what := ev.Details["what"]
		counts[what]++
		if what == "doubtful" || ev.Reason != "" {
			doubt[ev.Details["id"]] = true
		}
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	lost, doubled := 0, 0
	for i := range n {
		ways := box.got["m"+strconv.Itoa(i)]
		if len(ways) == 0 {
			lost++
		}
		if len(ways) < 2 {
			continue
		}
		doubled++
		said := false
		for _, ours := range ways {
			said = said || doubt[ours]
		}
		if !said {
			t.Errorf("message %d arrived %d times, and the record has no doubt: %v", i, len(ways), ways)
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d messages are lost\n%s\n%s\n%s\n%s\n%s", lost, n, tail(in.log.String()), tail(front.log()), front.waiting(), tail(out.log()), out.waiting())
	}
	if len(box.raw) > 0 {
		t.Errorf("%d other messages arrived, such as %q", len(box.raw), box.raw[0])
	}
	t.Logf("%d messages, %d kills: none lost, %d doubled in stated doubt; recorded %v", n, *mailKills, doubled, counts)
}

// pourAgain sends messages over SMTP and sends again what is refused for now, as
// mail programs do.
func pourAgain(t *testing.T, addr string, n int) {
	for i := range n {
		message := []byte(parcelMessage(i))
		end := time.Now().Add(2 * time.Minute)
		for {
			err := netsmtp.SendMail(addr, nil, "sato@corp.example", []string{"a@outside.example"}, message)
			if err == nil {
				break
			}
			var no *net.OpError
			if !errors.As(err, &no) && !strings.HasPrefix(err.Error(), "4") && !errors.Is(err, io.EOF) || time.Now().After(end) {
				t.Errorf("message %d into Postfix: %v", i, err)
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-3000):] }
