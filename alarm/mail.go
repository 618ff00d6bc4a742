package alarm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	gomail "github.com/wneessen/go-mail"
)

// mailer sends mail by one server.
type mailer struct {
	from    string
	to      []string // nil: send is told
	host    string
	options []gomail.Option
}

func newMailer(m *Mail) (*mailer, error) {
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, fmt.Errorf("mail.server: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("mail.server: %w", err)
	}
	roots, err := roots(m.CAFile)
	if err != nil {
		return nil, fmt.Errorf("mail.ca_file: %w", err)
	}
	s := &mailer{from: m.From, host: host, options: []gomail.Option{gomail.WithPort(n), gomail.WithTimeout(sendTime),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12})}}
	switch m.TLS {
	case "tls":
		s.options = append(s.options, gomail.WithSSL())
	case "none":
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if m.User != "" {
		password, err := secret(m.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("mail.password_file: %w", err)
		}
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.User), gomail.WithPassword(password))
	}
	return s, nil
}

// roots reads a file of certificates; nil, the system's, if none is named.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, errors.New("no certificate in it")
	}
	return pool, nil
}

func (s *mailer) send(ctx context.Context, m *Message, to string) error {
	all := s.to
	if to != "" {
		all = []string{to}
	}
	return s.post(ctx, all, &Letter{Key: m.Key, Subject: m.Subject, Text: m.Text})
}
