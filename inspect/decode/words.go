package decode

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
)

// word is an encoded word (RFC 2047) with what it stands for left in its charset.
type word struct {
	label string // its charset, without the language of RFC 2231
	kind  byte   // 'b' or 'q'
	text  string // still encoded
	end   int    // of the word in the string it is in
}

// wordAt reads the encoded word that s begins with. It takes words that are
// longer than they may be, hold spaces, or whose end is missing at s's end.
func wordAt(s string) (w word, ok bool) {
	if !strings.HasPrefix(s, "=?") {
		return w, false
	}
	label, rest, ok := strings.Cut(s[2:], "?")
	if !ok || label == "" || len(label) > 60 || strings.ContainsAny(label, " \t\r\n=") || len(rest) < 2 || rest[1] != '?' {
		return w, false
	}
	w.label, _, _ = strings.Cut(label, "*")
	w.kind = lowerCase(rest[0])
	if w.kind != 'b' && w.kind != 'q' {
		return w, false
	}
	start := len(s) - len(rest) + 2
	n := strings.Index(s[start:], "?=")
	if w.kind == 'q' && n == 0 { // "=?x?Q??=3D?="
		if k := strings.Index(s[start+1:], "?="); k >= 0 && len(s) > start+2 && unhex[s[start+2]] < 16 {
			n = k + 1
		}
	}
	if n < 0 {
		w.text, w.end = s[start:], len(s)
		return w, true
	}
	w.text, w.end = s[start:start+n], start+n+2
	return w, true
}

// decodeWords decodes the encoded words of RFC 2047 in s. Words side by side in
// one charset are put together before they are read, since mailers cut them in
// the middle of a character, or even of a group of base64.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var raw []byte // of the words side by side
	var last word
	var half string // base64 that is no whole group
	finish := func() {
		if half != "" {
			raw = append(raw, unbase64(nil, []byte(half))...)
		}
		if last.kind != 0 {
			out.WriteString(labelled(raw, last.label))
		}
		raw, half, last = raw[:0], "", word{}
	}
	for len(s) > 0 {
		k := strings.Index(s, "=?")
		if k < 0 {
			k = len(s)
		}
		between := s[:k]
		w, ok := wordAt(s[k:])
		if !ok {
			finish()
			k = min(k+2, len(s))
			out.WriteString(s[:k])
			s = s[k:]
			continue
		}
		s = s[k+w.end:]
		if last.kind == 0 || strings.Trim(between, " \t\r\n") != "" {
			finish()
			out.WriteString(between)
		} else if !strings.EqualFold(w.label, last.label) || w.kind != last.kind {
			finish()
		}
		last = w
		if w.kind == 'q' {
			raw = appendQ(raw, w.text)
			continue
		}
		text := half + strings.Map(dropSpace, w.text)
		if half = ""; len(text)%4 != 0 {
			half = text
			continue
		}
		raw = append(raw, unbase64(nil, []byte(text))...)
	}
	finish()
	return out.String()
}

func dropSpace(r rune) rune {
	if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
		return -1
	}
	return r
}

// appendQ appends what text in the Q encoding stands for.
func appendQ(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '_':
			c = ' '
		case c == '=' && i+2 < len(text) && unhex[text[i+1]] < 16 && unhex[text[i+2]] < 16:
			c = unhex[text[i+1]]<<4 | unhex[text[i+2]]
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}

// labelled reads a short value that is said to be in the charset of that label:
// as it says if that gives text, else by what the bytes look like.
func labelled(b []byte, label string) string {
	if isUTF7(label) {
		return string(unUTF7(nil, b))
	}
	if c, ok := charset.Named(label); ok {
		if s := charset.Text(b, c); c != charset.Latin1 && !strings.ContainsRune(s, '\ufffd') {
			return s
		}
	} else if e, err := htmlindex.Get(label); err == nil {
		if s, err := e.NewDecoder().String(string(b)); err == nil && !strings.ContainsRune(s, '\ufffd') {
			return s
		}
	}
	return toUTF8(b, label)
}

// toUTF8 reads a short value in whatever encoding it is in.
func toUTF8(b []byte, hint string) string {
	g := charset.Detect(b, true, false, hint)
	return charset.Text(b, g.Charset)
}

// parameter returns a parameter of a header in UTF-8: plain, quoted, in pieces
// and with a charset (RFC 2231), in encoded words, percent-encoded, or as raw
// bytes of any encoding.
func parameter(value []byte, name string) string {
	if bytes.IndexByte(value, '*') >= 0 {
		if v, ok := extended(value, name); ok {
			return v
		}
	}
	v, ok := rawParameter(value, name)
	if !ok {
		return ""
	}
	return decodeWords(toUTF8(v, ""))
}

// maxPieces bounds the pieces of a parameter of RFC 2231.
const maxPieces = 200

// extended puts together a parameter of RFC 2231: "name*", or "name*0" and so
// on, of which those ending in "*" are percent-encoded. The first tells the
// charset.
func extended(value []byte, name string) (string, bool) {
	var all []byte
	label := ""
	v, ok := rawParameter(value, name+"*")
	if ok {
		label, v = charsetOf(v)
		return labelled(unpercent(nil, v, '+'), label), true
	}
	for n := range maxPieces {
		piece := name + "*" + strconv.Itoa(n)
		if v, ok = rawParameter(value, piece+"*"); ok {
			if n == 0 {
				label, v = charsetOf(v)
			}
			all = unpercent(all, v, '+')
		} else if v, ok = rawParameter(value, piece); ok {
			all = append(all, v...)
		} else if n > 0 { // some count from 1
			break
		}
	}
	if len(all) == 0 {
		return "", false
	}
	return decodeWords(labelled(all, label)), true
}

// charsetOf takes "charset'language'" off an extended value.
func charsetOf(v []byte) (label string, rest []byte) {
	first, rest, ok := bytes.Cut(v, []byte("'"))
	if !ok || len(first) > 60 {
		return "", v
	}
	_, rest, ok = bytes.Cut(rest, []byte("'"))
	if !ok {
		return "", v
	}
	return string(first), rest
}

// rawParameter finds name=value. A quoted value ends at a quote that ends the
// parameter, so that the bytes of other encodings pass: in CP932 a backslash
// may be half of a character.
func rawParameter(value []byte, name string) ([]byte, bool) {
	for from := 0; ; {
		k := indexLower(value[from:], name)
		if k < 0 {
			return nil, false
		}
		k += from
		from = k + len(name)
		rest := bytes.TrimLeft(value[from:], " \t")
		if k > 0 && value[k-1] != ' ' && value[k-1] != ';' && value[k-1] != '\t' || len(rest) == 0 || rest[0] != '=' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t")
		if len(rest) == 0 || rest[0] != '"' {
			v, _, _ := bytes.Cut(rest, []byte(";"))
			return bytes.TrimSpace(v), true
		}
		rest = rest[1:]
		for i, c := range rest {
			if c != '"' {
				continue
			}
			if after := bytes.TrimLeft(rest[i+1:], " \t"); len(after) == 0 || after[0] == ';' {
				return bytes.ReplaceAll(rest[:i], []byte(`\"`), []byte(`"`)), true
			}
		}
		return rest, true
	}
}

// indexLower returns where in b name stands, which is in lower case, in letters of
// either case; -1 if nowhere.
func indexLower(b []byte, name string) int {
next:
	for i := 0; i+len(name) <= len(b); i++ {
		for k := range len(name) {
			if lowerCase(b[i+k]) != name[k] {
				continue next
			}
		}
		return i
	}
	return -1
}

func lowerCase(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}
