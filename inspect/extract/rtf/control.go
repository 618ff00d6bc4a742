package rtf

import (
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
)

// What control words stand for in the text.
var symbols = map[string]string{
	"tab": "\t", "line": "\n", "page": "\n", "sect": "\n", "column": "\n", "softline": "\n", "lbr": "\n",
	"cell": "\t", "nestcell": "\t", "row": "\n", "nestrow": "\n",
	"emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
	"bullet": "•", "emspace": " ", "enspace": " ", "qmspace": " ",
}

// Where the text of groups goes that begin with these. What is not listed and
// is marked as a destination of its own goes to destOther.
var destinations = func() map[string]destination {
	t := map[string]destination{}
	for d, words := range map[destination][]string{
		destHeader:  {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"},
		destNote:    {"footnote"},
		destComment: {"annotation", "atnauthor", "atnid", "atntime", "atndate", "atnref"},
		destInfo: {"title", "subject", "author", "manager", "company", "operator", "category", "keywords", "comment",
			"doccomm", "hlinkbase", "propname", "staticval", "linkval", "docvar"},
		destTag:   {"htmltag", "mhtmltag"},
		destFonts: {"fonttbl"},
		destNothing: {"colortbl", "stylesheet", "listtable", "listoverridetable", "rsidtbl", "generator", "themedata",
			"colorschememapping", "latentstyles", "xmlnstbl", "panose", "falt", "wgrffmtfilter", "revtbl",
			"filetbl", "pnseclvl", "pgdsctbl", "nonshppict", "objclass", "objname", "mmathPr", "picprop", "blipuid", "bkmkstart", "bkmkend",
			"pgptbl", "fontemb", "fontfile", "listpicture", "creatim", "revtim", "printim", "buptim", "listname", "liststylename", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc",
			"leveltext", "levelnumbers", "passwordhash", "oldcprops", "oldpprops", "oldtprops", "oldsprops", "tblsprops"},
		destPicture: {"pict"},
		destObject:  {"objdata"},
		destStore:   {"datastore"},
		destBody: {"fldinst", "shptxt", "shppict", "shpinst", "do", "dptxbxtext", "pn", "pntext", "nesttableprops",
			"listtext", "ud", "result", "fldrslt", "sp", "sn", "sv", "bkmk", "pntxta", "pntxtb", "nonesttables", "field", "object", "info", "userprops"},
	} {
		for _, w := range words {
			t[w] = d
		}
	}
	return t
}()

// maxWord bounds the letters of a control word (the specification says 32).
const maxWord = 64

// control reads what follows a backslash.
func (x *parser) control() error {
	c, err := x.src.ReadByte()
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	switch {
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return x.controlWord(c)
	case c == '\'':
		var d [2]byte
		if _, err := io.ReadFull(x.src, d[:]); err != nil {
			return io.ErrUnexpectedEOF
		}
		h, l := digit(d[0]), digit(d[1])
		if h < 0 || l < 0 {
			_ = x.src.UnreadByte() // a fault: Word goes on behind the quote
			return nil
		}
		if x.dest == destObject || x.dest == destPicture || x.dest == destStore {
			return nil
		}
		x.character(byte(h<<4 | l))
	case c == '*':
		x.starred = true
	case c == '~':
		x.special(" ")
	case c == '_':
		x.special("-")
	case c == '-' || c == '|' || c == ':':
	case c == '\r' || c == '\n':
		x.special("\n")
	case c == '\t':
		x.special("\t")
	default: // \\ \{ \}
		x.character(c)
	}
	return nil
}

func digit(c byte) int {
	switch {
	case c-'0' < 10:
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// controlWord reads a word and its number, and the space that ends it.
func (x *parser) controlWord(c byte) error {
	x.word = append(x.word[:0], c)
	var err error
	for {
		if c, err = x.src.ReadByte(); err != nil || !(c|0x20 >= 'a' && c|0x20 <= 'z') {
			break
		}
		if len(x.word) < maxWord {
			x.word = append(x.word, c)
		}
	}
	n, has, minus := 0, false, false
	if err == nil && c == '-' {
		minus = true
		c, err = x.src.ReadByte()
	}
	for err == nil && c-'0' < 10 {
		if n < 1<<40 {
			n = 10*n + int(c-'0')
		}
		has = true
		c, err = x.src.ReadByte()
	}
	if minus {
		n = -n
	}
	if err == nil && c != ' ' {
		_ = x.src.UnreadByte() // it was just read
	}
	if over := x.do(string(x.word), n, has); over != nil {
		return over
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// do carries out a control word.
func (x *parser) do(word string, n int, has bool) error {
	starred := x.starred
	x.starred = false
	if s, ok := symbols[word]; ok {
		x.special(s)
		return nil
	}
	switch word {
	case "u":
		x.unit(n)
		return nil
	case "bin":
		x.flush()
		if n > 0 {
			return x.binary(n)
		}
		return nil
	case "htmlrtf":
		x.flush()
		x.silent = x.html && (!has || n != 0)
		return nil
	}
	x.flush()
	x.ignore = 0
	switch word {
	case "par", "nestpar":
		switch {
		case x.table && !x.html:
			x.text(" ")
		default:
			x.text("\n")
		}
	case "pard":
		x.table = false
	case "intbl":
		x.table = true
	case "uc":
		x.skip = min(max(n, 0), 64)
	case "ansicpg":
		if n > 0 {
			x.page0 = n
		}
	case "mac":
		x.page0 = 10000
	case "pc":
		x.page0 = 437
	case "pca":
		x.page0 = 850
	case "f", "af":
		x.selectFont(word, n)
	case "fcharset":
		x.defineFont(codepage.OfFont(n), n)
	case "cpg":
		x.defineFont(n, n)
	case "plain":
		x.group.page = codepage.Unknown
	default:
		x.enter(word, starred)
	}
	return nil
}

func (x *parser) selectFont(word string, n int) {
	switch {
	case x.dest == destFonts:
		if word == "f" {
			x.font = n
		}
	case word == "f":
		x.group.page = x.fonts[n]
	}
}

// defineFont notes the code page of the font that is being defined. That of the
// document stands for the system's own.
func (x *parser) defineFont(page, set int) {
	if x.dest == destFonts && x.font >= 0 && len(x.fonts) < maxFonts && set != 1 {
		x.fonts[x.font] = page
	}
}

// enter turns to the destination that a word stands for.
func (x *parser) enter(word string, starred bool) {
	d, known := destinations[word]
	switch {
	case !known && !starred:
		return // of no matter to the text
	case !known:
		d = destOther
	}
	if x.dest == destNothing || x.dest == destFonts {
		return // all within is of no matter, too
	}
	switch d {
	case destBody:
		switch word {
		case "fldinst", "sv":
			x.text(" ")
		case "shptxt", "dptxbxtext":
			x.text("\n")
		}
	case destObject, destPicture, destStore:
		x.begin(d)
	case destTag:
		if x.html {
			x.dest, x.silent = destTag, false
		} else {
			x.dest = destNothing
		}
	default:
		x.dest = d
	}
}
