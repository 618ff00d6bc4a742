package decode

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"math/bits"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// enclosed reads text in which files stand that were put in before MIME: in
// uuencode (POSIX), yEnc or as a PGP message. Text and files are nested parts,
// in their order.
type enclosed struct{}

func (enclosed) Name() string { return "enclosed" }

func (enclosed) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() {
		return false
	}
	kind, at := enclosure(head, true)
	return kind != nil && (at > 0 || kind != &pgpEnclosure)
}

func (enclosed) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("enclosed", "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	return inline(ctx, part.Part{Path: "text", MediaType: p.MediaType, Role: p.Role, Size: -1}, src, e, b)
}

// inline hands on text, whose Body is src, and the files enclosed in it.
func inline(ctx context.Context, text part.Part, src *bufio.Reader, e part.Emitter, b *part.Budget) error {
	r := &enclosures{src: src, line: true}
	path := text.Path
	for n := 1; ; n++ {
		text.Path, text.Body = path, r
		if n > 1 {
			text.Path = path + " " + strconv.Itoa(n)
		}
		if !r.ready() {
			break
		}
		if r.clean > 0 {
			if err := e.Child(text); err != nil {
				return err
			}
			if err := part.Drain(ctx, b, r); err != nil {
				return part.Stop(ctx, e, err, true)
			}
		}
		if r.found == nil {
			break
		}
		child, body := r.open()
		m := part.NewMeter(ctx, b, r.found.name, body)
		child.Body = m
		r.found = nil
		if err := e.Child(child); err != nil {
			return err
		}
		if err := part.Drain(ctx, b, m); err != nil {
			return part.Stop(ctx, e, err, true)
		}
	}
	if r.err != nil && r.err != io.EOF {
		return part.Stop(ctx, e, r.err, true)
	}
	return nil
}

// enclosureKind is a way to enclose a file in text.
type enclosureKind struct {
	name   string
	mark   string // that a line begins with
	begins func(line, rest []byte, whole bool) bool
	open   func(line string, src *bufio.Reader) (part.Part, io.Reader)
}

var (
	uuEnclosure   = enclosureKind{"uuencode", "begin ", uuBegins, openUU}
	uu64Enclosure = enclosureKind{"uuencode", "begin-base64 ", uu64Begins, openUU64}
	yEnclosure    = enclosureKind{"yenc", "=ybegin ", yBegins, openY}
	pgpEnclosure  = enclosureKind{"pgp", "-----BEGIN PGP MESSAGE", nil, openPGP}
	enclosureList = []*enclosureKind{&uuEnclosure, &uu64Enclosure, &yEnclosure, &pgpEnclosure, &binHexEnclosure}
)

// markPairs are like pairs: of a line end and the first byte of a mark.
var markPairs = func() (t [4][16]byte) {
	bit := byte(1)
	seen := ""
	for _, k := range enclosureList {
		c := k.mark[0]
		if strings.IndexByte(seen, c) >= 0 {
			continue
		}
		seen += string(c)
		t[0]['\n'>>4] |= bit
		t[1]['\n'&15] |= bit
		t[2][c>>4] |= bit
		t[3][c&15] |= bit
		bit <<= 1
	}
	return t
}()

// enclosure returns the first enclosure that begins in b, and where. b starts at
// a line's start if start is set.
func enclosure(b []byte, start bool) (kind *enclosureKind, at int) {
	if kind := enclosureAt(b); start && kind != nil {
		return kind, 0
	}
	i := 1
	if useVectors {
		const block, most = 64, 32
		var marks [most][2]uint64
		for len(b)-i >= block {
			blocks := min((len(b)-i)/block, most)
			pairBlocks(&b[i], blocks, &markPairs, &marks[0])
			for k := range marks[:blocks] {
				for m := marks[k][0] | marks[k][1]; m != 0; m &= m - 1 {
					at := i + k*block + bits.TrailingZeros64(m)
					if kind := enclosureAt(b[at:]); kind != nil {
						return kind, at
					}
				}
			}
			i += blocks * block
		}
	}
	for i--; i < len(b); {
		k := bytes.IndexByte(b[i:], '\n')
		if k < 0 {
			break
		}
		i += k + 1
		if kind := enclosureAt(b[i:]); kind != nil {
			return kind, i
		}
	}
	return nil, len(b)
}

// enclosureAt returns the enclosure that b begins with, nil if there is none.
func enclosureAt(b []byte) *enclosureKind {
	for _, k := range enclosureList {
		if bytes.HasPrefix(b, []byte(k.mark)) && k.at(b) {
			return k
		}
	}
	return nil
}

// at reports whether an enclosure of this kind begins with b.
func (k *enclosureKind) at(b []byte) bool {
	line, rest, whole := bytes.Cut(b, []byte("\n"))
	return k.begins == nil || k.begins(bytes.TrimRight(line, "\r"), rest, whole)
}

// enclosures reads text up to the next enclosure, then returns io.EOF.
type enclosures struct {
	src   *bufio.Reader
	line  bool // src is at the start of a line
	clean int  // bytes ahead that are text
	found *enclosureKind
	err   error
}

// enclosureHead is how much is to be seen of an enclosure to know it.
const enclosureHead = 512

// ready looks ahead, and reports false if there is nothing more.
func (r *enclosures) ready() bool {
	for r.clean == 0 && r.found == nil && r.err == nil {
		r.look()
	}
	return r.clean > 0 || r.found != nil
}

func (r *enclosures) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !r.ready() {
		return 0, r.err
	}
	if r.clean == 0 {
		return 0, io.EOF
	}
	n, _ := r.src.Read(p[:min(len(p), r.clean)])
	r.clean -= n
	return n, nil
}

func (r *enclosures) look() {
	b, err := r.src.Peek(2 * enclosureHead)
	if err == nil {
		b, _ = r.src.Peek(r.src.Buffered())
	}
	kind, at := enclosure(b, r.line)
	switch {
	case kind != nil:
		r.clean, r.found = at, kind
	case err != nil:
		if r.clean = len(b); len(b) == 0 {
			r.err = err
		}
	default: // what begins near the end cannot be known yet
		r.clean = len(b) - enclosureHead
		if k := bytes.LastIndexByte(b[:r.clean], '\n'); k >= 0 {
			r.clean = k + 1
		}
	}
	if r.clean > 0 {
		r.line = b[r.clean-1] == '\n'
	}
}

// open passes the first line of the enclosure and returns what it holds.
func (r *enclosures) open() (part.Part, io.Reader) {
	r.line = true
	if r.found == &pgpEnclosure {
		return r.found.open("", r.src)
	}
	line, _ := r.src.ReadSlice('\n')
	p, body := r.found.open(toUTF8(bytes.TrimRight(line, "\r\n"), ""), r.src)
	p.Size = -1
	if p.Path = p.Name; p.Path == "" {
		p.Path = r.found.name
	}
	return p, body
}

// uuHeader returns the file name in "begin 644 name".
func uuHeader(line string) (name string, ok bool) {
	_, rest, _ := strings.Cut(line, " ")
	mode, name, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if len(mode) < 3 || len(mode) > 6 || strings.Trim(mode, "01234567") != "" {
		return "", false
	}
	return strings.TrimSpace(name), true
}

func uuBegins(line, rest []byte, _ bool) bool {
	_, ok := uuHeader(string(line))
	if !ok {
		return false
	}
	next, _, _ := bytes.Cut(rest, []byte("\n"))
	next = bytes.TrimRight(next, "\r")
	_, ok = uuLine(nil, next)
	return ok
}

func uu64Begins(line, rest []byte, _ bool) bool {
	_, ok := uuHeader(string(line))
	next, _, _ := bytes.Cut(rest, []byte("\n"))
	_, bad := base64Share(next)
	return ok && bad == 0
}

// uuLine appends what one line stands for. Spaces at its end may be lost.
func uuLine(dst, line []byte) ([]byte, bool) {
	if len(line) == 0 {
		return dst, false
	}
	if line[0] < ' ' || line[0] > '`' {
		return dst, false
	}
	n := int(line[0]-' ') & 63
	body := line[1:]
	most := (n+2)/3*4 + 2 // a checksum may follow
	if len(body) > most || len(body) < n || n == 0 && len(bytes.TrimRight(body, " `")) > 0 {
		return dst, false
	}
	for _, c := range body {
		if c < ' ' || c > '`' {
			return dst, false
		}
	}
	at := func(i int) byte {
		if i < len(body) {
			return (body[i] - ' ') & 63
		}
		return 0
	}
	for i := 0; n > 0; i, n = i+4, n-3 {
		x := uint32(at(i))<<18 | uint32(at(i+1))<<12 | uint32(at(i+2))<<6 | uint32(at(i+3))
		dst = append(dst, []byte{byte(x >> 16), byte(x >> 8), byte(x)}[:min(n, 3)]...)
	}
	return dst, true
}

func openUU(line string, src *bufio.Reader) (part.Part, io.Reader) {
	name, _ := uuHeader(line)
	return part.Part{Name: name}, &linesOf{src: src, decode: func(dst, line []byte) (out []byte, more bool) {
		if string(bytes.TrimSpace(line)) == "end" {
			return dst, false
		}
		dst, ok := uuLine(dst, line)
		return dst, ok || len(bytes.TrimSpace(line)) == 0
	}, name: "uuencode"}
}

func openUU64(line string, src *bufio.Reader) (part.Part, io.Reader) {
	name, _ := uuHeader(line)
	lines := &linesOf{src: src, decode: func(dst, line []byte) (out []byte, more bool) {
		line = bytes.TrimSpace(line)
		return append(dst, line...), string(line) != "===="
	}, name: "uuencode"}
	return part.Part{Name: name}, &base64Reader{src: lines}
}

func yBegins(line, rest []byte, whole bool) bool {
	return bytes.Contains(line, []byte(" line=")) && bytes.Contains(line, []byte(" size="))
}

// openY reads yEnc (draft 1.3): each byte is 42 more, some behind "=".
func openY(line string, src *bufio.Reader) (part.Part, io.Reader) {
	_, name, _ := strings.Cut(line, " name=")
	return part.Part{Name: strings.TrimSpace(name)}, &linesOf{src: src, decode: func(dst, line []byte) (out []byte, more bool) {
		switch {
		case bytes.HasPrefix(line, []byte("=yend")):
			return dst, false
		case bytes.HasPrefix(line, []byte("=ypart")):
			return dst, true
		case bytes.HasPrefix(line, []byte("..")): // as news servers write it
			line = line[1:]
		}
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c == '=' && i+1 < len(line) {
				i++
				c = line[i] - 64
			}
			dst = append(dst, c-42)
		}
		return dst, true
	}, name: "yenc"}
}

// openPGP reads a PGP message in armour (RFC 9580, section 6) as it stands.
func openPGP(_ string, src *bufio.Reader) (part.Part, io.Reader) {
	return part.Part{Path: "pgp message", Size: -1}, &linesOf{src: src, keep: true, decode: func(dst, line []byte) (out []byte, more bool) {
		return append(append(dst, line...), '\n'), !bytes.HasPrefix(line, []byte("-----END PGP"))
	}, name: "pgp message"}
}

// linesOf reads what an enclosure's lines stand for, up to its last one.
type linesOf struct {
	src    *bufio.Reader
	name   string
	decode func(dst, line []byte) (out []byte, more bool)
	keep   bool // an early end is told by who reads the content
	store  []byte
	out    []byte
	err    error
}

func (r *linesOf) Read(p []byte) (int, error) {
	for len(r.out) == 0 && r.err == nil {
		line, err := r.src.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			err = nil
		}
		if len(line) == 0 && err != nil {
			if r.err = err; err == io.EOF && !r.keep {
				r.err = &part.Fault{Reason: part.Truncated, Detail: r.name + " ends early"}
			}
			break
		}
		more := false
		r.store, more = r.decode(r.store[:0], bytes.TrimRight(line, "\r\n"))
		r.out = r.store
		if !more {
			r.err = io.EOF
		}
	}
	if len(r.out) > 0 {
		n := copy(p, r.out)
		r.out = r.out[n:]
		return n, nil
	}
	return 0, r.err
}
