package ole

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/mapi"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Lengths of what stands before the properties in their stream
// ([MS-OXMSG] 2.4).
const (
	topHeader      = 32
	embeddedHeader = 24
	otherHeader    = 8
)

const (
	propertyStream = "__properties_version1.0"
	valuePrefix    = "__substg1.0_"
)

// message reads an Outlook item: a message, a contact, an appointment.
func (s *scope) message() error {
	names := s.names(s.dir.find("__nameid_version1.0"))
	if names == nil {
		names = s.outerNames
	}
	s.outerNames = names
	head := topHeader
	if s.dir != s.c.root {
		head = embeddedHeader
	}
	item, err := s.bag(s.dir, head, names, 0)
	if err != nil {
		return err
	}
	var others []byte
	recipients, attachments := 0, 0
	var attached []*node
	for _, n := range s.dir.nodes {
		switch {
		case !n.storage:
		case strings.HasPrefix(n.name, "__recip_version1.0"):
			recipients++
			b, err := s.bag(n, otherHeader, names, item.CodePage())
			if err != nil {
				return err
			}
			others = append(fmt.Appendf(others, "Recipient %d\n", recipients), b.Lines()...)
			n.taken = true
		case strings.HasPrefix(n.name, "__attach_version1.0"):
			attached = append(attached, n)
		}
	}
	if err := ended(item.Give(s.ctx, s.e, s.b)); err != nil {
		return err
	}
	if err := s.text("recipients", others); err != nil {
		return err
	}
	for _, n := range attached {
		attachments++
		if err := s.attachment(n, names, attachments, item.CodePage()); err != nil {
			return err
		}
	}
	return nil
}

// attachment hands on a file, or a message or an object within the message.
func (s *scope) attachment(n *node, names map[uint16]string, number, page int) error {
	n.taken = true
	b, err := s.bag(n, otherHeader, names, page)
	if err != nil {
		return err
	}
	name := b.Text(mapi.AttachLong)
	for _, id := range []uint16{mapi.AttachShort, mapi.DisplayName} {
		if name == "" {
			name = b.Text(id)
		}
	}
	path := name
	if path == "" {
		path = fmt.Sprintf("attachment %d", number)
	}
	if err := s.text(path+" properties", b.Lines()); err != nil {
		return err
	}
	if data := n.find(valuePrefix + "37010102"); data != nil {
		err := s.child(part.Part{Path: path, Name: name, MediaType: b.Text(mapi.AttachType), Body: s.open(data), Size: data.size})
		if err != nil {
			return err
		}
	}
	for _, m := range n.nodes {
		if m.storage && !m.taken {
			if s.depth >= maxNesting {
				s.e.Skip(part.TooDeep, true, "messages within messages")
				return nil
			}
			inner := s.nested(m, path)
			inner.outerNames = names
			if err := inner.document(); err != nil {
				return err
			}
		}
	}
	return s.rest(n, path)
}

// bag reads the properties of the object that dir is.
func (s *scope) bag(dir *node, head int, names map[uint16]string, page int) (*mapi.Bag, error) {
	b := &mapi.Bag{Page: page}
	if n := dir.find(propertyStream); n != nil {
		fixed, err := s.bytes(n)
		if fixed == nil && err != nil {
			return nil, err
		}
		for at := head; at+16 <= len(fixed); at += 16 {
			kind, id := binary.LittleEndian.Uint16(fixed[at:]), binary.LittleEndian.Uint16(fixed[at+2:])
			if kind == mapi.Integer || kind == mapi.Time {
				b.Add(id, kind, names[id], fixed[at+8:at+16])
			}
		}
	}
	for _, n := range dir.nodes {
		rest, ok := strings.CutPrefix(strings.ToLower(n.name), valuePrefix)
		if !ok || n.storage || len(rest) < 8 {
			continue
		}
		tag, err := strconv.ParseUint(rest[:8], 16, 32)
		if err != nil {
			continue
		}
		id, kind := uint16(tag>>16), uint16(tag)
		switch kind &^ mapi.Multiple {
		case mapi.String, mapi.String8, mapi.Binary:
		default:
			n.taken = true // numbers and times without a meaning to people
			continue
		}
		if id == mapi.AttachData {
			continue // handed on as a part
		}
		if kind&mapi.Multiple != 0 && len(rest) == 8 {
			n.taken = true // lengths of the values
			continue
		}
		value, err := s.bytes(n)
		if value == nil && err != nil {
			return nil, err
		}
		b.Add(id, kind, names[id], value)
		if err != nil {
			reason, detail := part.ReasonOf(err)
			s.e.Skip(reason, true, detail)
		}
	}
	return b, nil
}

// names reads what the properties from 0x8000 on are called ([MS-OXMSG] 2.2.3).
func (s *scope) names(dir *node) map[uint16]string {
	if dir == nil {
		return nil
	}
	dir.taken = true
	get := func(name string) []byte {
		if n := dir.find(valuePrefix + name); n != nil {
			b, _ := s.bytes(n)
			return b
		}
		return nil
	}
	sets, entries, texts := get("00020102"), get("00030102"), get("00040102")
	names := map[uint16]string{}
	for ; len(entries) >= 8; entries = entries[8:] {
		value, set := word(entries, 0), short(entries, 4)
		id := 0x8000 + uint16(short(entries, 6))
		if set&1 == 0 {
			names[id] = mapi.Named(word(sets, 16*(set>>1-3)), value)
			continue
		}
		if size := int(word(texts, int(value))); size > 0 && int(value)+4+size <= len(texts) {
			names[id] = charset.Text(bytes.TrimRight(texts[value+4:][:size&^1], "\x00"), charset.UTF16LE)
		}
	}
	return names
}
