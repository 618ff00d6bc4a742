package smtp

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

// same writes what a message has in common with itself sent again by hand: who
// is to have it, what it is about, and its parts, without the dates, numbers
// and boundaries that every sending makes anew. Content-ID fields are left
// out; texts that refer to them differ with them.
func (j *job) same(w io.Writer, body io.Reader) error {
	var to []string
	for _, r := range j.to {
		to = append(to, r.String())
	}
	slices.Sort(to)
	fmt.Fprintf(w, "to %q\n", to)
	n := normalizer{w: w}
	for _, f := range j.fields {
		switch {
		case f.is("Subject"):
			_, rest := tag(decoded(f.value()))
			fmt.Fprintf(w, "subject %q\n", rest)
		case f.is("To"), f.is("Cc"), f.is("Content-Transfer-Encoding"), f.is("Content-Disposition"):
			fmt.Fprintf(w, "%s %q\n", strings.ToLower(f.name), strings.Fields(decoded(f.value())))
		case f.is("Content-Type"):
			fmt.Fprintf(w, "content-type %q\n", strings.Fields(n.withoutBoundary(f.value())))
		}
	}
	if _, err := io.CopyN(io.Discard, body, int64(j.headed)); err != nil {
		return fmt.Errorf("read the message again: %w", err)
	}
	return n.run(body)
}

// normalizer passes a MIME body on without what changes with every sending.
type normalizer struct {
	w          io.Writer
	boundaries []string
}

// withoutBoundary takes the boundary parameter out of a Content-Type, and
// remembers it.
func (n *normalizer) withoutBoundary(v string) string {
	const key = "boundary="
	i := strings.Index(strings.ToLower(v), key)
	if i < 0 {
		return v
	}
	rest := v[i+len(key):]
	var b string
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		b, rest, _ = strings.Cut(quoted, `"`)
	} else {
		end := strings.IndexAny(rest, "; \t\r\n")
		if end < 0 {
			end = len(rest)
		}
		b, rest = rest[:end], rest[end:]
	}
	if b == "" || len(n.boundaries) >= maxBoundaries {
		return v
	}
	n.boundaries = append(n.boundaries, b)
	return v[:i] + rest
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
		case head && len(field)+len(line) <= maxHeader:
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
