package data

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// vcard reads address books (vCard 2.1, RFC 2426, RFC 6350) as a table, one card
// a row, whatever order and encoding its properties have. Photographs and keys
// are nested parts.
type vcard struct{}

func (vcard) Name() string { return "vcard" }

// Starts implements part.Marked.
func (vcard) Starts() string { return part.Blank + "Bb" }

func (vcard) Match(p *part.Part, head []byte) bool {
	return content(p) && starts(head, "BEGIN:VCARD")
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}

// Columns of the table. A card has up to three telephone numbers, addresses of
// mail and of places in columns of their own, the others behind the last.
const (
	cardName    = 0
	cardReading = 1
	cardPhone   = 2
	cardMail    = 5
	cardPlace   = 8
	cardBirth   = 11
	cardWork    = 12
	cardTitle   = 13
	cardNote    = 14
	cardColumns = 15
)

var cardHeader = []byte("氏名\tフリガナ\t電話番号\t電話番号2\t電話番号3\tメール\tメール2\tメール3\t住所\t住所2\t住所3\t生年月日\t会社名\t役職\t備考\n")

func (vcard) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("vcard", "")
	src, release := open(p)
	defer release()
	r := &lineReader{src: src}
	w := &writer{e: e, layout: part.Table}
	if err := w.put(cardHeader, 0, 0); err != nil {
		return err
	}
	var c card
	from := int64(0)
	depth := 0
	for {
		line, err := r.next()
		if err != nil {
			if err == io.EOF && depth > 0 {
				err = &part.Fault{Reason: part.Truncated, Detail: "vcard without end"}
			}
			if put := w.put(c.row(), from, r.offset-from); put != nil {
				return put
			}
			if flushed := w.flush(); flushed != nil {
				return flushed
			}
			if err != io.EOF {
				return part.Stop(ctx, e, err, true)
			}
			return nil
		}
		if over := b.Spend(ctx, 0); over != nil {
			w.flush()
			return part.Stop(ctx, e, over, true)
		}
		l, ok := parseContent(line)
		switch {
		case !ok:
			c.note(text(line))
		case l.name == "BEGIN":
			depth++
		case l.name == "END":
			if depth--; depth <= 0 {
				depth = 0
				if err := w.put(c.row(), from, r.offset-from); err != nil {
					return err
				}
				from = r.offset
				c = card{}
			}
		case l.binary != nil:
			if err := w.flush(); err != nil {
				return err
			}
			if err := e.Child(child(strings.ToLower(l.name), "", l.binary)); err != nil {
				return err
			}
		default:
			c.take(l)
		}
		if c.size() > maxCard {
			if err := w.put(c.row(), from, r.offset-from); err != nil {
				return err
			}
			from, c = r.offset, card{}
		}
	}
}

// card gathers what one card says.
type card struct {
	cells [cardColumns][]byte
	full  bool // the name was given as a whole
}

func (c *card) put(column, count int, s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	for i := range count {
		at := &c.cells[column+i]
		if string(*at) == s {
			return
		}
		if len(*at) == 0 {
			*at = append(*at, s...)
			return
		}
		if i == count-1 {
			*at = append(append(*at, ' '), s...)
		}
	}
}

// maxCard bounds a card in memory; a larger one is given in several rows.
const maxCard = 32 << 10

// note keeps what has no column.
func (c *card) note(s string) { c.put(cardNote, 1, s) }

func (c *card) take(l contentLine) {
	switch l.name {
	case "VERSION":
		if s := l.text(); len(s) > len("4.0") {
			c.note(s)
		}
	case "FN":
		if old := string(c.cells[cardName]); !c.full {
			if !sameName(old, l.text()) {
				c.note(old)
			}
			c.cells[cardName], c.full = nil, true
		}
		c.put(cardName, 1, l.text())
	case "N":
		s := join(l.split(';'), 0, 2, 1)
		if !c.full && len(c.cells[cardName]) == 0 {
			c.put(cardName, 1, s)
		} else if !sameName(string(c.cells[cardName]), s) {
			c.note(s)
		}
	case "X-PHONETIC-LAST-NAME", "X-PHONETIC-FIRST-NAME", "X-PHONETIC-MIDDLE-NAME", "SORT-STRING", "SOUND":
		s := strings.Join(l.split(';'), " ")
		if l.name == "X-PHONETIC-LAST-NAME" { // may come behind the first name
			c.cells[cardReading] = []byte(strings.TrimSpace(s + " " + string(c.cells[cardReading])))
		} else {
			c.put(cardReading, 1, s)
		}
	case "TEL":
		c.put(cardPhone, 3, strings.TrimPrefix(l.text(), "tel:"))
	case "EMAIL":
		c.put(cardMail, 3, strings.TrimPrefix(l.text(), "mailto:"))
	case "ADR":
		f := l.split(';')
		c.put(cardPlace, 3, place(f))
		c.note(join(f, 6))
	case "LABEL":
		c.note(l.text())
	case "BDAY":
		c.put(cardBirth, 1, birthday(l.text()))
	case "ORG":
		c.put(cardWork, 1, strings.Join(l.split(';'), " "))
	case "TITLE", "ROLE":
		c.put(cardTitle, 1, l.text())
	default:
		c.note(strings.Join(l.split(';'), " "))
	}
}

// sameName reports whether a and b differ in spaces only.
func sameName(a, b string) bool {
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

// place writes an address as people in its country do: in Japan from the large
// to the small, without spaces; elsewhere from the small to the large.
func place(f []string) string {
	if strings.ContainsFunc(strings.Join(f, ""), func(r rune) bool { return r >= 0x3040 && r < 0xa000 }) {
		code := join(f, 5)
		if code != "" {
			code = "〒" + strings.TrimPrefix(code, "〒") + " "
		}
		return strings.TrimSpace(code + strings.ReplaceAll(join(f, 4, 3, 2), " ", "") + " " + join(f, 1, 0))
	}
	return join(f, 0, 1, 2, 3, 4, 5)
}

// join joins the fields of those numbers that are there.
func join(f []string, order ...int) string {
	var out []string
	for _, i := range order {
		if i < len(f) && f[i] != "" {
			out = append(out, f[i])
		}
	}
	return strings.Join(out, " ")
}

// birthday writes a basic date (ISO 8601) with hyphens.
func birthday(s string) string {
	day, _, _ := strings.Cut(s, "T")
	if len(day) == 8 && strings.Trim(day, "0123456789") == "" {
		return day[:4] + "-" + day[4:6] + "-" + day[6:]
	}
	return s
}

// size returns how much the card holds.
func (c *card) size() (n int) {
	for _, s := range c.cells {
		n += len(s)
	}
	return n
}

// row writes the card as a row, nothing if it is empty.
func (c *card) row() []byte {
	var b []byte
	for i, s := range c.cells {
		if i > 0 {
			b = append(b, '\t')
		}
		b = appendCell(b, string(s))
	}
	if len(bytes.Trim(b, "\t")) == 0 {
		return nil
	}
	return append(b, '\n')
}
