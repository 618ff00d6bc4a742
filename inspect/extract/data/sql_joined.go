package data

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// joins takes an operator that joins a string to what is behind it ('a' || 'b', and
// + as Transact-SQL has it), with the blanks around it, of a cell that begins at
// offset from. c was read; false if it is none.
func (t *tuples) joins(c byte, from int) bool {
	switch {
	case c == '+':
	case c == '|':
		if b, _ := t.d.src.Peek(1); len(b) == 0 || b[0] != '|' {
			return false
		}
		t.byte()
	default:
		return false
	}
	t.out = append(t.out[:from], bytes.TrimRight(t.out[from:], " ")...)
	for {
		if b, _ := t.d.src.Peek(1); len(b) == 0 || b[0] != ' ' {
			return true
		}
		t.byte()
	}
}

// maxCalled bounds the arguments of a function that makes characters.
const maxCalled = 1 << 10

// called takes the numbers of CHR(…), CHAR(…) and NCHAR(…), whose name and opening
// parenthesis the cell from offset from on ends with, and puts the characters in
// their place; false if it is no such function.
func (t *tuples) called(from int) bool {
	at := len(t.out)
	for at > from && t.out[at-1]|0x20 >= 'a' && t.out[at-1]|0x20 <= 'z' {
		at--
	}
	switch strings.ToUpper(string(t.out[at:])) {
	case "CHR", "CHAR", "NCHAR", "UNICHR":
	default:
		return false
	}
	b, _ := t.d.src.Peek(min(t.d.src.Size(), maxCalled))
	var bytewise, wide []byte
	n, some := 0, false
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9' && n < utf8.MaxRune:
			n, some = n*10+int(c-'0'), true
			continue
		case c == ' ':
			continue
		case c != ',' && c != ')' || !some || n > utf8.MaxRune:
			return false
		}
		bytewise, wide = append(bytewise, byte(n)), utf8.AppendRune(wide, rune(n))
		if n > 0xff {
			bytewise = append(bytewise, 0xff) // no UTF-8
		}
		n, some = 0, false
		if c == ')' {
			t.d.src.Discard(i + 1)
			if utf8.Valid(bytewise) {
				wide = bytewise
			}
			t.out = appendCell(t.out[:at], string(wide))
			return true
		}
	}
	return false
}
