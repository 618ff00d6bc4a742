package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// The commands of a mail server, as libmilter's mfdef.h numbers them.
const (
	cmdAbort     = 'A'
	cmdBody      = 'B'
	cmdConnect   = 'C'
	cmdMacros    = 'D'
	cmdEnd       = 'E' // of the message
	cmdHelo      = 'H'
	cmdQuitNext  = 'K' // the client is gone, another one follows
	cmdHeader    = 'L'
	cmdMail      = 'M'
	cmdEndHeader = 'N'
	cmdNegotiate = 'O'
	cmdQuit      = 'Q'
	cmdRcpt      = 'R'
	cmdData      = 'T'
	cmdUnknown   = 'U'
)

// What we answer.
const (
	actContinue     = 'c'
	actDiscard      = 'd'
	actChangeHeader = 'm'
	actProgress     = 'p'
	actReply        = 'y'
)

// What we ask of the mail server in the negotiation: to change header fields;
// and, where it offers that, not to wait for an answer to each step, to leave
// steps out that we do not look at, and to keep the blanks of fields.
const (
	version      = 6
	oldest       = 2
	changeHeader = 0x10

	noUnknown, noData                = 0x100, 0x200
	quietHeader, quietConnect        = 0x80, 0x1000
	quietHelo, quietData             = 0x2000, 0x10000
	quietUnknown, quietEnd           = 0x20000, 0x40000
	quietBody                        = 0x80000
	leadingSpace                     = 0x100000
	wished                    uint32 = noUnknown | noData | quietHeader | quietConnect | quietHelo | quietData | quietUnknown | quietEnd | quietBody | leadingSpace
)

// quietOf are the steps that need no answer, by their command.
var quietOf = map[byte]uint32{cmdHeader: quietHeader, cmdConnect: quietConnect, cmdHelo: quietHelo,
	cmdData: quietData, cmdUnknown: quietUnknown, cmdEndHeader: quietEnd, cmdBody: quietBody}

// maxPacket bounds a packet, in bytes. Pieces of a body have up to 64 KiB, fields
// of a header what the mail server allows.
const maxPacket = 1 << 20

var errPacket = errors.New("milter: malformed packet")

// readPacket reads a packet into buf, growing it, and returns its command and
// what follows, which lies in the returned buffer.
func readPacket(r io.Reader, buf []byte) (cmd byte, data, grown []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, buf, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > maxPacket {
		return 0, nil, buf, fmt.Errorf("%w: %d bytes", errPacket, n)
	}
	buf = slices.Grow(buf[:0], int(n-1))[:n-1]
	if _, err := io.ReadFull(r, buf); err != nil {
		return 0, nil, buf, fmt.Errorf("read a packet: %w", err)
	}
	return head[4], buf, buf, nil
}

// packet writes a command with its data.
func packet(cmd byte, data ...string) []byte {
	n := 1
	for _, d := range data {
		n += len(d)
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+n), uint32(n))
	b = append(b, cmd)
	for _, d := range data {
		b = append(b, d...)
	}
	return b
}

// texts splits what is NUL-terminated.
func texts(data []byte) (all []string) {
	for len(data) > 0 {
		s, rest, _ := bytes.Cut(data, []byte{0})
		all = append(all, string(s))
		data = rest
	}
	return all
}

// negotiated is what a mail server and we have agreed on.
type negotiated struct{ version, protocol uint32 }

// negotiate answers a mail server's offer.
func negotiate(data []byte) (n negotiated, answer []byte, err error) {
	if len(data) < 12 {
		return n, nil, errPacket
	}
	offer := [3]uint32{binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])}
	switch {
	case offer[0] < oldest:
		return n, nil, fmt.Errorf("milter: version %d is too old", offer[0])
	case offer[1]&changeHeader == 0:
		return n, nil, errors.New("milter: the mail server does not let header fields be changed, so confirmations would go out")
	}
	n = negotiated{min(offer[0], version), offer[2] & wished}
	answer = packet(cmdNegotiate, number(n.version), number(changeHeader), number(n.protocol))
	return n, answer, nil
}

func number(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// changeField is the packet that gives field number index, from 1 on, of those
// with a name another value; "" takes it out.
func changeField(index int, name, value string) []byte {
	return packet(actChangeHeader, number(uint32(index)), name, "\x00", strings.ReplaceAll(value, "\r\n", "\n"), "\x00")
}
