package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// grpc reads the frames of gRPC, gRPC-Web and Connect streams: a flag, a length
// of four bytes, a message, which is a nested part. Small messages that follow one
// another are one part together: a record may lie over several, and a stream may
// have very many.
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
	run := together{json: strings.HasSuffix(inner, "json")}
	for n := 1; ; n++ {
		head, err := src.Peek(5)
		if len(head) == 0 && err == io.EOF {
			return run.end(e)
		}
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if over := run.end(e); over != nil {
				return over
			}
			return part.Stop(ctx, e, err, true)
		}
		if over := b.Spend(ctx, 0); over != nil {
			return part.Stop(ctx, e, over, true)
		}
		flag, size := head[0], int64(binary.BigEndian.Uint32(head[1:]))
		src.Discard(5)
		if size == 0 {
			continue
		}
		if flag == 0 && size <= smallMessage {
			if m, _ := src.Peek(int(size)); int64(len(m)) == size {
				took, err := run.take(e, m, n)
				if err != nil {
					return err
				}
				if took {
					src.Discard(len(m))
					continue
				}
			}
		}
		if err := run.end(e); err != nil {
			return err
		}
		body := &io.LimitedReader{R: src, N: size}
		c := part.Part{Path: "message " + strconv.Itoa(n), MediaType: inner, Body: body, Size: -1}
		if flag&frameCompressed != 0 {
			switch ahead, _ := src.Peek(int(min(size, 64))); {
			case bytes.HasPrefix(ahead, []byte("\x1f\x8b")):
				c.Encodings = []string{"gzip"}
			case !compression(ahead):
				e.Skip(part.DecodeError, true, "a message is compressed in an unknown way")
			}
		}
		if flag&frameTrailer != 0 {
			c.Path, c.MediaType, c.Role = "trailer", "", part.Header
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

// Bounds of messages that are one part together.
const (
	smallMessage = 4 << 10 // what a buffered reader can show at once
	togetherSize = 256 << 10
)

// compression tells whether a compressed message begins as one of those that can be
// read.
func compression(head []byte) bool {
	for _, c := range codec.Found() {
		if c.Match(head) {
			return true
		}
	}
	var some [8]byte
	_, ok := codec.Glimpse(some[:], head)
	return ok
}

// together are small messages, as lines of JSON, or as lines of text if each holds
// nothing but one.
type together struct {
	json        bool // they are in JSON, not in Protocol Buffers
	texts       bool // all hold nothing but one
	all         []byte
	first, last int // their numbers
}

// take takes message number n; false if it can only be read by itself.
func (t *together) take(e part.Emitter, m []byte, n int) (bool, error) {
	if len(t.all) < togetherSize && t.add(m, n) {
		return true, nil
	}
	if err := t.end(e); err != nil {
		return false, err
	}
	return t.add(m, n), nil
}

// add takes message number n; false if it can only be read by itself, or not with
// those before it.
func (t *together) add(m []byte, n int) bool {
	text := []byte(nil)
	switch {
	case t.json:
		if !json.Valid(m) {
			return false
		}
		t.all = append(t.all, bytes.ReplaceAll(m, []byte("\n"), []byte(" "))...)
	default:
		text = onlyText(m)
		if t.first > 0 && t.texts != (text != nil) {
			return false
		}
		if text != nil {
			t.all = append(t.all, text...)
			break
		}
		w := wire{out: t.all}
		if !w.message(m, 0) {
			return false
		}
		t.all = w.out
	}
	if t.all = append(t.all, '\n'); t.first == 0 {
		t.first, t.texts = n, text != nil
	}
	t.last = n
	return true
}

// onlyText is the text of a message of Protocol Buffers that holds nothing else; nil
// for any other.
func onlyText(m []byte) []byte {
	tag, n := uvarint(m)
	size, k := uvarint(m[n:])
	if n == 0 || k == 0 || tag&7 != 2 || tag < 8 || size == 0 || size != uint64(len(m)-n-k) || !readable(m[n+k:]) {
		return nil
	}
	return m[n+k:]
}

// end hands on what there is.
func (t *together) end(e part.Emitter) error {
	if len(t.all) == 0 {
		return nil
	}
	path := "message " + strconv.Itoa(t.first)
	if t.last > t.first {
		path = "messages " + strconv.Itoa(t.first) + " to " + strconv.Itoa(t.last)
	}
	media := "application/x-ndjson"
	if t.texts {
		media = "text/plain; charset=utf-8"
	}
	c := child(path, media, t.all)
	t.all, t.first = nil, 0
	return e.Child(c)
}
