// Package mapi turns the properties of messages, contacts and appointments
// ([MS-OXPROPS], [MS-OXCDATA]) into text with labels, wherever they were stored:
// Outlook's files and winmail.dat use the same ones.
package mapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Types of values ([MS-OXCDATA] 2.11.1). Multiple has many of them.
const (
	Integer  = 0x0003
	String8  = 0x001e
	String   = 0x001f
	Time     = 0x0040
	Binary   = 0x0102
	Object   = 0x000d
	Multiple = 0x1000
)

// Bag holds the properties of one object.
type Bag struct {
	Page int // code page of String8, if the object does not say
	all  []property
}

type property struct {
	id, kind uint16
	name     string
	value    []byte
}

// Add takes a property in. name is the label or name of a named one, "" for the
// others. The value of a Multiple is one of them.
func (b *Bag) Add(id, kind uint16, name string, value []byte) {
	b.all = append(b.all, property{id, kind &^ Multiple, name, value})
}

func (b *Bag) find(id uint16) *property {
	for i := range b.all {
		if b.all[i].id == id {
			return &b.all[i]
		}
	}
	return nil
}

// Bytes returns the value of a property as it is stored.
func (b *Bag) Bytes(id uint16) []byte {
	if p := b.find(id); p != nil {
		return p.value
	}
	return nil
}

// Number returns the value of an Integer, 0 if there is none.
func (b *Bag) Number(id uint16) int {
	if v := b.Bytes(id); len(v) >= 4 {
		return int(binary.LittleEndian.Uint32(v))
	}
	return 0
}

// Text returns a property as text, "" if there is none.
func (b *Bag) Text(id uint16) string {
	if p := b.find(id); p != nil {
		return b.text(p)
	}
	return ""
}

// CodePage returns the code page of text in bytes, codepage.Unknown if the object
// does not tell.
func (b *Bag) CodePage() int {
	if p := b.Number(messagePage); p != 0 && p != codepage.UTF16 {
		return p
	}
	if p := b.Number(internetPage); p != 0 {
		return p
	}
	if b.Page != 0 {
		return b.Page
	}
	if l := b.Number(locale); l != 0 && codepage.OfLanguage(l) != codepage.Western {
		return codepage.OfLanguage(l)
	}
	return codepage.Unknown // which the text itself shows
}

// decode reads text in bytes. Messages in ISO-2022-JP have their properties in
// CP932 all the same.
func (b *Bag) decode(value []byte, page int) string {
	if page >= 50220 && page <= 50222 && bytes.IndexByte(value, 0x1b) < 0 {
		page = codepage.Japanese
	}
	return codepage.Text(page, value)
}

func (b *Bag) text(p *property) string {
	v := p.value
	switch p.kind {
	case String:
		return strings.TrimRight(charset.Text(v[:len(v)&^1], charset.UTF16LE), "\x00")
	case String8:
		return b.decode(bytes.TrimRight(v, "\x00"), b.CodePage())
	case Integer:
		if len(v) >= 4 && p.name != "" {
			return strconv.Itoa(int(int32(binary.LittleEndian.Uint32(v))))
		}
	case Time:
		if len(v) >= 8 {
			return date(binary.LittleEndian.Uint64(v), p.id == birthday || p.id == anniversary || p.name == "Birthday")
		}
	}
	return ""
}

// date writes a FILETIME. Whole days are stored as midnight of the writer's time
// zone: the nearest midnight is meant.
func date(v uint64, day bool) string {
	const perSecond = 1e7
	const from1601 = 11644473600
	s := int64(v / perSecond)
	if s == 0 || s > 250000000000 {
		return ""
	}
	t := time.Unix(s-from1601, 0).UTC()
	if day {
		return t.Add(12 * time.Hour).Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04:05")
}

// Lines returns all text of the bag but its bodies, a labelled line for each
// property. Those without a label of their own come last, each value once.
func (b *Bag) Lines() []byte {
	var out []byte
	seen := map[string]bool{}
	put := func(name, value string) {
		value = strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, strings.TrimSpace(value))
		if value != "" && !seen[name+value] {
			seen[name+value], seen[value] = true, true
			out = append(append(append(append(out, name...), ": "...), value...), '\n')
		}
	}
	order := make([][]int, len(labels))
	for i := range b.all {
		if k, ok := labelOf[b.all[i].id]; ok && b.all[i].name == "" {
			order[k] = append(order[k], i)
		}
	}
	for k, of := range order {
		for _, i := range of {
			put(labels[k].text, b.text(&b.all[i]))
		}
	}
	for i := range b.all {
		if p := &b.all[i]; p.name != "" {
			put(p.name, b.text(p))
		}
	}
	for i := range b.all {
		p := &b.all[i]
		if _, labelled := labelOf[p.id]; labelled || p.name != "" || p.id == Body || p.id == HTML || p.kind == Time {
			continue
		}
		text := b.text(p)
		if p.kind == Binary && p.id != AttachData && p.id != CompressedRTF && p.id != attachIcon && len(p.value) <= maxRuns {
			text = string(runs.Append(nil, p.value, b.CodePage()))
		}
		if !seen[strings.TrimSpace(text)] {
			put("Property "+strconv.FormatUint(uint64(p.id), 16), text)
		}
	}
	return out
}

// maxRuns bounds the binary values in which text is looked for.
const maxRuns = 4 << 10

// Give hands on the text of the bag and its bodies as parts. A large binary
// property that is none of them is a part of its own.
func (b *Bag) Give(ctx context.Context, e part.Emitter, budget *part.Budget) error {
	if err := Prose(e, "properties", b.Lines()); err != nil {
		return err
	}
	if err := Prose(e, "body", []byte(b.Text(Body))); err != nil {
		return err
	}
	for i := range b.all {
		p := &b.all[i]
		var err error
		switch {
		case len(p.value) == 0:
		case p.id == HTML:
			err = give(e, "HTML body", "text/html; charset=utf-8", []byte(b.html(p)))
		case p.id == CompressedRTF:
			err = e.Child(part.Part{Path: "RTF body", Body: part.NewMeter(ctx, budget, "compressed RTF", Decompress(p.value)), Size: -1})
		case p.kind == Binary && p.id != AttachData && p.id != attachIcon && len(p.value) > maxRuns:
			err = give(e, "property "+strconv.FormatUint(uint64(p.id), 16), "", p.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// html returns a body of HTML, which is stored as text or as bytes in the
// message's Internet code page.
func (b *Bag) html(p *property) string {
	if p.kind == String {
		return b.text(p)
	}
	if utf8.Valid(p.value) {
		return string(p.value)
	}
	page := b.Number(internetPage)
	if page == 0 {
		page = b.CodePage()
	}
	return b.decode(p.value, page)
}

// Prose hands on text that a reader wrote out, as a nested part. Nothing is
// handed on where there is none.
func Prose(e part.Emitter, path string, text []byte) error {
	return give(e, path, "text/plain; charset=utf-8", text)
}

func give(e part.Emitter, path, mediaType string, b []byte) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	return e.Child(part.Part{Path: path, MediaType: mediaType, Body: bytes.NewReader(b), Size: int64(len(b))})
}
