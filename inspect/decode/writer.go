package decode

import (
	"context"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// writer gathers text made from a window's and hands it on in blocks. What it
// puts for a stretch of the window's text leads back to that stretch.
type writer struct {
	e      part.Emitter
	layout part.Layout
	from   *normal.Map // of the window's text
	buf    []byte
	m      normal.Map
	spare  []byte
	err    error // of the emitter; sticks
}

var writers = sync.Pool{New: func() any { return &writer{buf: make([]byte, 0, blockSize)} }}

// openWriter starts a writer. Close it when done.
func openWriter(e part.Emitter, w *window, layout part.Layout) *writer {
	o := writers.Get().(*writer)
	o.e, o.layout, o.from, o.err = e, layout, &w.m, nil
	o.buf = o.buf[:0]
	o.m.Reset(w.m.Origin(0))
	return o
}

func (o *writer) Close() {
	o.e, o.from = nil, nil
	writers.Put(o)
}

// direct is the size from which text is handed on as it stands in the window, not
// copied to be joined with what comes next; with what came before it is joined, as
// small pieces cost as much as large ones.
const direct = 4 << 10

// copy takes over text, which stands at offset at of the window.
func (o *writer) copy(text []byte, at int) {
	for len(text) > 0 && o.err == nil {
		n := len(text)
		if n >= direct && len(o.buf) == 0 {
			if n = min(n, blockSize); n < len(text) {
				n = normal.Border(text[:n])
			}
			o.m.Reset(o.from.Origin(at))
			o.m.Copy(0, o.from, at, n)
			o.text(text[:n])
			o.m.Reset(0)
			text, at = text[n:], at+n
			continue
		}
		if free := blockSize - len(o.buf); n > free {
			if n = free; n < len(text) {
				n = normal.Border(text[:max(n, 1)])
			}
			if n == 0 || n > free {
				o.flush()
				continue
			}
		}
		o.m.Copy(len(o.buf), o.from, at, n)
		o.buf = append(o.buf, text[:n]...)
		text, at = text[n:], at+n
		if n >= direct { // what comes next need not be copied
			o.flush()
		}
	}
}

// put writes s for the n bytes at offset at of the window.
func (o *writer) put(s string, at, n int) {
	if len(s) == 0 {
		return
	}
	if len(o.buf)+len(s) > blockSize {
		o.flush()
	}
	o.m.Unit(len(o.buf), len(s), o.from, at, n)
	o.buf = append(o.buf, s...)
}

// putEscapes writes what wideEscapes makes of b, which stands at offset at of the
// window, and returns how much of b it is.
func (o *writer) putEscapes(b []byte, at int) (n int) {
	if !o.from.Identity() {
		return 0
	}
	if len(o.buf)+3 > blockSize {
		o.flush()
	}
	free, out := (blockSize-len(o.buf))/3, len(o.buf)
	if o.buf, n = wideEscapes(o.buf, b[:min(len(b), 6*free)]); n > 0 {
		o.m.Step(out, o.from.Origin(at), 3, 6)
	}
	return n
}

// flush hands on what was gathered. The window may slide before: what leads back
// are offsets in the part.
func (o *writer) flush() error {
	if len(o.buf) > 0 && o.err == nil {
		o.text(o.buf)
	}
	o.buf = o.buf[:0]
	o.m.Reset(0)
	return o.err
}

// text hands b on, which o.m leads from.
func (o *writer) text(b []byte) {
	o.err = o.e.Text(part.Text{Bytes: b, Map: &o.m, Layout: o.layout})
	sv := surveyOf(b)
	if o.spare = percentDecoded(o.spare[:0], b, sv.signs); len(o.spare) > 0 && o.err == nil {
		o.err = o.e.Child(percentChild(o.spare))
	}
	if o.err == nil {
		o.err = veins(o.e, b, &sv)
	}
}

// child hands on a nested part, after the text before it.
func (o *writer) child(p part.Part) error {
	if o.flush() == nil {
		o.err = o.e.Child(p)
	}
	return o.err
}

// finish ends the reading of a part through w: it tells what could not be read
// and hands on the second reading of text whose encoding is in doubt.
func finish(ctx context.Context, e part.Emitter, w *window) error {
	if err := w.fault(); err != nil {
		return part.Stop(ctx, e, err, true)
	}
	if w.garbled() {
		e.Skip(part.DecodeError, true, "bytes that are not "+w.encoding())
	}
	if len(w.doubtful) > 0 {
		return e.Child(part.Part{
			Path:      "as " + w.second.String(),
			MediaType: "text/plain; charset=" + w.second.String() + "; " + readAs + "=1",
			Body:      newBytesReader(w.doubtful),
			Size:      int64(len(w.doubtful)),
		})
	}
	return nil
}
