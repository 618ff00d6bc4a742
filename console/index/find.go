package index

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Kept as the action of a Filter selects all that were kept in.
const Kept = "kept"

// Filter selects decisions; its zero fields select all.
type Filter struct {
	User, Host, Service, Rule, Type string // the whole word, or else a part of it
	Action                          string
	Incident                        string
	State                           string // of follow-up; "new": nobody looked after it yet
	Node                            string // whose record it is in; "": any
	Reason                          bool   // only those of which something was not inspected
	From, To                        time.Time
	Quiet                           bool // those that no rule noted, too
}

// Row is a decision as lists show it.
type Row struct {
	Seq                            uint64 // number in the index; Resolve tells whose record it is
	Node                           string // whose record it is in; "" where there is only the own one
	Time                           time.Time
	Action, Incident, User, Host   string
	Service, Class, Rule, Severity string
	Bytes                          int64
	People, Findings, Unread       int
	Failure, State                 string
	stamp                          int64
}

// Cursor names a row, so that a list can go on after it.
type Cursor struct {
	Time int64 // Unix milliseconds
	Seq  uint64
}

// Cursor names r.
func (r Row) Cursor() Cursor { return Cursor{r.stamp, r.Seq} }

// maxWords bounds how many names a part of a word may stand for.
const maxWords = 200

// query is a WHERE in the making.
type query struct {
	where         []string
	args          []any
	from          string
	stamp, number string // the columns that a list is ordered by
	none          bool
}

func (q *query) and(cond string, args ...any) {
	q.where, q.args = append(q.where, cond), append(q.args, args...)
}

func (q *query) in(column string, ids []any) {
	if len(ids) == 1 {
		q.and(column+" = ?", ids[0])
	} else {
		q.and(column+" IN (?"+strings.Repeat(",?", len(ids)-1)+")", ids...)
	}
}

func (q *query) String() string {
	if len(q.where) == 0 {
		return q.from
	}
	return q.from + " WHERE " + strings.Join(q.where, " AND ")
}

// words finds the numbers of a name: of the word itself, or of those it is a
// part of.
func (x *Index) words(ctx context.Context, dim Dim, text string) ([]any, error) {
	var id int64
	err := x.read.QueryRowContext(ctx, `SELECT id FROM name WHERE dim = ? AND text = ?`, int(dim), text).Scan(&id)
	if err == nil {
		return []any{id}, nil
	}
	if err != sql.ErrNoRows {
		return nil, err
	}
	x.look()
	rows, err := x.read.QueryContext(ctx, `SELECT id FROM name WHERE dim = ? AND text LIKE ? ESCAPE '\' LIMIT ?`, int(dim), like(text), maxWords)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []any
	for rows.Next() {
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

func (x *Index) where(ctx context.Context, f Filter) (*query, error) {
	q := &query{from: "event e"}
	if !f.Quiet {
		q.and("e.noted = 1")
	}
	var names []named
	var typ []any
	for _, w := range []struct {
		dim    Dim
		column string
		text   string
	}{{Type, "t.type", f.Type}, {User, "e.user", f.User}, {Host, "e.host", f.Host}, {Service, "e.service", f.Service}, {Rule, "e.rule", f.Rule}} {
		if w.text == "" {
			continue
		}
		ids, err := x.words(ctx, w.dim, w.text)
		switch {
		case err != nil:
			return nil, err
		case len(ids) == 0:
			q.none = true
		case w.dim == Type:
			typ = ids[:1] // types are few and chosen whole
		default:
			names = append(names, named{w.column, ids})
		}
	}
	free, err := x.lead(ctx, q, f, names, typ)
	if err != nil {
		return nil, err
	}
	switch f.Action {
	case "":
	case Kept:
		q.and(free + "e.action IN (0, 3, 4, 5)")
	default:
		n := actionNumber(f.Action)
		q.none = q.none || n == 0
		q.and(free+"e.action = ?", n)
	}
	if f.Incident != "" {
		q.and("e.incident = ?", f.Incident)
	}
	if f.Node != "" {
		if p := x.known(f.Node); p != nil {
			q.and("+e.seq BETWEEN ? AND ?", p.number(0), p.number(maxSeq))
		} else {
			q.none = true
		}
	}
	if f.Reason {
		q.and("e.unread > 0")
	}
	switch f.State {
	case "":
	case "new":
		q.and("NOT EXISTS (SELECT 1 FROM follow WHERE record = e.seq)")
	default:
		q.and("EXISTS (SELECT 1 FROM follow WHERE record = e.seq AND state = ?)", f.State)
	}
	if !f.From.IsZero() {
		q.and(q.stamp+" >= ?", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		q.and(q.stamp+" < ?", f.To.UnixMilli())
	}
	return q, nil
}

// Find lists what f selects, newest first, from after on; a zero after begins
// at the newest. more tells that there are further ones.
func (x *Index) Find(ctx context.Context, f Filter, after Cursor, limit int) (found []Row, more bool, err error) {
	q, err := x.where(ctx, f)
	if err != nil {
		return nil, false, fmt.Errorf("search the index: %w", err)
	}
	if q.none {
		return nil, false, nil
	}
	if after != (Cursor{}) {
		q.and("("+q.stamp+", "+q.number+") < (?, ?)", after.Time, int64(after.Seq))
	}
	x.look()
	rows, err := x.read.QueryContext(ctx, `SELECT e.seq, e.time, e.action, e.incident, e.bytes, e.people, e.findings, e.unread, e.failure,
		coalesce(u.text, ''), coalesce(h.text, ''), coalesce(s.text, ''), coalesce(c.text, ''), coalesce(r.text, ''), coalesce(v.text, ''), coalesce(f.state, '')
		FROM (SELECT e.*, `+q.stamp+` AS at FROM `+q.String()+` ORDER BY `+q.stamp+` DESC, `+q.number+` DESC LIMIT ?) e
		LEFT JOIN name u ON u.id = e.user LEFT JOIN name h ON h.id = e.host LEFT JOIN name s ON s.id = e.service
		LEFT JOIN name c ON c.id = e.class LEFT JOIN name r ON r.id = e.rule LEFT JOIN name v ON v.id = e.severity
		LEFT JOIN follow f ON f.record = e.seq ORDER BY e.at DESC, e.seq DESC`, append(q.args, limit+1)...)
	if err != nil {
		return nil, false, fmt.Errorf("search the index: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		var seq int64
		var action int
		if err := rows.Scan(&seq, &r.stamp, &action, &r.Incident, &r.Bytes, &r.People, &r.Findings, &r.Unread, &r.Failure,
			&r.User, &r.Host, &r.Service, &r.Class, &r.Rule, &r.Severity, &r.State); err != nil {
			return nil, false, fmt.Errorf("search the index: %w", err)
		}
		r.Node, _, _ = x.Resolve(uint64(seq))
		r.Seq, r.Time, r.Action = uint64(seq), time.UnixMilli(r.stamp).In(x.loc), Actions[action]
		found = append(found, r)
	}
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("search the index: %w", err)
	}
	if len(found) > limit {
		return found[:limit], true, nil
	}
	return found, false, nil
}

// Count counts what f selects, up to most.
func (x *Index) Count(ctx context.Context, f Filter, most int) (n int, err error) {
	q, err := x.where(ctx, f)
	if err == nil && !q.none {
		err = x.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM `+q.String()+` LIMIT ?)`, append(q.args, most)...).Scan(&n)
	}
	if err != nil {
		return 0, fmt.Errorf("count in the index: %w", err)
	}
	return n, nil
}

// Names lists the words of a dimension by the alphabet, at most limit; those
// that hold part, if it is not empty.
func (x *Index) Names(ctx context.Context, dim Dim, part string, limit int) (names []string, err error) {
	x.look()
	rows, err := x.read.QueryContext(ctx, `SELECT text FROM name WHERE dim = ? AND text LIKE ? ESCAPE '\' ORDER BY text LIMIT ?`, int(dim), like(part), limit)
	if err != nil {
		return nil, fmt.Errorf("list names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("list names: %w", err)
		}
		names = append(names, n)
	}
	return names, rows.Err()
}

// Known tells whether the record has a word.
func (x *Index) Known(ctx context.Context, dim Dim, text string) (known bool, err error) {
	err = x.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM name WHERE dim = ? AND text = ?)`, int(dim), text).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("look a name up: %w", err)
	}
	return known, nil
}

// Begins returns the number of the first record of the last n decisions of the
// own record.
func (x *Index) Begins(ctx context.Context, n int) (seq uint64, err error) {
	var s int64
	err = x.read.QueryRowContext(ctx, `SELECT coalesce(min(seq), 1) FROM (SELECT seq FROM event WHERE seq < 1<<48 ORDER BY seq DESC LIMIT ?)`, n).Scan(&s)
	if err != nil {
		return 0, fmt.Errorf("look for the first record: %w", err)
	}
	return uint64(s), nil
}
