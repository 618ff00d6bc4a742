package index

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Act is a record that is no decision: what an officer did, a start, a reload.
type Act struct {
	Seq      uint64 // in the record of its node
	Node     string // "" where there is only the own one
	Time     time.Time
	Kind     string
	Action   string
	By       string
	Address  string
	Incident string
	Record   uint64 // the decision it is about, by its number in the index; 0 if none
	Text     string
	Details  map[string]string
}

// ActFilter selects acts; its zero fields select all of the own record. Those
// about a decision are in any node's.
type ActFilter struct {
	Kind, Action, By string
	Record           uint64
	Before           uint64 // only records before this number; not with Record

	marks bool
}

// Acts lists acts, newest first.
func (x *Index) Acts(ctx context.Context, f ActFilter, limit int) (all []Act, more bool, err error) {
	var where []string
	var args []any
	and := func(ok bool, cond string, arg any) {
		if ok {
			where, args = append(where, cond), append(args, arg)
		}
	}
	and(f.Kind != "", "kind = ?", f.Kind)
	and(f.Action != "", "action = ?", f.Action)
	and(f.By != "", "by = ?", f.By)
	and(f.Record > 0, "record > 0 AND record = ?", int64(f.Record))
	order := "seq DESC"
	if f.Record > 0 {
		order = "time DESC, seq DESC"
	} else {
		and(true, "seq <= ?", maxSeq)
		and(f.Before > 0, "seq < ?", int64(min(f.Before, maxSeq)))
	}
	query := "SELECT seq, time, kind, action, by, address, incident, record, text, details FROM act"
	if f.marks {
		where = append(where, "kind NOT IN ('console', 'confirm', 'release', 'evidence', 'alarm-escalated')")
	}
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	rows, err := x.read.QueryContext(ctx, query+" ORDER BY "+order+" LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, false, fmt.Errorf("list acts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Act
		var seq, stamp, record int64
		var details string
		if err := rows.Scan(&seq, &stamp, &a.Kind, &a.Action, &a.By, &a.Address, &a.Incident, &record, &a.Text, &details); err != nil {
			return nil, false, fmt.Errorf("list acts: %w", err)
		}
		a.Node, a.Seq, _ = x.Resolve(uint64(seq))
		a.Time, a.Record = time.UnixMilli(stamp).In(x.loc), uint64(record)
		if details != "" {
			if err := json.Unmarshal([]byte(details), &a.Details); err != nil {
				return nil, false, fmt.Errorf("list acts: details of record %d: %w", seq, err)
			}
		}
		all = append(all, a)
	}
	if len(all) > limit {
		return all[:limit], true, rows.Err()
	}
	return all, false, rows.Err()
}

// State is how far the follow-up of a decision is, "" if nobody looked after
// it.
func (x *Index) State(ctx context.Context, seq uint64) (state string, err error) {
	err = x.read.QueryRowContext(ctx, `SELECT coalesce((SELECT state FROM follow WHERE record = ?), '')`, int64(seq)).Scan(&state)
	if err != nil {
		return "", fmt.Errorf("read the follow-up: %w", err)
	}
	return state, nil
}

// Marks lists what neither officers nor uploads did, newest first: starts,
// stops, reloads, gaps.
func (x *Index) Marks(ctx context.Context, limit int) ([]Act, error) {
	all, _, err := x.Acts(ctx, ActFilter{marks: true}, limit)
	return all, err
}
