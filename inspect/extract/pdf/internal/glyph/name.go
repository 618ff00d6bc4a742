package glyph

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

var list = sync.OnceValue(func() map[string]string {
	all := lines("glyphs")
	m := make(map[string]string, len(all))
	for _, l := range all {
		if name, text, ok := strings.Cut(l, "\t"); ok {
			m[name] = text
		}
	}
	return m
})

// Named returns the text that a glyph's name stands for, by the rules of the
// Adobe Glyph List specification, section 2; "" if it tells nothing.
func Named(name string) string {
	name, _, _ = strings.Cut(name, ".")
	if name == "" {
		return ""
	}
	if s, ok := list()[name]; ok {
		return s
	}
	if strings.Contains(name, "_") && len(name) < 200 {
		var out strings.Builder
		for piece := range strings.SplitSeq(name, "_") {
			out.WriteString(Named(piece))
		}
		return out.String()
	}
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) >= 4 && len(hex)%4 == 0 && len(hex) <= 64 {
		units := make([]uint16, 0, len(hex)/4)
		for i := 0; i < len(hex); i += 4 {
			n, err := strconv.ParseUint(hex[i:i+4], 16, 16)
			if err != nil {
				return ""
			}
			units = append(units, uint16(n))
		}
		return fromUnits(units)
	}
	if hex, ok := strings.CutPrefix(name, "u"); ok && len(hex) >= 4 && len(hex) <= 6 {
		if n, err := strconv.ParseUint(hex, 16, 32); err == nil && n <= utf8.MaxRune {
			return clean(rune(n))
		}
	}
	return ""
}

// Numbered returns the character that names such as "g65", "C0065" or "a65"
// number, as programs name the glyphs of fonts that they make up; "" if the
// name is not of that kind or the number is none of a visible ASCII character.
func Numbered(name string) string {
	digits := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if len(digits) == len(name) || len(name)-len(digits) > 4 {
		return ""
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < ' ' || n >= 0x7f {
		return ""
	}
	return string(rune(n))
}

// clean makes text of a character, "" of one that is none.
func clean(r rune) string {
	if r == 0 || r >= 0xe000 && r < 0xf900 || r == utf8.RuneError || !utf8.ValidRune(r) {
		return ""
	}
	return string(kanji(r))
}
