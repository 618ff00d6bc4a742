package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/nwaples/rardecode/v2"

	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// rar reads RAR from version 1.5 to 7 (RAR 4 technote; RAR 5.0 archive format),
// as it streams in. Comments and NTFS streams are handed on like members. What is
// encrypted is read with the first of the passwords that opens something of it.
type rar struct{}

const (
	rar4Magic = "Rar!\x1a\x07\x00"
	rar5Magic = "Rar!\x1a\x07\x01\x00"
)

func (rar) Name() string { return "rar" }

// Starts implements part.Marked.
func (rar) Starts() string { return rar4Magic[:1] }

func (rar) Match(p *part.Part, head []byte) bool {
	return document(p) && (bytes.HasPrefix(head, []byte(rar4Magic)) || bytes.HasPrefix(head, []byte(rar5Magic)))
}

// buffers are large enough for the headers that programs write.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}

func (rar) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("rar", "")
	src := buffers.Get().(*bufio.Reader)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	body, password := p.Body, ""
	if len(p.Passwords) > 0 {
		var again *io.SectionReader
		if body, again = everywhere(p); again != nil {
			password = unlockRar(ctx, b, again, p.Passwords)
		}
	}
	src.Reset(body)
	r := &rarReader{set: member.Open(ctx, e, b, "rar"), blocks: newRarBlocks(src), password: password}
	r.blocks.bounded = password != ""
	if err := r.read(); err != nil {
		return err
	}
	if err := r.set.Close(); err != nil {
		return err
	}
	if err := part.Drain(ctx, b, r.blocks); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if r.blocks.volume {
		e.Skip(part.Truncated, true, "one volume of several")
	}
	return member.Trailing(ctx, e, src)
}

type rarReader struct {
	set      *member.Set
	blocks   *rarBlocks
	password string // "" if there is none
}

// openRar opens what src gives, with a password if there is one. Its checks of
// whether blocks follow one another rightly are the library's.
func openRar(src io.Reader, password string) (*rardecode.Reader, error) {
	options := []rardecode.Option{rardecode.MaxDictionarySize(codec.MaxWindow)}
	if password != "" {
		options = append(options, rardecode.Password(password))
	}
	r, err := rardecode.NewReader(src, options...)
	return r, reasonRar(err)
}

func (r *rarReader) read() error {
	archive, err := openRar(r.blocks, r.password)
	if err != nil {
		return r.set.Stop(err)
	}
	for {
		if alive, err := r.set.Alive(); !alive {
			return err
		}
		h, err := archive.Next()
		if err == io.EOF {
			return r.services()
		}
		if err != nil {
			return errors.Join(r.set.Stop(reasonRar(err)), r.services())
		}
		if err := r.member(h, archive); err != nil {
			return err
		}
	}
}

func (r *rarReader) member(h *rardecode.FileHeader, body io.Reader) error {
	name := h.Name
	if !utf8.ValidString(name) {
		name = member.DecodeName(unslashed(name))
	}
	if err := r.set.Name(name); err != nil {
		return err
	}
	if err := r.set.Name(strings.ToValidUTF8(h.LinkTarget, "\ufffd")); err != nil {
		return err
	}
	switch {
	case h.IsDir:
		return nil
	case (h.Encrypted || h.HeaderEncrypted) && r.password == "":
		return r.set.Miss(name, part.Encrypted, "")
	case h.UnPackedSize == 0, h.PackedSize == 0: // the latter is a link, or the same as another member
		return nil
	}
	size := h.UnPackedSize
	if h.UnKnownSize {
		size = -1
	}
	_, err := r.set.Hand(name, rarBody{codec.Guarded(body)}, size)
	return err
}

// unslashed undoes what the library makes of the second bytes of CP932 that look
// like a backslash: it has made slashes of them, which no second byte is.
func unslashed(name string) []byte {
	b := []byte(name)
	for i := 0; i+1 < len(b); i++ {
		if c := b[i]; c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc {
			if i++; b[i] == '/' {
				b[i] = '\\'
			}
		}
	}
	return b
}

// services hands on comments and streams.
func (r *rarReader) services() error {
	for range min(r.blocks.refused, maxRarServices) {
		if err := r.set.Miss("", part.Encrypted, "a key takes too many rounds"); err != nil {
			return err
		}
	}
	for _, s := range r.blocks.services {
		archive, err := openRar(bytes.NewReader(s.archive), r.password)
		var h *rardecode.FileHeader
		if err == nil {
			h, err = archive.Next()
		}
		switch {
		case err != nil:
			reason, detail := part.ReasonOf(part.Decoding("rar", reasonRar(err)))
			err = r.set.Miss(s.name, reason, detail)
		case h.Encrypted && r.password == "":
			err = r.set.Miss(s.name, part.Encrypted, "")
		default:
			_, err = r.set.Hand(s.name, unended(rarBody{codec.Guarded(unchecked{archive})}), -1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unended returns what r gives, without the NUL that ends the comments of RAR 5.
func unended(r io.Reader) io.Reader {
	const most = 4 << 20 // what 60 KiB make, at most, if they are a text
	b, err := io.ReadAll(io.LimitReader(r, most))
	if n := len(b) - 1; n >= 0 && bytes.IndexByte(b, 0) == n {
		b = b[:n]
	}
	if err == nil {
		return io.MultiReader(bytes.NewReader(b), r)
	}
	return io.MultiReader(bytes.NewReader(b), failing{err})
}

// failing is a reader that has come to an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// unchecked ignores a checksum that differs: older comments have one of 16 bits.
type unchecked struct{ r io.Reader }

func (u unchecked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if errors.Is(err, rardecode.ErrBadFileChecksum) {
		err = io.EOF
	}
	return n, err
}

// rarBody gives the library's errors their reasons.
type rarBody struct{ r io.Reader }

func (b rarBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	return n, reasonRar(err)
}

func reasonRar(err error) error {
	switch {
	case errors.Is(err, rardecode.ErrArchiveEncrypted):
		return &part.Fault{Reason: part.Encrypted, Detail: "names and contents of rar"}
	case errors.Is(err, rardecode.ErrArchivedFileEncrypted), errors.Is(err, rardecode.ErrBadPassword):
		return &part.Fault{Reason: part.Encrypted}
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		return codec.ErrWindow
	case errors.Is(err, rardecode.ErrMultiVolume):
		return &part.Fault{Reason: part.Truncated, Detail: "continues in another volume"}
	case errors.Is(err, rardecode.ErrUnexpectedArcEnd), errors.Is(err, rardecode.ErrShortFile):
		return io.ErrUnexpectedEOF
	case errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrUnknownVersion), errors.Is(err, rardecode.ErrUnsupportedDecoder):
		return &part.Fault{Reason: part.UnknownFormat, Detail: "method of rar"}
	}
	return err
}
