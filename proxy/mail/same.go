package mail

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxBoundaries bounds the boundaries that are known at a time; beyond it they
// count as content, and the same message may then be taken for another one.
const maxBoundaries = 100

// maxPartHeader bounds the field of a part that is looked at, in bytes.
const maxPartHeader = 256 << 10

// same writes what a message has in common with itself sent again by hand: who
// is to have it, what it is about, and its parts, without the dates, numbers
// and boundaries that every sending makes anew. Content-ID fields are left
// out; texts that refer to them differ with them.
func (m *Message) same(w io.Writer, body io.Reader) error {
	var to []string
	for _, r := range m.To {
		to = append(to, r.String())
	}
	slices.Sort(to)
	fmt.Fprintf(w, "to %q\n", to)
	n := normalizer{w: w}
	for _, f := range m.Fields {
		switch {
		case f.Is("Subject"):
			_, rest := tag(decoded(f.Value()))
			fmt.Fprintf(w, "subject %q\n", rest)
		case f.Is("To"), f.Is("Cc"), f.Is("Content-Transfer-Encoding"), f.Is("Content-Disposition"):
			fmt.Fprintf(w, "%s %q\n", strings.ToLower(f.Name), strings.Fields(decoded(f.Value())))
		case f.Is("Content-Type"):
			fmt.Fprintf(w, "content-type %q\n", strings.Fields(n.withoutBoundary(f.Value())))
		}
	}
	if _, err := io.CopyN(io.Discard, body, int64(m.Headed)); err != nil {
		return fmt.Errorf("read the message again: %w", err)
	}
	return n.run(body)
}

// normalizer passes a MIME body on without what changes with every sending.
type normalizer struct {
	w          io.Writer
	boundaries []string
}

// boundary finds the boundary in a Content-Type, however malformed the rest is,
// with what stands before and after it.
func boundary(v string) (before, b, after string) {
	const key = "boundary="
	i := 0
	for ; ; i++ {
		if i+len(key) > len(v) {
			return v, "", ""
		}
		if strings.EqualFold(v[i:i+len(key)], key) {
			break
		}
	}
	before, rest := v[:i], v[i+len(key):]
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		b, after, _ = strings.Cut(quoted, `"`)
		return before, b, after
	}
	end := strings.IndexAny(rest, "; \t\r\n")
	if end < 0 {
		end = len(rest)
	}
	return before, rest[:end], rest[end:]
}

// withoutBoundary takes the boundary parameter out of a Content-Type, and
// remembers it.
func (n *normalizer) withoutBoundary(v string) string {
	before, b, after := boundary(v)
	if b == "" || len(n.boundaries) >= maxBoundaries {
		return v
	}
	n.boundaries = append(n.boundaries, b)
	return before + after
}

// delimits tells whether a line is a delimiter (RFC 2046, 5.1.1), and its end.
func (n *normalizer) delimits(line []byte) (last, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("--"))
	if !ok {
		return false, false
	}
	rest = bytes.TrimRight(rest, " \t\r\n")
	for _, b := range n.boundaries {
		if string(rest) == b || string(rest) == b+"--" {
			return len(rest) > len(b), true
		}
	}
	return false, false
}

func (n *normalizer) run(r io.Reader) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head := false    // in the header of a part
	var field []byte // there, the one being read
	flush := func() {
		if len(field) > 0 && !bytes.HasPrefix(bytes.ToLower(field), []byte("content-id:")) {
			fmt.Fprintf(n.w, "%q\n", strings.Fields(n.withoutBoundary(string(field))))
		}
		field = field[:0]
	}
	for fresh := true; ; {
		line, err := br.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return fmt.Errorf("read the message again: %w", err)
		}
		last, delimiter := false, false
		if fresh {
			last, delimiter = n.delimits(line)
		}
		switch {
		case delimiter:
			flush()
			head = !last
			fmt.Fprintf(n.w, "-- %v\n", last)
		case head && fresh && len(bytes.TrimRight(line, "\r\n")) == 0:
			flush()
			head = false
			io.WriteString(n.w, "\n")
		case head && len(field)+len(line) <= maxPartHeader:
			if fresh && len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
				flush()
			}
			field = append(field, line...)
		default:
			n.w.Write(line)
		}
		fresh = err == nil
		if err == io.EOF {
			flush()
			return nil
		}
	}
}
