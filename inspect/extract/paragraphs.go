package extract

import "io"

// paragraphs reads WordprocessingML and DrawingML as prose: all characters that
// are in it, deleted and field text too, with ends of paragraphs as line ends
// and cells of a table row set apart by tabs, and what pictures are described
// with.
type paragraphs struct {
	x    xmlScanner
	out  []byte
	read int
	cell int // depth of table cells
}

func (r *paragraphs) Read(p []byte) (int, error) {
	for r.read == len(r.out) {
		r.out, r.read = r.out[:0], 0
		for len(r.out) < 16<<10 {
			kind, name := r.x.next()
			if kind == tokenEnd {
				break
			}
			r.take(kind, name)
		}
		if len(r.out) == 0 {
			if err := r.x.fault(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
	}
	n := copy(p, r.out[r.read:])
	r.read += n
	return n, nil
}

func (r *paragraphs) take(kind token, name []byte) {
	if kind == tokenText {
		r.out = append(r.out, r.x.text...)
		return
	}
	switch string(name) {
	case "p", "comment", "author":
		if kind == tokenClose {
			if r.cell > 0 {
				r.out = append(r.out, ' ')
			} else {
				r.out = append(r.out, '\n')
			}
		}
	case "br", "cr":
		r.out = append(r.out, '\n')
	case "tab":
		if kind == tokenEmpty {
			r.out = append(r.out, '\t')
		}
	case "noBreakHyphen":
		r.out = append(r.out, '-')
	case "tc":
		switch kind {
		case tokenOpen:
			r.cell++
		case tokenClose:
			r.cell = max(0, r.cell-1)
			r.out = append(r.out, '\t')
		}
	case "tr":
		if kind == tokenClose {
			r.out = append(r.out, '\n')
		}
	case "docPr", "cNvPr":
		for _, a := range []string{"descr", "title"} {
			if v := r.x.attribute(a); len(v) > 0 {
				r.out = append(append(append(r.out, ' '), appendUnescaped(nil, v)...), ' ')
			}
		}
	}
}
