package socks

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// client is what one side says, and keeps what the other answers.
type client struct {
	io.Reader
	answered bytes.Buffer
}

func (c *client) Write(p []byte) (int, error) { return c.answered.Write(p) }

func open(Credentials) error { return nil }

var errNobody = errors.New("nobody known")

func ann(c Credentials) error {
	if c.User != "ann" || c.Password != "open sesame" {
		return errNobody
	}
	return nil
}

const byName = "\x05\x01\x00\x03\x0bexample.com\x01\xbb"

func TestAccept(t *testing.T) {
	for name, c := range map[string]struct {
		said  string
		allow func(Credentials) error
		want  Request
		err   error
		reply string
	}{
		"name":                  {"\x05\x01\x00" + byName, open, Request{"example.com", 443}, nil, "\x05\x00"},
		"IPv4":                  {"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50", open, Request{"192.0.2.1", 80}, nil, "\x05\x00"},
		"IPv6":                  {"\x05\x01\x00\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50", open, Request{"2001:db8::1", 80}, nil, "\x05\x00"},
		"IPv4 in IPv6":          {"\x05\x01\x00\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x7f\x00\x00\x01\x00\x50", open, Request{"127.0.0.1", 80}, nil, "\x05\x00"},
		"password":              {"\x05\x02\x00\x02\x01\x03ann\x0bopen sesame" + byName, ann, Request{"example.com", 443}, nil, "\x05\x02\x01\x00"},
		"wrong password":        {"\x05\x01\x02\x01\x03ann\x05guess" + byName, ann, Request{}, ErrDenied, "\x05\x02\x01\x01"},
		"password needed":       {"\x05\x01\x00" + byName, ann, Request{}, ErrDenied, "\x05\xff"},
		"no method of ours":     {"\x05\x01\x01" + byName, open, Request{}, ErrMethod, "\x05\xff"},
		"no method at all":      {"\x05\x00" + byName, open, Request{}, ErrMethod, "\x05\xff"},
		"version 4":             {"\x04\x01\x00\x50\xc0\x00\x02\x01\x00", open, Request{}, ErrVersion, ""},
		"HTTP":                  {"GET / HTTP/1.1\r\n\r\n", open, Request{}, ErrVersion, ""},
		"BIND":                  {"\x05\x01\x00\x05\x02\x00\x01\xc0\x00\x02\x01\x00\x50", open, Request{}, ErrCommand, "\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"},
		"UDP":                   {"\x05\x01\x00\x05\x03\x00\x01\xc0\x00\x02\x01\x00\x50", open, Request{}, ErrCommand, "\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"},
		"unknown address type":  {"\x05\x01\x00\x05\x01\x00\x09", open, Request{}, ErrAddress, "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		"port 0":                {"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x00", open, Request{}, ErrAddress, "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		"name with line breaks": {"\x05\x01\x00\x05\x01\x00\x03\x04a\r\nb\x00\x50", open, Request{}, ErrAddress, "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		"empty name":            {"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50", open, Request{}, ErrAddress, "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		"cut":                   {"\x05\x01\x00\x05\x01\x00\x03\x0bexam", open, Request{}, io.ErrUnexpectedEOF, "\x05\x00"},
	} {
		conn := &client{Reader: slowly(c.said)}
		got, err := Accept(conn, c.allow)
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || conn.answered.String() != c.reply {
			t.Errorf("%s: %+v, %v, answered %q", name, got, err, conn.answered.String())
		}
		if c.err == ErrDenied && !errors.Is(err, errNobody) {
			t.Errorf("%s: why is lost: %v", name, err)
		}
	}
}

// slowly gives one byte a read, as a slow network may.
func slowly(s string) io.Reader {
	var parts []io.Reader
	for i := range len(s) {
		parts = append(parts, strings.NewReader(s[i:i+1]))
	}
	return io.MultiReader(parts...)
}

func FuzzAccept(f *testing.F) {
	f.Add([]byte("\x05\x02\x00\x02\x01\x03ann\x0bopen sesame" + byName))
	f.Add([]byte("\x05\x01\x00" + byName))
	f.Fuzz(func(t *testing.T, said []byte) {
		r := bytes.NewReader(said)
		got, err := Accept(&client{Reader: r}, ann)
		if err == nil && (got.Host == "" || got.Port == 0 || !bytes.Contains(said, []byte("open sesame"))) {
			t.Errorf("%q opened %+v", said, got)
		}
		if used := len(said) - r.Len(); used > 1024 {
			t.Errorf("%d bytes were read", used)
		}
	})
}
