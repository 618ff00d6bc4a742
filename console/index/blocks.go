package index

// Sums over long times are read from blocks of days beside the days themselves:
// a year is then six blocks of 64 days, some of 8 and a few days, which have an
// eighth of the rows that its days have.

// blocks are the numbers of days that are summed up, the largest first. Each is
// a multiple of the next.
var blocks = []int{64, 8}

// span is so many blocks of one size, from the first to the last; size 1 is of
// days.
type span struct{ size, first, last int }

// cover gives the blocks and days that make up the days from first to last.
func cover(first, last int) (all []span) {
	var fill func(sizes []int, first, last int)
	fill = func(sizes []int, first, last int) {
		switch {
		case first > last:
		case len(sizes) == 0:
			all = append(all, span{1, first, last})
		default:
			size := sizes[0]
			from, end := block(first+size-1, size), block(last+1, size) // whole ones from from to before end
			if from >= end {
				fill(sizes[1:], first, last)
				return
			}
			fill(sizes[1:], first, from*size-1)
			all = append(all, span{size, from, end - 1})
			fill(sizes[1:], end*size, last)
		}
	}
	fill(blocks, first, last)
	return all
}

// block is the number of the block of a day.
func block(day, size int) int {
	if day < 0 {
		day -= size - 1
	}
	return day / size
}

type blockKey struct {
	size int
	dayKey
}

// blocks writes the sums of a batch by blocks of days.
func (w *writer) blocks(t *tally) {
	all := map[blockKey]*sums{}
	for k, s := range t.daily {
		for _, size := range blocks {
			b := blockKey{size, k}
			b.day = block(k.day, size)
			if all[b] == nil {
				all[b] = &sums{}
			}
			to := all[b]
			to.n, to.bytes, to.people = to.n+s.n, to.bytes+s.bytes, to.people+s.people
		}
	}
	for k, s := range all {
		w.exec(`INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
			SET n = n + excluded.n, bytes = bytes + excluded.bytes, people = people + excluded.people`,
			int(k.dim), k.size, k.day, w.name(k.dim, k.key), k.action, s.n, s.bytes, s.people)
	}
}

// summed is a query for the sums of a dimension by key from the first day to
// the last, and its arguments.
func summed(dim Dim, first, last int) (query string, args []any) {
	for _, s := range cover(first, last) {
		if query != "" {
			query += " UNION ALL "
		}
		if s.size == 1 {
			query += `SELECT key, action, n, bytes, people FROM daily WHERE dim = ? AND day BETWEEN ? AND ?`
			args = append(args, int(dim), s.first, s.last)
			continue
		}
		query += `SELECT key, action, n, bytes, people FROM block WHERE dim = ? AND size = ? AND at BETWEEN ? AND ?`
		args = append(args, int(dim), s.size, s.first, s.last)
	}
	return query, args
}
