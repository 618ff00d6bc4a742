package office

import (
	"bytes"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// machinery reads the members that say how a document looks, not what: themes,
// styles, settings. They are full of names that are nobody's ("Yi Baiti" is a
// font), so of attributes only those are handed on that are neither names of
// fonts and styles nor what programs write for themselves. Texts and remarks are
// handed on like everywhere.
func (d *pack) machinery(p part.Part) error {
	path, x := d.written(p)
	defer x.release()
	var a aside
	for {
		kind, name := x.next()
		switch kind {
		case tokenEnd:
			if err := x.fault(); err != nil {
				if err := part.Stop(d.ctx, d.e, err, true); err != nil {
					return err
				}
			}
			return a.tell(d.e, path)
		case tokenText, tokenRemark:
			a.add(x.text)
		case tokenOpen, tokenEmpty:
			named := names(name)
			for rest := x.tag; ; {
				key, value, more, ok := cutAttribute(rest)
				if !ok {
					break
				}
				rest = more
				if !(named && len(value) < maxName) && string(key) != "typeface" && speaks(value) {
					a.add(appendUnescaped(nil, value))
				}
			}
		}
	}
}

// maxName is more than names of fonts and styles are long.
const maxName = 64

// names reports whether an element names a font or a style.
func names(element []byte) bool {
	switch string(element) {
	case "font", "name", "rFont", "latin", "ea", "cs", "sym", "buFont", "rFonts", "altName", "lsdException",
		"cellStyle", "tableStyle", "tblStyle", "clrScheme", "fontScheme", "fmtScheme", "theme", "aliases", "panose1":
		return true
	}
	return false
}

// speaks reports whether a value is more than an identifier, a number or the
// address of a namespace.
func speaks(value []byte) bool {
	if bytes.HasPrefix(value, []byte("http://schemas.")) || bytes.HasPrefix(value, []byte("http://purl.")) || bytes.HasPrefix(value, []byte("urn:")) {
		return false
	}
	digits := 0
	for _, c := range value {
		switch {
		case c == '@', c == ' ', c == '&', c >= utf8.RuneSelf:
			return true
		case c-'0' < 10:
			if digits++; digits > 8 {
				return true
			}
		default:
			digits = 0
		}
	}
	return len(value) > 2*maxName
}
