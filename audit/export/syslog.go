package export

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// syslog sends RFC 5424 messages: one a datagram over UDP (RFC 5426), counted
// octets over TCP (RFC 6587) and TLS (RFC 5425).
type syslog struct {
	network string // udp or tcp
	address string
	tls     *tls.Config
	host    string

	conn net.Conn
	// last is what was written last. TCP does not tell whether it arrived
	// before the connection broke, so it goes out again then.
	last []byte
}

// maxDatagram is the most that one UDP message takes; what is over is cut.
const maxDatagram = 60_000

// levels maps the words of rules to syslog severities (RFC 5424, 6.2.1).
var levels = map[string]int{"": 6, "info": 6, "low": 5, "medium": 4, "high": 3, "critical": 2}

// facility 13 is "log audit".
const facility = 13

func newSyslog(scheme, address string, c *Config) (*syslog, error) {
	s := &syslog{network: scheme, address: address}
	if scheme == "tls" {
		s.network = "tcp"
		var err error
		if s.tls, err = c.tls(); err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(address)
		s.tls.ServerName = host
	}
	s.host, _ = os.Hostname()
	if s.host = field(s.host, 255); s.host == "" {
		s.host = "-"
	}
	return s, nil
}

func (c *Config) tls() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file %s: no certificate in it", c.CAFile)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// field keeps what RFC 5424 allows in a header field: printable ASCII.
func field(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), limit)]
}

func (s *syslog) message(i *Item) []byte {
	level, ok := levels[i.Level]
	if !ok {
		level = 4
	}
	b := fmt.Appendf(nil, "<%d>1 %s %s sekimori %d %s [meta sequenceId=\"%d\"] \ufeff", facility*8+level,
		i.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), s.host, os.Getpid(), first(field(i.Kind, 32), "-"), (i.Seq-1)%(1<<31-1)+1)
	return append(b, i.Line...)
}

func (s *syslog) send(ctx context.Context, items []Item) error {
	again := s.conn == nil && s.network == "tcp"
	if s.conn == nil {
		if err := s.dial(ctx); err != nil {
			return err
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = s.conn.SetWriteDeadline(deadline)
	}
	if s.network == "udp" {
		for i := range items {
			m := s.message(&items[i])
			if len(m) > maxDatagram {
				m = bytes.ToValidUTF8(m[:maxDatagram], nil)
			}
			if _, err := s.conn.Write(m); err != nil {
				return s.broken(err)
			}
		}
		return nil
	}
	var b []byte
	for i := range items {
		m := s.message(&items[i])
		b = strconv.AppendInt(b, int64(len(m)), 10)
		b = append(append(b, ' '), m...)
	}
	if again && s.last != nil {
		if _, err := s.conn.Write(s.last); err != nil {
			return s.broken(err)
		}
	}
	if _, err := s.conn.Write(b); err != nil {
		return s.broken(err)
	}
	s.last = b
	return s.closed()
}

// closed looks whether the other end has hung up meanwhile.
func (s *syslog) closed() error {
	_ = s.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	var one [1]byte
	_, err := s.conn.Read(one[:])
	var slow net.Error
	if err == nil || errors.As(err, &slow) && slow.Timeout() {
		return nil
	}
	s.last = nil // the caller sends it again
	return s.broken(err)
}

func (s *syslog) dial(ctx context.Context) (err error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	if s.tls != nil {
		s.conn, err = (&tls.Dialer{NetDialer: &d, Config: s.tls}).DialContext(ctx, s.network, s.address)
	} else {
		s.conn, err = d.DialContext(ctx, s.network, s.address)
	}
	if err != nil {
		s.conn = nil
		return fmt.Errorf("connect to syslog: %w", err)
	}
	return nil
}

func (s *syslog) broken(err error) error {
	_ = s.conn.Close()
	s.conn = nil
	return fmt.Errorf("send to syslog: %w", err)
}

func (s *syslog) close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}
