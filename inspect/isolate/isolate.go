// Package isolate runs the readers of complex formats in processes of their own,
// so that a parser that fails, loops or eats memory takes down neither the
// program nor another upload: its process is ended, the part is told as not read,
// with the reason, and a new process takes its place.
//
// A process is kept warm and reads one part at a time; it has no network of its
// own where the system allows that, writes no files, and may use so much memory.
// It asks its parent for the bytes of the part, and hands back text and nested
// parts, which the parent has inspected while the process waits. The contract is
// that of part.Reader, so nothing else knows where a reader runs.
//
// The process is the same program, started with the argument that Config names;
// its main calls Serve with the same readers in the same order.
package isolate

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// complex are the formats whose readers are kept apart: those with structures of
// their own in binary, compressed containers that no standard library reads, and
// the document formats built of many files.
var complexFormats = []string{
	"office", "office-xml", "ole", "xls", "doc", "rpmsg", "pdf", "rtf", "tnef", "7z", "rar", "lzh", "cab", "sqlite",
}

// Readers returns readers with those of complex formats put into processes of p.
func (p *Pool) Readers(readers []part.Reader) []part.Reader {
	out := slices.Clone(readers)
	for i, r := range out {
		if slices.Contains(complexFormats, r.Name()) {
			out[i] = remote{r, i, p}
		}
	}
	return out
}

// remote is a reader that reads elsewhere. What it reads is recognised here: that
// looks at some bytes only.
type remote struct {
	part.Reader
	index int
	pool  *Pool
}

// Starts implements part.Marked.
func (r remote) Starts() string {
	if m, ok := r.Reader.(part.Marked); ok {
		return m.Starts()
	}
	return ""
}

// grace is how long a process may go on once the time of an upload is over, to
// tell so itself.
const grace = 2 * time.Second

// Apart tells that parts are read in a process of its own.
func (remote) Apart() {}

// Read implements part.Reader.
func (r remote) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	share := b.Share()
	// Nested parts wait while those around them hold a process: not for ever.
	wait, cancel := context.WithDeadline(ctx, share.Dead)
	w, err := r.pool.take(wait)
	reason := part.EngineError
	if wait.Err() != nil {
		reason = part.TimedOut
	}
	cancel()
	if err != nil {
		e.Skip(reason, false, r.Name()+": no reader to be had")
		return ctx.Err()
	}
	j := &job{w: w, p: p, e: e, b: b}
	watch := time.AfterFunc(time.Until(share.Dead)+grace, w.kill)
	stop := context.AfterFunc(ctx, w.kill)
	err = j.run(r.index, share)
	// What could not be stopped is about to kill, and must not meet the next part.
	alive := watch.Stop()
	alive = stop() && alive
	switch {
	case j.failed != nil:
		// The emitter wants no more: what the process is doing is of no use.
		w.kill()
		r.pool.put(w, false)
		return j.failed
	case err == nil:
		r.pool.put(w, alive && !j.retire)
		return nil
	}
	w.kill()
	r.pool.put(w, false)
	var told *toldError
	switch {
	case ctx.Err() != nil:
		e.Skip(part.TimedOut, j.any, r.Name())
		return ctx.Err()
	case errors.As(err, &told):
		return told.err
	case time.Now().After(share.Dead):
		e.Skip(part.TimedOut, j.any, r.Name())
	default:
		r.pool.lost()
		e.Skip(part.EngineError, j.any, r.Name()+" reader: its process ended")
	}
	return nil
}

// toldError is an error that the reader itself returned.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }

// job is one part being read by a process, as its parent sees it.
type job struct {
	w      *worker
	p      *part.Part
	e      part.Emitter
	b      *part.Budget
	any    bool  // something was handed on
	failed error // of the emitter
	retire bool
}

// run serves the process until it is done. Errors are of the connection, or what
// the reader returned.
func (j *job) run(index int, share part.Share) error {
	at, seekable := j.p.Body.(io.ReaderAt)
	seekable = seekable && j.p.Size > 0
	c := &j.w.conn
	if err := c.sendJSON(kindRead, request{Reader: index, Part: describe(j.p), Seekable: seekable, Share: share}); err != nil {
		return err
	}
	c.serve = func(kind byte, question []byte) error {
		switch {
		case kind == kindBytes:
			return c.sendBytes(j.p.Body, question)
		case kind == kindAt && seekable:
			return c.sendAt(at, question)
		}
		return errProtocol
	}
	defer func() { c.serve = nil }()
	for {
		kind, data, err := c.receive()
		if err != nil {
			return err
		}
		switch kind {
		case kindBytes, kindAt:
			err = c.serve(kind, data)
		case kindFormat:
			var f [2]string
			if err = decode(data, &f); err == nil {
				j.e.Format(f[0], f[1])
			}
		case kindSkip:
			var s skip
			if err = decode(data, &s); err == nil {
				j.e.Skip(part.Reason(s.Why), s.Partly, s.Detail)
			}
		case kindText:
			err = j.text(data)
		case kindChild:
			err = j.child(data)
		case kindDone:
			return j.done(data)
		default:
			err = errProtocol
		}
		if err != nil {
			return err
		}
	}
}

// text hands a piece of text on.
func (j *job) text(data []byte) error {
	t, err := readText(data)
	if err != nil {
		return err
	}
	j.any = true
	if err := j.e.Text(t); err != nil {
		j.failed = err
		return err
	}
	return j.w.conn.send(kindGo, nil)
}

// child has a nested part inspected, whose bytes the process gives on demand.
func (j *job) child(data []byte) error {
	var d child
	if err := decode(data, &d); err != nil {
		return err
	}
	j.any = true
	j.b.Join(d.Share)
	body := &remoteBody{c: &j.w.conn}
	p := d.Part.part()
	if p.Body = body; d.Seekable {
		p.Body = seekableBody{body}
	}
	if d.Empty {
		p.Body = nil
	}
	if err := j.e.Child(p); err != nil {
		j.failed = err
		return err
	}
	if body.broken != nil {
		return body.broken
	}
	return j.w.conn.sendJSON(kindGo, j.b.Share())
}

func (j *job) done(data []byte) error {
	var d done
	if err := decode(data, &d); err != nil {
		return err
	}
	j.b.Join(d.Share)
	j.retire = d.Retire
	if d.Reason == "" {
		return nil
	}
	err := error(&part.Fault{Reason: part.Reason(d.Reason), Detail: d.Detail})
	if d.Exhausted {
		err = &part.Exhausted{Reason: part.Reason(d.Reason)}
	}
	return &toldError{err}
}

// readText makes a text of what came. Where the process knew only where the text
// begins in the part, so does its map.
func readText(data []byte) (part.Text, error) {
	if len(data) < textHead {
		return part.Text{}, errProtocol
	}
	h, label, body, err := splitText(data)
	if err != nil {
		return part.Text{}, err
	}
	t := part.Text{Bytes: body, Layout: part.Layout(h.layout), Label: label}
	if h.mapped {
		t.Map = &normal.Map{}
		t.Map.Reset(h.base)
	}
	return t, nil
}

// remoteBody reads a nested part's bytes from the process.
type remoteBody struct {
	c      *conn
	err    error
	broken error // the connection failed
}

func (b *remoteBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.c.ask(kindBytes, p, 0)
	var lost *lostError
	if errors.As(err, &lost) {
		b.broken = err
		err = io.ErrUnexpectedEOF
	}
	b.err = err
	return n, err
}

// seekableBody is one that can be read at any place.
type seekableBody struct{ *remoteBody }

func (b seekableBody) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		k, err := b.c.ask(kindAt, p[n:], off+int64(n))
		n += k
		if err != nil {
			var lost *lostError
			if errors.As(err, &lost) {
				b.broken = err
			}
			return n, err
		}
		if k == 0 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
