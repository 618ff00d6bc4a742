package detect

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// Names are most of the work in running text, and there a name alone answers no
// rule. They are therefore looked for in windows around what else was found. How
// far a name may stand from that is bounded: see recordReach and lineReach; and in
// JSON by objects: see silence.

// window is a stretch of a block's text.
type window struct{ start, end int }

// windowReach is how far a window goes beyond what it was opened for, in bytes:
// more than a record reaches, and what a name needs to be judged by. windowLine is
// how much farther the start or end of a line may be.
const (
	windowReach = 1000
	windowLine  = 256
)

// spot is where a finding stands, and whether it is company.
type spot struct {
	window
	company bool
}

// openWindows leaves in s.windows where names are to be looked for: around the
// company c among what was found, with what stands near it and so may belong to
// the same record. What begins behind cut is not known for good yet and counts as
// company, and so does the start of what is new if a record is open there. Mail
// addresses may not have been looked for.
func (s *Session) openWindows(c *Company, cut int, last, noMails bool) {
	p, some := s.near[:0], false
	if s.group.pending() && s.view.mode != object {
		p, some = append(p, spot{window{s.own, s.own}, true}), true
	}
	for i := range s.found {
		f := &s.found[i]
		is := f.Start >= cut || c.admits(f)
		p, some = append(p, spot{window{f.Start, f.End}, is}), some || is
	}
	if noMails {
		for _, at := range s.block.Ats {
			p = append(p, spot{window{int(at), int(at) + 1}, false})
		}
	}
	if !some && s.view.mode != object {
		s.near, s.windows = p, s.windows[:0]
		return
	}
	slices.SortFunc(p, func(a, b spot) int { return cmp.Compare(a.start, b.start) })
	s.near, s.windows = p, s.windows[:0]
	if s.view.mode == object && (!s.closed(last) || some) {
		s.openObjects(cut)
		return
	}
	for i := 0; i < len(p); {
		near, company := p[i].window, false
		for ; i < len(p) && p[i].start-near.end <= windowReach; i++ {
			near.end = max(near.end, p[i].end)
			company = company || p[i].company
		}
		if company {
			s.windows = near.open(s.windows, s.block.Text)
		}
	}
}

// findMails runs detectors of mail addresses in the windows.
func (s *Session) findMails(mails []Detector) {
	b := &s.block
	all, windows := b.Ats, s.windows
	s.ats = s.ats[:0]
	for _, at := range all {
		for len(windows) > 0 && windows[0].end <= int(at) {
			windows = windows[1:]
		}
		if len(windows) > 0 && windows[0].start <= int(at) {
			s.ats = append(s.ats, at)
		}
	}
	b.Ats = s.ats
	find(mails, nil, b, s.emit)
	b.Ats = all
}

// open appends w with its surroundings, from a line's start to a line's end if
// they are near, and joins it with the window before if they meet.
func (w window) open(dst []window, text []byte) []window {
	start, end := w.start-windowReach, min(len(text), w.end+windowReach)
	if start <= 0 {
		start = 0
	} else if i := lastNewline(text[max(0, start-windowLine):start]); i >= 0 {
		start = max(0, start-windowLine) + i + 1
	} else {
		start = charBorder(text, start)
	}
	if i := bytes.IndexByte(text[end:min(len(text), end+windowLine)], '\n'); i >= 0 {
		end += i + 1
	} else {
		end = charBorder(text, end)
	}
	if n := len(dst); n > 0 && dst[n-1].end >= start {
		dst[n-1].end = end
		return dst
	}
	return append(dst, window{start, end})
}

// scanWindows fills the block's evidence with what a stage's words hit in its
// windows.
func (s *Session) scanWindows(st *stage) {
	b := &s.block
	b.Hits = b.Hits[:0]
	for _, w := range b.windows {
		st.set.Scan(b.Text[w.start:w.end], &s.glimpse)
		for _, h := range s.glimpse.Hits {
			h.Start += int32(w.start)
			h.End += int32(w.start)
			b.Hits = append(b.Hits, h)
		}
	}
	s.heralds = slices.DeleteFunc(s.heralds, func(h match.Hit) bool { return !b.inWindow(int(h.Start)) })
}

// inWindow reports whether names are looked for at offset i.
func (b *Block) inWindow(i int) bool {
	if b.windows == nil {
		return true
	}
	_, in := slices.BinarySearchFunc(b.windows, i, func(w window, i int) int {
		switch {
		case w.end <= i:
			return -1
		case w.start > i:
			return 1
		}
		return 0
	})
	return in
}

// nextWindow returns the first window that ends behind offset i, with its start
// at i or behind; false if there is none.
func (b *Block) nextWindow(i int) (w window, ok bool) {
	if b.windows == nil {
		return window{i, len(b.Text)}, i < len(b.Text)
	}
	for _, w := range b.windows {
		if w.end > i {
			return window{max(w.start, i), w.end}, true
		}
	}
	return w, false
}
