package tnef

import (
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/mapi"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

var errProperties = &part.Fault{Reason: part.DecodeError, Detail: "tnef: properties are damaged"}

// properties reads a list of properties ([MS-OXTNEF] 2.1.3.4) into bag, as far as
// it goes.
func (c *cursor) properties(bag *mapi.Bag) error {
	for range c.word() {
		if c.bad || len(c.b) == 0 {
			break
		}
		kind := uint16(c.short())
		id := uint16(c.short())
		name := ""
		if id >= 0x8000 {
			name = c.name()
		}
		if !c.values(id, kind, name, bag) {
			return errProperties
		}
	}
	if c.bad {
		return errProperties
	}
	return nil
}

// name reads what a property from 0x8000 on is called.
func (c *cursor) name() string {
	set := c.take(16)
	if c.word() == 0 {
		if number := c.word(); !c.bad {
			return mapi.Named(binary.LittleEndian.Uint32(set), number)
		}
		return ""
	}
	return charset.Text(trim(c.padded(int64(c.word()))), charset.UTF16LE)
}

// trim removes the ends of strings in UTF-16.
func trim(b []byte) []byte {
	b = b[:len(b)&^1]
	for n := len(b); n >= 2 && b[n-1] == 0 && b[n-2] == 0; n = len(b) {
		b = b[:n-2]
	}
	return b
}

// sizes of the values that have one, in the list ([MS-OXTNEF] 2.1.3.4).
var sizes = map[uint16]int64{2: 4, mapi.Integer: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 0x14: 8, mapi.Time: 8, 0x48: 16}

// values reads the values of one property. It returns false where the type is
// not known, since what follows cannot be found then.
func (c *cursor) values(id, kind uint16, name string, bag *mapi.Bag) bool {
	single := kind &^ mapi.Multiple
	if size, ok := sizes[single]; ok {
		n := uint32(1)
		if kind&mapi.Multiple != 0 {
			n = c.word()
		}
		for ; n > 0 && !c.bad; n-- {
			if v := c.padded(size); !c.bad {
				bag.Add(id, single, name, v)
			}
		}
		return true
	}
	switch single {
	case 0, 1:
		return true
	case mapi.String, mapi.String8, mapi.Binary, mapi.Object:
	default:
		return false
	}
	for n := c.word(); n > 0 && !c.bad; n-- {
		v := c.padded(int64(c.word()))
		if c.bad {
			break
		}
		if single == mapi.Object {
			single = mapi.Binary
		}
		bag.Add(id, single, name, v)
	}
	return true
}

// cursor takes fields off the start of b.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int64) []byte {
	if n < 0 || n > int64(len(c.b)) {
		c.b, c.bad = nil, true
		return make([]byte, min(max(n, 0), 16))
	}
	t := c.b[:n]
	c.b = c.b[n:]
	return t
}

// padded takes n bytes and what fills them up to a multiple of four.
func (c *cursor) padded(n int64) []byte {
	t := c.take(n)
	c.take(min((4-n%4)%4, int64(len(c.b))))
	return t
}

func (c *cursor) word() uint32 { return binary.LittleEndian.Uint32(c.take(4)) }

func (c *cursor) short() int { return int(binary.LittleEndian.Uint16(c.take(2))) }
