package decode

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// blockSize bounds a piece of text; chunk is how much is read and decoded at a
// time.
const (
	blockSize = 64 << 10
	chunk     = 32 << 10
)

// window is a stretch of a part's text in UTF-8 that slides along it. It finds
// out the character encoding as it goes: from the first character that is not
// ASCII, wherever it is, and again where bytes come that the encoding found so
// far does not have.
type window struct {
	text   []byte     // decoded and not yet consumed; not to be written to
	m      normal.Map // from text to the part's own bytes
	err    error      // why there is no more; io.EOF at the end
	Format string     // the encodings met, for Emitter.Format

	body    io.Reader
	lender  part.Lender // body, if it lies in memory
	hint    string      // declared charset
	mem     []byte      // what was read, or all of the body: raw stands in it
	store   []byte      // storage of mem
	room    []byte      // storage that text grows in, unless it is joined
	decoded []byte      // storage of what stands encoded in the text
	vain    *vainRuns   // what looks encoded there and is not; nil until one is met
	raw     []byte      // read and not yet decoded
	at      int         // of raw in mem
	joined  bool        // text stands in mem, too, right before raw
	offset  int64       // of raw
	dec     charset.Decoder
	decided bool
	started bool  // the first bytes were looked at
	judged  int   // how often the encoding was judged again
	next    int64 // offset before which it is not judged again
	wait    int64 // how far next was put off
	calm    int64 // offset up to which there is no escape sequence
	foreign int64 // bytes read in encodings other than ASCII
	invalid int64 // of these, bytes that are nothing valid
	unsure  bool  // an encoding was taken for want of a better

	second   charset.Charset // another reading of doubtful
	doubtful []byte
}

var windows = sync.Pool{New: func() any {
	return &window{store: make([]byte, 4*chunk)}
}}

// openWindow starts a window on p's body. Close it when done.
func openWindow(p *part.Part) *window {
	w := windows.Get().(*window)
	store, room, m, decoded, vain := w.store, w.room[:0], w.m, w.decoded, w.vain
	m.Reset(0)
	*w = window{store: store, mem: store, raw: store[:0], room: room, text: room, m: m, body: p.Body, decoded: decoded, vain: vain}
	if strings.IndexByte(p.MediaType, ';') >= 0 {
		if _, params, err := mime.ParseMediaType(p.MediaType); err == nil {
			w.hint = params["charset"]
			if c, ok := charset.Named(w.hint); ok && params[readAs] != "" {
				w.dec.Charset, w.decided, w.Format = c, true, c.String()
			}
		}
	}
	if held, ok := p.Body.(part.Held); ok {
		if b, ok := held.Bytes(); ok {
			w.hold(b)
			return w
		}
	}
	if lender, ok := p.Body.(part.Lender); ok {
		if b, ok := lender.Lend(); ok {
			w.lender, w.mem, w.raw = lender, b, b[:0]
		}
	}
	return w
}

// hold makes b, all of the body, the window's text.
func (w *window) hold(b []byte) {
	w.err = io.EOF
	if !w.decided && charset.Plain(b) || w.decided && w.dec.Charset == charset.UTF8 && charset.ValidPrefix(b) == len(b) {
		w.text, w.decided = b, true
		return
	}
	w.mem, w.raw = b, b
	w.decode()
}

// readAs is the parameter of a media type that tells a child to be read in its
// charset without asking, since another reading was tried already.
const readAs = "x-second-reading"

func (w *window) Close() {
	w.body, w.lender, w.err, w.mem, w.raw, w.text = nil, nil, nil, nil, nil, nil
	if cap(w.room) > 32*chunk {
		w.room = nil
	}
	if len(w.store) > 32*chunk {
		w.store = make([]byte, 4*chunk)
	}
	if cap(w.decoded) > 4*chunk {
		w.decoded = nil
	}
	windows.Put(w)
}

// consume drops the first n bytes of text.
func (w *window) consume(n int) {
	if n > 0 {
		w.m.Drop(n)
		w.text = w.text[n:]
	}
}

// fill makes text at least n bytes long, or as long as it gets.
func (w *window) fill(n int) {
	for len(w.text) < n && w.err == nil {
		w.read()
		w.decode()
	}
}

// read takes more bytes in. At the end err is set.
func (w *window) read() {
	if w.err != nil {
		return
	}
	if w.lender != nil {
		had := len(w.raw)
		end := min(w.at+chunk, len(w.mem))
		w.raw = w.mem[w.at:end]
		w.lender.Skip(len(w.raw) - had)
		if end == len(w.mem) {
			w.err = io.EOF
		}
		return
	}
	w.clear()
	for tries := 0; len(w.raw) < chunk && w.err == nil; {
		n, err := w.body.Read(w.mem[w.at+len(w.raw) : w.at+chunk])
		w.raw = w.mem[w.at : w.at+len(w.raw)+n]
		w.err = err
		if tries++; n == 0 && err == nil && tries > 100 {
			w.err = io.ErrNoProgress
		}
	}
}

// clear makes room in the store for a chunk from raw on.
func (w *window) clear() {
	if w.at+chunk <= len(w.store) {
		return
	}
	w.own()
	keep := 0 // of the text
	if w.verbatim() {
		keep = len(w.text)
	}
	to := w.store
	if keep+chunk > len(to) {
		to = make([]byte, 2*(keep+chunk))
	}
	n := copy(to[keep:], w.raw)
	w.raw = to[keep : keep+n]
	if keep > 0 {
		w.text, w.joined = to[:copy(to, w.text):keep], true
	}
	w.mem, w.store, w.at = to, to, keep
}

// verbatim reports whether text is, byte for byte, what stands before raw.
func (w *window) verbatim() bool {
	return w.m.Identity() && w.m.Origin(len(w.text)) == w.offset
}

// lent returns the body up to offset n of text, if it stays in memory and is what
// text is from; else nil.
func (w *window) lent(n int) []byte {
	if w.lender == nil || !w.joined {
		return nil
	}
	return w.mem[:w.at-len(w.text)+n]
}

// join makes text stand before raw in mem, if it can. No bytes are copied.
func (w *window) join() bool {
	switch {
	case len(w.text) == 0:
		w.m.Reset(w.offset)
	case !w.verbatim() || !w.joined && w.lender == nil:
		w.own()
		return false
	}
	w.text, w.joined = w.mem[w.at-len(w.text):w.at:w.at], true
	return true
}

// own makes text stand for itself, where it can grow.
func (w *window) own() {
	if w.joined {
		w.text, w.joined = append(w.room[:0], w.text...), false
		w.room = w.text[:0]
	}
}

// ended reports whether raw is all that is left.
func (w *window) ended() bool { return w.err != nil }

// decode turns raw into text as far as it can.
func (w *window) decode() {
	if !w.joined {
		w.text = append(w.room[:0], w.text...) // where it can grow
	}
	w.transcribe()
	if !w.joined {
		w.room = w.text[:0]
	}
}

func (w *window) transcribe() {
	for {
		if !w.decided && !w.decide() {
			return
		}
		from := len(w.text)
		if w.dec.Charset == charset.UTF8 {
			if n, ok, controls := charset.Read(w.raw, w.ended()); !controls || w.shift() < 0 {
				w.take(n)
				if w.foreign += int64(n); ok {
					w.advance(n)
					return
				}
				if !w.rejudge(from, n) {
					w.replace(n)
				}
				continue
			}
		}
		raw, last := w.raw, w.ended()
		if k := w.shift(); k == 0 {
			w.choose(charset.Guess{Charset: charset.ISO2022JP, Sure: 1})
		} else if k > 0 {
			raw, last = raw[:k], true
		}
		if w.dec.Charset == charset.Latin1 {
			k := highRun(raw)
			if k == 0 && w.rejudge(from, 0) {
				continue
			}
			if k == 0 {
				lines, _ := stretch(raw)
				k = len(lines)
			}
			raw = raw[:k]
		}
		w.own()
		out, n, ok := w.dec.Decode(w.text, raw, w.offset, last, &w.m)
		w.text = out
		if w.decided {
			w.foreign += int64(n)
		}
		if ok {
			w.advance(n)
			if len(raw) < len(w.raw)+n {
				continue
			}
			return
		}
		if !w.rejudge(from, n) {
			w.replace(n)
		}
	}
}

// take makes the first n bytes of raw text, as they are.
func (w *window) take(n int) {
	if n == 0 {
		return
	}
	if w.join() {
		w.text = w.mem[w.at-len(w.text) : w.at+n : w.at+n]
		return
	}
	w.m.Step(len(w.text), w.offset, 1, 1)
	w.text = append(w.text, w.raw[:n]...)
}

// highRun returns where in b three bytes beyond ASCII stand together, which
// they seldom do in Western text, len(b) if nowhere.
func highRun(b []byte) int {
	for i := 2; i < len(b); i += 3 {
		if b[i] < 0x80 {
			continue
		}
		from, to := i, i+1
		for from > 0 && b[from-1] >= 0x80 {
			from--
		}
		for to < len(b) && b[to] >= 0x80 {
			to++
		}
		if to-from >= 3 {
			return from
		}
	}
	return len(b)
}

// shift returns where in raw an escape sequence of ISO-2022-JP stands while
// another encoding of single bytes is in force, -1 if none does.
func (w *window) shift() int {
	if w.dec.Charset != charset.UTF8 && w.dec.Charset != charset.CP932 && w.dec.Charset != charset.EUCJP {
		return -1
	}
	const longest = 4
	end := w.offset + int64(len(w.raw))
	if w.calm >= end-longest {
		return -1
	}
	k := charset.Escape(w.raw)
	if k < 0 {
		w.calm = end - longest
	}
	return k
}

// advance drops the first n bytes of raw.
func (w *window) advance(n int) {
	w.offset += int64(n)
	w.at += n
	w.raw = w.raw[n:]
}

// decide looks for the encoding. It takes over the ASCII that comes first, and
// reports false if there is nothing else.
func (w *window) decide() bool {
	if !w.started {
		w.started = true
		if w.hint == "" {
			w.hint = declared(w.raw)
		}
		g := charset.Detect(w.raw, w.ended(), true, w.hint)
		if g.Mark > 0 || g.Charset != charset.UTF8 && plain(w.raw) < charset.SampleSize/2 {
			if g.Charset == charset.Latin1 {
				g = w.detect(w.raw)
			}
			w.choose(g)
			return true
		}
	}
	n := plain(w.raw)
	all := n == len(w.raw)
	w.keep(n)
	if all {
		return false
	}
	if len(w.raw) < charset.SampleSize {
		w.read()
	}
	w.choose(w.detect(w.raw))
	return true
}

// detect judges what raw begins with. Where the whole of it reads well in no
// Japanese encoding, it may be in two: the first lines are asked alone.
func (w *window) detect(raw []byte) charset.Guess {
	g := charset.Detect(raw, w.ended(), false, w.hint)
	if g.Charset == charset.Latin1 || g.Sure < charset.Doubtful {
		lines, whole := stretch(raw)
		if first := charset.Detect(lines, whole || w.ended(), false, w.hint); first.Sure > 0.7 {
			first.Ambiguous = false
			return first
		}
	}
	return g
}

// keep takes n bytes of ASCII over as text.
func (w *window) keep(n int) {
	w.take(n)
	w.advance(n)
}

// choose takes up an encoding, dropping its byte order mark.
func (w *window) choose(g charset.Guess) {
	w.decided = true
	w.dec = charset.Decoder{Charset: g.Charset}
	w.unsure = w.unsure || g.Sure < 2*charset.Doubtful
	w.advance(g.Mark)
	if w.Format == "" {
		w.Format = g.Charset.String()
	} else if !bytes.Contains([]byte(w.Format), []byte(g.Charset.String())) {
		w.Format += "+" + g.Charset.String()
	}
	if g.Ambiguous && w.ended() && len(w.raw) <= charset.SampleSize && len(w.doubtful) == 0 {
		w.second, w.doubtful = g.Other, bytes.Clone(w.raw)
	}
}

// rejudge looks at the encoding again, as the byte at n of raw is not valid in
// it and text from offset from on was read in it. It reports whether another
// one is in force now; the line is then read again from its start.
func (w *window) rejudge(from, n int) bool {
	// A bound on the work that bad bytes can cause: a few times anywhere,
	// then the less often the less it helps.
	if w.judged >= 8 && w.offset+int64(n) < w.next {
		return false
	}
	w.judged++
	w.wait = min(max(2*w.wait, charset.SampleSize), 16*charset.SampleSize)
	w.next = w.offset + int64(n) + w.wait
	back := n
	if k := bytes.LastIndexByte(w.text[from:], '\n'); k >= 0 {
		from += k + 1
	}
	if len(w.text) > from {
		back = int(w.m.Origin(from) - w.offset)
	}
	if w.dec.Charset == charset.UTF16LE || w.dec.Charset == charset.UTF16BE || back < 0 || back > n {
		back = n
	}
	sample, whole := stretch(w.raw[back:])
	g := charset.Detect(sample, whole || w.ended(), false, w.hint)
	if g.Charset == w.dec.Charset || g.Sure < charset.Doubtful {
		return false
	}
	if back < n {
		w.text = w.text[:from]
		w.m.Cut(from)
	}
	w.advance(back)
	w.choose(g)
	w.wait, w.next = 0, w.offset+charset.SampleSize/8
	return true
}

// stretch returns some lines at b's start, and whether it ends with one.
func stretch(b []byte) ([]byte, bool) {
	const enough, most = 128, 1024
	if len(b) > enough {
		if k := bytes.IndexByte(b[enough:min(len(b), most)], '\n'); k >= 0 {
			return b[:enough+k+1], true
		}
	}
	return b[:min(len(b), most)], false
}

// replace puts U+FFFD for what is not valid at n of raw.
func (w *window) replace(n int) {
	w.advance(n)
	skip := 1
	switch w.dec.Charset {
	case charset.UTF16LE, charset.UTF16BE:
		skip = 2
	case charset.UTF32LE, charset.UTF32BE:
		skip = 4
	}
	skip = min(skip, len(w.raw))
	if skip > 0 {
		w.own()
		w.m.Step(len(w.text), w.offset, 3, skip)
		w.text = append(w.text, "\ufffd"...)
		w.advance(skip)
		w.invalid += int64(skip)
		w.foreign += int64(skip)
	}
}

// garbled reports whether so much was not valid that the text cannot be said to
// have been read.
func (w *window) garbled() bool { return w.unsure || w.invalid*50 > w.foreign }

// plain returns the length of the ASCII at b's start that is no ISO-2022-JP.
func plain(b []byte) int {
	n := charset.ASCIIPrefix(b)
	if k := bytes.IndexByte(b[:n], 0x1b); k >= 0 {
		return k
	}
	return n
}

// declared returns the charset that markup names itself.
func declared(head []byte) string {
	if head = head[:min(len(head), 1024)]; bytes.IndexByte(head, '<') < 0 {
		return ""
	}
	for rest := head; ; {
		k := bytes.IndexByte(rest, '=')
		if k < 0 {
			return ""
		}
		before := bytes.TrimRight(rest[:k], " \t\r\n")
		rest = rest[k+1:]
		if endsFold(before, "charset") || endsFold(before, "encoding") {
			name := bytes.TrimLeft(rest, " \t\r\n")
			if len(name) > 0 && (name[0] == '"' || name[0] == '\'') {
				name = name[1:]
			}
			n := 0
			for n < len(name) && n < 20 && (isNameStart(name[n]) && name[n] < 0x80 || name[n]-'0' < 10 || name[n] == '-') {
				n++
			}
			if n >= 3 {
				return string(name[:n])
			}
		}
	}
}

// endsFold reports whether b ends with word, in whatever case.
func endsFold(b []byte, word string) bool {
	return len(b) >= len(word) && strings.EqualFold(string(b[len(b)-len(word):]), word)
}

// fault tells why the body ended, if not at its end.
func (w *window) fault() error {
	if w.err == io.EOF {
		return nil
	}
	return w.err
}
