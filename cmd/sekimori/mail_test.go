package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	netsmtp "net/smtp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// postbox is a mail server that keeps what it gets.
type postbox struct {
	mu   sync.Mutex
	data []string
}

func (p *postbox) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return p, nil }
func (p *postbox) Reset()                                          {}
func (p *postbox) Logout() error                                   { return nil }
func (p *postbox) Mail(string, *gosmtp.MailOptions) error          { return nil }
func (p *postbox) Rcpt(string, *gosmtp.RcptOptions) error          { return nil }
func (p *postbox) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.data = append(p.data, string(b))
	return err
}

func (p *postbox) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.data)
}

func TestMailAndICAPDoors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	box := &postbox{}
	next := gosmtp.NewServer(box)
	go next.Serve(l) //nolint:errcheck // ends with Close
	defer next.Close()
	mail, other := freeAddress(t), freeAddress(t)
	collector := collectTraces(t)
	in := install(t, fmt.Sprintf("[company]\ndomains = [\"corp.example\"]\n[smtp]\nlisten = [%q]\nname = \"gate.corp.example\"\nnext = { address = %q, tls = \"never\" }\n[icap]\nlisten = [%q]\n[trace]\nendpoint = %q\n",
		mail, l.Addr(), other, collector.URL)).start()

	send := func(body string) error {
		return netsmtp.SendMail(mail, nil, "sato@corp.example", []string{"a@outside.example"},
			[]byte("From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"+body+"\r\n"))
	}
	// net/smtp checks the certificate that STARTTLS brings, which is the
	// installation's own.
	if err := send("44GT44KT44Gr44Gh44Gv"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the CA: %v", err)
	}
	plain := func(body string) string {
		c, err := net.Dial("tcp", mail)
		check(t, err)
		defer c.Close()
		check(t, c.SetDeadline(time.Now().Add(20*time.Second)))
		fmt.Fprintf(c, "EHLO x\r\nMAIL FROM:<sato@corp.example>\r\nRCPT TO:<a@outside.example>\r\nDATA\r\n")
		time.Sleep(100 * time.Millisecond)
		fmt.Fprintf(c, "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n.\r\nQUIT\r\n", body)
		all, err := io.ReadAll(c)
		check(t, err)
		return string(all)
	}
	if a := plain("44GT44KT44Gr44Gh44Gv"); !strings.Contains(a, "\r\n250 2.0.0 OK: next hop has it") {
		t.Errorf("harmless mail: %s", a)
	}
	// "カード番号は 4980-1273-4561-2094 です"
	if a := plain("44Kr44O844OJ55Wq5Y+344GvIDQ5ODAtMTI3My00NTYxLTIwOTQg44Gn44GZ"); !strings.Contains(a, "\r\n550 5.7.1 ") || !strings.Contains(a, "Payment card numbers: 1") {
		t.Errorf("a card by mail: %s", a)
	}
	box.mu.Lock()
	if len(box.data) != 1 || !strings.Contains(box.data[0], "by gate.corp.example (Sekimori)") {
		t.Errorf("arrived: %q", box.data)
	}
	box.mu.Unlock()

	ask := func(fields, body string) string {
		c, err := net.Dial("tcp", other)
		check(t, err)
		defer c.Close()
		check(t, c.SetDeadline(time.Now().Add(20*time.Second)))
		head := "POST https://upload.example.com/pay HTTP/1.1\r\nHost: upload.example.com\r\nAccept: application/json\r\n" + fields + "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
		fmt.Fprintf(c, "REQMOD icap://gate/reqmod ICAP/1.0\r\nAllow: 204\r\nConnection: close\r\nX-Client-IP: 192.0.2.7\r\nX-Authenticated-User: sato\r\nEncapsulated: req-hdr=0, req-body=%d\r\n\r\n%s%x\r\n%s\r\n0\r\n\r\n",
			len(head), head, len(body), body)
		all, err := io.ReadAll(c)
		check(t, err)
		return string(all)
	}
	if a := ask("", "text=hello"); !strings.HasPrefix(a, "ICAP/1.0 204") {
		t.Errorf("a harmless form: %s", a)
	}
	card := "card_number=4980127345612094&exp=12%2F28"
	a := ask("", card)
	token := regexp.MustCompile(`"token": "([^"]+)"`).FindStringSubmatch(a)
	if !strings.Contains(a, "HTTP/1.1 403") || token == nil {
		t.Fatalf("a card in a form: %s", a)
	}
	if a := ask("Sekimori-Confirm: "+token[1]+" ordered\r\n", card); !strings.Contains(a, "req-body=") || !strings.Contains(a, card) || strings.Contains(a, "Confirm") {
		t.Errorf("confirmed: %s", a)
	}
	in.stop()
	log, err := filepath.Glob(filepath.Join(in.dir, "data", "audit", "*.jsonl"))
	check(t, err)
	var record string
	for _, name := range log {
		b, err := os.ReadFile(name)
		check(t, err)
		record += string(b)
	}
	for _, want := range []string{`"protocol":"SMTP"`, `"what":"accepted"`, `"protocol":"ICAP"`, `"address":"192.0.2.7"`, `"kind":"confirm"`} {
		if !strings.Contains(record, want) {
			t.Errorf("no %s in the record", want)
		}
	}
	for protocol, passed := range map[string]string{"smtp": "allow", "icap": "allow log"} {
		traced := collector.all("network.protocol.name", protocol)
		var actions []string
		for _, root := range traced {
			steps := collector.below(root)
			if next := steps["MAIL"]; steps["inspect"] == nil || steps["record"] == nil || (next != nil) != (root.attr("sekimori.outcome") == "accepted") {
				t.Errorf("%s: %+v with %d steps", protocol, root, len(steps))
			}
			if action := root.attr("sekimori.action"); strings.Contains(passed, action) {
				actions = append(actions, action)
			} else if !strings.HasPrefix(root.attr("sekimori.incident"), "SK-") {
				t.Errorf("%s: %+v", protocol, root)
			}
		}
		if got := strings.Join(actions, " "); got != passed || len(traced) != len(actions)+1 {
			t.Errorf("%s: %d traces, of what passed: %s", protocol, len(traced), got)
		}
	}
	for _, private := range []string{"sato", "4980127345612094", "192.0.2.7", "/pay"} {
		if strings.Contains(collector.text.String(), private) {
			t.Errorf("the spans hold what they must not (%d characters)", len(private))
		}
	}
}

// A message that waits is taken back on its sender's page, by the link in the
// notice.
func TestDelayedMailIsTakenBack(t *testing.T) {
	hop, at := freeAddress(t), freeAddress(t)
	outside, inside := &postbox{}, &postbox{}
	in := install(t, fmt.Sprintf(`[company]
domains = ["corp.example"]
[rules]
paths = ["wait.toml"]
[smtp]
listen = [%q]
name = "localhost"
next = { address = %q, tls = "never" }
pages = { listen = %q, url = "https://%s" }
notices = { from = "sekimori@corp.example", next = { address = %q, tls = "never" } }
`, hop, listen(t, outside), at, strings.Replace(at, "127.0.0.1", "localhost", 1), listen(t, inside)))
	in.write("wait.toml", "[[rule]]\nid = \"wait\"\naction = \"log\"\nwhere = { class = \"mail\" }\nmail = { delay = 60 }\n")
	in.start()
	c, err := netsmtp.Dial(hop)
	check(t, err)
	check(t, c.Mail("sato@corp.example"))
	check(t, c.Rcpt("a@outside.example"))
	w, err := c.Data()
	check(t, err)
	fmt.Fprint(w, "From: sato@corp.example\r\nTo: a@outside.example\r\nSubject: to the wrong one\r\n\r\nhello\r\n")
	check(t, w.Close())
	check(t, c.Quit())
	waitFor(t, "a notice", func() bool { return inside.len() == 1 })
	_, notice, _ := strings.Cut(inside.data[0], "\r\n\r\n")
	text, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader(notice)))
	check(t, err)
	link := regexp.MustCompile(`https://localhost:[0-9]+/m/[a-z2-7]{32}`).FindString(string(text))
	if link == "" || !strings.Contains(string(text), "60分後に送信されます") {
		t.Fatalf("notice: %s", text)
	}
	if out := run(t, "curl", "-sS", "--cacert", in.ca, link); !strings.Contains(out, "to the wrong one") || !strings.Contains(out, "a@outside.example") {
		t.Errorf("the page: %s", out)
	}
	waitFor(t, "withdrawn", func() bool {
		return strings.Contains(run(t, "curl", "-sS", "-L", "--cacert", in.ca, "-d", "do=withdraw", link), "取り消しました")
	})
	in.stop()
	if n := outside.len(); n != 0 {
		t.Errorf("%d arrived", n)
	}
	var what []string
	for _, ev := range in.events("--kind", "mail") {
		what = append(what, ev.Details["what"])
	}
	if got := strings.Join(what, " "); got != "delayed told withdrawn" {
		t.Errorf("recorded: %s", got)
	}
}

func TestMailAndICAPFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.toml")
	check(t, os.WriteFile(file, []byte(`
[smtp]
listen = ["nowhere"]
name = "two words"
auth = "maybe"
many = -1
key = "k.pem"
[smtp.next]
tls = "never ever"
[smtp.later]
held = "1h"
[milter]
listen = ["nowhere"]
[icap]
listen = ["nowhere"]
user_coding = "utf-7"
`), 0o600))
	_, err := loadConfig(file)
	if err == nil {
		t.Fatal("no fault was told")
	}
	for _, want := range []string{":3:", ":4:", ":5:", ":6:", ":9:", ":10:", ":13:", ":15:", ":16:", "belong together", "mail goes later only with pages", "smtp.next: write address"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault with %q in:\n%v", want, err)
		}
	}
}
