package proxy

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// Bounds of one message, as it is sent and without compression. The client's
// connection is closed over a larger one.
const (
	maxMessage  = 8 << 20
	maxInflated = 32 << 20
	maxHeads    = 1 << 20 // of the heads of its frames, which need not have any content
)

// messages stands between a client and an origin that speak WebSocket (RFC
// 6455, with permessage-deflate of RFC 7692). What the client sends is read
// frame by frame and passed on, as it was sent, once a message is whole and the
// gate lets it pass; if not, the connection is closed with a code that says so.
// What the origin sends passes through; only where its frames end is followed,
// so that our own does not stand within one.
type messages struct {
	client io.Reader // what the client sends
	writer io.Writer // to the client
	judge  func(op byte, message []byte) (reason string, pass bool)
	linger func() // after the connection's end was told; may be nil
	room   room   // of the message under way; what waits for some is not read from the client

	deflated bool   // compression was agreed on
	forget   bool   // each message is compressed on its own
	window   []byte // what the client's compressor refers back to

	out  []byte // that may pass
	raw  []byte // of the message under way: its frames as they came, but not masked
	size int    // of it, without the frames' heads
	op   byte   // of its first frame
	rsv1 bool
	open bool // a message is under way
	shut bool // the client was told that the connection ends
	err  error

	mu   sync.Mutex
	need []byte // of a frame's header
	left uint64 // of a frame's payload
}

// room bounds the memory of messages; *hold.Room in production.
type room interface {
	Take(n int64) error
	Empty()
	Close()
}

// roomOf is a Room for as long as an exchange lasts.
type roomOf struct {
	*hold.Room
	ctx context.Context
}

func (r roomOf) Take(n int64) error { return r.Room.Take(r.ctx, n) }

// Codes with which a connection is closed (RFC 6455, 7.4.1, and the registry of 11.7).
const (
	closeProtocol = 1002
	closePolicy   = 1008
	closeTooBig   = 1009
	closeLater    = 1013
)

// closing ends a connection.
type closing struct {
	code   uint16
	reason string
}

func (c *closing) Error() string { return c.reason }

var errTooBig = &closing{closeTooBig, "the message is too large"}

// opcodes of frames.
const (
	opBinary  = 2
	opControl = 8 // and above
	opClose   = 8
)

// Read gives what may go to the origin.
func (m *messages) Read(p []byte) (int, error) {
	for len(m.out) == 0 && m.err == nil {
		if m.err = m.frame(); m.err != nil {
			m.end()
			var c *closing
			if errors.As(m.err, &c) {
				m.close(c)
				if m.linger != nil {
					m.linger()
				}
				m.err = io.ErrClosedPipe
			}
		}
	}
	if len(m.out) == 0 {
		return 0, m.err
	}
	n := copy(p, m.out)
	m.out = m.out[n:]
	return n, nil
}

// end gives the memory back. It may be called more than once.
func (m *messages) end() {
	if m != nil {
		m.room.Close()
	}
}

// grow makes b longer by k bytes, of which there will be most at most.
func (m *messages) grow(b []byte, k, most int) ([]byte, error) {
	n := len(b) + k
	if n <= cap(b) {
		return b[:n], nil
	}
	more := cap(b)
	if more > 64<<10 {
		more /= 4
	}
	c := max(n, min(max(cap(b)+more, 512), most))
	err := m.room.Take(int64(c - cap(b)))
	if errors.Is(err, hold.ErrTooLarge) && c > n {
		c = n
		err = m.room.Take(int64(c - cap(b)))
	}
	switch {
	case errors.Is(err, hold.ErrTooLarge):
		return nil, errTooBig
	case errors.Is(err, hold.ErrFull):
		return nil, &closing{closeLater, "no room for the message now"}
	case err != nil:
		return nil, err
	}
	longer := make([]byte, n, c)
	copy(longer, b)
	return longer, nil
}

// frame reads the next frame.
func (m *messages) frame() error {
	if m.out = nil; !m.open { // what was to pass has passed
		m.room.Empty()
	}
	var b [14]byte
	if _, err := io.ReadFull(m.client, b[:2]); err != nil {
		return err
	}
	op, fin, size, n := b[0]&15, b[0]&0x80 != 0, uint64(b[1]&0x7f), headSize(b[1])
	if b[1]&0x80 == 0 || b[0]&0x30 != 0 || b[0]&0x40 != 0 && !m.deflated {
		return &closing{closeProtocol, "not a frame of a client"}
	}
	if _, err := io.ReadFull(m.client, b[2:n]); err != nil {
		return err
	}
	switch n {
	case 8:
		size = uint64(binary.BigEndian.Uint16(b[2:]))
	case 14:
		size = binary.BigEndian.Uint64(b[2:])
	}
	control := op >= opControl
	switch {
	case control && (size > 125 || !fin), !control && (op == 0) != m.open, op > 2 && !control:
		return &closing{closeProtocol, "a frame out of order"}
	case size > maxMessage-min(maxMessage, uint64(m.size)), len(m.raw)-m.size > maxHeads:
		return errTooBig
	}
	if control { // small, and between the frames of a message perhaps
		raw := append(b[:n:n], make([]byte, size)...)
		plain := raw[n:]
		if _, err := io.ReadFull(m.client, plain); err != nil {
			return err
		}
		mask(plain, [4]byte(b[n-4:]))
		if op == opClose && len(plain) >= 2 {
			plain = plain[2:]
		}
		return m.decide(plain, op, raw)
	}
	raw, err := m.grow(m.raw, n, maxMessage+maxHeads)
	if err != nil {
		return err
	}
	at := len(raw)
	copy(raw[at-n:], b[:n])
	for left := size; left > 0; { // as it comes: what is announced need not be meant
		k := int(min(left, 64<<10))
		if raw, err = m.grow(raw, k, maxMessage+maxHeads); err != nil {
			return err
		}
		if _, err := io.ReadFull(m.client, raw[len(raw)-k:]); err != nil {
			return err
		}
		left -= uint64(k)
	}
	mask(raw[at:], [4]byte(b[n-4:]))
	if !m.open {
		m.open, m.op, m.rsv1 = true, op, b[0]&0x40 != 0
	}
	m.raw, m.size = raw, m.size+int(size)
	if !fin {
		return nil
	}
	data, err := m.content()
	if err == nil {
		err = m.decide(data, m.op, m.raw)
	}
	m.raw, m.size, m.open = nil, 0, false
	return err
}

// headSize is how long a masked frame's head is, by its second byte.
func headSize(second byte) int {
	switch second & 0x7f {
	case 126:
		return 8
	case 127:
		return 14
	}
	return 6
}

// firstFrame gives the first of whole frames: its payload, its key, and what follows.
func firstFrame(raw []byte) (payload []byte, key [4]byte, rest []byte) {
	size, n := uint64(raw[1]&0x7f), headSize(raw[1])
	switch n {
	case 8:
		size = uint64(binary.BigEndian.Uint16(raw[2:]))
	case 14:
		size = binary.BigEndian.Uint64(raw[2:])
	}
	end := n + int(size)
	return raw[n:end], [4]byte(raw[n-4 : n]), raw[end:]
}

// mask turns a payload into what is sent, and back (RFC 6455, 5.3).
func mask(p []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	for k |= k << 32; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^k)
	}
	for i := range p {
		p[i] ^= key[i&3]
	}
}

// payloads reads what is in frames, then tail.
type payloads struct {
	raw, now []byte
	tail     string
}

// ReadByte implements io.ByteReader.
func (r *payloads) ReadByte() (b byte, err error) {
	if !r.more() {
		return 0, io.EOF
	}
	b, r.now = r.now[0], r.now[1:]
	return b, nil
}

// Read implements io.Reader.
func (r *payloads) Read(p []byte) (int, error) {
	if !r.more() {
		return 0, io.EOF
	}
	n := copy(p, r.now)
	r.now = r.now[n:]
	return n, nil
}

func (r *payloads) more() bool {
	for len(r.now) == 0 {
		switch {
		case len(r.raw) > 0:
			r.now, _, r.raw = firstFrame(r.raw)
		case r.tail != "":
			r.now, r.tail = []byte(r.tail), ""
		default:
			return false
		}
	}
	return true
}

// content gives the message in one piece, without compression.
func (m *messages) content() ([]byte, error) {
	if m.rsv1 {
		return m.inflate()
	}
	first, _, rest := firstFrame(m.raw)
	if len(rest) == 0 {
		return first, nil
	}
	data, err := m.grow(nil, m.size, 0)
	if err != nil {
		return nil, err
	}
	_, err = io.ReadFull(&payloads{raw: m.raw}, data)
	return data, err
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func (m *messages) inflate() ([]byte, error) {
	if m.forget {
		m.window = nil
	}
	// What the sender leaves out (RFC 7692, 7.2.2), and an end.
	const end = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	deflated := &payloads{raw: m.raw, tail: end}
	r := inflaters.Get().(io.ReadCloser)
	defer func() {
		if r.(flate.Resetter).Reset(&payloads{}, nil) == nil { // it holds the message no longer
			inflaters.Put(r)
		}
	}()
	damaged := &closing{closeProtocol, "the message's compression is damaged"}
	if err := r.(flate.Resetter).Reset(deflated, m.window); err != nil {
		return nil, err
	}
	var plain []byte
	for {
		if len(plain) == cap(plain) {
			longer, err := m.grow(plain, min(max(4*m.size, 512), 64<<10), maxInflated+1)
			if err != nil {
				return nil, err
			}
			plain = longer[:len(plain)]
		}
		n, err := r.Read(plain[len(plain):cap(plain)])
		if plain = plain[:len(plain)+n]; len(plain) > maxInflated {
			return nil, errTooBig
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, damaged
		}
	}
	// A sender may mark a block as the last (7.2.3.4), with one byte after it.
	// What else came there some would read, and others not.
	var left [len(end) + 2]byte
	switch n, _ := io.ReadFull(deflated, left[:]); {
	case n > len(end)+1, n == len(end)+1 && left[0] != 0:
		return nil, damaged
	}
	m.window = append(m.window, plain[max(0, len(plain)-maxWindow):]...)
	if over := len(m.window) - maxWindow; over > 0 {
		m.window = bytes.Clone(m.window[over:])
	}
	return plain, nil
}

// maxWindow is how far back a compressor refers.
const maxWindow = 32 << 10

// decide lets a message pass, as it was sent, or ends the connection.
func (m *messages) decide(data []byte, op byte, raw []byte) error {
	if len(data) > 0 {
		if reason, pass := m.judge(op, data); !pass {
			return &closing{closePolicy, reason}
		}
	}
	m.out = raw
	for rest := raw; len(rest) > 0; {
		payload, key, next := firstFrame(rest)
		mask(payload, key)
		rest = next
	}
	return nil
}

// Write passes on what the origin sends, and follows its frames.
func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return 0, net.ErrClosed
	}
	m.follow(p)
	return m.writer.Write(p)
}

func (m *messages) follow(p []byte) {
	for len(p) > 0 {
		if k := min(m.left, uint64(len(p))); k > 0 {
			m.left, p = m.left-k, p[k:]
			continue
		}
		m.need, p = append(m.need, p[0]), p[1:]
		if len(m.need) < 2 {
			continue
		}
		size, n := uint64(m.need[1]&0x7f), 2
		switch size {
		case 126:
			n = 4
		case 127:
			n = 10
		}
		if m.need[1]&0x80 != 0 {
			n += 4
		}
		if len(m.need) < n {
			continue
		}
		switch size {
		case 126:
			size = uint64(binary.BigEndian.Uint16(m.need[2:]))
		case 127:
			size = binary.BigEndian.Uint64(m.need[2:])
		}
		m.left, m.need = size, m.need[:0]
	}
}

// close tells the client why the connection ends, unless the origin is in the
// middle of a frame.
func (m *messages) close(c *closing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left > 0 || len(m.need) > 0 {
		return
	}
	m.shut = true // nothing follows a closing frame (RFC 6455, 5.5.1)
	reason := c.reason[:min(len(c.reason), 123)]
	f := append([]byte{0x80 | opClose, byte(2 + len(reason))}, byte(c.code>>8), byte(c.code))
	_, _ = m.writer.Write(append(f, reason...)) // the connection ends either way
}

// speaksFrames reports whether a request for WebSocket is as RFC 6455 has it, so
// that what follows can be read.
func speaksFrames(r *http.Request) bool {
	return r.Header.Get("Sec-Websocket-Version") == "13" && r.Header.Get("Sec-Websocket-Key") != ""
}

const extensions = "Sec-Websocket-Extensions"

// onlyDeflate takes out of a request the extensions that would not be understood
// here.
func onlyDeflate(h http.Header) {
	var kept []string
	for _, f := range h[extensions] {
		for offer := range strings.SplitSeq(f, ",") {
			name, _, _ := strings.Cut(offer, ";")
			if strings.EqualFold(strings.TrimSpace(name), "permessage-deflate") {
				kept = append(kept, strings.TrimSpace(offer))
			}
		}
	}
	if delete(h, extensions); kept != nil {
		h[extensions] = []string{strings.Join(kept, ", ")}
	}
}

// inspectMessages puts an inspection between the client's connection, now
// turned over, and the origin. agreed is what the origin answered of extensions.
func (x *exchange) inspectMessages(t *tunnel, agreed string) {
	agreed = strings.ToLower(agreed)
	said := &said{}
	t.messages = &messages{
		client: rawTunnel{t}, writer: t.Conn, room: roomOf{x.s.deps.Hold.Room(x.who.Sender()), x.r.Context()},
		deflated: strings.Contains(agreed, "permessage-deflate"), forget: strings.Contains(agreed, "client_no_context_takeover"),
		judge: func(op byte, data []byte) (string, bool) { return x.message(said, op, data) },
	}
	if x.socket == nil { // what is not read resets a connection, but no stream
		t.messages.linger = func() { linger(t, x.s.cfg.Limits.Drain) }
	}
}

// lingers is how long a client may take to end a connection that ends.
const lingers = 2 * time.Second

// linger reads on until the client has seen that the connection ends. Closed with
// something unread it would be reset, perhaps before the client knows why.
func linger(t *tunnel, most int64) {
	if t.SetReadDeadline(time.Now().Add(lingers)) == nil && t.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, rawTunnel{t}, most) // it ends either way
	}
}

// said is what the client of a WebSocket has sent by messages of each kind: what one
// kind holds is not torn apart by another.
type said struct{ text, binary, control before }

// of is what has gone before a message, and what stands between the two: texts are
// lines, but what is cut amid a character is put together again.
func (s *said) of(op byte, data []byte) (b *before, end string) {
	switch {
	case op == opBinary:
		return &s.binary, ""
	case op >= opControl:
		b = &s.control
	default:
		b = &s.text
	}
	if utf8.Valid(data) {
		end = "\n"
	}
	return b, end
}

// message asks the gate about one message.
func (x *exchange) message(said *said, op byte, data []byte) (reason string, pass bool) {
	before, end := said.of(op, data)
	q := gate.Transaction{Principal: x.asked.Principal, Destination: x.asked.Destination, Protocol: "WebSocket",
		Body: bytes.NewReader(data), Length: int64(len(data)), Before: before.recent()}
	if op != opBinary {
		q.MediaType = "text/plain; charset=utf-8"
	}
	o := x.checkMessage(context.WithoutCancel(x.r.Context()), &q)
	defer o.Close()
	if o.Passes() {
		before.add(append(data[max(0, len(data)-beforeSize/2):], end...))
		return "", true
	}
	x.kept(&o, "WebSocket")
	return "stopped by the company's rules: " + o.Incident, false
}

// rawTunnel reads what a tunnel's client sends, uninspected.
type rawTunnel struct{ t *tunnel }

func (r rawTunnel) Read(p []byte) (int, error) { return r.t.raw(p) }
