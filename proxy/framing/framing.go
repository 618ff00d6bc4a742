// Package framing checks the bytes of HTTP/1 requests before net/http parses
// them, and refuses every shape about which two parsers could disagree: both
// Content-Length and Transfer-Encoding, either of them twice, lines that end
// in a bare LF, a CR anywhere else, folded headers, blanks before the colon,
// chunk extensions (RFC 9112, sections 2.2, 5.1, 5.2, 6.1, 7.1.1 and 11.2).
// net/http accepts most of these and mends them; a gate must not, because
// what it mends is not what others on the way would have seen.
//
// It only watches: valid bytes pass unchanged and uncopied. It is for server
// connections that speak HTTP/1; HTTP/2 frames itself.
package framing

import (
	"bytes"
	"net"
	"slices"
)

// Error says what was wrong. net/http answers 400 when it meets one in a
// request's head; in a body it comes back from Body.Read.
type Error string

func (e Error) Error() string { return "malformed HTTP/1 request: " + string(e) }

type state uint8

const (
	start     state = iota // before the first byte of a head
	request                // in the request line
	header                 // in the header lines
	body                   // in a body of known length
	chunkSize              // in the line before a chunk
	chunkData              //
	chunkEnd               // in the CRLF after a chunk
	trailer                // in the lines after the last chunk
	refused                // net/http will not read on
)

// Conn is a server connection under watch. Not safe for concurrent reads, as
// any net.Conn under net/http is not read concurrently.
type Conn struct {
	net.Conn
	limit int // bytes of a line kept; above it the head is too large anyhow

	state state
	left  int64  // of a body or chunk
	line  []byte // beginning of a line whose end is still to come
	old   bool   // HTTP/1.0
	turns bool   // this request may turn the connection into something else
	size  int64  // Content-Length, -1 if none
	coded bool   // has Transfer-Encoding
	chunk bool   // which is "chunked"

	err  error  // sticky
	held []byte // read, but not passed on because of err
}

// Guard watches c. Lines longer than limit bytes are refused; choose it above
// net/http's MaxHeaderBytes, so that its 431 comes first.
func Guard(c net.Conn, limit int) *Conn { return &Conn{Conn: c, limit: limit} }

// Read implements net.Conn. It returns an Error once it has met one.
func (c *Conn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(p)
	good, why := c.check(p[:n])
	if why == "" {
		return n, err
	}
	if good == 0 && c.turns {
		// The client may already speak the tunnel's protocol. net/http has
		// to get a byte, or it would take the error for a lost client; one
		// byte never completes a head.
		good = 1
	}
	c.err, c.held = Error(why), slices.Clone(p[good:n])
	if good > 0 {
		return good, nil
	}
	return 0, c.err
}

// Err is the Error that Read has met, or nil. Call it from where Read is called.
func (c *Conn) Err() error { return c.err }

// Release ends the watch, after the connection was hijacked. It returns the
// connection beneath, and what was read from it but kept back: the bytes of
// whatever is spoken from here on.
func (c *Conn) Release() (net.Conn, []byte) {
	c.err = net.ErrClosed
	return c.Conn, c.held
}

// CloseWrite half-closes the connection where it can be, so that net/http can
// let a client read an answer before the connection is reset.
func (c *Conn) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// check moves the state over p and returns how many bytes may be passed on;
// why is not empty if the next one may not.
func (c *Conn) check(p []byte) (good int, why string) {
	for i := 0; i < len(p); {
		switch c.state {
		case start:
			if p[i] == '\r' || p[i] == '\n' { // RFC 9112, 2.2: tolerated
				i++
				continue
			}
			c.state, c.old, c.size, c.coded, c.chunk = request, false, -1, false, false
		case body, chunkData:
			n := min(c.left, int64(len(p)-i))
			i += int(n)
			if c.left -= n; c.left > 0 {
				continue
			}
			if c.state == body {
				c.state = start
			} else {
				c.state, c.left = chunkEnd, 2
			}
		case chunkEnd:
			if p[i] != "\n\r"[c.left-1] {
				return i, "chunk longer than its size"
			}
			i++
			if c.left--; c.left == 0 {
				c.state = chunkSize
			}
		case refused:
			return i, "unsupported transfer encoding"
		default:
			nl := bytes.IndexByte(p[i:], '\n')
			if nl < 0 {
				if len(c.line)+len(p)-i > c.limit {
					return i, "line too long"
				}
				c.line = append(c.line, p[i:]...)
				return len(p), ""
			}
			line := p[i : i+nl+1]
			if len(c.line) > 0 {
				c.line = append(c.line, line...)
				line = c.line
			}
			if len(line) > c.limit {
				return i, "line too long"
			}
			if why := c.take(line); why != "" {
				return i, why
			}
			c.line = c.line[:0]
			i += nl + 1
		}
	}
	return len(p), ""
}

// take moves the state over one whole line.
func (c *Conn) take(line []byte) (why string) {
	n := len(line)
	if n < 2 || line[n-2] != '\r' {
		return "line ends without CR"
	}
	line = line[:n-2]
	if bytes.IndexByte(line, '\r') >= 0 {
		return "CR within a line"
	}
	switch c.state {
	case request:
		c.old = bytes.HasSuffix(line, []byte(" HTTP/1.0"))
		c.turns = bytes.HasPrefix(line, []byte("CONNECT "))
		c.state = header
	case header:
		if len(line) == 0 {
			return c.endHead()
		}
		return c.field(line)
	case chunkSize:
		if len(line) == 0 || len(line) > 15 {
			return "chunk size of wrong length"
		}
		var size int64
		for _, b := range line {
			d := hexDigit(b)
			if d < 0 {
				return "chunk size is no hexadecimal number, or has an extension"
			}
			size = size<<4 | int64(d)
		}
		if c.left = size; size == 0 {
			c.state = trailer
		} else {
			c.state = chunkData
		}
	case trailer:
		if len(line) == 0 {
			c.state = start
			return ""
		}
		name, _, why := split(line)
		if why == "" && (fold(name, "content-length") || fold(name, "transfer-encoding") || fold(name, "host")) {
			why = "framing field in the trailer"
		}
		return why
	}
	return ""
}

func split(line []byte) (name, value []byte, why string) {
	if line[0] == ' ' || line[0] == '\t' {
		return nil, nil, "folded header"
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return nil, nil, "header without a name"
	}
	if b := line[colon-1]; b == ' ' || b == '\t' {
		return nil, nil, "blank before the colon"
	}
	return line[:colon], bytes.Trim(line[colon+1:], " \t"), ""
}

func (c *Conn) field(line []byte) (why string) {
	name, value, why := split(line)
	switch {
	case why != "":
		return why
	case fold(name, "content-length"):
		if c.size >= 0 {
			return "Content-Length twice"
		}
		if len(value) == 0 || len(value) > 18 {
			return "Content-Length of wrong length"
		}
		c.size = 0
		for _, b := range value {
			if b < '0' || b > '9' {
				return "Content-Length is no number"
			}
			c.size = c.size*10 + int64(b-'0')
		}
	case fold(name, "transfer-encoding"):
		if c.coded {
			return "Transfer-Encoding twice"
		}
		c.coded, c.chunk = true, fold(value, "chunked")
	case fold(name, "upgrade"):
		c.turns = true
	}
	return ""
}

func (c *Conn) endHead() (why string) {
	switch {
	case c.coded && c.size >= 0:
		return "both Content-Length and Transfer-Encoding"
	case c.coded && c.old:
		return "Transfer-Encoding in HTTP/1.0"
	case c.chunk:
		c.state = chunkSize
	case c.coded: // net/http answers 501 and closes
		c.state = refused
	case c.size > 0:
		c.state, c.left = body, c.size
	default:
		c.state = start
	}
	return ""
}

func fold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, x := range b {
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		if x != lower[i] {
			return false
		}
	}
	return true
}

func hexDigit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
