package ole

import (
	"encoding/binary"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// stringTable is the shared strings of a workbook ([MS-XLS] 2.4.265).
type stringTable struct {
	text    []byte
	ends    []uint32
	seen    []uint64 // which were shown, one bit each
	reading []byte   // phonetic readings, one a line
}

// maxStrings bounds the text of shared strings.
const maxStrings = 256 << 20

// pieces reads through a record and those that continue it as one, telling where
// they join: characters that go on behind a joint have flags of their own.
type pieces struct {
	r *biff
	b []byte
}

// more gets the next record, if it continues this one.
func (p *pieces) more() bool {
	for len(p.b) == 0 {
		if p.r.follows() != recContinue || !p.r.next() {
			return false
		}
		p.b = p.r.body
	}
	return true
}

// take returns n bytes, fewer at the end.
func (p *pieces) take(n int) []byte {
	if len(p.b) >= n {
		t := p.b[:n]
		p.b = p.b[n:]
		return t
	}
	var t []byte
	for len(t) < n && p.more() {
		k := min(n-len(t), len(p.b))
		t = append(t, p.b[:k]...)
		p.b = p.b[k:]
	}
	return t
}

// characters appends n characters.
func (p *pieces) characters(dst []byte, n int, flags byte) []byte {
	for n > 0 {
		if len(p.b) == 0 {
			if !p.more() {
				return dst
			}
			flags = p.b[0]
			p.b = p.b[1:]
			if len(p.b) == 0 {
				continue
			}
		}
		s, took := characters(p.b, n, flags)
		if took == 0 { // half a character
			p.b = nil
			continue
		}
		dst = append(dst, s...)
		p.b = p.b[took:]
		if flags&1 != 0 {
			took /= 2
		}
		n -= took
	}
	return dst
}

// read reads the table from its record on.
func (t *stringTable) read(f *file, r *biff) error {
	p := &pieces{r: r, b: r.body}
	head := p.take(8)
	if len(head) < 8 {
		return nil
	}
	for range binary.LittleEndian.Uint32(head[4:]) {
		if !p.more() {
			break
		}
		h := p.take(3)
		if len(h) < 3 {
			break
		}
		n, flags := int(binary.LittleEndian.Uint16(h)), h[2]
		var rich, extra int
		if flags&8 != 0 {
			if b := p.take(2); len(b) == 2 {
				rich = 4 * int(binary.LittleEndian.Uint16(b))
			}
		}
		if flags&4 != 0 {
			if b := p.take(4); len(b) == 4 {
				extra = int(binary.LittleEndian.Uint32(b))
			}
		}
		from := len(t.text)
		t.text = clean(p.characters(t.text, n, flags), from)
		t.ends = append(t.ends, uint32(len(t.text)))
		p.take(rich)
		if extra > 0 {
			t.phonetic(p.take(extra))
		}
		if len(t.text)+len(t.reading) > maxStrings {
			return &part.Fault{Reason: part.TooLarge, Detail: "shared strings over 256 MiB"}
		}
		if len(t.ends)%1024 == 0 {
			if err := f.b.Spend(f.ctx, 0); err != nil {
				return err
			}
		}
	}
	t.seen = make([]uint64, len(t.ends)/64+1)
	return nil
}

// phonetic keeps the reading in the extension of a string ([MS-XLS] 2.5.86).
func (t *stringTable) phonetic(b []byte) {
	const at = 4 + 4 + 2 + 2 // header, font, count of runs, count of characters
	if len(b) < at+2 {
		return
	}
	n := min(2*int(binary.LittleEndian.Uint16(b[at:])), (len(b)-at-2)&^1)
	if n > 0 {
		from := len(t.reading)
		t.reading = clean(append(t.reading, charset.Text(b[at+2:][:n], charset.UTF16LE)...), from)
		t.reading = append(t.reading, '\n')
	}
}

// get returns a string and notes that it was shown.
func (t *stringTable) get(i uint32) []byte {
	if int64(i) >= int64(len(t.ends)) || t.seen == nil {
		return nil
	}
	t.seen[i/64] |= 1 << (i % 64)
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.text[from:t.ends[i]]
}

// unused returns the strings never shown and the readings, one a line.
func (t *stringTable) unused() []byte {
	var out []byte
	from := uint32(0)
	for i, end := range t.ends {
		if end > from && (t.seen == nil || t.seen[i/64]>>(i%64)&1 == 0) {
			out = append(append(out, t.text[from:end]...), '\n')
		}
		from = end
	}
	return append(out, t.reading...)
}

// clean makes what was appended to b from offset from on one cell's text: without
// tabs and line ends.
func clean(b []byte, from int) []byte {
	for i := from; i < len(b); i++ {
		if b[i] < ' ' {
			b[i] = ' '
		}
	}
	return b
}
