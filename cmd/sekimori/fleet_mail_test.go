package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	netsmtp "net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// nextHop is a next mail server as a process of its own, which can be killed.
type nextHop struct {
	t          *testing.T
	addr, file string // of the file there is a line for each message that came
	cmd        *exec.Cmd
}

func newNextHop(t *testing.T) *nextHop {
	h := &nextHop{t: t, addr: freeAddress(t), file: filepath.Join(t.TempDir(), "arrived")}
	h.start()
	return h
}

func (h *nextHop) start() {
	h.t.Helper()
	self, err := os.Executable()
	check(h.t, err)
	h.cmd = &exec.Cmd{Path: self, Args: []string{nextHopCommand, h.addr, h.file}, Stderr: os.Stderr}
	_, err = h.cmd.StdinPipe() // it ends with this test
	check(h.t, err)
	check(h.t, h.cmd.Start())
	cmd := h.cmd
	h.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func (h *nextHop) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}

// arrived tells which messages came, by our ids of the tries that brought them.
// A line that is neither is of something that should not have come.
func (h *nextHop) arrived() (by map[string][]string, strange int) {
	h.t.Helper()
	b, err := os.ReadFile(h.file)
	check(h.t, err)
	by = map[string][]string{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 2 {
			by[f[0]] = append(by[f[0]], f[1])
		} else {
			strange++
		}
	}
	return by, strange
}

// nextHopCommand is by which name this program is a next hop.
const nextHopCommand = "nexthop"

// runNextHop takes mail until it is killed or its test has ended.
func runNextHop() {
	file, err := os.OpenFile(os.Args[2], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
		s := gosmtp.NewServer(&arrivals{file: file})
		s.Addr, s.EnableSMTPUTF8, s.ErrorLog = os.Args[1], true, log.New(io.Discard, "", 0)
		err = s.ListenAndServe()
	}
	fmt.Fprintln(os.Stderr, "next hop:", err)
	os.Exit(1)
}

// arrivals writes down which messages come, before they are answered.
type arrivals struct{ file *os.File }

func (a *arrivals) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return a, nil }
func (a *arrivals) Reset()                                          {}
func (a *arrivals) Logout() error                                   { return nil }
func (a *arrivals) Mail(string, *gosmtp.MailOptions) error          { return nil }
func (a *arrivals) Rcpt(string, *gosmtp.RcptOptions) error          { return nil }
func (a *arrivals) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	line := "strange\n"
	message, try := messageID.FindSubmatch(b), oursID.FindSubmatch(b)
	if message != nil && try != nil && !strings.Contains(string(b), secretAttached) {
		line = fmt.Sprintf("%s %s\n", message[1], try[1])
	}
	_, err = a.file.WriteString(line)
	time.Sleep(5 * time.Millisecond) // as one that syncs it; when it ends here, the message is in doubt
	return err
}

// secretAttached is the secret as it stands in a message's attachment.
var secretAttached = base64.StdEncoding.EncodeToString([]byte("The " + secret + " of next year"))

// posted is what a mail server was told of a message in the end.
type posted struct {
	blocked  bool   // what it was to be
	code     int    // 250 or 550
	incident string // of a 550
	tries    int
}

// mailers are mail servers: each message is sent until a node has answered it
// for good, each time to the next one.
type mailers struct {
	t     *testing.T
	nodes []string

	mu   sync.Mutex
	all  map[string]posted
	next int
}

func (l *mailers) run(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
			l.one()
		}
	}
}

var incidentNumber = regexp.MustCompile(`SK-[0-9A-Z]+-[0-9A-Z]+`)

func (l *mailers) one() {
	l.mu.Lock()
	n := l.next
	l.next++
	l.mu.Unlock()
	p, id, attached := posted{blocked: n%4 == 0}, fmt.Sprint("m", n), base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "name,mail\nTaro Yamada,u%d@example.jp\n", n))
	if p.blocked {
		attached = secretAttached
	}
	text := fmt.Sprintf("From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: no. %d\r\nMessage-ID: <%s@corp.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: text/plain\r\n\r\nSee the list.\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n", n, id, attached)
	for end := time.Now().Add(2 * time.Minute); ; p.tries++ {
		err := deliver(l.nodes[(n+p.tries)%len(l.nodes)], text)
		var no *textproto.Error
		switch {
		case err == nil:
			p.code = 250
		case errors.As(err, &no) && no.Code == 550:
			p.code, p.incident = 550, incidentNumber.FindString(no.Msg)
		case time.Now().After(end):
			l.t.Errorf("message %s is not answered: %v", id, err)
		default: // a node is away, or says later
			time.Sleep(20 * time.Millisecond)
			continue
		}
		break
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[id] = p
}

// deliver sends one message, without TLS; nil says that it is taken.
func deliver(addr, text string) error {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	c, err := netsmtp.NewClient(conn, "localhost")
	if err == nil {
		err = c.Mail("sato@corp.example")
	}
	if err == nil {
		err = c.Rcpt("a@outside.example")
	}
	var w io.WriteCloser
	if err == nil {
		w, err = c.Data()
	}
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		_ = c.Quit() // it is taken, whatever comes now
	}
	return err
}

// check looks that no message was lost, none came twice but where the record has
// a doubt, none that is blocked came, and that all are recorded.
func (l *mailers) check(hop *nextHop, recorded *fleetRecords) {
	by, strange := hop.arrived()
	if strange > 0 {
		l.t.Errorf("%d messages left that are blocked, or are none of those sent", strange)
	}
	passed, blocked, again, doubled := 0, 0, 0, 0
	for id, p := range l.all {
		came := by[id]
		if p.tries > 0 {
			again++
		}
		switch {
		case p.blocked != (p.code == 550):
			l.t.Errorf("message %s was answered with %d, meant to be blocked: %v", id, p.code, p.blocked)
		case p.blocked:
			blocked++
			if actions := recorded.incidents[p.incident]; len(actions) != 1 || actions[0] != "block" {
				l.t.Errorf("message %s: incident %q is recorded as %v", id, p.incident, actions)
			}
		case len(came) == 0:
			l.t.Errorf("message %s was taken and is lost", id)
		default:
			passed++
		}
		known, said := false, false
		for _, try := range came {
			known = known || recorded.accepted[try] || recorded.doubt[try]
			said = said || recorded.doubt[try]
		}
		if len(came) > 0 && !known {
			l.t.Errorf("message %s came by %v, of which the record knows nothing", id, came)
		}
		if len(came) > 1 {
			doubled++
			if !said {
				l.t.Errorf("message %s came %d times, and the record has no doubt: %v", id, len(came), came)
			}
		}
	}
	if passed == 0 || blocked == 0 {
		l.t.Errorf("%d messages passed, %d were blocked", passed, blocked)
	}
	l.t.Logf("%d messages by mail, %d sent more than once: %d passed, %d blocked, none lost, %d came twice and are recorded as in doubt", len(l.all), again, passed, blocked, doubled)
}
