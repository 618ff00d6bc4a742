package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// node is the ICAP service that judges.
type node struct {
	url  *url.URL
	idle time.Duration
}

// question is a REQMOD request under way (RFC 3507). The methods are called in
// this order: begin, write as often as there is something, end, verdict.
type question struct {
	node
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	body   io.WriteCloser // nil: there is none
	broken error          // of writing; there may be an answer all the same
}

// sender is who sends, as far as Envoy tells.
type sender struct{ address, user string }

func (n node) ask() (*question, error) {
	c, err := net.DialTimeout("tcp", n.url.Host, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("reach the node: %w", err)
	}
	q := &question{node: n, conn: c}
	q.in, q.out = bufio.NewReader(q), bufio.NewWriter(q)
	return q, nil
}

func (q *question) Read(p []byte) (int, error) {
	q.conn.SetReadDeadline(time.Now().Add(q.idle))
	return q.conn.Read(p)
}

func (q *question) Write(p []byte) (int, error) {
	q.conn.SetWriteDeadline(time.Now().Add(q.idle))
	return q.conn.Write(p)
}

// begin sends the head. A body is wanted back, since nobody else keeps it.
func (q *question) begin(head []byte, who sender, body bool) {
	fmt.Fprintf(q.out, "REQMOD %s ICAP/1.0\r\nHost: %s\r\nConnection: close\r\n", q.url, q.url.Host)
	if !body {
		q.out.WriteString("Allow: 204\r\n")
	}
	if who.address != "" {
		fmt.Fprintf(q.out, "X-Client-IP: %s\r\n", who.address)
	}
	if who.user != "" {
		fmt.Fprintf(q.out, "X-Authenticated-User: %s\r\n", base64.StdEncoding.EncodeToString([]byte(who.user)))
	}
	kind := "null-body"
	if body {
		kind, q.body = "req-body", httputil.NewChunkedWriter(q.out)
	}
	fmt.Fprintf(q.out, "Encapsulated: req-hdr=0, %s=%d\r\n\r\n%s", kind, len(head), head)
}

// write sends some of the body.
func (q *question) write(p []byte) {
	if len(p) > 0 && q.broken == nil {
		_, q.broken = q.body.Write(p)
	}
}

// end sends the trailer.
func (q *question) end(trailer []field) {
	if q.body != nil {
		q.body.Close()
		for _, t := range trailer {
			fmt.Fprintf(q.out, "%s: %s\r\n", t.name, t.value)
		}
		q.out.WriteString("\r\n")
	}
	if err := q.out.Flush(); q.broken == nil {
		q.broken = err
	}
}

// verdict is what the node says: leave, with the body if it sends that back, or
// the answer that the sender gets instead.
type verdict struct {
	refusal *http.Response // nil: leave
	body    io.Reader      // what is to go on, nil: what came
}

var errNode = errors.New("the node's answer is no ICAP")

func (q *question) verdict() (*verdict, error) {
	v, err := q.read()
	if err != nil {
		return nil, fmt.Errorf("hear the node's verdict: %w", errors.Join(err, q.broken))
	}
	return v, nil
}

func (q *question) read() (*verdict, error) {
	r := textproto.NewReader(q.in)
	line, err := r.ReadLine()
	if err != nil {
		return nil, err
	}
	h, err := r.ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	status, _, _ := strings.Cut(strings.TrimPrefix(line, "ICAP/1.0 "), " ")
	if status == "204" {
		return &verdict{}, nil
	}
	if status != "200" {
		return nil, fmt.Errorf("the node answered %q", line)
	}
	kind, rest, _ := strings.Cut(h.Get("Encapsulated"), "=0, ")
	bodyKind, length, _ := strings.Cut(rest, "=")
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 || n > 1<<20 {
		return nil, errNode
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(q.in, head); err != nil {
		return nil, err
	}
	var body io.Reader = bytes.NewReader(nil)
	if bodyKind != "null-body" {
		body = httputil.NewChunkedReader(q.in)
	}
	switch kind {
	case "req-hdr":
		return &verdict{body: body}, nil
	case "res-hdr":
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), &http.Request{Method: http.MethodHead})
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(body)
		return &verdict{refusal: resp}, nil
	}
	return nil, errNode
}
