package detect

import "bytes"

// hasty is implemented by a Sink that may want less as soon as some of a text is known.
type hasty interface {
	Hasty() bool
}

// firstPace is how much of a list is looked at before the sink is asked again what it
// wants, in bytes; then twice as much, and so on up to a block. Looking for all that a
// list of customers holds takes ten times as long as passing it by, and a hundred of
// them decide most rules.
const firstPace = 16 << 10

// leastRows is how many rows a part of a list has at least.
const leastRows = 16

// paced returns how much of a block is looked at: less than all of it at the start of a
// list with a header, if everything is in demand by now.
func (s *Session) paced(text []byte, demand Demand) int {
	t := &s.view.table
	if demand != nil || s.pace >= s.size || s.view.mode != rows || !t.header || t.head < 0 && s.pace == firstPace {
		return len(text)
	}
	if h, ok := s.sink.(hasty); !ok || !h.Hasty() {
		return len(text)
	}
	end := s.own + s.pace
	s.pace *= 2
	more := end + max(lookAhead, s.engine.reach)
	if more >= len(text)/2 || bytes.Count(text[s.own:end], newline) < leastRows ||
		bytes.IndexByte(text[s.own:end], '"') >= 0 && s.view.rowCut(text, s.own, end) == 0 {
		return len(text)
	}
	return charBorder(text, more)
}
