package index

import "context"

// few is how many rows are looked at one by one without anybody waiting for it:
// some tens of milliseconds. Tests change it.
var few = 20_000

// named is a column that has to have one of some numbers of names.
type named struct {
	column string
	ids    []any
}

// lead lets what selects the fewest rows lead a search for names, a type and a
// state: SQLite does not know how often which of them occurs, and takes the
// person who sends most where a site that hardly anybody knows would do. free
// stands before further columns that are not to lead.
func (x *Index) lead(ctx context.Context, q *query, f Filter, names []named, typ []any) (free string, err error) {
	q.stamp, q.number = "e.time", "e.seq"
	first := -1
	if f.State != "" && f.State != "new" {
		n, err := x.upTo(ctx, few+1, "follow WHERE state = ?", f.State)
		if err != nil {
			return "", err
		}
		if n <= few {
			q.from, free = "follow t CROSS JOIN event e ON e.seq = t.record", "+"
			q.and("t.state = ?", f.State)
		}
	}
	if choice := len(names) > 1 || typ != nil || f.Action != ""; free == "" && choice {
		least := few + 1
		for i, w := range names {
			if len(w.ids) != 1 || w.column == "e.service" { // without an index
				continue
			}
			rows := "event e WHERE " + w.column + " = ?"
			if !f.Quiet {
				rows += " AND e.noted = 1"
			}
			n, err := x.upTo(ctx, least, rows, w.ids...)
			if err != nil {
				return "", err
			}
			if n < least {
				first, least, free = i, n, "+"
			}
		}
	}
	for i, w := range names {
		column := free + w.column
		if i == first {
			column = w.column
		}
		q.in(column, w.ids)
	}
	switch {
	case typ == nil:
	case free != "":
		q.and("EXISTS (SELECT 1 FROM typed WHERE type = ? AND time = e.time AND seq = e.seq)", typ...)
	default:
		q.from, q.stamp, q.number = "typed t CROSS JOIN event e ON e.seq = t.seq", "t.time", "t.seq"
		q.and("t.type = ?", typ...)
		if !f.Quiet {
			q.and("t.noted = 1")
		}
	}
	return free, nil
}

// upTo counts rows, up to most.
func (x *Index) upTo(ctx context.Context, most int, rows string, args ...any) (n int, err error) {
	err = x.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+rows+" LIMIT ?)", append(args[:len(args):len(args)], most)...).Scan(&n)
	return n, err
}
