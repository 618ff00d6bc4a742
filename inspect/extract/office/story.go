package office

import (
	"bytes"
	"strconv"
)

// story reads WordprocessingML, PresentationML and DrawingML, and the texts of
// charts, diagrams, comments and shared strings: all characters that are in them, hidden ones
// too, and what pictures and controls are described with.
type story struct {
	page
	kept  bool // in an element whose white space counts
	instr bool // in a field code
	loose bool // text outside of a run was met
	span  int  // columns of the cell
	said  once // by attributes
}

func newStory(x *scanner) *story {
	s := &story{}
	s.x, s.page.take = x, s.take
	return s
}

func (s *story) take(kind token, name []byte) {
	switch kind {
	case tokenText:
		s.characters()
	case tokenRemark:
		s.note(s.x.text)
	case tokenOpen:
		s.begin(name)
		s.attributes(name)
	case tokenEmpty:
		s.empty(name)
		s.attributes(name)
	case tokenClose:
		s.finish(name)
	}
}

func (s *story) characters() {
	switch {
	case s.instr:
		s.field = appendValid(s.field, s.x.text)
	case s.kept:
		s.put(s.x.text)
	case !blank(s.x.text):
		s.loose = true
		s.put(s.x.text)
	}
}

// begin reads the start of an element.
func (s *story) begin(name []byte) {
	switch string(name) {
	case "t", "delText":
		s.kept = true
	case "instrText", "delInstrText":
		s.instr = true
	case "p":
		s.openParagraph()
	case "tbl":
		s.openTable()
	case "tc":
		s.span = 1
	case "ruby":
		s.inRuby = true
	case "rt":
		s.reading = s.inRuby
	case "rPh":
		s.inRuby, s.reading = true, true
	case "txbxContent", "txbx":
		s.box++
	case "AlternateContent":
		s.openChoice()
	case "Fallback":
		s.setFallback(true)
	case "del", "moveFrom":
		s.deleted++
	case "ins", "moveTo":
		s.inserted++
	default:
		s.inline(name)
	}
}

// empty reads an element without content.
func (s *story) empty(name []byte) {
	switch string(name) {
	case "p":
		s.brk()
	case "tc":
		s.closeCell(1)
	case "tr":
		s.closeRow()
	default:
		s.inline(name)
	}
}

// inline reads elements that stand for a character.
func (s *story) inline(name []byte) {
	switch string(name) {
	case "br", "cr":
		s.brk()
	case "tab", "ptab":
		if s.x.attribute("val") == nil && s.x.attribute("pos") == nil { // no tab stop
			s.put([]byte{'\t'})
		}
	case "noBreakHyphen":
		s.put([]byte{'-'})
	case "sym":
		s.symbol()
	case "gridSpan":
		s.span = max(1, s.x.number("val", 1))
	}
}

// symbol reads a character given by its number; those of symbol fonts stand at
// F000 and up.
func (s *story) symbol() {
	n, err := strconv.ParseUint(string(s.x.attribute("char")), 16, 32)
	if err != nil {
		return
	}
	if n >= 0xf000 && n <= 0xf0ff {
		n &= 0xff
	}
	if n >= ' ' {
		s.put([]byte(string(rune(n))))
	}
}

// finish reads the end of an element.
func (s *story) finish(name []byte) {
	if s.loose {
		s.loose = false
		s.brk()
	}
	switch string(name) {
	case "t", "delText":
		s.kept = false
	case "instrText", "delInstrText":
		s.instr = false
	case "p", "comment", "text", "author", "pt", "si":
		s.closeParagraph()
	case "tbl":
		s.closeTable()
	case "tc":
		s.closeCell(s.span)
	case "tr":
		s.closeRow()
	case "ruby", "rPh":
		s.closeRuby()
	case "rt":
		s.reading = false
	case "txbxContent", "txbx":
		s.box = max(0, s.box-1)
	case "AlternateContent":
		s.closeChoice()
	case "Fallback":
		s.setFallback(false)
	case "del", "moveFrom":
		s.deleted = max(0, s.deleted-1)
	case "ins", "moveTo":
		s.inserted = max(0, s.inserted-1)
	}
}

// attributes takes in what the attributes of a tag say to people.
func (s *story) attributes(name []byte) {
	switch string(name) {
	case "docPr", "cNvPr", "shape", "textpath", "imagedata", "tblCaption", "tblDescription",
		"comment", "cmAuthor", "author", "threadedComment", "person",
		"hlinkClick", "hyperlink", "hlinkMouseOver", "fldSimple", "smartTag", "customXml", "tag", "alias",
		"listItem", "listEntry", "statusText", "helpText", "default", "docVar", "placeholder", "result", "cSld",
		"bookmarkStart", "ins", "del", "moveFrom", "moveTo":
	default:
		return
	}
	for rest := s.x.tag; ; {
		key, value, more, ok := cutAttribute(rest)
		if !ok {
			return
		}
		rest = more
		switch string(key) {
		case "descr", "title", "alt", "string", "tooltip", "instr", "val", "displayText", "value",
			"author", "displayName", "name", "uri", "element", "initials":
		default:
			continue
		}
		if len(value) < 2 || string(value) == "_GoBack" || !s.said.first(value) {
			continue
		}
		if string(key) == "name" && len(bytes.TrimRight(value, "0123456789")) >= len(value)-3 && value[len(value)-1] <= '9' {
			continue // as programs name shapes: "TextBox 12"
		}
		s.note(appendUnescaped(nil, value))
	}
}
