// Package tnef reads winmail.dat: what Outlook sends instead of MIME parts
// ([MS-OXTNEF]). Attachments are nested parts with their names; bodies and
// properties are text.
package tnef

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/mapi"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Readers returns the reader.
func Readers() []part.Reader { return []part.Reader{reader{}} }

const signature = "\x78\x9f\x3e\x22"

// Attributes, without the type in their high half ([MS-OXTNEF] 2.1.3.2).
const (
	attSubject     = 0x8004
	attBody        = 0x800c
	attAttachData  = 0x800f
	attAttachTitle = 0x8010
	attRendData    = 0x9002
	attMAPIProps   = 0x9003
	attRecipients  = 0x9004
	attAttachment  = 0x9005
	attCodePage    = 0x9007
)

const (
	levelMessage    = 1
	levelAttachment = 2
)

type reader struct{}

func (reader) Name() string { return "tnef" }

// Starts implements part.Marked.
func (reader) Starts() string { return signature[:1] }

func (reader) Match(p *part.Part, head []byte) bool {
	return len(p.Encodings) == 0 && p.Role.Content() && len(head) > 6 && string(head[:4]) == signature
}

// maxAttribute bounds one attribute, which is held in memory.
const maxAttribute = 64 << 20

func (reader) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("tnef", "")
	src := bufio.NewReaderSize(p.Body, 32<<10)
	m := &message{ctx: ctx, e: e, b: b}
	if _, err := src.Discard(6); err != nil {
		return part.Stop(ctx, e, part.Decoding("tnef", err), false)
	}
	broken := m.attributes(src)
	if err := m.close(); err != nil {
		return err
	}
	var f fatal
	if errors.As(broken, &f) {
		return f.error
	}
	if broken != nil {
		return part.Stop(ctx, e, broken, true)
	}
	return nil
}

// fatal is an error of the emitter.
type fatal struct{ error }

// message is what was read of one.
type message struct {
	ctx        context.Context
	e          part.Emitter
	b          *part.Budget
	page       int
	bag        mapi.Bag
	others     []byte // text of other attributes
	recipients []byte
	damage     error // of properties

	attachments int
	attachment  *attachment // being read
}

type attachment struct {
	bag  mapi.Bag
	name string
	data []byte
}

// attributes reads all of them.
func (m *message) attributes(src *bufio.Reader) error {
	for {
		var head [9]byte
		n, err := io.ReadFull(src, head[:])
		switch {
		case n == 0 && err == io.EOF:
			return m.damage
		case err != nil:
			return part.Decoding("tnef", err)
		case head[0] != levelMessage && head[0] != levelAttachment:
			if len(bytes.Trim(head[:], "\x00\r\n ")) == 0 {
				return m.damage // padding
			}
			return &part.Fault{Reason: part.DecodeError, Detail: "tnef: an attribute is damaged"}
		}
		id, size := int(binary.LittleEndian.Uint16(head[1:])), binary.LittleEndian.Uint32(head[5:])
		if size > maxAttribute {
			return &part.Fault{Reason: part.TooLarge, Detail: "tnef: an attribute is over 64 MiB"}
		}
		value, err := io.ReadAll(io.LimitReader(src, int64(size)))
		if over := m.b.Spend(m.ctx, 0); over != nil {
			return over
		}
		if err == nil && len(value) < int(size) {
			err = io.ErrUnexpectedEOF
		}
		if fatal := m.attribute(int(head[0]), id, value); fatal != nil {
			return fatal
		}
		if err == nil {
			_, err = src.Discard(2) // a checksum, which some writers get wrong
		}
		if err != nil {
			return part.Decoding("tnef", err)
		}
	}
}

func (m *message) attribute(level, id int, value []byte) error {
	if level == levelAttachment {
		return m.attach(id, value)
	}
	switch id {
	case attCodePage:
		if len(value) >= 4 {
			m.page = int(binary.LittleEndian.Uint32(value))
			m.bag.Page = m.page
		}
	case attSubject:
		m.bag.Add(mapi.Subject, mapi.String8, "", value)
	case attBody:
		m.bag.Add(mapi.Body, mapi.String8, "", value)
	case attMAPIProps:
		m.properties(value, &m.bag)
	case attRecipients:
		m.people(value)
	default:
		m.others = append(append(m.others, printable(codepage.Text(m.page, value))...), '\n')
	}
	return nil
}

// printable keeps the text of attributes that have text and numbers mixed.
func printable(s string) []byte {
	out := []byte(s)
	for i, c := range out {
		if c < ' ' {
			out[i] = ' '
		}
	}
	return bytes.TrimSpace(out)
}

// people reads the table of recipients.
func (m *message) people(value []byte) {
	c := cursor{b: value}
	for i := range int(min(c.word(), 1<<16)) {
		if c.bad {
			break
		}
		bag := mapi.Bag{Page: m.page}
		if err := c.properties(&bag); err != nil {
			m.damage = err
			c.bad = true
		}
		m.recipients = append(fmt.Appendf(m.recipients, "Recipient %d\n", i+1), bag.Lines()...)
	}
}

// properties reads a list of properties. Damage in it is told at the end: what
// follows the list can still be read.
func (m *message) properties(value []byte, bag *mapi.Bag) {
	c := cursor{b: value}
	if err := c.properties(bag); err != nil {
		m.damage = err
	}
}

// attach takes in an attribute of an attachment. Each begins with attRendData.
func (m *message) attach(id int, value []byte) error {
	if id == attRendData || m.attachment == nil {
		if err := m.give(); err != nil {
			return fatal{err}
		}
		m.attachment = &attachment{bag: mapi.Bag{Page: m.page}}
		m.attachments++
	}
	a := m.attachment
	switch id {
	case attAttachTitle:
		a.name = codepage.Text(m.page, bytes.TrimRight(value, "\x00"))
	case attAttachData:
		a.data = value
	case attAttachment:
		m.properties(value, &a.bag)
	}
	return nil
}

// give hands on the attachment that was read.
func (m *message) give() error {
	a := m.attachment
	m.attachment = nil
	if a == nil {
		return nil
	}
	name := a.bag.Text(mapi.AttachLong)
	if name == "" {
		name = a.name
	}
	if name == "" {
		name = a.bag.Text(mapi.DisplayName)
	}
	path := name
	if path == "" {
		path = fmt.Sprintf("attachment %d", m.attachments)
	}
	if err := mapi.Prose(m.e, path+" properties", a.bag.Lines()); err != nil {
		return err
	}
	data := a.data
	if object := a.bag.Bytes(mapi.AttachData); len(object) > 0 {
		if len(object) > 20 && (string(object[16:20]) == signature || string(object[16:20]) == "\xd0\xcf\x11\xe0") {
			object = object[16:] // behind the identifier of an interface
		}
		if len(data) == 0 || !bytes.Equal(data, object) {
			if err := m.part(path, name, a.bag.Text(mapi.AttachType), object); err != nil {
				return err
			}
		}
	}
	return m.part(path, name, a.bag.Text(mapi.AttachType), data)
}

func (m *message) part(path, name, mediaType string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return m.e.Child(part.Part{Path: path, Name: name, MediaType: mediaType, Body: bytes.NewReader(data), Size: int64(len(data))})
}

// close hands on what is left.
func (m *message) close() error {
	if err := m.give(); err != nil {
		return err
	}
	if err := m.bag.Give(m.ctx, m.e, m.b); err != nil {
		return err
	}
	if err := mapi.Prose(m.e, "recipients", m.recipients); err != nil {
		return err
	}
	return mapi.Prose(m.e, "other text", m.others)
}
