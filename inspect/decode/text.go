package decode

import (
	"bytes"
	"context"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// text reads what is text and nothing more special: prose, CSV, source, logs.
// Stretches of base64 in it are nested parts, as far as they hold something.
type text struct{}

func (text) Name() string { return "text" }

func (text) Match(p *part.Part, head []byte) bool {
	if !p.Role.Content() || len(head) == 0 {
		return true
	}
	if f := sniff(head); f != nil && !f.text {
		return false
	}
	if p.MediaType == otherwiseUTF8 && !hasControls(head) {
		return true
	}
	g := charset.Detect(head, len(head) < part.HeadSize, true, "")
	return g.Sure >= charset.Doubtful || len(head) >= 64 && !hasControls(head)
}

// Read hands on a field that is one line as a single value, everything else as
// whatever it turns out to be.
func (text) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	w := openWindow(p)
	defer w.Close()
	layout, label := part.Auto, ""
	if p.Role != part.Body {
		layout, label = part.Single, step(p.Path)
	}
	scratch := w.decoded[:0]
	defer func() { w.decoded = scratch }()
	for first := true; ; first = false {
		w.fill(chunk)
		if first {
			veiled(w.text, e)
			if p.Role == part.Field {
				if bytes.IndexByte(w.text, '\n') >= 0 {
					layout = part.Auto // a text area, perhaps with a table pasted in
				}
				if child, ok := document(bytes.TrimSpace(w.text)); ok && w.err != nil && len(w.text) < minRun {
					if err := e.Child(child); err != nil {
						return err
					}
				}
			}
		}
		if len(w.text) == 0 {
			break
		}
		if err := b.Spend(ctx, 0); err != nil {
			e.Format("text", w.encoding())
			return part.Stop(ctx, e, err, true)
		}
		end := cut(w.text, w.err != nil)
		r, found := findRun(w.text[:end])
		if found && r.open && r.end == end && (w.err == nil || end < len(w.text)) && r.start > 0 {
			end, found = r.start, false // look at it whole
		}
		long := found && r.start == 0 && r.open && (w.err == nil || end < len(w.text))
		if long {
			body := part.NewMeter(ctx, b, "base64", &base64Reader{run: &runReader{w: w, line: r.line}})
			if err := e.Child(part.Part{Path: "base64", Body: body, Size: -1}); err != nil {
				return err
			}
			if err := part.Drain(ctx, b, body); err != nil {
				e.Format("text", w.encoding())
				return part.Stop(ctx, e, err, true)
			}
			continue
		}
		if err := e.Text(part.Text{Bytes: w.text[:end], Map: &w.m, Layout: layout, Label: label}); err != nil {
			return err
		}
		sv := surveyOf(w.text[:end])
		if decoded := percentDecoded(scratch[:0], w.text[:end], sv.signs); len(decoded) > 0 {
			scratch = decoded
			if err := e.Child(percentChild(decoded)); err != nil {
				return err
			}
		}
		if p.Role.Content() && p.MediaType != otherwise && p.MediaType != otherwiseUTF8 {
			if err := veins(e, w.text[:end], &sv); err != nil {
				return err
			}
		}
		for at := 0; found; {
			var child part.Part
			var ok bool
			if child, scratch, ok = w.base64Child(scratch, w.text[at+r.start:at+r.end]); ok {
				if err := b.Spend(ctx, len(scratch)); err != nil {
					e.Format("text", w.encoding())
					return part.Stop(ctx, e, err, true)
				}
				if err := e.Child(child); err != nil {
					return err
				}
			}
			at += r.end
			r, found = findRun(w.text[at:end])
		}
		w.consume(end)
	}
	e.Format("text", w.encoding())
	return finish(ctx, e, w)
}

// veiled tells of formats that are text but do not show what they hold.
func veiled(head []byte, e part.Emitter) {
	f := sniff(head)
	switch {
	case f == nil || !f.text:
	case f.name == "pgp":
		e.Skip(part.Encrypted, true, f.name)
	default:
		e.Skip(part.UnknownFormat, true, f.name)
	}
}

// hasControls reports whether b holds what text does not: some one byte in nine
// of binary data.
func hasControls(b []byte) bool {
	for _, c := range b {
		if control[c] {
			return true
		}
	}
	return false
}

var control = func() (t [256]bool) {
	for c := range t {
		t[c] = c < '\t' || c > '\r' && c < ' ' && c != 0x1b || c == 0x7f
	}
	return t
}()

// cut returns where to end a block of text: after a line if one ends near,
// else where folding does not care.
func cut(b []byte, last bool) int {
	const near = 4096
	if len(b) <= blockSize {
		if last {
			return len(b)
		}
	} else {
		b = b[:blockSize]
	}
	if k := bytes.LastIndexByte(b[max(0, len(b)-near):], '\n'); k >= 0 {
		return max(0, len(b)-near) + k + 1
	}
	return normal.Border(b)
}

// step returns the last step of a provenance path.
func step(path string) string {
	if k := strings.LastIndex(path, part.Separator); k >= 0 {
		return path[k+len(part.Separator):]
	}
	return path
}

// encoding names what the text was read in.
func (w *window) encoding() string {
	if w.Format == "" {
		return charset.UTF8.String()
	}
	return w.Format
}
