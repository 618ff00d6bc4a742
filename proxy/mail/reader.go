package mail

import "io"

// maxHeader bounds the header of a message, in bytes.
const maxHeader = 256 << 10

// Reader reads a message as it comes, keeps its header, and stops at what two
// mail servers could read differently: a CR or LF on its own, by which a second
// message could hide behind the end of this one ("SMTP smuggling"; RFC 5321,
// 2.3.8), and a NUL in the header. Fault then says so.
type Reader struct {
	R      io.Reader
	Header []byte // up to and with the empty line, or to the first line that is no field
	Size   int64  // bytes that came
	Eight  bool   // a byte above 127 in it
	Fault  *Reply // nil as long as all is well

	headed bool // the header is whole
	line   int  // where its last line begins
	cr     bool // the last byte was a CR
}

var (
	errBareLF = &Reply{550, [3]int{5, 5, 2}, []string{"Bare <LF> received; lines end in <CR><LF> (RFC 5321, 2.3.8)"}}
	errBareCR = &Reply{550, [3]int{5, 5, 2}, []string{"Bare <CR> received; lines end in <CR><LF> (RFC 5321, 2.3.8)"}}
	errNUL    = &Reply{550, [3]int{5, 6, 0}, []string{"NUL in the header"}}
	errHeader = &Reply{552, [3]int{5, 3, 4}, []string{"The header is too large"}}
)

// Read implements io.Reader.
func (m *Reader) Read(p []byte) (int, error) {
	if m.Fault != nil {
		return 0, m.Fault
	}
	n, err := m.R.Read(p)
	m.Size += int64(n)
	if m.Fault = m.look(p[:n]); m.Fault != nil {
		return 0, m.Fault
	}
	switch {
	case err == io.EOF && m.cr:
		m.Fault = errBareCR
		return 0, m.Fault
	case err == io.EOF && !m.headed && m.line < len(m.Header):
		m.endLine() // of a last line without an end
	}
	return n, err
}

// look takes the next bytes.
func (m *Reader) look(p []byte) *Reply {
	for i, b := range p {
		switch {
		case b == '\n' && !m.cr:
			return errBareLF
		case b != '\n' && m.cr:
			return errBareCR
		case b >= 0x80:
			m.Eight = true
		}
		m.cr = b == '\r'
		if m.headed {
			continue
		}
		if b == 0 {
			return errNUL
		}
		if len(m.Header) == maxHeader {
			return errHeader
		}
		if m.Header = append(m.Header, p[i]); b == '\n' {
			m.endLine()
		}
	}
	return nil
}

// endLine looks at a line that is whole.
func (m *Reader) endLine() {
	line := m.Header[m.line:]
	switch {
	case string(line) == "\r\n":
		m.headed = true
	case m.line > 0 && (line[0] == ' ' || line[0] == '\t'): // of the field before
	case FieldName(line) == "":
		m.headed = true
		m.Header = m.Header[:m.line] // the body begins without an empty line
	}
	m.line = len(m.Header)
}
