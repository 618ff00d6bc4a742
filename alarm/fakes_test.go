package alarm

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// post is a server of mail that speaks as much SMTP as is needed, with
// STARTTLS.
type post struct {
	t    *testing.T
	l    net.Listener
	cert tls.Certificate
	ca   string

	mu      sync.Mutex
	letters []letter
	refuse  bool
	clear   int // letters that came without TLS
}

type letter struct {
	to      []string
	subject string
	id      string
	text    string
	user    string
}

func newPost(t *testing.T) *post {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	p := &post{t: t, cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, ca: filepath.Join(t.TempDir(), "ca.pem")}
	check(t, os.WriteFile(p.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	p.l, err = net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { p.l.Close() })
	go func() {
		for {
			c, err := p.l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *post) serve(c net.Conn) {
	defer func() { c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 post.example")
	var l letter
	secure := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(word) {
		case "EHLO":
			if secure {
				say("250-post.example\r\n250 AUTH PLAIN")
			} else {
				say("250-post.example\r\n250 STARTTLS")
			}
		case "STARTTLS":
			say("220 go on")
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{p.cert}})
			c, in, secure = s, bufio.NewReader(s), true
		case "AUTH":
			l.user = rest
			say("235 welcome")
		case "MAIL":
			p.mu.Lock()
			refuse := p.refuse
			p.mu.Unlock()
			if refuse {
				say("451 not now")
				continue
			}
			say("250 ok")
		case "RCPT":
			l.to = append(l.to, strings.Trim(strings.TrimPrefix(rest, "TO:"), "<>"))
			say("250 ok")
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(line)
			}
			m, err := mail.ReadMessage(strings.NewReader(b.String()))
			if err != nil {
				p.t.Errorf("not a letter: %v", err)
				return
			}
			l.subject, _ = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			l.id = m.Header.Get("Message-Id")
			text, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
			l.text = string(text)
			p.mu.Lock()
			p.letters = append(p.letters, l)
			if !secure {
				p.clear++
			}
			p.mu.Unlock()
			l = letter{user: l.user}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (p *post) all() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter{}, p.letters...)
}

// wall is a server that webhooks are posted to.
type wall struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	posts  []posted
}

type posted struct {
	body string
	head http.Header
}

func newWall(t *testing.T) *wall {
	w := &wall{status: http.StatusOK}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		rw.WriteHeader(w.status)
		if w.status == http.StatusOK {
			w.posts = append(w.posts, posted{string(body), r.Header})
		}
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *wall) all() []posted {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]posted{}, w.posts...)
}

func (w *wall) answer(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
