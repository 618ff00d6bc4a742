// Package ocr reads the characters in pictures by a program of others, such as
// tesseract, which gets a picture on its standard input and writes text to its
// standard output. It is slow, so it is for companies that ask for it; pictures
// over a bound, in formats that such programs do not know, or that take too long
// are told as not read, as all pictures are without it. Text in pictures is
// recognised with faults: what is found in it is found, what is not may be there
// all the same, so the picture itself still counts as not inspected.
package ocr

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/extract/image"
	"github.com/sekimori-dlp/sekimori/inspect/isolate"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Config says which program, and how much it may cost. Zero fields take the
// defaults.
type Config struct {
	Command []string      // the program and its arguments, looked up in PATH
	Bytes   int64         // size of a picture; default 8 MiB
	Time    time.Duration // for one picture; default 15 s
	Most    int           // programs at once; default half the cores, at least one
}

// leastBytes is the size below which a picture is an icon, and holds no list.
const leastBytes = 2 << 10

// maxText bounds the text of one picture.
const maxText = 1 << 20

// ErrCommand is returned by New for a Command that cannot be run.
var ErrCommand = errors.New("no such program")

// Recogniser puts the reading of pictures before other readers. It is safe for
// concurrent use.
type Recogniser struct {
	program isolate.Program
	turns   chan struct{}
	bytes   int64
}

// New finds the program.
func New(c Config) (*Recogniser, error) {
	if len(c.Command) == 0 {
		return nil, ErrCommand
	}
	path, err := exec.LookPath(c.Command[0])
	if err != nil {
		return nil, errors.Join(ErrCommand, err)
	}
	if c.Bytes == 0 {
		c.Bytes = 8 << 20
	}
	if c.Time == 0 {
		c.Time = 15 * time.Second
	}
	if c.Most == 0 {
		c.Most = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return &Recogniser{
		program: isolate.Program{Command: append([]string{path}, c.Command[1:]...), Time: c.Time, Output: maxText},
		turns:   make(chan struct{}, c.Most), bytes: c.Bytes,
	}, nil
}

// Readers returns readers with that of pictures before them. The last of them has
// to be one that takes anything.
func (r *Recogniser) Readers(readers []part.Reader) []part.Reader {
	return slices.Concat([]part.Reader{reader{r, readers}}, readers)
}

// reader reads one picture, and lets the reader have it then that would have had
// it without this one.
type reader struct {
	*Recogniser
	others []part.Reader
}

func (reader) Name() string { return "picture" }

// marks are those of the formats that programs know.
var marks = []string{"\xff\xd8\xff", "\x89PNG", "GIF8", "II*\x00", "MM\x00*", "RIFF", "BM"}

func (reader) Match(p *part.Part, head []byte) bool {
	known := slices.ContainsFunc(marks, func(m string) bool { return bytes.HasPrefix(head, []byte(m)) })
	return known && (p.Role.Content() || p.Role == part.Pixels) && len(p.Encodings) == 0 && p.MediaType != image.DataType &&
		(head[0] != 'B' || len(head) > 14 && head[6]|head[7]|head[8]|head[9] == 0)
}

func (r reader) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	file, err := io.ReadAll(io.LimitReader(p.Body, r.bytes+1))
	if err != nil {
		return part.Stop(ctx, e, err, false)
	}
	why := ""
	switch {
	case int64(len(file)) > r.bytes:
		why = "the picture is too large for characters to be recognised"
	case len(file) >= leastBytes:
		text, err := r.recognise(ctx, b, file)
		if over := b.Spend(ctx, len(text)); over != nil {
			return part.Stop(ctx, e, over, false)
		}
		if err != nil {
			why = "characters were not recognised"
		} else if len(bytes.TrimSpace(text)) > 0 {
			if err := e.Child(part.Part{Path: "characters", MediaType: "text/plain; charset=utf-8", Body: bytes.NewReader(text), Size: int64(len(text))}); err != nil {
				return err
			}
		}
	}
	if why != "" {
		e.Skip(part.UnknownFormat, true, why)
	}
	whole := *p
	if whole.Body = bytes.NewReader(file); int64(len(file)) > r.bytes {
		whole.Body = io.MultiReader(bytes.NewReader(file), p.Body)
	} else {
		whole.Size = int64(len(file))
	}
	for _, other := range r.others {
		if other.Match(&whole, file[:min(len(file), part.HeadSize)]) {
			return other.Read(ctx, &whole, e, b)
		}
	}
	e.Skip(part.UnknownFormat, false, "")
	return nil
}

// recognise waits for a turn and runs the program, within the time that the
// upload has.
func (r reader) recognise(ctx context.Context, b *part.Budget, file []byte) ([]byte, error) {
	ctx, cancel := context.WithDeadline(ctx, b.Share().Dead.Add(-spare))
	defer cancel()
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	text, err := r.program.Run(ctx, file)
	if err != nil {
		return nil, err
	}
	return closeUp(bytes.ToValidUTF8(text, []byte("?"))), nil
}

// spare is how much of an upload's time is left to the rest of it.
const spare = 5 * time.Second

// closeUp takes out the spaces that programs put between the characters of a
// Japanese word.
func closeUp(text []byte) []byte {
	out := text[:0:0]
	var before rune
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == ' ' {
			next, _ := utf8.DecodeRune(text[i+1:])
			if japanese(before) && japanese(next) {
				i++
				continue
			}
		}
		out = append(out, text[i:i+size]...)
		before = c
		i += size
	}
	return out
}

func japanese(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }
