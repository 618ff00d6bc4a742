package isolate

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Limits of a process.
const (
	// softMemory is where the collector works harder, hardMemory where the
	// process ends itself.
	softMemory = 512 << 20
	hardMemory = 1 << 30
	// grownMemory is from where a process is not used again.
	grownMemory = 256 << 20
)

// Serve is the process: it reads parts by readers, one after the other, until in
// ends. in and out are the two ends of pipes to the parent.
func Serve(readers []part.Reader, in io.Reader, out io.Writer) error {
	confine()
	debug.SetMemoryLimit(softMemory)
	go guardMemory()
	c := newConn(in, out)
	for {
		kind, data, err := c.receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var r request
		if kind != kindRead || decode(data, &r) != nil || r.Reader < 0 || r.Reader >= len(readers) {
			return errProtocol
		}
		if err := read(&c, readers[r.Reader], &r); err != nil {
			return err
		}
	}
}

// read serves one request. Errors are of the connection.
func read(c *conn, r part.Reader, q *request) error {
	b := q.Share.Budget()
	p := q.Part.part()
	body := &remoteBody{c: c}
	if p.Body = body; q.Seekable {
		p.Body = seekableBody{body}
	}
	e := &emitter{c: c, b: b}
	err := r.Read(context.Background(), &p, e, b)
	if e.lost != nil {
		return e.lost
	}
	if body.broken != nil {
		return body.broken
	}
	d := done{Share: b.Share(), Retire: memory() > grownMemory}
	if err != nil {
		reason, detail := part.ReasonOf(err)
		d.Reason, d.Detail, d.Exhausted = string(reason), detail, errors.Is(err, part.ErrBudget)
	}
	return c.sendJSON(kindDone, d)
}

// emitter sends what a reader emits to the parent.
type emitter struct {
	c    *conn
	b    *part.Budget
	lost error
}

// Text implements part.Emitter.
func (e *emitter) Text(t part.Text) error {
	const most = maxMessage - textHead - 1<<16
	for len(t.Bytes) > most { // no reader does that
		first := t
		first.Bytes, t.Bytes, t.Map = t.Bytes[:most], t.Bytes[most:], nil
		if err := e.Text(first); err != nil {
			return err
		}
	}
	if e.lost == nil {
		e.lost = e.c.sendText(t)
	}
	if e.lost == nil {
		_, e.lost = e.answer(nil)
	}
	return e.lost
}

// answer serves the parent's questions for bytes of p until it says go on.
func (e *emitter) answer(p *part.Part) ([]byte, error) {
	for {
		kind, data, err := e.c.receive()
		if err != nil {
			return nil, err
		}
		switch {
		case kind == kindGo:
			return data, nil
		case kind == kindBytes && p != nil && p.Body != nil:
			err = e.c.sendBytes(p.Body, data)
		case kind == kindAt && p != nil:
			at, ok := p.Body.(io.ReaderAt)
			if !ok {
				return nil, errProtocol
			}
			err = e.c.sendAt(at, data)
		default:
			err = errProtocol
		}
		if err != nil {
			return nil, err
		}
	}
}

// Child implements part.Emitter.
func (e *emitter) Child(p part.Part) error {
	if e.lost != nil {
		return e.lost
	}
	_, seekable := p.Body.(io.ReaderAt)
	d := child{Part: describe(&p), Seekable: seekable && p.Size > 0, Empty: p.Body == nil, Share: e.b.Share()}
	if e.lost = e.c.sendJSON(kindChild, d); e.lost != nil {
		return e.lost
	}
	data, err := e.answer(&p)
	if err == nil {
		var s part.Share
		if err = decode(data, &s); err == nil {
			e.b.Join(s)
		}
	}
	e.lost = err
	return err
}

// Format implements part.Emitter.
func (e *emitter) Format(name, charset string) {
	if e.lost == nil {
		e.lost = e.c.sendJSON(kindFormat, [2]string{name, charset})
	}
}

// Skip implements part.Emitter.
func (e *emitter) Skip(why part.Reason, partly bool, detail string) {
	if e.lost == nil {
		e.lost = e.c.sendJSON(kindSkip, skip{string(why), partly, detail})
	}
}

// memory is how much the process uses.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// guardMemory ends the process when it uses too much.
func guardMemory() {
	for range time.Tick(50 * time.Millisecond) {
		if memory() > hardMemory {
			os.Exit(3)
		}
	}
}
