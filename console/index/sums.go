package index

import (
	"context"
	"fmt"
	"time"
)

// Sum is what a key came to: decisions by action, bytes, people. For the
// dimension Type, People counts findings; for Reason, parts not inspected.
type Sum struct {
	Key      string
	N        int64
	ByAction [6]int64 // in the order of Actions
	Bytes    int64
	People   int64
}

// Kept is how many were kept in.
func (s Sum) Kept() int64 { return s.ByAction[0] + s.ByAction[3] + s.ByAction[4] + s.ByAction[5] }

func (s *Sum) add(action int, n, bytes, people int64) {
	s.N += n
	s.ByAction[action] += n
	s.Bytes += bytes
	s.People += people
}

// Day is a civil day and its sum.
type Day struct {
	Date time.Time // its beginning, in the zone
	Sum
}

func (x *Index) day(t time.Time) int {
	d, _ := civil(t, x.loc)
	return d
}

func (x *Index) date(day int) time.Time {
	t := time.Unix(int64(day)*86400, 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, x.loc)
}

// Days sums by day, every day from the first to the last, those without any
// too. key selects one of a dimension; it is not looked at for Total.
func (x *Index) Days(ctx context.Context, dim Dim, key string, from, to time.Time) ([]Day, error) {
	first, last := x.day(from), x.day(to)
	days := make([]Day, max(0, last-first+1))
	for i := range days {
		days[i].Date = x.date(first + i)
	}
	id := int64(0)
	if dim != Total {
		ids, err := x.words(ctx, dim, key)
		if err != nil {
			return nil, fmt.Errorf("sum the days: %w", err)
		}
		if len(ids) != 1 {
			return days, nil
		}
		id = ids[0].(int64)
	}
	x.look()
	rows, err := x.read.QueryContext(ctx, `SELECT day, action, n, bytes, people FROM daily WHERE dim = ? AND key = ? AND day BETWEEN ? AND ?`, int(dim), id, first, last)
	if err != nil {
		return nil, fmt.Errorf("sum the days: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var day, action int
		var n, bytes, people int64
		if err := rows.Scan(&day, &action, &n, &bytes, &people); err != nil {
			return nil, fmt.Errorf("sum the days: %w", err)
		}
		days[day-first].add(action, n, bytes, people)
	}
	return days, rows.Err()
}

// Order says what Top sorts by.
type Order string

// The orders.
const (
	ByNumber Order = "n"
	ByKept   Order = "kept"
	ByBytes  Order = "bytes"
	ByPeople Order = "people"
	ByKey    Order = "key"
)

var orders = map[Order]string{
	ByNumber: "d.n DESC", ByBytes: "d.bytes DESC", ByPeople: "d.people DESC", ByKey: "k.text",
	ByKept: "d.a0 + d.a3 + d.a4 + d.a5 DESC, d.n DESC",
}

// Top lists the keys of a dimension with what they came to from the day of
// from to that of to, both included, the greatest first. part selects keys
// that hold it.
func (x *Index) Top(ctx context.Context, dim Dim, part string, from, to time.Time, by Order, limit, offset int) ([]Sum, error) {
	order, ok := orders[by]
	if !ok {
		order = orders[ByNumber]
	}
	cols := ""
	for a := range Actions {
		cols += fmt.Sprintf(", sum(CASE WHEN action = %d THEN n ELSE 0 END) a%[1]d", a)
	}
	first, last := x.day(from), x.day(to)
	if first > last {
		return nil, nil
	}
	rows, args := summed(dim, first, last)
	where := ""
	if part != "" {
		where = ` WHERE k.text LIKE ? ESCAPE '\'`
		args = append(args, like(part))
	}
	x.look()
	found, err := x.read.QueryContext(ctx, `SELECT coalesce(k.text, ''), d.n, d.bytes, d.people, d.a0, d.a1, d.a2, d.a3, d.a4, d.a5
		FROM (SELECT key, sum(n) n, sum(bytes) bytes, sum(people) people`+cols+` FROM (`+rows+`) GROUP BY key) d
		LEFT JOIN name k ON k.id = d.key`+where+` ORDER BY `+order+`, k.text LIMIT ? OFFSET ?`, append(args, limit, offset)...)
	if err != nil {
		return nil, fmt.Errorf("sum by key: %w", err)
	}
	defer found.Close()
	var all []Sum
	for found.Next() {
		var s Sum
		if err := found.Scan(&s.Key, &s.N, &s.Bytes, &s.People, &s.ByAction[0], &s.ByAction[1], &s.ByAction[2], &s.ByAction[3], &s.ByAction[4], &s.ByAction[5]); err != nil {
			return nil, fmt.Errorf("sum by key: %w", err)
		}
		all = append(all, s)
	}
	return all, found.Err()
}

// Flow is what went from one person to one host over the last months.
type Flow struct {
	User, Host    string
	N, Kept       int64
	Bytes, People int64
}

// Flows lists where a person sent to (dim User), or who sent to a host (dim
// Host), in the months from that of from on.
func (x *Index) Flows(ctx context.Context, dim Dim, key string, from time.Time, limit int) ([]Flow, error) {
	ids, err := x.words(ctx, dim, key)
	if err != nil {
		return nil, fmt.Errorf("list flows: %w", err)
	}
	if len(ids) != 1 {
		return nil, nil
	}
	column, other := "user", "host"
	if dim == Host {
		column, other = other, column
	}
	_, month := civil(from, x.loc)
	x.look()
	rows, err := x.read.QueryContext(ctx, `SELECT coalesce(u.text, ''), coalesce(h.text, ''), f.n, f.kept, f.bytes, f.people FROM
		(SELECT user, host, sum(n) n, sum(kept) kept, sum(bytes) bytes, sum(people) people FROM flow
		WHERE `+column+` = ? AND month >= ? GROUP BY `+other+` ORDER BY 4 DESC, 6 DESC, 3 DESC LIMIT ?) f
		LEFT JOIN name u ON u.id = f.user LEFT JOIN name h ON h.id = f.host ORDER BY f.kept DESC, f.people DESC, f.n DESC`, ids[0], month, limit)
	if err != nil {
		return nil, fmt.Errorf("list flows: %w", err)
	}
	defer rows.Close()
	var all []Flow
	for rows.Next() {
		var f Flow
		if err := rows.Scan(&f.User, &f.Host, &f.N, &f.Kept, &f.Bytes, &f.People); err != nil {
			return nil, fmt.Errorf("list flows: %w", err)
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

// Unfollowed counts the noted decisions since from that were kept in and that
// nobody looked after yet, up to most.
func (x *Index) Unfollowed(ctx context.Context, from time.Time, most int) (n int, err error) {
	err = x.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM event e WHERE noted = 1 AND action IN (0, 3, 4, 5) AND time >= ?
		AND NOT EXISTS (SELECT 1 FROM follow WHERE record = e.seq) LIMIT ?)`, from.UnixMilli(), most).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what nobody looked after: %w", err)
	}
	return n, nil
}
