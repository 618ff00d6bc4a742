package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// ar reads the archives of ar(1), with the long names of GNU and BSD: libraries,
// and the packages of Debian.
type ar struct{}

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	maxArIDs = 1 << 20 // of the table of long names
)

func (ar) Name() string { return "ar" }

// Starts implements part.Marked.
func (ar) Starts() string { return arMagic[:1] }

func (ar) Match(p *part.Part, head []byte) bool {
	return document(p) && bytes.HasPrefix(head, []byte(arMagic)) && (len(head) == len(arMagic) ||
		len(head) >= len(arMagic)+arHeader && string(head[len(arMagic)+58:len(arMagic)+60]) == "`\n")
}

var errArHeader = errors.New("header of a member")

func (ar) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("ar", "")
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	src.Discard(len(arMagic))
	set := member.Open(ctx, e, b, "ar")
	var long []byte
	for {
		if alive, err := set.Alive(); !alive {
			return err
		}
		head, err := src.Peek(arHeader)
		if len(head) == 0 && err == io.EOF {
			return set.Close()
		}
		size, bad := strconv.ParseInt(arField(head, 48, 58), 10, 64)
		if err == nil && (string(head[58:]) != "`\n" || bad != nil || size < 0) {
			// No member any more.
			if err := set.Close(); err != nil {
				return err
			}
			return member.Trailing(ctx, e, src)
		}
		if err != nil {
			return errors.Join(set.Stop(err), set.Close())
		}
		name := strings.TrimRight(arField(head, 0, 16), " ")
		src.Discard(arHeader)
		body := &io.LimitedReader{R: src, N: size}
		switch {
		case name == "//":
			if size > maxArIDs {
				return errors.Join(set.Stop(errArHeader), set.Close())
			}
			long, _ = io.ReadAll(body)
		case name == "/" || name == "/SYM64/" || name == "__.SYMDEF":
			// the symbols of a library: names of functions
		default:
			name, fault := arName(name, long, body)
			if fault == nil {
				if err := set.Name(name); err != nil {
					return err
				}
				if _, err := set.Hand(name, body, body.N); err != nil {
					return err
				}
			}
		}
		if err := part.Drain(ctx, b, body); err != nil {
			return errors.Join(set.Stop(err), set.Close())
		}
		if body.N > 0 {
			return errors.Join(set.Stop(io.ErrUnexpectedEOF), set.Close())
		}
		if c, _ := src.Peek(1); size%2 == 1 && len(c) == 1 && c[0] == '\n' {
			src.Discard(1)
		}
	}
}

func arField(head []byte, from, to int) string {
	return strings.TrimSpace(string(head[min(from, len(head)):min(to, len(head))]))
}

// arName resolves the forms of long names: an offset into a table (GNU), or the
// first bytes of the contents (BSD).
func arName(name string, long []byte, body io.Reader) (string, error) {
	if k, ok := strings.CutPrefix(name, "#1/"); ok {
		n, err := strconv.Atoi(k)
		if err != nil || n < 0 || n > 1<<16 {
			return name, nil
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(body, b); err != nil {
			return "", io.ErrUnexpectedEOF
		}
		return member.DecodeName(bytes.TrimRight(b, "\x00")), nil
	}
	if k, ok := strings.CutPrefix(name, "/"); ok {
		if at, err := strconv.Atoi(k); err == nil && at >= 0 && at < len(long) {
			line, _, _ := bytes.Cut(long[at:], []byte("\n"))
			return member.DecodeName(bytes.TrimSuffix(line, []byte("/"))), nil
		}
	}
	return member.DecodeName([]byte(strings.TrimSuffix(name, "/"))), nil
}
