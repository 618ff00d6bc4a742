package ole

import (
	"bytes"
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// native reads an embedded object's stream in its program's own format, which is
// most often a file packed as it is.
func (s *scope) native(n *node, path string) error {
	b, err := s.bytes(n)
	if len(b) < 4 {
		return err
	}
	p := Packed(b[4:])
	if p.Path == "" {
		p.Path = path
	}
	if err := s.child(p); err != nil {
		return err
	}
	return err
}

// Packed reads the data of an OLE object of class Package: a file with its names.
// (The layout is described in [MS-OLEDS] as native data only; it is known from
// what Windows writes.) Data of any other class comes back as it is, without a
// name.
func Packed(b []byte) part.Part {
	r := fields{b: b}
	r.skip(2)
	label, origin := r.zero(), r.zero()
	r.skip(4)
	r.skip(int64(r.word())) // a temporary file's name
	size := r.word()
	if r.bad || int64(size) > int64(len(r.b)) || len(label)+len(origin) == 0 || binary.LittleEndian.Uint16(b) > 0xff {
		return part.Part{Body: bytes.NewReader(b), Size: int64(len(b))}
	}
	name := codepage.Text(codepage.Unknown, label)
	if len(label) == 0 {
		name = codepage.Text(codepage.Unknown, origin)
	}
	data, after := r.b[:size], fields{b: r.b[size:]}
	after.skip(int64(after.word()) * 2) // the temporary file's name again, in UTF-16
	if wide := after.take(int64(after.word()) * 2); !after.bad && len(wide) > 0 {
		name = codepage.Text(codepage.UTF16, wide)
	}
	return part.Part{Path: name, Name: name, Body: bytes.NewReader(data), Size: int64(size)}
}

// Object reads an object as OLE 1.0 stored it ([MS-OLEDS] 2.2), as RTF has them:
// the class of its program and its data. ok is false if b is none or a link.
func Object(b []byte) (class string, data []byte, ok bool) {
	r := fields{b: b}
	r.skip(4)
	if r.word() != 2 {
		return "", nil, false
	}
	class = string(bytes.TrimRight(r.take(int64(r.word())), "\x00"))
	r.skip(int64(r.word())) // topic
	r.skip(int64(r.word())) // item
	size := int64(r.word())
	if r.bad {
		return class, nil, false
	}
	return class, r.b[:min(size, int64(len(r.b)))], true
}

// fields takes fields off the start of b. What is not there is zero, and bad is
// set.
type fields struct {
	b   []byte
	bad bool
}

func (r *fields) take(n int64) []byte {
	if n < 0 || n > int64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	t := r.b[:n]
	r.b = r.b[n:]
	return t
}

func (r *fields) skip(n int64) { r.take(n) }

func (r *fields) word() uint32 {
	if t := r.take(4); t != nil {
		return binary.LittleEndian.Uint32(t)
	}
	return 0
}

// zero takes a string that ends in NUL.
func (r *fields) zero() []byte {
	k := bytes.IndexByte(r.b, 0)
	if k < 0 {
		r.bad, r.b = true, nil
		return nil
	}
	t := r.b[:k]
	r.b = r.b[k+1:]
	return t
}
