package extract

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// tarArchive reads tar in its usual forms (POSIX.1-2001 pax, ustar, GNU, V7).
type tarArchive struct{}

func (tarArchive) Name() string { return "tar" }

// Match looks at the checksum of the first header, which all forms have.
func (tarArchive) Match(p *part.Part, head []byte) bool {
	if len(p.Encodings) > 0 || !p.Role.Content() || len(head) < 512 || head[0] == 0 {
		return false
	}
	field := string(bytes.Trim(head[148:156], " \x00"))
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	var sum int64
	for i, c := range head[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	return sum == want
}

func (tarArchive) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("tar", "")
	// Sparse members are larger than what is stored: the meter sees to them.
	r := tar.NewReader(p.Body)
	var list names
	for {
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return part.Stop(ctx, e, part.Decoding("tar", err), true)
		}
		name := decodeName([]byte(h.Name))
		if err := list.add(e, name); err != nil {
			return err
		}
		if h.Linkname != "" {
			if err := list.add(e, decodeName([]byte(h.Linkname))); err != nil {
				return err
			}
		}
		if h.Size == 0 || strings.HasSuffix(name, "/") {
			continue
		}
		body := part.NewMeter(ctx, b, "tar", r)
		if err := e.Child(part.Part{Path: name, Name: name, Body: body, Size: h.Size}); err != nil {
			return err
		}
		if body.Err() == nil {
			part.Drain(ctx, b, body) // its error is the meter's
		}
		if body.Err() != nil && body.Err() != io.EOF {
			return part.Stop(ctx, e, body.Err(), true)
		}
	}
	if err := list.flush(e); err != nil {
		return err
	}
	return rest(ctx, p.Body, e)
}

// rest hands on what stands behind the end of an archive, unless it is padding.
func rest(ctx context.Context, r io.Reader, e part.Emitter) error {
	var buf [4096]byte
	for {
		n, err := r.Read(buf[:])
		if behind := bytes.TrimLeft(buf[:n], "\x00"); len(behind) > 0 {
			return e.Child(part.Part{Path: "trailing data", Body: io.MultiReader(bytes.NewReader(behind), r), Size: -1})
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return part.Stop(ctx, e, err, true)
		}
	}
}
