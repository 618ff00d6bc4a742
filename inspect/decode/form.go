package decode

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// form reads application/x-www-form-urlencoded (WHATWG URL Standard, section
// 5.1), bodies and queries, as lines of key=value. Values with line breaks and
// values of base64 are nested parts.
type form struct{}

func (form) Name() string { return "form" }

func (form) Match(p *part.Part, head []byte) bool {
	if p.Role == part.Query {
		return true
	}
	if !p.Role.Content() {
		return false
	}
	// Only what is encoded: curl declares whatever is sent with -d a form.
	equals, percents := bytes.IndexByte(head, '='), bytes.Count(head, []byte("%"))
	pairs := equals > 0
	if !pairs && percents < 8 {
		return false
	}
	cut, high := len(head) == part.HeadSize, 0
	for i, c := range bytes.TrimRight(head, "\r\n") {
		switch {
		case c != '%':
			if !inForm[c] {
				return false
			}
		case cut && i+2 >= len(head):
		default:
			if i+2 >= len(head) || unhex[head[i+1]] > 15 || unhex[head[i+2]] > 15 {
				return false
			}
			if unhex[head[i+1]] >= 8 {
				high++
			}
		}
	}
	if high >= 8 {
		return true // percent-encoded text, be it a form or not
	}
	if strings.Contains(p.MediaType, "x-www-form-urlencoded") {
		return pairs
	}
	return pairs && equals < 64 && (percents > 5 || bytes.IndexByte(head, '&') >= 0)
}

// inForm tells the bytes that may stand in an encoded form, or one that is
// encoded with little care.
var inForm = func() (t [256]bool) {
	for c := '!'; c <= '~'; c++ {
		t[c] = strings.IndexByte(`"<>{}\^|`, byte(c)) < 0
	}
	return t
}()

// formReader holds the storage of one reading.
type formReader struct {
	ctx  context.Context
	e    part.Emitter
	b    *part.Budget
	raw  []byte // read and not yet decoded
	err  error
	base int64 // offset of raw

	plain   []byte     // percent-decoded
	pm      normal.Map // from plain to the body
	text    []byte     // in UTF-8
	decoded []byte     // storage of text, where it is not plain
	tm      normal.Map // from text to plain
	m       normal.Map // from text to the body
	value   []byte
	guess   charset.Guess
	judged  bool
	body    io.Reader
}

var forms = sync.Pool{New: func() any { return &formReader{raw: make([]byte, 0, chunk)} }}

func (form) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	f := forms.Get().(*formReader)
	defer forms.Put(f)
	f.ctx, f.e, f.b, f.body = ctx, e, b, p.Body
	f.raw, f.err, f.base, f.judged, f.guess = f.raw[:0], nil, 0, false, charset.Guess{}
	defer func() { f.e, f.body, f.ctx = nil, nil, nil }()
	for {
		f.fill()
		if len(f.raw) == 0 {
			break
		}
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		end := len(f.raw)
		if f.err == nil {
			end = bytes.LastIndexByte(f.raw, '&') + 1
		}
		if end == 0 { // one value larger than what is at hand
			if err := f.long(); err != nil {
				return err
			}
			continue
		}
		if err := f.block(f.raw[:end]); err != nil {
			return err
		}
		f.take(end)
	}
	e.Format("form", f.guess.Charset.String())
	if f.err != io.EOF {
		return part.Stop(ctx, e, f.err, true)
	}
	return nil
}

func (f *formReader) fill() {
	for len(f.raw) < cap(f.raw) && f.err == nil {
		var n int
		n, f.err = f.body.Read(f.raw[len(f.raw):cap(f.raw)])
		f.raw = f.raw[:len(f.raw)+n]
	}
}

func (f *formReader) take(n int) {
	f.base += int64(n)
	f.raw = f.raw[:copy(f.raw, f.raw[n:])]
}

// block hands on whole pairs.
func (f *formReader) block(b []byte) error {
	f.plain = f.plain[:0]
	f.pm.Reset(f.base)
	for at := 0; at < len(b); {
		end := len(b)
		if k := bytes.IndexByte(b[at:], '&'); k >= 0 {
			end = at + k
		}
		if err := f.pair(b[at:end], f.base+int64(at)); err != nil {
			return err
		}
		f.pm.Step(len(f.plain), f.base+int64(end), 1, 1)
		f.plain = append(f.plain, '\n')
		at = end + 1
	}
	return f.flush()
}

// pair decodes one pair, and hands its value on if it is a part of its own.
func (f *formReader) pair(b []byte, base int64) error {
	k := bytes.IndexByte(b, '=')
	if k < 0 {
		f.decode(b, base)
		return nil
	}
	key, value := b[:k], b[k+1:]
	f.decode(b[:k+1], base)
	at := len(f.plain)
	if met := f.decode(value, base+int64(k)+1); met&(valueLine|valueControl) == 0 {
		if v := f.plain[at:]; len(v) < minValue && sniff(v) == nil {
			return nil // no document is as short
		}
	}
	f.value = unpercent(f.value[:0], value, ' ')
	if isBase64(f.value) { // a plus that was not encoded is no space here
		for i, c := range f.value {
			if c == ' ' {
				f.value[i] = '+'
			}
		}
	}
	child, ok := document(f.value)
	if !ok {
		if !hasControls(f.value) && bytes.IndexByte(f.value, '\n') < 0 && sniff(f.value) == nil || len(bytes.TrimSpace(f.value)) == 0 {
			return nil
		}
		child = part.Part{Role: part.Field, Body: newBytesReader(f.value), Size: int64(len(f.value))}
	}
	f.plain = f.plain[:at]
	f.pm.Cut(at)
	if over := f.b.Spend(f.ctx, len(f.value)); over != nil {
		return part.Stop(f.ctx, f.e, over, true)
	}
	child.Path = toUTF8(unpercent(nil, key[:min(len(key), 100)], ' '), "")
	return f.e.Child(child)
}

// What decode met in a value.
const (
	valueSign    = 1 << iota // a byte that stands for another
	valueLine                // a line end
	valueControl             // any other control character
)

// inValue tells for a byte which of them it is.
var inValue = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c == '%' || c == '+':
			t[c] = valueSign
		case c == '\n' || c == '\r':
			t[c] = valueLine
		case control[c]:
			t[c] = valueControl
		}
	}
	return t
}()

// decode appends b, percent-decoded, to plain, on one line, and tells what it met.
func (f *formReader) decode(b []byte, base int64) (met uint8) {
	if len(b) == 0 {
		return 0
	}
	f.plain = slices.Grow(f.plain, len(b))
	from, o := len(f.plain), len(f.plain)
	out := f.plain[:from+len(b)]
	one := false // the bytes at hand stand for one each
	for i := 0; i < len(b); {
		if b[i] == '%' {
			if n := percents(out[o:], b[i:]); n > 0 {
				f.pm.Step(o, base+int64(i), 1, 3)
				for k, c := range out[o : o+n] {
					kind := inValue[c]
					if met |= kind; kind == valueLine {
						out[o+k] = ' '
					}
				}
				o, i, one = o+n, i+3*n, false
				continue
			}
		}
		if !one {
			f.pm.Step(o, base+int64(i), 1, 1)
			one = true
		}
		c := b[i]
		kind := inValue[c]
		if met |= kind; c == '+' || kind == valueLine {
			c = ' '
		}
		out[o] = c
		o++
		for i++; i < len(b) && inValue[b[i]] == 0; i++ {
			out[o] = b[i]
			o++
		}
	}
	f.plain = out[:o]
	return met
}

// flush hands on plain as text, in the encoding that its bytes are in.
func (f *formReader) flush() error {
	if n := plain(f.plain); n < len(f.plain) {
		if g := charset.Detect(f.plain[n:], true, false, ""); !f.judged || charset.ValidPrefix(f.plain) < len(f.plain) {
			f.guess, f.judged = g, true
		}
	}
	m := &f.pm
	if f.text = f.plain; f.guess.Charset != charset.UTF8 || charset.ValidPrefix(f.plain) < len(f.plain) {
		f.transcribe()
		m = &f.m
	}
	for text := f.text; len(text) > 0; {
		n := cut(text, true)
		if err := f.e.Text(part.Text{Bytes: text[:n], Map: m, Layout: part.Form}); err != nil {
			return err
		}
		m.Drop(n)
		text = text[n:]
	}
	return nil
}

// transcribe makes text of plain, and m the way back.
func (f *formReader) transcribe() {
	f.text = f.decoded[:0]
	f.tm.Reset(0)
	d := charset.Decoder{Charset: f.guess.Charset}
	for at := 0; at < len(f.plain); {
		out, n, ok := d.Decode(f.text, f.plain[at:], int64(at), true, &f.tm)
		f.text = out
		if at += n; !ok {
			f.tm.Step(len(f.text), int64(at), 3, 1)
			f.text = append(f.text, "\ufffd"...)
			at++
		}
	}
	f.decoded = f.text
	f.m.Join(&f.tm, &f.pm, len(f.text))
}

// long hands on a value that does not end in raw as a nested part.
func (f *formReader) long() error {
	key := bytes.IndexByte(f.raw, '=') + 1
	name := ""
	if key > 0 && key < 4096 {
		name = toUTF8(unpercent(nil, f.raw[:min(key-1, 100)], ' '), "")
		f.take(key)
	}
	r := &valueReader{f: f, plus: ' '}
	values := part.NewMeter(f.ctx, f.b, "form", r)
	child := part.Part{Path: name, Body: values, Size: -1}
	if head := unpercent(nil, f.raw[:min(len(f.raw), 4095)], ' '); isBase64(head) {
		r.plus, child.Encodings = '+', []string{"base64"}
	}
	if err := f.e.Child(child); err != nil {
		return err
	}
	if err := part.Drain(f.ctx, f.b, values); err != nil {
		f.err = err
		f.raw = f.raw[:0]
	}
	return nil
}

// valueReader reads the value at the start of raw, to the end of its pair.
type valueReader struct {
	f    *formReader
	plus byte // what "+" stands for
}

func (r *valueReader) Read(p []byte) (int, error) {
	f := r.f
	f.fill()
	raw, o, i := f.raw, 0, 0
	for o < len(p) && i < len(raw) && raw[i] != '&' {
		c := raw[i]
		switch c {
		case '%':
			if n := percents(p[o:], raw[i:]); n > 0 {
				o, i = o+n, i+3*n
				continue
			}
		case '+':
			c = r.plus
		}
		if c == '%' && i+2 >= len(raw) && f.err == nil {
			break
		}
		p[o] = c
		o++
		i++
	}
	f.take(i)
	if o == 0 && (len(f.raw) == 0 || f.raw[0] == '&') {
		if len(f.raw) == 0 && f.err != io.EOF {
			return 0, f.err
		}
		return 0, io.EOF
	}
	return o, nil
}
