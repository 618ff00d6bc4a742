package mail

import (
	"bytes"
	"io"
	"mime"
	netmail "net/mail"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
)

// Field is a field of a header as it stands, with its folds and line ends.
type Field struct {
	Name string // as written
	Raw  string
}

// Value is what stands behind the colon, unfolded.
func (f Field) Value() string {
	_, v, _ := strings.Cut(f.Raw, ":")
	return strings.TrimSpace(strings.ReplaceAll(v, "\r\n", ""))
}

// Text is the value for people, its encoded words decoded.
func (f Field) Text() string { return decoded(f.Value()) }

// Is tells whether the field has a name, in whichever case.
func (f Field) Is(name string) bool { return strings.EqualFold(f.Name, name) }

// Fields takes a header apart; the empty line at its end is left out.
func Fields(header []byte) []Field {
	var all []Field
	for rest := string(header); rest != ""; {
		end := 0
		for {
			i := strings.Index(rest[end:], "\r\n")
			if i < 0 {
				end = len(rest)
				break
			}
			if end += i + 2; end == len(rest) || rest[end] != ' ' && rest[end] != '\t' {
				break
			}
		}
		raw := rest[:end]
		if rest = rest[end:]; raw == "\r\n" {
			break
		}
		all = append(all, Field{FieldName([]byte(raw)), raw})
	}
	return all
}

// words decodes the encoded words of RFC 2047 in every character set known.
var words = mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
	e, err := ianaindex.MIME.Encoding(charset)
	if err != nil || e == nil {
		return nil, netmail.ErrHeaderNotPresent
	}
	return transform.NewReader(in, e.NewDecoder()), nil
}}

func decoded(v string) string {
	if plain, err := words.DecodeHeader(v); err == nil {
		return plain
	}
	return v
}

// confirmation is what a sender wrote to confirm a warning or to ask for a
// release, in a field of its own or at the start of the subject.
type confirmation struct{ word, reason string }

// tag finds "[SK-7F3K-9Q2M reason]" in a subject, and returns the subject
// without it.
func tag(subject string) (confirmation, string) {
	const sign = "[SK-"
	i := strings.Index(subject, sign)
	if i < 0 {
		return confirmation{}, subject
	}
	end := strings.IndexByte(subject[i:], ']')
	if end < 0 {
		return confirmation{}, subject
	}
	word, reason, _ := strings.Cut(strings.ReplaceAll(subject[i+1:i+end], "\u3000", " "), " ")
	return confirmation{word, strings.TrimSpace(reason)}, strings.TrimSpace(subject[:i] + strings.TrimLeft(subject[i+end+1:], " \u3000"))
}

// confirm takes a confirmation out of a header. The fields returned are those
// that go on: whom it was for is nobody behind us.
func confirm(in []Field) (c confirmation, out []Field) {
	out = make([]Field, 0, len(in))
	for _, f := range in {
		switch {
		case f.Is(answer.ConfirmHeader):
			word, reason, _ := strings.Cut(decoded(f.Value()), " ")
			c = confirmation{word, strings.TrimSpace(reason)}
			continue
		case f.Is("Subject"):
			if found, rest := tag(decoded(f.Value())); found.word != "" {
				c = found
				f.Raw = f.Name + ": " + encodeSubject(rest) + "\r\n"
			}
		}
		out = append(out, f)
	}
	return c, out
}

// encodeSubject writes a text as RFC 2047 has it, a word a line.
func encodeSubject(s string) string {
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

// shown lists the addresses in To and Cc, in lower case.
func shown(in []Field) map[string]bool {
	all := map[string]bool{}
	p := netmail.AddressParser{WordDecoder: &words}
	for _, f := range in {
		if !f.Is("To") && !f.Is("Cc") && !f.Is("Resent-To") && !f.Is("Resent-Cc") {
			continue
		}
		list, err := p.ParseList(f.Value())
		if err != nil { // one that is wrong must not hide the others
			for _, piece := range strings.Split(f.Value(), ",") {
				if a, err := p.Parse(piece); err == nil {
					list = append(list, a)
				}
			}
		}
		for _, a := range list {
			all[strings.ToLower(a.Address)] = true
		}
	}
	return all
}

// Bounds of a message's way (RFC 5321, 6.3).
const (
	maxHops = 50 // Received fields
	maxOurs = 3  // of them by this very hop
)

// Loops tells whether a message has been on its way too long, name being this
// hop's.
func Loops(in []Field, name string) bool {
	hops, ours := 0, 0
	for _, f := range in {
		if f.Is("Received") {
			hops++
			if strings.Contains(strings.ToLower(OneLine(f.Value())), " by "+strings.ToLower(name)+" (sekimori)") {
				ours++
			}
		}
	}
	return hops >= maxHops || ours >= maxOurs
}

// FieldName is the name before a line's colon (RFC 5322, 2.2; blanks before the
// colon were once allowed), "" if the line is no field.
func FieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, b := range name {
		if b <= ' ' || b >= 0x7f {
			return ""
		}
	}
	return string(name)
}

// OneLine writes a text on one line.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
