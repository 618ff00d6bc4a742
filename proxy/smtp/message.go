package smtp

import (
	"bytes"
	"errors"
	"io"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/sekimori-dlp/sekimori/proxy/hold"
)

// maxHeader bounds the header of a message, in bytes.
const maxHeader = 256 << 10

// message reads what a client sends as a message, keeps its header, and stops
// at what two mail servers could read differently: a CR or LF on its own, by
// which a second message could hide behind the end of this one ("SMTP
// smuggling"; RFC 5321, 2.3.8), and a NUL in the header.
type message struct {
	r      io.Reader
	header []byte // up to and with the empty line, or to the first line that is no field
	size   int64
	eight  bool // a byte above 127 in it
	fault  *gosmtp.SMTPError

	headed bool // the header is whole
	line   int  // where its last line begins
	cr     bool // the last byte was a CR
}

func reply(code int, enhanced gosmtp.EnhancedCode, text string) *gosmtp.SMTPError {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

var (
	errBareLF  = reply(550, gosmtp.EnhancedCode{5, 5, 2}, "Bare <LF> received; lines end in <CR><LF> (RFC 5321, 2.3.8)")
	errBareCR  = reply(550, gosmtp.EnhancedCode{5, 5, 2}, "Bare <CR> received; lines end in <CR><LF> (RFC 5321, 2.3.8)")
	errNUL     = reply(550, gosmtp.EnhancedCode{5, 6, 0}, "NUL in the header")
	errHeader  = reply(552, gosmtp.EnhancedCode{5, 3, 4}, "The header is too large")
	errTooLong = reply(500, gosmtp.EnhancedCode{5, 6, 0}, "A line is too long")
)

// Read implements io.Reader.
func (m *message) Read(p []byte) (int, error) {
	if m.fault != nil {
		return 0, m.fault
	}
	n, err := m.r.Read(p)
	m.size += int64(n)
	if m.fault = m.look(p[:n]); m.fault != nil {
		return 0, m.fault
	}
	switch {
	case err == io.EOF && m.cr:
		m.fault = errBareCR
		return 0, m.fault
	case err == io.EOF && !m.headed && m.line < len(m.header):
		m.endLine() // of a last line without an end
	case errors.Is(err, gosmtp.ErrDataTooLarge):
		m.fault = gosmtp.ErrDataTooLarge
		return 0, hold.ErrTooLarge
	case errors.Is(err, gosmtp.ErrTooLongLine):
		m.fault = errTooLong
		return 0, m.fault
	case errors.Is(err, gosmtp.ErrDataReset):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// look takes the next bytes.
func (m *message) look(p []byte) *gosmtp.SMTPError {
	for i, b := range p {
		switch {
		case b == '\n' && !m.cr:
			return errBareLF
		case b != '\n' && m.cr:
			return errBareCR
		case b >= 0x80:
			m.eight = true
		}
		m.cr = b == '\r'
		if m.headed {
			continue
		}
		if b == 0 {
			return errNUL
		}
		if len(m.header) == maxHeader {
			return errHeader
		}
		if m.header = append(m.header, p[i]); b == '\n' {
			m.endLine()
		}
	}
	return nil
}

// endLine looks at a line that is whole.
func (m *message) endLine() {
	line := m.header[m.line:]
	switch {
	case string(line) == "\r\n":
		m.headed = true
	case m.line > 0 && (line[0] == ' ' || line[0] == '\t'): // of the field before
	case fieldName(line) == "":
		m.headed = true
		m.header = m.header[:m.line] // the body begins without an empty line
	}
	m.line = len(m.header)
}

// fieldName is the name before a line's colon (RFC 5322, 2.2; blanks before the
// colon were once allowed), "" if the line is no field.
func fieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, b := range name {
		if b <= ' ' || b >= 0x7f {
			return ""
		}
	}
	return string(name)
}
