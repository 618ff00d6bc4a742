// Package socks is the server's side of the SOCKS version 5 handshake (RFC
// 1928) with user name and password (RFC 1929). It reads a CONNECT request and
// says whether it is granted; what follows on the connection is the caller's.
//
// BIND and UDP ASSOCIATE are refused: neither can be inspected.
package socks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"unicode"
)

// Reply is how a request is answered (RFC 1928, section 6).
type Reply byte

// The replies in use.
const (
	Granted     Reply = 0
	Failed      Reply = 1
	NotAllowed  Reply = 2
	Unreachable Reply = 4
	NoCommand   Reply = 7
	NoAddress   Reply = 8
)

const (
	version     = 5
	authVersion = 1

	methodNone     = 0x00
	methodPassword = 0x02
	methodRefused  = 0xff

	commandConnect = 1

	typeIPv4 = 1
	typeName = 3
	typeIPv6 = 4
)

// Credentials are what the client gave; Given is false if it offered none.
type Credentials struct {
	Given          bool
	User, Password string
}

// Request is what a client asks for.
type Request struct {
	Host string // a name as it was sent, or an address in its usual form
	Port int
}

// Errors of the handshake.
var (
	ErrVersion = errors.New("not SOCKS version 5")
	ErrMethod  = errors.New("the client offers no way of authentication that is known here")
	ErrDenied  = errors.New("the client's credentials were refused")
	ErrCommand = errors.New("only CONNECT is served")
	ErrAddress = errors.New("no valid address in the request")
)

// Accept runs the handshake up to the request, which the caller then answers
// with Answer. allow judges the credentials; its error ends the handshake with
// a refusal and is wrapped in the one returned. All reads are bounded by the
// protocol to less than 1 KiB; the caller bounds their time.
func Accept(c io.ReadWriter, allow func(Credentials) error) (Request, error) {
	given, err := authenticate(c, allow)
	if err != nil {
		return Request{}, err
	}
	if !given.Given {
		// Judged without credentials before the method was agreed on.
		if _, err := c.Write([]byte{version, methodNone}); err != nil {
			return Request{}, err
		}
	}
	return readRequest(c)
}

func authenticate(c io.ReadWriter, allow func(Credentials) error) (Credentials, error) {
	var b [2]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return Credentials{}, err
	}
	if b[0] != version {
		return Credentials{}, ErrVersion
	}
	methods := make([]byte, b[1])
	if _, err := io.ReadFull(c, methods); err != nil {
		return Credentials{}, err
	}
	var none, password bool
	for _, m := range methods {
		none = none || m == methodNone
		password = password || m == methodPassword
	}
	if password {
		return passwordOf(c, allow)
	}
	err := ErrMethod
	if none {
		if err = allow(Credentials{}); err == nil {
			return Credentials{}, nil
		}
		err = fmt.Errorf("%w: %w", ErrDenied, err)
	}
	_, _ = c.Write([]byte{version, methodRefused})
	return Credentials{}, err
}

func passwordOf(c io.ReadWriter, allow func(Credentials) error) (Credentials, error) {
	if _, err := c.Write([]byte{version, methodPassword}); err != nil {
		return Credentials{}, err
	}
	var v [1]byte
	if _, err := io.ReadFull(c, v[:]); err != nil {
		return Credentials{}, err
	}
	if v[0] != authVersion {
		return Credentials{}, ErrMethod
	}
	user, err := readText(c)
	if err != nil {
		return Credentials{}, err
	}
	pass, err := readText(c)
	if err != nil {
		return Credentials{}, err
	}
	given := Credentials{Given: true, User: user, Password: pass}
	if err := allow(given); err != nil {
		_, _ = c.Write([]byte{authVersion, byte(Failed)})
		return Credentials{}, fmt.Errorf("%w: %w", ErrDenied, err)
	}
	_, err = c.Write([]byte{authVersion, byte(Granted)})
	return given, err
}

// readText reads a text after its length in one byte.
func readText(r io.Reader) (string, error) {
	var n [1]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return "", err
	}
	b := make([]byte, n[0])
	_, err := io.ReadFull(r, b)
	return string(b), err
}

func readRequest(c io.ReadWriter) (Request, error) {
	var head [4]byte // version, command, reserved, address type
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return Request{}, err
	}
	if head[0] != version {
		return Request{}, ErrVersion
	}
	var host string
	switch head[3] {
	case typeIPv4:
		var a [4]byte
		if _, err := io.ReadFull(c, a[:]); err != nil {
			return Request{}, err
		}
		host = netip.AddrFrom4(a).String()
	case typeIPv6:
		var a [16]byte
		if _, err := io.ReadFull(c, a[:]); err != nil {
			return Request{}, err
		}
		host = netip.AddrFrom16(a).Unmap().String()
	case typeName:
		name, err := readText(c)
		if err != nil {
			return Request{}, err
		}
		host = name
	default:
		_ = Answer(c, NoAddress)
		return Request{}, ErrAddress
	}
	var port [2]byte
	if _, err := io.ReadFull(c, port[:]); err != nil {
		return Request{}, err
	}
	r := Request{Host: host, Port: int(binary.BigEndian.Uint16(port[:]))}
	if head[1] != commandConnect {
		_ = Answer(c, NoCommand)
		return Request{}, ErrCommand
	}
	if r.Host == "" || r.Port == 0 || !printable(r.Host) {
		_ = Answer(c, NoAddress)
		return Request{}, ErrAddress
	}
	return r, nil
}

func printable(s string) bool {
	for _, r := range s {
		if r == ' ' || r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// Answer tells the client what became of its request. The bound address that
// the protocol wants is told as unknown.
func Answer(w io.Writer, r Reply) error {
	_, err := w.Write([]byte{version, byte(r), 0, typeIPv4, 0, 0, 0, 0, 0, 0})
	return err
}

// String names a reply for logs.
func (r Reply) String() string { return strconv.Itoa(int(r)) }
