package decode

import (
	"bufio"
	"bytes"
	"io"
)

// sections splits a body at the delimiter lines of a MIME boundary (RFC 2046,
// section 5.1). It takes bare line feeds for line ends too, since other readers
// of the same body do.
type sections struct {
	src   *bufio.Reader
	delim []byte // "--" and the boundary
	line  bool   // src is at the start of a line
	clean int    // bytes ahead that hold no delimiter
	at    bool   // src is at a delimiter, or at the line end before it
	err   error  // why src ended
}

// Read reads the current section up to the next delimiter, then returns io.EOF.
// At the end of the body it returns io.EOF, too: see err.
func (s *sections) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for s.clean == 0 && !s.at {
		if err := s.look(); err != nil {
			return 0, err
		}
	}
	if s.clean == 0 {
		return 0, io.EOF
	}
	n, _ := s.src.Read(p[:min(len(p), s.clean)])
	s.clean -= n
	return n, nil
}

// look searches what is buffered for a delimiter and sets clean and at.
func (s *sections) look() error {
	need := len(s.delim) + 8
	b, err := s.src.Peek(s.src.Buffered())
	if len(b) < need {
		_, err = s.src.Peek(need)
		b, _ = s.src.Peek(s.src.Buffered())
	}
	ended := err != nil
	from := 0
	for {
		k := s.find(b[from:], from == 0 && s.line)
		if k < 0 {
			break
		}
		k += from
		end := lineEnd(b, k) + len(s.delim)
		if end < len(b) && !follows(b[end:]) {
			from = end
			continue
		}
		if end+2 >= len(b) && !ended && k == 0 {
			b, err = s.src.Peek(min(len(b)+8, s.src.Size()))
			ended = err != nil
			continue
		}
		s.clean, s.at, s.line = k, end < len(b) || ended, false
		return nil
	}
	s.line = false
	if ended {
		s.clean = len(b)
		if len(b) == 0 {
			s.err = err
			if err == io.EOF {
				return io.EOF
			}
			return err
		}
		return nil
	}
	s.clean = len(b) - len(s.delim) - 4
	return nil
}

// find returns where in b a delimiter begins, with the line end before it, -1
// if nowhere.
func (s *sections) find(b []byte, start bool) int {
	if start && bytes.HasPrefix(b, s.delim) {
		return 0
	}
	for from := 0; ; {
		k := bytes.Index(b[from:], s.delim)
		if k < 0 {
			return -1
		}
		k += from
		if k > 0 && b[k-1] == '\n' {
			if k > 1 && b[k-2] == '\r' {
				return k - 2
			}
			return k - 1
		}
		from = k + 1
	}
}

// follows reports whether b may stand behind the boundary in a delimiter. A
// boundary that goes on is another one.
func follows(b []byte) bool {
	switch b[0] {
	case '\r', '\n', ' ', '\t':
		return true
	case '-':
		if len(b) == 1 {
			return true
		}
		return b[1] == '-' && (len(b) == 2 || b[2] <= ' ' || b[2] == '-')
	}
	return false
}

// next passes the delimiter at which the last section ended. It reports false
// at the closing one and at the end of the body.
func (s *sections) next() (more bool) {
	if !s.at {
		return false
	}
	s.at = false
	b, _ := s.src.Peek(2)
	s.src.Discard(lineEnd(b, 0) + len(s.delim))
	b, _ = s.src.Peek(2)
	if string(b) == "--" {
		s.src.Discard(2)
		return false
	}
	for { // padding, then the line end
		c, err := s.src.ReadByte()
		if err != nil || c == '\n' {
			break
		}
		if c != ' ' && c != '\t' && c != '\r' {
			s.src.UnreadByte()
			break
		}
	}
	s.line = true
	return true
}
