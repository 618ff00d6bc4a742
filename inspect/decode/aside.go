package decode

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// asides hands on what stands beside the data of an encoding and what programs
// pass over: the extra field, name and comment in the header of gzip (RFC 1952,
// section 2.3), and the skippable frames before those of Zstandard and LZ4 (RFC
// 8878, section 3.1.2).
func asides(ctx context.Context, name string, src *bufio.Reader, e part.Emitter, b *part.Budget) error {
	if name == "gzip" {
		if beside := besideGzip(src); len(beside) > 0 {
			return e.Child(part.Part{Path: "header", Role: part.Field, Body: newBytesReader(beside), Size: int64(len(beside))})
		}
		return nil
	}
	for {
		head, _ := src.Peek(8)
		if len(head) < 8 || head[0]&0xf0 != 0x50 || string(head[1:4]) != "\x2a\x4d\x18" {
			return nil
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		src.Discard(8)
		body := io.LimitReader(src, size)
		if size > 0 {
			if err := e.Child(part.Part{Path: "skippable frame", Body: body, Size: -1}); err != nil {
				return err
			}
		}
		if err := part.Drain(ctx, b, body); err != nil {
			return part.Stop(ctx, e, err, true)
		}
	}
}

// besideGzip returns what of a gzip header is neither fixed nor a usual name.
func besideGzip(src *bufio.Reader) []byte {
	const (
		extraFlag, nameFlag, commentFlag = 4, 8, 16
		usualName                        = 200
	)
	head, _ := src.Peek(10)
	if len(head) < 10 || head[3]&(extraFlag|nameFlag|commentFlag) == 0 {
		return nil
	}
	flags := head[3]
	all, _ := src.Peek(src.Size())
	rest := all[10:]
	var beside []byte
	if flags&extraFlag != 0 && len(rest) >= 2 {
		n := min(2+int(binary.LittleEndian.Uint16(rest)), len(rest))
		for extra := rest[2:n]; len(extra) > 4; { // subfields
			k := min(4+int(binary.LittleEndian.Uint16(extra[2:])), len(extra))
			beside = append(append(beside, extra[4:k]...), '\n')
			extra = extra[k:]
		}
		rest = rest[n:]
	}
	for _, f := range []byte{nameFlag, commentFlag} {
		if flags&f == 0 {
			continue
		}
		k := bytes.IndexByte(rest, 0)
		if k < 0 {
			k = len(rest)
		}
		if f == commentFlag || k > usualName {
			beside = append(append(beside, rest[:k]...), '\n')
		}
		rest = rest[min(k+1, len(rest)):]
	}
	return bytes.TrimSpace(beside)
}
