package history

import (
	"math/bits"
	"slices"
	"time"
)

// What is usual is told from the four weeks before now.
const (
	usualDays = 28
	usualTime = usualDays * 24 * time.Hour
)

// Amount is how much leaves in a window: different persons, and bytes.
type Amount struct {
	People float64
	Bytes  float64
}

// Usual is how much somebody sends in a window, on average over those windows of
// the four weeks before the present one in which anything was sent; false if
// there were fewer than two.
func (h *History) Usual(q Query) (mean Amount, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	window := max(q.Window, 24*time.Hour)
	active := 0
	for end := q.Now.Add(-window); end.After(q.Now.Add(-usualTime)); end = end.Add(-window) {
		if a, uploads := h.amount(q, end, window-time.Second); uploads > 0 {
			active++
			mean.People += a.People
			mean.Bytes += a.Bytes
		}
	}
	if active < 2 {
		return Amount{}, false
	}
	return Amount{mean.People / float64(active), mean.Bytes / float64(active)}, true
}

// amount is what left in a window that ends at end, and by how many uploads. The
// caller has mu.
func (h *History) amount(q Query, end time.Time, window time.Duration) (a Amount, uploads int) {
	var all persons
	for _, s := range h.matching(q) {
		for _, b := range s.within(end, window) {
			uploads += b.uploads
			a.Bytes += float64(b.bytes)
			all.join(&b.people)
		}
	}
	a.People = float64(all.count())
	return a, uploads
}

// The bounds of a peer group.
const (
	maxMembers = 500 // of a group that are known, those who sent first
	minPeers   = 3   // below, nothing is said of what is usual among them
)

// Peers is how much the others of a user's groups send in the window of q: the
// median of those who sent anything, of that group in which it is highest. It is
// false if in no group three others did. Of q the scope and the names do not
// count.
func (h *History) Peers(q Query, user string, groups []string) (median Amount, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var people, bytes []float64
	for _, g := range groups {
		people, bytes = people[:0], bytes[:0]
		for _, member := range h.members(g) {
			if member == user {
				continue
			}
			q.Scope, q.Names = ByUser, []string{member}
			if a, uploads := h.amount(q, q.Now, q.Window); uploads > 0 {
				people, bytes = append(people, a.People), append(bytes, a.Bytes)
			}
		}
		if len(people) < minPeers {
			continue
		}
		slices.Sort(people)
		slices.Sort(bytes)
		ok = true
		median.People = max(median.People, people[len(people)/2])
		median.Bytes = max(median.Bytes, bytes[len(bytes)/2])
	}
	return median, ok
}

// members are the users who sent as members of a group, in order. The caller has
// mu.
func (h *History) members(group string) (all []string) {
	for _, s := range h.series[name{ByGroup, group}] {
		for who := range s.members {
			all = append(all, who)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// join remembers that somebody sent as a member of this series' group.
func (s *series) join(user string, hour int64) {
	last, known := s.members[user]
	switch {
	case known && last >= hour/24, !known && len(s.members) >= maxMembers:
		return
	case s.members == nil:
		s.members = map[string]int64{}
	}
	s.members[user] = hour / 24
}

// leave forgets who has not sent for four weeks.
func (s *series) leave(hour int64) {
	for who, last := range s.members {
		if last < hour/24-usualDays {
			delete(s.members, who)
		}
	}
}

// rhythm tells on which days of late something left at which hour (UTC).
type rhythm struct {
	day   int64      // the last one
	hours [24]uint32 // bit n: on the n-th day before it
}

func (r *rhythm) add(hour int64) {
	day, h := hour/24, hour%24
	if ahead := day - r.day; ahead > 0 {
		for i := range r.hours {
			r.hours[i] <<= min(ahead, 32)
		}
		r.day = day
	}
	if back := r.day - day; back < 32 {
		r.hours[h] |= 1 << back
	}
}

// days gives, by the hour, on which of the four weeks before a day something left,
// that day itself left out: bit 1 is the day before.
func (r *rhythm) days(day int64) (out [24]uint32) {
	const weeks = (1<<usualDays - 1) << 1
	shift := day - r.day
	for i, b := range r.hours {
		switch {
		case shift >= 32:
		case shift >= 0:
			out[i] = b << shift & weeks
		case shift > -32:
			out[i] = b >> -shift & weeks
		}
	}
	return out
}

// The bounds of what is a usual hour.
const (
	minActive = 5  // days on which something was sent, for anything to be said
	oneIn     = 10 // of these days one in so many makes an hour usual
)

// UnusualHour reports whether those of q seldom send at this hour of the day: that
// hour, or the one before or after it, on fewer than one in ten of the days of the
// last four weeks on which they sent anything, today left out. ok is false if there
// were fewer than five such days. The window of q does not count.
func (h *History) UnusualHour(q Query) (unusual, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	hour := q.Now.Unix() / 3600
	var all, near uint32
	for _, s := range h.matching(q) {
		for i, days := range s.rhythm.days(hour / 24) {
			all |= days
			if off := (int64(i) - hour%24 + 24) % 24; off <= 1 || off == 23 {
				near |= days
			}
		}
	}
	active := bits.OnesCount32(all)
	return bits.OnesCount32(near)*oneIn < active, active >= minActive
}
