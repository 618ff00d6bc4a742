package intercept

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// maxHello bounds a ClientHello: one record with post-quantum key shares has
// some 2 KiB.
const maxHello = 64 << 10

var errHello = errors.New("only the ClientHello is read")

// Hello reads a TLS ClientHello from r and returns the server name in it, "" if
// there is none, and all bytes that were read, to be given to whoever makes the
// handshake.
func Hello(r io.Reader) (name string, read []byte, err error) {
	var kept bytes.Buffer
	met := false
	c := readOnly{r: io.TeeReader(io.LimitReader(r, maxHello), &kept)}
	err = tls.Server(c, &tls.Config{
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			met, name = true, h.ServerName
			return nil, errHello
		},
	}).Handshake()
	if met {
		err = nil
	}
	return name, kept.Bytes(), err
}

// readOnly is a connection that takes nothing.
type readOnly struct{ r io.Reader }

func (c readOnly) Read(p []byte) (int, error)       { return c.r.Read(p) }
func (c readOnly) Write([]byte) (int, error)        { return 0, errHello }
func (c readOnly) Close() error                     { return nil }
func (c readOnly) LocalAddr() net.Addr              { return nil }
func (c readOnly) RemoteAddr() net.Addr             { return nil }
func (c readOnly) SetDeadline(time.Time) error      { return nil }
func (c readOnly) SetReadDeadline(time.Time) error  { return nil }
func (c readOnly) SetWriteDeadline(time.Time) error { return nil }
