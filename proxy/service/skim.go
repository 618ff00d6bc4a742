package service

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of what skim keeps. Values beyond are cut; nesting beyond is an error.
const (
	maxValue = 64 << 10
	maxDepth = 64
	maxPath  = 1 << 10
)

var errJSON = errors.New("not the JSON that was expected")

// skim reads JSON of any length in constant memory and visits its strings,
// numbers and words. path is the keys that lead there, joined by dots, without
// the places in arrays; value is cut at maxValue bytes, and valid only during
// the call. The error tells that not all was read.
func skim(r io.Reader, visit func(path string, value []byte)) error {
	s := skimmer{r: bufio.NewReaderSize(r, 16<<10), visit: visit}
	for {
		if _, err := s.next(); err == io.EOF {
			return nil // NDJSON goes on
		} else if err != nil {
			return err
		}
		s.r.UnreadByte()
		if err := s.value(0); err != nil {
			return err
		}
	}
}

type skimmer struct {
	r     *bufio.Reader
	path  []byte
	text  []byte
	visit func(path string, value []byte)
}

// next is the next byte that is no white space.
func (s *skimmer) next() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil || c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0xef && c != 0xbb && c != 0xbf {
			return c, err
		}
	}
}

func (s *skimmer) value(depth int) error {
	c, err := s.next()
	if err != nil || depth > maxDepth {
		return errJSON
	}
	switch c {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		if err := s.string(); err != nil {
			return err
		}
	case ',', ':', '}', ']':
		return errJSON
	default:
		s.text = append(s.text[:0], c)
		for {
			c, err := s.r.ReadByte()
			if err != nil {
				break
			}
			if c <= ' ' || c == ',' || c == '}' || c == ']' {
				s.r.UnreadByte()
				break
			}
			s.keep(c)
		}
	}
	s.visit(string(s.path), s.text)
	return nil
}

func (s *skimmer) object(depth int) error {
	for first := true; ; first = false {
		c, err := s.next()
		switch {
		case err != nil:
			return errJSON
		case c == '}' && first:
			return nil
		case c != '"':
			return errJSON
		}
		if err := s.string(); err != nil {
			return err
		}
		at := len(s.path)
		if at+len(s.text) < maxPath {
			if at > 0 {
				s.path = append(s.path, '.')
			}
			s.path = append(s.path, s.text...)
		}
		if c, err := s.next(); err != nil || c != ':' {
			return errJSON
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
		s.path = s.path[:at]
		if done, err := s.more('}'); done || err != nil {
			return err
		}
	}
}

func (s *skimmer) array(depth int) error {
	if c, err := s.next(); err != nil {
		return errJSON
	} else if c == ']' {
		return nil
	}
	s.r.UnreadByte()
	for {
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if done, err := s.more(']'); done || err != nil {
			return err
		}
	}
}

func (s *skimmer) more(end byte) (done bool, err error) {
	c, err := s.next()
	if err != nil || c != end && c != ',' {
		return true, errJSON
	}
	return c == end, nil
}

func (s *skimmer) keep(b ...byte) {
	if len(s.text)+len(b) <= maxValue {
		s.text = append(s.text, b...)
	}
}

// string reads on behind a quotation mark, into text.
func (s *skimmer) string() error {
	s.text = s.text[:0]
	high := rune(-1) // of a surrogate pair
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return errJSON
		}
		if c == '"' {
			return nil
		}
		if c != '\\' {
			s.keep(c)
			high = -1
			continue
		}
		if c, err = s.r.ReadByte(); err != nil {
			return errJSON
		}
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b', 'f':
			c = ' '
		case 'u':
			u, err := s.hex4()
			if err != nil {
				return err
			}
			switch pair := utf16.DecodeRune(high, u); {
			case high >= 0 && pair != utf8.RuneError:
				u = pair
			case utf16.IsSurrogate(u):
				high = u
				continue
			}
			high = -1
			var b [utf8.UTFMax]byte
			s.keep(b[:utf8.EncodeRune(b[:], u)]...)
			continue
		}
		s.keep(c)
		high = -1
	}
}

func (s *skimmer) hex4() (u rune, err error) {
	for range 4 {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, errJSON
		}
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, errJSON
		}
		u = u<<4 | rune(c)
	}
	return u, nil
}
