package ole

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Identifiers at the start of Word's main stream.
const (
	word97 = 0xa5ec // also Word 95 of some languages
	word6  = 0xa5dc
	word2  = 0xa5db
	word1  = 0xa59b
)

// bareWord reads documents of Word 1 and 2, and later ones without a container.
type bareWord struct{}

func (bareWord) Name() string { return "doc" }

// Starts implements part.Marked.
func (bareWord) Starts() string { return "\xec\xdc\xdb\x9b" }

func (bareWord) Match(p *part.Part, head []byte) bool {
	if len(p.Encodings) > 0 || !p.Role.Content() || len(head) < 0x80 {
		return false
	}
	switch binary.LittleEndian.Uint16(head) {
	case word1, word2, word6, word97:
		from, to := binary.LittleEndian.Uint32(head[0x18:]), binary.LittleEndian.Uint32(head[0x1c:])
		return from >= 0x80 && from <= 1<<16 && from <= to && short(head, 2) < 0x400 // text has no such zeros
	}
	return false
}

func (bareWord) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("doc", "")
	at, size, err := part.Anywhere(p, 0)
	if at == nil {
		return part.Stop(ctx, e, err, false)
	}
	f := &file{ctx: ctx, b: b}
	s := &scope{file: f, e: e}
	main := make([]byte, min(size, maxStream))
	n, _ := at.ReadAt(main, 0)
	d := &wordDocument{scope: s, main: main[:n], table: main[:n]}
	if broken := d.read(); broken != nil {
		return f.stop(e, broken)
	}
	if over := s.flush(); over != nil {
		return f.stop(e, over)
	}
	if err != nil {
		return part.Stop(ctx, e, err, true)
	}
	return nil
}

// word reads a document of Word 6 to 2003.
func (s *scope) word() error {
	n := s.dir.find("WordDocument")
	main, err := s.bytes(n)
	if len(main) < 0x80 {
		if err == nil {
			err = &part.Fault{Reason: part.Truncated, Detail: "Word document ends in its header"}
		}
		return err
	}
	d := &wordDocument{scope: s, main: main, table: main}
	if modern(main) {
		name := "0Table"
		if main[0x0b]&2 != 0 {
			name = "1Table"
		}
		t := s.dir.find(name)
		if t == nil {
			t = s.dir.find("0Table")
		}
		if t == nil {
			t = s.dir.find("1Table")
		}
		d.table = nil
		if t != nil {
			table, broken := s.bytes(t)
			if d.table = table; err == nil {
				err = broken
			}
			t.taken = false // rest looks for other text in it
			if broken := d.decrypt(n, t); broken != nil {
				return broken
			}
		}
	}
	if broken := d.read(); broken != nil {
		return broken
	}
	return err
}

// decrypt makes the streams plain, if they are encrypted by RC4 ([MS-DOC] 2.2.6)
// and one of the passwords fits.
func (d *wordDocument) decrypt(main, table *node) error {
	const flags, encrypted, obfuscated, clear = 0x0b, 0x01, 0x80, 68 // bytes in clear
	if d.main[flags]&(encrypted|obfuscated) != encrypted {
		return nil
	}
	for password := range d.b.Tries(d.ctx, d.passwords(), 1) {
		key, ok := streamKey(d.table[:min(len(d.table), max(d.word(0x0e), 0))], wordBlock, password)
		if !ok {
			continue
		}
		d.key = key
		d.main[flags] &^= encrypted
		key.decryptAt(clear, d.main[clear:])
		key.decryptAt(0, d.table)
		main.plain, table.plain = d.main, d.table
		if data := d.dir.find("Data"); data != nil {
			b, err := d.bytes(data)
			key.decryptAt(0, b)
			data.plain, data.taken = b, false
			return err
		}
		return nil
	}
	return errEncrypted
}

// modern reports whether a main stream is of Word 97 or later: earlier versions
// number their headers up to 0x69.
func modern(main []byte) bool { return short(main, 0) == word97 && short(main, 2) > 0x69 }

// wordDocument is one document's text and where it is divided.
type wordDocument struct {
	*scope
	main, table []byte
	page        int
	tables      []span // in order
}

// section is a run of the document's characters with a text of its own.
type section struct {
	name  string
	count int // where the header tells the number of characters
}

var (
	sections97 = []section{{"body", 0x4c}, {"footnotes", 0x50}, {"headers and footers", 0x54}, {"macros", 0x58},
		{"comments", 0x5c}, {"endnotes", 0x60}, {"text boxes", 0x64}, {"text boxes in headers", 0x68}}
	sections6 = []section{{"body", 0x34}, {"footnotes", 0x38}, {"headers and footers", 0x3c}, {"macros", 0x40},
		{"comments", 0x44}, {"endnotes", 0x48}, {"text boxes", 0x4c}, {"text boxes in headers", 0x50}}
)

func (d *wordDocument) word(at int) int { return int(word(d.main, at)) }

// word returns the number of four bytes at that place, 0 if there is none.
func word(b []byte, at int) uint32 {
	if at < 0 || at > len(b)-4 {
		return 0
	}
	return binary.LittleEndian.Uint32(b[at:])
}

func short(b []byte, at int) int {
	if at < 0 || at > len(b)-2 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b[at:]))
}

// read hands on the text, by sections.
func (d *wordDocument) read() error {
	kind, late := short(d.main, 0), modern(d.main)
	if kind != word1 && kind != word2 && d.main[0x0b]&1 != 0 {
		return errEncrypted
	}
	if kind != word1 && kind != word2 && kind != word6 && kind != word97 {
		return &part.Fault{Reason: part.UnknownFormat, Detail: "a Word document of an unknown version"}
	}
	d.page = codepage.OfLanguage(short(d.main, 6))
	sections, clx, pairs := sections6, 0x160, 0
	switch {
	case late:
		sections, clx, pairs = sections97, 0x1a2, 0x102
	case kind == word1 || kind == word2:
		sections, clx = nil, 0
	default:
		pairs = 0xc0
	}
	if lid := short(d.main, 0x3c); late && lid != 0 && d.main[0x0b]&0x40 != 0 { // far east
		d.page = codepage.OfLanguage(lid)
	}
	pieces, broken := d.pieces(clx, late)
	if pairs > 0 {
		d.findTables(d.word(pairs), d.word(pairs+4), late)
	}
	if err := d.gaps(pieces); err != nil {
		return err
	}
	w := &wordText{d: d, pieces: pieces}
	for _, s := range sections {
		n := d.word(s.count)
		if n <= 0 {
			continue
		}
		if err := w.give(s.name, n); err != nil {
			return err
		}
	}
	if err := w.give("other text of the document", 1<<31-1); err != nil {
		return err
	}
	return broken
}

// piece is a run of characters as stored.
type piece struct {
	at, n int // bytes in the main stream, characters
	wide  bool
}

// pieces returns where the text stands: the pieces of the table at clx in the
// header, or in one piece from fcMin to fcMac.
func (d *wordDocument) pieces(clx int, wideToo bool) ([]piece, error) {
	if clx > 0 {
		from, size := d.word(clx), d.word(clx+4)
		if size > 0 {
			if from < 0 || from > len(d.table) {
				return d.whole(), &part.Fault{Reason: part.Truncated, Detail: "Word document: table of pieces is missing"}
			}
			p, broken := d.pieceTable(d.table[from:min(len(d.table), from+size)], wideToo)
			if len(p) == 0 {
				return d.whole(), broken
			}
			return p, broken
		}
	}
	return d.whole(), nil
}

// whole is a document saved in one piece.
func (d *wordDocument) whole() []piece {
	from, to := d.word(0x18), min(d.word(0x1c), len(d.main))
	if from >= to {
		return nil
	}
	if wide := short(d.main, 0x0a)&0x1000 != 0 && modern(d.main); wide {
		return []piece{{from, (to - from) / 2, true}}
	}
	return []piece{{from, to - from, false}}
}

// pieceTable reads a Clx ([MS-DOC] 2.9.38).
func (d *wordDocument) pieceTable(b []byte, wideToo bool) (pieces []piece, err error) {
	for len(b) >= 3 && b[0] == 1 {
		b = b[min(3+short(b, 1), len(b)):]
	}
	if len(b) < 5 || b[0] != 2 {
		return nil, &part.Fault{Reason: part.DecodeError, Detail: "Word document: table of pieces is damaged"}
	}
	if size := int(word(b, 1)); size >= 0 && size < len(b)-5 {
		b = b[:5+size]
	}
	b = b[5:]
	n := (len(b) - 4) / 12
	total := 0
	for i := range max(n, 0) {
		p := piece{at: int(word(b, 4*(n+1)+8*i+2)), n: int(word(b, 4*i+4)) - int(word(b, 4*i)), wide: wideToo}
		size := 2
		if !wideToo || p.at&(1<<30) != 0 {
			p.wide, size = false, 1
			if wideToo {
				p.at = p.at &^ (1 << 30) / 2
			}
		}
		if p.n < 0 || p.at > len(d.main) {
			err = &part.Fault{Reason: part.Truncated, Detail: "Word document: a piece of text is missing"}
			continue
		}
		if have := (len(d.main) - p.at) / size; p.n > have {
			p.n = have
			err = &part.Fault{Reason: part.Truncated, Detail: "Word document: a piece of text is cut off"}
		}
		if total += p.n; total > 2*len(d.main) {
			return pieces, &part.Fault{Reason: part.Bomb, Detail: "Word document: pieces lie upon one another"}
		}
		pieces = append(pieces, p)
	}
	return pieces, err
}

// gaps looks for text in what lies between the pieces: what was deleted from a
// document that was saved fast is still there.
func (d *wordDocument) gaps(pieces []piece) error {
	const header = 32 // what follows it is numbers, but in documents that are not whole
	at := min(header, len(d.main))
	for _, p := range slices.SortedFunc(slices.Values(pieces), func(a, b piece) int { return a.at - b.at }) {
		if p.at > at {
			if err := d.strays(d.main[at:p.at], d.page); err != nil {
				return err
			}
		}
		size := p.n
		if p.wide {
			size *= 2
		}
		at = max(at, p.at+size)
	}
	return d.strays(d.main[min(at, len(d.main)):], d.page)
}
