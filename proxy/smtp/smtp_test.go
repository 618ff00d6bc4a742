package smtp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/mail/mailtest"
)

var outside = []string{"a@outside.example"}

func TestRelay(t *testing.T) {
	r := start(t, nil)
	data := text("hello", "..dots\r\n.. and lines")
	if a := r.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	got := r.next.messages()
	if len(got) != 1 || got[0].from != "sato@corp.example" || !slices.Equal(got[0].to, outside) {
		t.Fatalf("arrived: %+v", got)
	}
	trace, rest, _ := strings.Cut(got[0].data, "\r\nFrom:")
	if want := strings.ReplaceAll(strings.TrimPrefix(data, "From:"), "\r\n.", "\r\n") + "\r\n"; rest != want {
		t.Errorf("arrived %q, want %q", rest, want)
	}
	if !regexp.MustCompile(`^Received: from mail\.corp\.example \(\[127\.0\.0\.1\]\)\r\n\tby gate\.corp\.example \(Sekimori\) with ESMTP id [0-9a-f]+\r\n\tfor <a@outside\.example>;\r\n\t`).MatchString(trace) {
		t.Errorf("trace %q", trace)
	}
	d := r.log.Decisions()
	if len(d) != 1 || d[0].Protocol != "SMTP" || d[0].User != "sato" || d[0].How != "envelope" || d[0].Host != "outside.example" || d[0].Action != "allow" {
		t.Errorf("recorded %+v", d)
	}
	if w := r.log.What(); !slices.Equal(w, []string{"accepted"}) {
		t.Errorf("recorded %v", w)
	}
}

func TestBlockedMailStaysAndSaysWhy(t *testing.T) {
	r := start(t, nil)
	a := r.send("sato@corp.example", outside, text("x", mailtest.Secret))
	if len(r.next.messages()) != 0 {
		t.Fatal("it left")
	}
	incident := regexp.MustCompile(`SK-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(a)
	if incident == "" || incident != r.log.Decisions()[0].Incident {
		t.Errorf("incident %q", incident)
	}
	for l := range strings.Lines(a) {
		if !strings.HasPrefix(l, "550-5.7.1 ") && !strings.HasPrefix(l, "550 5.7.1 ") || len(l) > 512 {
			t.Errorf("line %q", l)
		}
		for _, b := range []byte(l) {
			if b >= 0x80 {
				t.Fatalf("not ASCII: %q", l)
			}
		}
	}
	for _, want := range []string{"This was not sent", "not to leave", "extension 100"} {
		if !strings.Contains(a, want) {
			t.Errorf("no %q in %s", want, a)
		}
	}
	c := r.dial()
	c.say("250", "EHLO x")
	c.say("250", "MAIL FROM:<sato@corp.example> SMTPUTF8")
	c.say("250", "RCPT TO:<a@outside.example>")
	c.say("354", "DATA")
	io.WriteString(c, text("x", mailtest.Secret)+"\r\n.\r\n")
	if a := c.want("550"); !strings.Contains(a, "社外には送れません") || !strings.Contains(a, "This was not sent") {
		t.Errorf("answer in UTF-8: %s", a)
	}
}

func TestWarningIsConfirmedInTheSubjectOrAHeader(t *testing.T) {
	form := func(subject, header, boundary string) string {
		return "From: sato@corp.example\r\nTo: a@outside.example\r\n" + header + "Subject: " + subject + "\r\nMessage-ID: <" + boundary +
			"@x>\r\nDate: " + boundary + "\r\nContent-Type: multipart/mixed;\r\n boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\nContent-Type: multipart/alternative; boundary=in" + boundary +
			"\r\n\r\n--in" + boundary + "\r\n\r\n" + mailtest.Doubted + "\r\n--in" + boundary + "--\r\n--" + boundary + "--"
	}
	for name, say := range map[string]func(incident, boundary string) string{
		"subject": func(incident, boundary string) string { return form("["+incident+" asked for] list", "", boundary) },
		"encoded subject": func(incident, boundary string) string {
			return form("=?UTF-8?B?"+base64Of("Re: ["+incident+"　取引先の依頼] list")+"?=", "", boundary)
		},
		"header": func(incident, boundary string) string {
			return form("list", "Sekimori-Confirm: "+incident+" asked for\r\n", boundary)
		},
	} {
		t.Run(name, func(t *testing.T) {
			subject := "list"
			if name == "encoded subject" {
				subject = "Re: list"
			}
			r := start(t, nil)
			a := r.send("sato@corp.example", outside, form(subject, "", "one"))
			incident := regexp.MustCompile(`SK-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(a)
			if !strings.HasPrefix(a, "550") || !strings.Contains(a, "Sekimori-Confirm: "+incident+" <reason>") || !strings.Contains(a, "["+incident+" reason]") {
				t.Fatal(a)
			}
			if a := r.send("sato@corp.example", outside, say("SK-2222-2222", "two")); !strings.HasPrefix(a, "550") {
				t.Fatalf("another number: %s", a)
			}
			if a := r.send("ito@corp.example", outside, say(incident, "three")); !strings.HasPrefix(a, "550") {
				t.Fatalf("another sender: %s", a)
			}
			if a := r.send("sato@corp.example", []string{"b@outside.example"}, say(incident, "four")); !strings.HasPrefix(a, "550") {
				t.Fatalf("another recipient: %s", a)
			}
			if a := r.send("sato@corp.example", outside, say(incident, "five")); !strings.HasPrefix(a, "250") {
				t.Fatal(a)
			}
			got := r.next.messages()
			if len(got) != 1 || strings.Contains(got[0].data, incident) || strings.Contains(got[0].data, "Sekimori-Confirm") || !strings.Contains(got[0].data, "\r\nSubject: "+subject+"\r\n") {
				t.Errorf("arrived %+v", got)
			}
		})
	}
}

func TestEachDomainIsJudged(t *testing.T) {
	r := start(t, nil)
	if a := r.send("sato@corp.example", []string{"x@partner.example", "b@corp.example"}, text("x", mailtest.Partner)); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	if c := r.rules.Last().Destination.Classes; !slices.Equal(c, []string{"mail", "web-mail", "mail-bcc", "partner"}) {
		t.Errorf("classes %v", c)
	}
	if a := r.send("sato@corp.example", []string{"x@partner.example", "a@outside.example"}, text("x", mailtest.Partner)); !strings.HasPrefix(a, "550") {
		t.Fatal(a)
	}
	if n := len(r.next.messages()); n != 1 {
		t.Errorf("%d arrived", n)
	}
	if w := r.log.What(); !slices.Equal(w, []string{"accepted", "kept"}) {
		t.Errorf("recorded %v", w)
	}
	r.send("sato@corp.example", []string{"a@sub.corp.example"}, text("x", "y"))
	if c := r.rules.Last().Destination.Classes; !slices.Equal(c, []string{"mail", "internal"}) {
		t.Errorf("classes inside: %v", c)
	}
	many := []string{"a@outside.example", "b@outside.example", "c@outside.example"}
	r.send("sato@corp.example", many, "To: <a@OUTSIDE.example>\r\nCc: B <b@outside.example>, =?utf-8?q?C?= <c@outside.example>\r\n\r\nhello")
	if c := r.rules.Last().Destination.Classes; !slices.Equal(c, []string{"mail", "web-mail", "mail-many", "mail-open"}) {
		t.Errorf("classes of many: %v", c)
	}
	if u := r.rules.Last().Use; u.Operation != "send-mail" || u.Recipients != 3 || !slices.Equal(u.OutsideDomains, []string{"outside.example"}) {
		t.Errorf("done: %+v", u)
	}
}

func TestNullSender(t *testing.T) {
	r := start(t, nil)
	if a := r.send("", outside, text("bounce", "x")); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	if got := r.next.messages(); len(got) != 1 || got[0].from != "" {
		t.Errorf("arrived %+v", got)
	}
}

// What two mail servers could read as different messages is refused whole.
func TestSmuggling(t *testing.T) {
	r := start(t, nil)
	inner := "MAIL FROM:<x@corp.example>\r\nRCPT TO:<victim@outside.example>\r\nDATA\r\nsmuggled"
	for name, end := range map[string]string{
		"lf dot lf": "\n.\n", "lf dot crlf": "\n.\r\n", "crlf dot lf": "\r\n.\n", "cr dot cr": "\r.\r", "cr dot crlf": "\r.\r\n",
		"crlf dot cr then more": "\r\n.\r", "lone lf": "\n", "lone cr": "\r", "two lf": "\n\n.\r\n", "nul": "\r\n.\x00\r\n\n.\r\n",
	} {
		c := r.dial()
		c.say("250", "EHLO x")
		a := c.mail("sato@corp.example", outside, text("x", "first"+end+inner))
		if name == "crlf dot cr then more" {
			// go-smtp takes it as data and drops the dot: one message, not two.
			if !strings.HasPrefix(a, "250") && !strings.HasPrefix(a, "550") {
				t.Errorf("%s: %s", name, a)
			}
			continue
		}
		if !strings.HasPrefix(a, "550") {
			t.Errorf("%s: %s", name, a)
		}
		c.say("250", "NOOP")
	}
	for _, m := range r.next.messages() {
		if slices.Contains(m.to, "victim@outside.example") {
			t.Errorf("smuggled: %+v", m)
		}
		for i, b := range []byte(m.data) {
			if b == '\n' && (i == 0 || m.data[i-1] != '\r') || b == '\r' && (i+1 == len(m.data) || m.data[i+1] != '\n') {
				t.Fatalf("went on with a line end of its own: %q", m.data)
			}
		}
	}
}

func TestBDAT(t *testing.T) {
	r := start(t, nil)
	send := func(body string, commands ...string) string {
		c := r.dial()
		c.say("250", "EHLO x")
		c.say("250", "MAIL FROM:<sato@corp.example> BODY=8BITMIME")
		c.say("250", "RCPT TO:<a@outside.example>")
		half := len(body) / 2
		fmt.Fprintf(c, "BDAT %d\r\n%s", half, body[:half])
		c.want("250")
		fmt.Fprintf(c, "BDAT %d LAST\r\n%s", len(body)-half, body[half:])
		return c.answer()
	}
	if a := send(text("x", "in\r\n.\r\nchunks 日本語\r\n")); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	if got := r.next.messages(); len(got) != 1 || !strings.HasSuffix(got[0].data, "in\r\n.\r\nchunks 日本語\r\n") {
		t.Errorf("arrived %+v", got)
	}
	if a := send(text("x", mailtest.Secret+"\r\n")); !strings.HasPrefix(a, "550") {
		t.Error(a)
	}
	if a := send(text("x", "a bare\nLF\r\n")); !strings.HasPrefix(a, "550") {
		t.Error(a)
	}
	// A client that goes away between chunks has sent nothing.
	c := r.dial()
	c.say("250", "EHLO x")
	c.say("250", "MAIL FROM:<sato@corp.example>")
	c.say("250", "RCPT TO:<a@outside.example>")
	fmt.Fprintf(c, "BDAT %d\r\n%s", 12, "Subject: x\r\n")
	c.want("250")
	c.Close()
	time.Sleep(50 * time.Millisecond)
	if n := len(r.next.messages()); n != 1 {
		t.Errorf("%d arrived", n)
	}
}

func TestPipelining(t *testing.T) {
	r := start(t, nil)
	c := r.dial()
	fmt.Fprintf(c, "EHLO x\r\nMAIL FROM:<sato@corp.example>\r\nRCPT TO:<a@outside.example>\r\nRCPT TO:<b@outside.example>\r\nDATA\r\n")
	for _, code := range []string{"250", "250", "250", "250", "354"} {
		c.want(code)
	}
	fmt.Fprintf(c, "%s\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@outside.example>\r\nDATA\r\n", text("x", "one"))
	for _, code := range []string{"250", "250", "250", "354"} {
		c.want(code)
	}
	fmt.Fprintf(c, "%s\r\n.\r\nQUIT\r\n", text("x", "two"))
	c.want("250")
	c.want("221")
	if got := r.next.messages(); len(got) != 2 || len(got[0].to) != 2 || !slices.Equal(got[1].to, []string{"c@outside.example"}) {
		t.Errorf("arrived %+v", got)
	}
}

func TestNextHopsAnswerIsOurs(t *testing.T) {
	r := start(t, nil)
	for name, c := range map[string]struct {
		rcpt, data error
		want       string
	}{
		"unknown user":  {&gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "No such user"}, nil, "550"},
		"greylisted":    {&gosmtp.SMTPError{Code: 450, EnhancedCode: gosmtp.EnhancedCode{4, 2, 0}, Message: "Later"}, nil, "450"},
		"data refused":  {nil, &gosmtp.SMTPError{Code: 554, EnhancedCode: gosmtp.EnhancedCode{5, 6, 0}, Message: "No"}, "554"},
		"data deferred": {nil, &gosmtp.SMTPError{Code: 452, EnhancedCode: gosmtp.EnhancedCode{4, 3, 1}, Message: "Full"}, "452"},
	} {
		r.next.rcptErr = func(to string) error {
			if to == "a@outside.example" {
				return c.rcpt
			}
			return nil
		}
		r.next.dataErr = func() error { return c.data }
		if a := r.send("sato@corp.example", []string{"b@outside.example", "a@outside.example"}, text(name, "x")); !strings.HasPrefix(a, c.want) {
			t.Errorf("%s: %s", name, a)
		}
	}
	if n := len(r.next.messages()); n != 0 {
		t.Errorf("%d arrived", n)
	}
	if n := len(r.journal.live); n != 0 {
		t.Errorf("%d messages live on in the journal", n)
	}
}

func TestNextHopAway(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	l.Close()
	r := start(t, func(c *Config) { c.Next.Address = l.Addr().String() })
	if a := r.send("sato@corp.example", outside, text("x", "y")); !strings.HasPrefix(a, "451 4.4.1") {
		t.Error(a)
	}
}

// A next hop that breaks off after the end of the data may have the message:
// the record says so, and the client tries again.
func TestDoubt(t *testing.T) {
	r := start(t, nil)
	r.next.cut = true
	data := text("x", "y")
	if a := r.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "451") {
		t.Fatal(a)
	}
	r.next.mu.Lock()
	r.next.cut = false
	r.next.mu.Unlock()
	if a := r.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	if w := r.log.What(); !slices.Equal(w, []string{"doubtful", "accepted"}) {
		t.Errorf("recorded %v", w)
	}
	if e := r.log.Events[len(r.log.Events)-1]; !strings.Contains(e.Reason, "twice") {
		t.Errorf("the second try is recorded without the doubt: %+v", e)
	}
}

// A client that went away before it had the answer sends again and is told that
// all is done; one that had it may send the same again.
func TestUnheardAnswerMakesNoSecondCopy(t *testing.T) {
	r := start(t, nil)
	data := text("x", "y")
	lost := func() {
		c := r.dial()
		c.say("250", "EHLO mail.corp.example")
		c.say("250", "MAIL FROM:<sato@corp.example>")
		c.say("250", "RCPT TO:<a@outside.example>")
		c.say("354", "DATA")
		io.WriteString(c, data+"\r\n.\r\n")
		for len(r.next.messages()) == 0 || len(r.log.What()) == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		c.Close()
		time.Sleep(20 * time.Millisecond)
	}
	lost()
	// A crash and a new start in between.
	again := &relay{t: t, next: r.next, log: r.log, rules: r.rules}
	again.open(t, r.c.Journal, nil)
	if a := again.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250 2.0.0 OK: the next hop had it already") {
		t.Fatal(a)
	}
	if n := len(r.next.messages()); n != 1 {
		t.Fatalf("%d arrived", n)
	}
	if a := again.send("sato@corp.example", outside, data); !strings.HasPrefix(a, "250") {
		t.Fatal(a)
	}
	if n := len(r.next.messages()); n != 2 {
		t.Errorf("%d arrived; a message sent again on purpose is a message", n)
	}
}

func TestWithoutARecordNothingLeaves(t *testing.T) {
	r := start(t, nil)
	r.log.Fail = true
	if a := r.send("sato@corp.example", outside, text("x", "y")); !strings.HasPrefix(a, "451") {
		t.Error(a)
	}
	if n := len(r.next.messages()); n != 0 {
		t.Errorf("%d arrived", n)
	}
}

func TestLoops(t *testing.T) {
	r := start(t, nil)
	hop := "Received: from a by b with SMTP; Mon, 2 Feb 2026 00:00:00 +0900\r\n"
	ours := "Received: from a ([192.0.2.1])\r\n\tby GATE.corp.example (Sekimori) with ESMTP id 1;\r\n\tMon, 2 Feb 2026 00:00:00 +0900\r\n"
	for name, c := range map[string]struct{ trace, want string }{
		"long way":  {strings.Repeat(hop, 49), "250"},
		"too long":  {strings.Repeat(hop, 50), "554 5.4.6"},
		"forwarded": {ours + ours, "250"},
		"circle":    {ours + ours + ours, "554 5.4.6"},
	} {
		if a := r.send("sato@corp.example", outside, c.trace+text("x", name)); !strings.HasPrefix(a, c.want) {
			t.Errorf("%s: %s", name, a)
		}
	}
}

func TestLimits(t *testing.T) {
	r := start(t, func(c *Config) { c.Size, c.Recipients, c.PerClient = 400<<10, 2, 3 })
	if a := r.send("sato@corp.example", outside, text("x", strings.Repeat("0123456789\r\n", 40<<10))); !strings.HasPrefix(a, "552 5.3.4") {
		t.Errorf("too large: %s", a)
	}
	if a := r.send("sato@corp.example", outside, "X: "+strings.Repeat("a\r\n ", 80<<10)+"\r\n\r\nx"); !strings.HasPrefix(a, "552 5.3.4") {
		t.Errorf("large header: %s", a)
	}
	if a := r.send("sato@corp.example", outside, "Subject: \xff\xfe\x82\xa0 8-bit\r\n\r\nx"); !strings.HasPrefix(a, "250") {
		t.Errorf("8-bit header: %s", a)
	}
	if a := r.send("sato@corp.example", outside, "no header at all"); !strings.HasPrefix(a, "250") {
		t.Errorf("no header: %s", a)
	}
	if got := r.next.messages(); !strings.HasSuffix(got[len(got)-1].data, "\r\n\r\nno header at all\r\n") {
		t.Errorf("no header: arrived %q", got[len(got)-1].data)
	}
	r.settled() // what was closed above no longer counts
	c := r.dial()
	c.say("250", "EHLO x")
	c.say("552", "MAIL FROM:<sato@corp.example> SIZE=999999999")
	c.say("250", "MAIL FROM:<sato@corp.example>")
	c.say("250", "RCPT TO:<a@outside.example>")
	c.say("250", "RCPT TO:<b@outside.example>")
	c.say("452", "RCPT TO:<c@outside.example>")
	r.dial()
	r.dial()
	raw, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(5 * time.Second))
	if b, _ := io.ReadAll(raw); !strings.HasPrefix(string(b), "421") {
		t.Errorf("one connection too many: %q", b)
	}
}

func TestAddresses(t *testing.T) {
	r := start(t, nil)
	c := r.dial()
	c.say("250", "EHLO x")
	c.say("553", "MAIL FROM:<佐藤@corp.example>")
	c.say("250", "MAIL FROM:<佐藤@corp.example> SMTPUTF8")
	c.say("553", "RCPT TO:<user%%outside.example@corp.example>")
	c.say("553", `RCPT TO:<"a@outside.example"@corp.example>`)
	c.say("501", "RCPT TO:<a@out side.example>")
	c.say("250", `RCPT TO:<"x> ORCPT=rfc822;y"@outside.example>`)
	c.say("354", "DATA")
	io.WriteString(c, "Subject: 件名\r\n\r\nx\r\n.\r\n")
	c.want("250")
	got := r.next.messages()
	if len(got) != 1 || !got[0].opts.UTF8 || got[0].from != "佐藤@corp.example" || !slices.Equal(got[0].to, []string{"x> ORCPT=rfc822;y@outside.example"}) {
		t.Errorf("arrived %+v", got)
	}
}

func TestMXTakesOneDomainEach(t *testing.T) {
	r := start(t, nil)
	_, port, _ := net.SplitHostPort(r.next.addr)
	again := &relay{t: t, next: r.next, log: r.log, rules: r.rules}
	again.open(t, r.c.Journal+"2", func(c *Config) {
		c.Next.Address, c.Next.MX, c.Next.Resolver, c.Next.port = "", true, zone{}, port
	})
	c := again.dial()
	c.say("250", "EHLO x")
	c.say("250", "MAIL FROM:<sato@corp.example>")
	c.say("250", "RCPT TO:<a@outside.example>")
	c.say("451", "RCPT TO:<a@partner.example>")
	c.say("354", "DATA")
	io.WriteString(c, text("x", "y")+"\r\n.\r\n")
	c.want("250")
	if a := again.send("sato@corp.example", []string{"a@null.example"}, text("x", "y")); !strings.HasPrefix(a, "556 5.1.10") {
		t.Error(a)
	}
	if a := again.send("sato@corp.example", []string{"a@broken.example"}, text("x", "y")); !strings.HasPrefix(a, "451 4.4.3") {
		t.Error(a)
	}
	if got := r.next.messages(); len(got) != 1 {
		t.Errorf("arrived %+v", got)
	}
}

func TestShutdownEndsIdleClients(t *testing.T) {
	r := start(t, nil)
	c := r.dial()
	c.say("250", "EHLO x")
	begun := time.Now()
	if err := r.Shutdown(t.Context()); err != nil && !errors.Is(err, gosmtp.ErrServerClosed) {
		t.Error(err)
	}
	if time.Since(begun) > 3*time.Second {
		t.Error("it took long")
	}
	c.want("421")
}
