// Package numfmt shows numbers as spreadsheets do, by their number formats
// (ECMA-376 part 1, 18.8.30 and 18.8.31): leading zeros, phone numbers,
// thousands, percent, conditions, dates in any order, Japanese eras, elapsed
// times. It is for readers of workbooks; the values of a Format are immutable
// and safe for concurrent use.
//
// It shows what an inspection needs: colours, fill characters and alignment are
// left out, fractions are shown as decimals, [DBNum] digits as plain ones. Where
// a format hides digits of a number or the year or the day of a date, the whole
// is written behind what is shown, so that no format can hide a value.
package numfmt

import (
	"strings"
	"unicode/utf8"
)

// Format is one compiled number format. The nil Format is General.
type Format struct {
	sections []section
	text     *section // for text, nil if it stands for itself
}

// section is one of a format's sections, set apart by semicolons.
type section struct {
	tokens  []token
	general bool
	date    bool
	clock   bool // 12 hours, AM or PM
	elapsed bool
	shows   uint8 // of the date: year, month, day

	cond  byte // 0: by place; one of = ! < > l (<=) g (>=)
	limit float64

	whole, decimals int // digit places before and behind the point
	exponent        int // digit places, 0: none
	grouped         bool
	percent, scale  int // how often to multiply by 100, to divide by 1000
	fraction        bool
	fine            int // digits of split seconds
}

const (
	showsYear = 1 << iota
	showsMonth
	showsDay
)

type kind uint8

const (
	literal  kind = iota
	digit         // of the number, before or behind the point: 0, # or ?
	point         // the decimal point
	exponent      // E+ or E-, digits follow
	general       // the number as General shows it
	textual       // @
	field         // of a date: letter and count
	ampm
)

type token struct {
	kind   kind
	letter byte
	count  int
	text   string
}

// maxCode bounds what is looked at of a format; Excel allows 255 characters.
const maxCode = 1 << 10

// Compile compiles a format code as styles.xml has it. What it cannot make sense
// of stands for itself; it never fails.
func Compile(code string) *Format {
	if len(code) > maxCode {
		code = code[:maxCode]
	}
	f := &Format{}
	for _, s := range split(code) {
		sec := parse(s)
		if f.text == nil && len(sec.tokens) > 0 && (len(f.sections) == 3 || sec.textOnly()) {
			f.text = &sec
			continue
		}
		if len(f.sections) < 3 {
			f.sections = append(f.sections, sec)
		}
	}
	if f.text != nil && len(f.text.tokens) == 1 && f.text.tokens[0].kind == textual {
		f.text = nil
	}
	if len(f.sections) == 0 {
		f.sections = []section{{general: true, tokens: []token{{kind: general}}}}
	}
	return f
}

// Plain reports whether f shows numbers as General does.
func (f *Format) Plain() bool {
	return f == nil || len(f.sections) == 1 && f.sections[0].general && len(f.sections[0].tokens) == 1
}

// AppendText appends a text as f shows it.
func (f *Format) AppendText(dst, text []byte) []byte {
	if f == nil || f.text == nil {
		return append(dst, text...)
	}
	shown := false
	for _, t := range f.text.tokens {
		switch t.kind {
		case literal:
			dst = append(dst, t.text...)
		case textual, general:
			dst, shown = append(dst, text...), true
		}
	}
	if !shown {
		dst = append(dst, text...)
	}
	return dst
}

// split cuts a code at the semicolons that are not quoted.
func split(code string) []string {
	var out []string
	from, quoted := 0, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == ';':
			out = append(out, code[from:i])
			from = i + 1
		}
	}
	return append(out, code[from:])
}

// textOnly reports whether a section is for text alone.
func (s *section) textOnly() bool {
	seen := false
	for _, t := range s.tokens {
		switch t.kind {
		case textual:
			seen = true
		case literal:
		default:
			return false
		}
	}
	return seen
}

// parse reads one section.
func parse(s string) section {
	p := parser{in: s}
	for p.at < len(p.in) {
		p.step()
	}
	p.finish()
	return p.section
}

type parser struct {
	section
	in       string
	at       int
	behind   bool // the point was met
	commas   int  // since the last digit
	japanese bool
	system   string // of a date in the system's own format
}

func (p *parser) literal(s string) {
	if n := len(p.tokens); n > 0 && p.tokens[n-1].kind == literal {
		p.tokens[n-1].text += s
		return
	}
	p.tokens = append(p.tokens, token{kind: literal, text: s})
}

// run returns how many of the same letter stand here, whatever their case.
func (p *parser) run(c byte) int {
	n := 0
	for p.at+n < len(p.in) && p.in[p.at+n]|0x20 == c {
		n++
	}
	return n
}

func (p *parser) has(prefix string) bool {
	return len(p.in)-p.at >= len(prefix) && strings.EqualFold(p.in[p.at:p.at+len(prefix)], prefix)
}

// step reads one token.
func (p *parser) step() {
	c := p.in[p.at]
	switch {
	case c == '"':
		end := strings.IndexByte(p.in[p.at+1:], '"')
		if end < 0 {
			end = len(p.in) - p.at - 1
		}
		p.literal(p.in[p.at+1 : p.at+1+end])
		p.at = min(len(p.in), p.at+end+2)
	case c == '\\' || c == '!':
		_, n := utf8.DecodeRuneInString(p.in[p.at+1:])
		p.literal(p.in[p.at+1 : p.at+1+n])
		p.at += 1 + n
	case c == '_' || c == '*':
		_, n := utf8.DecodeRuneInString(p.in[p.at+1:])
		p.at += 1 + n
	case c == '[':
		p.bracket()
	case p.has("General"):
		p.tokens = append(p.tokens, token{kind: general})
		p.general = true
		p.at += len("General")
	case p.has("am/pm"), p.has("a/p"), p.has("上午/下午"), p.has("午前/午後"):
		n := map[bool]int{true: 5, false: 3}[p.has("am/pm")]
		if c >= utf8.RuneSelf {
			n = len("上午/下午")
		}
		p.tokens = append(p.tokens, token{kind: ampm, text: p.in[p.at : p.at+n]})
		p.clock, p.date = true, true
		p.at += n
	case c == '0' || c == '#' || c == '?':
		p.digit(c)
	case c == '.':
		if p.date && p.fineSeconds() {
			return
		}
		if p.behind || p.date {
			p.literal(".")
		} else {
			p.tokens = append(p.tokens, token{kind: point})
			p.behind = true
		}
		p.at++
	case c == ',':
		if p.whole > 0 && !p.date {
			p.commas++
		} else {
			p.literal(",")
		}
		p.at++
	case c == '%':
		p.percent++
		p.literal("%")
		p.at++
	case (c == 'E' || c == 'e') && p.at+1 < len(p.in) && (p.in[p.at+1] == '+' || p.in[p.at+1] == '-') && p.whole > 0:
		p.tokens = append(p.tokens, token{kind: exponent, letter: p.in[p.at+1]})
		p.at += 2
		for p.at < len(p.in) && (p.in[p.at] == '0' || p.in[p.at] == '#' || p.in[p.at] == '?') {
			p.exponent++
			p.at++
		}
		p.exponent = max(1, p.exponent)
	case c == '@':
		p.tokens = append(p.tokens, token{kind: textual})
		p.at++
	case c == '/' && p.whole > 0 && !p.date && p.at+1 < len(p.in) && strings.IndexByte("0#?123456789", p.in[p.at+1]) >= 0:
		p.fraction = true
		p.at = len(p.in)
	case strings.IndexByte("ymdhsgeabrYMDHSGEABRnN", c) >= 0:
		p.field(c | 0x20)
	default:
		_, n := utf8.DecodeRuneInString(p.in[p.at:])
		p.literal(p.in[p.at : p.at+n])
		p.at += n
	}
}

func (p *parser) digit(c byte) {
	p.at++
	if p.date {
		p.literal(string(c))
		return
	}
	if p.commas > 0 && !p.behind {
		p.grouped = true
	}
	p.commas = 0
	if p.behind {
		p.decimals++
	} else {
		p.whole++
	}
	p.tokens = append(p.tokens, token{kind: digit, letter: c})
}

// fineSeconds reads a point and zeros behind seconds.
func (p *parser) fineSeconds() bool {
	n := 0
	for p.at+1+n < len(p.in) && p.in[p.at+1+n] == '0' {
		n++
	}
	if n == 0 {
		return false
	}
	p.fine = max(p.fine, min(n, 3))
	p.tokens = append(p.tokens, token{kind: field, letter: '.', count: min(n, 3)})
	p.at += 1 + n
	return true
}

// field reads a run of one date letter.
func (p *parser) field(c byte) {
	n := p.run(c)
	p.at += n
	if c == 'n' || c == 'r' && n > 2 { // no letter of dates
		p.literal(strings.Repeat(string(c), n))
		return
	}
	p.date = true
	p.tokens = append(p.tokens, token{kind: field, letter: c, count: n})
}

// bracket reads what stands in brackets: a colour, a condition, elapsed time, a
// locale.
func (p *parser) bracket() {
	end := strings.IndexByte(p.in[p.at:], ']')
	if end < 0 {
		p.literal("[")
		p.at++
		return
	}
	in := p.in[p.at+1 : p.at+end]
	p.at += end + 1
	if in == "" {
		return
	}
	lower := strings.ToLower(in)
	switch c := lower[0]; {
	case c == '$':
		symbol, locale, _ := strings.Cut(in[1:], "-")
		if symbol != "" {
			p.literal(symbol)
		}
		switch l := strings.ToLower(locale); {
		case l == "f800":
			p.system = "yyyy年m月d日"
		case l == "f400":
			p.system = "h:mm:ss"
		case strings.HasSuffix(l, "411"), strings.HasPrefix(l, "ja"):
			p.japanese = true
		}
	case c == '<' || c == '>' || c == '=':
		p.condition(in)
	case strings.Trim(lower, string(c)) == "" && (c == 'h' || c == 'm' || c == 's'):
		p.date, p.elapsed = true, true
		p.tokens = append(p.tokens, token{kind: field, letter: c - 'a' + 'A', count: len(in)})
	}
}

// finish settles what depends on the section as a whole.
func (p *parser) finish() {
	if p.system != "" {
		q := parse(p.system)
		p.section = q
		return
	}
	p.scale = 0
	if !p.grouped || p.commas > 0 {
		p.scale = min(p.commas, 3)
	}
	era := false
	for _, t := range p.tokens {
		era = era || t.kind == field && (t.letter == 'g' || t.letter == 'r')
	}
	last := -1 // the last time field
	for i := range p.tokens {
		t := &p.tokens[i]
		if t.kind != field {
			continue
		}
		switch t.letter {
		case 'm':
			if last >= 0 && (p.tokens[last].letter|0x20 == 'h') {
				t.letter = 'i' // minutes
			}
		case 's', 'S':
			if last >= 0 && p.tokens[last].letter == 'm' && t.letter == 's' {
				p.tokens[last].letter = 'i'
			}
		case 'e':
			if !era && !p.japanese {
				t.letter, t.count = 'y', 4
			}
		}
		if t.letter != '.' {
			last = i
		}
	}
	for _, t := range p.tokens {
		if t.kind != field {
			continue
		}
		switch t.letter {
		case 'y', 'e', 'b', 'r':
			p.shows |= showsYear
		case 'm':
			p.shows |= showsMonth
		case 'd':
			if t.count <= 2 {
				p.shows |= showsDay
			}
		}
	}
	if p.general && p.date { // letters of a word
		p.date = false
	}
}
