package decode

import (
	"bufio"
	"context"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// recoding appends to dst what the bytes at the start of src stand for and tells
// how many it took. Unless last is set there is more behind src; what may go on
// there is to be left.
type recoding func(dst, src []byte, last bool) (out []byte, used int)

// recoder reads a body through a step.
type recoder struct {
	src  *bufio.Reader
	step recoding
	out  []byte // made, not read yet
	dst  []byte // holds out
}

func (r *recoder) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		b, err := r.src.Peek(part.HeadSize)
		if len(b) == 0 {
			return 0, err
		}
		var used int
		r.dst, used = r.step(r.dst[:0], b, err != nil)
		if used == 0 { // it would wait for ever
			r.dst, used = append(r.dst[:0], b[0]), 1
		}
		r.out = r.dst
		r.src.Discard(used)
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// recode hands on p as a nested part, read through the step that choose names by
// the start of the body; without one, as it stands.
func recode(ctx context.Context, choose func(head []byte) (string, recoding), p *part.Part, e part.Emitter, b *part.Budget) error {
	src := buffers.Get().(*bufio.Reader)
	src.Reset(p.Body)
	defer func() { src.Reset(nil); buffers.Put(src) }()
	head, _ := src.Peek(part.HeadSize)
	name, s := choose(head)
	if s == nil {
		s = asItStands
	}
	e.Format(name, "")
	m := part.NewMeter(ctx, b, name, &recoder{src: src, step: s})
	if err := e.Child(part.Part{Path: "decoded", Name: p.Name, Role: p.Role, Body: m, Size: -1}); err != nil {
		return err
	}
	if err := part.Drain(ctx, b, m); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	return nil
}

func asItStands(dst, src []byte, _ bool) ([]byte, int) { return append(dst, src...), len(src) }

// through is what b stands for, read through a recoding. What b ends within is
// left out, unless b is all there is.
func through(r recoding, b []byte, whole bool) []byte {
	out := make([]byte, 0, len(b)/2+utf8.UTFMax) // as much as most take
	for len(b) > 0 {
		var used int
		if out, used = r(out, b, whole); used == 0 {
			break
		}
		b = b[used:]
	}
	return out
}
