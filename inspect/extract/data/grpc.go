package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// grpc reads the frames of gRPC, gRPC-Web and Connect streams: a flag, a length
// of four bytes, a message, which is a nested part.
type grpc struct{}

func (grpc) Name() string { return "grpc" }

// Flags of a frame.
const (
	frameCompressed = 0x01
	frameTrailer    = 0x80 // gRPC-Web
)

func (grpc) Match(p *part.Part, head []byte) bool {
	if !content(p) {
		return false
	}
	kind := mediaKind(p.MediaType)
	if strings.HasPrefix(kind, "application/grpc-web-text") {
		return true
	}
	if !strings.HasPrefix(kind, "application/grpc") && !strings.HasPrefix(kind, "application/connect+") {
		return false
	}
	return len(head) >= 5 && head[0]&^(frameCompressed|frameTrailer|2) == 0
}

func (grpc) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("grpc", "")
	kind := mediaKind(p.MediaType)
	if web, ok := strings.CutPrefix(kind, "application/grpc-web-text"); ok {
		return e.Child(part.Part{Path: "frames", MediaType: "application/grpc-web" + web, Encodings: []string{"base64"}, Body: p.Body, Size: -1})
	}
	inner := "application/x-protobuf"
	if _, suffix, ok := strings.Cut(kind, "+"); ok && suffix != "proto" {
		inner = "application/" + suffix
	}
	src, release := open(p)
	defer release()
	for n := 1; ; n++ {
		head, err := src.Peek(5)
		if len(head) == 0 && err == io.EOF {
			return nil
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return part.Stop(ctx, e, err, true)
		}
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		flag, size := head[0], int64(binary.BigEndian.Uint32(head[1:]))
		src.Discard(5)
		body := &io.LimitedReader{R: src, N: size}
		c := part.Part{Path: "message " + strconv.Itoa(n), MediaType: inner, Body: body, Size: -1}
		if ahead, _ := src.Peek(2); flag&frameCompressed != 0 && bytes.HasPrefix(ahead, []byte("\x1f\x8b")) {
			c.Encodings = []string{"gzip"}
		}
		if flag&frameTrailer != 0 {
			c.Path, c.MediaType, c.Role = "trailer", "", part.Header
		}
		if size == 0 {
			continue
		}
		if err := e.Child(c); err != nil {
			return err
		}
		if err := part.Drain(ctx, b, body); err != nil {
			return part.Stop(ctx, e, err, true)
		}
		if body.N > 0 {
			e.Skip(part.Truncated, true, "a message is shorter than told")
			return nil
		}
	}
}
