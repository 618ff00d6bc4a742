package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// readSudachi reads the binary system dictionary of SudachiDict (format 2):
// header, parts of speech, connection matrix, trie, word ids, parameters, and
// the words themselves. Only surface, part of speech, reading and cost are used.
func (l *lexicon) readSudachi(whl []byte) error {
	z, err := zip.NewReader(bytes.NewReader(whl), int64(len(whl)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/system.dic") {
			b, err := readAll(f.Open)
			if err != nil {
				return err
			}
			return l.sudachiDictionary(b)
		}
	}
	return fmt.Errorf("no system.dic")
}

const sudachiVersion2 = 0xce9f011a92394434

// cursor walks the dictionary; a read past its end panics, which a damaged
// but correctly digested source cannot cause.
type cursor struct {
	b []byte
	i int
}

func (c *cursor) u8() int  { c.i++; return int(c.b[c.i-1]) }
func (c *cursor) i16() int { c.i += 2; return int(int16(binary.LittleEndian.Uint16(c.b[c.i-2:]))) }
func (c *cursor) u32() int { c.i += 4; return int(binary.LittleEndian.Uint32(c.b[c.i-4:])) }

func (c *cursor) length() int {
	n := c.u8()
	if n > 127 {
		n = n&127<<8 | c.u8()
	}
	return n
}

func (c *cursor) str() string {
	u := make([]uint16, c.length())
	for i := range u {
		u[i] = uint16(c.i16())
	}
	return string(utf16.Decode(u))
}

func (l *lexicon) sudachiDictionary(b []byte) error {
	if len(b) < 272 || binary.LittleEndian.Uint64(b) != sudachiVersion2 {
		return fmt.Errorf("unknown dictionary format")
	}
	c := &cursor{b: b, i: 272}
	pos := make([][6]string, c.i16())
	for i := range pos {
		for j := range pos[i] {
			pos[i][j] = c.str()
		}
	}
	c.i += 2 * c.i16() * c.i16() // connection matrix
	c.i += 4 * c.u32()           // trie
	c.i += c.u32()               // word ids
	words := c.u32()
	params := &cursor{b: b, i: c.i}
	c.i += 6 * words
	for range words {
		left := params.i16()
		params.i16()
		cost := params.i16()
		w := &cursor{b: b, i: c.u32()}
		surface := w.str()
		w.length()
		p := pos[w.i16()]
		normal := w.str()
		w.i += 4
		reading := w.str()
		if reading == "" {
			reading = surface
		}
		if left >= 0 { // the others are only parts of longer words
			l.sudachiEntry(surface, p, cost, reading, normal)
		}
	}
	return nil
}

func (l *lexicon) sudachiEntry(surface string, pos [6]string, cost int, reading, normal string) {
	all, kanji := isJapanese(surface)
	unidic := cost != 10000 // the part added later has flat costs
	mark := func(e *evidence) {
		e.unidic = e.unidic || unidic
		e.neologd = e.neologd || !unidic
		if e.cost == 0 || cost < e.cost {
			e.cost = cost
		}
	}
	switch {
	case pos[2] == "人名" && isLatin(surface):
		l.latin[strings.ToLower(surface)] = true
	case !all:
	case pos[2] == "人名" && isKatakana(surface):
		mark(note(l.person, surface))
	case pos[3] == "姓" && kanji:
		mark(note(l.surname, surface))
		l.reading(l.surnameKana, reading, surface)
	case pos[2] == "人名" && pos[3] == "名":
		mark(note(l.given, surface))
		l.reading(l.givenKana, reading, surface)
	case pos[2] == "人名" && kanji && !isKana(surface):
		mark(note(l.whole, surface))
	case pos[2] == "人名":
	case pos[2] == "地名":
		keepCheapest(l.place, surface, cost)
	case pos[1] == "固有名詞":
		keepCheapest(l.other, surface, cost)
	case pos[0] == "名詞" && pos[1] == "普通名詞", pos[0] == "副詞", pos[0] == "形状詞", pos[0] == "名詞" && pos[1] == "数詞":
		keepCheapest(l.word, surface, cost)
	}
}
