package decode

import "github.com/sekimori-dlp/sekimori/inspect/normal"

// behind is text that a reader of JSON has left without following its structure,
// as it can where the text stays in memory: few ask for the way to a place.
type behind struct {
	text  []byte
	cuts  []int // lengths of the pieces that it was left in
	marks []normal.Structure
}

// maxCuts bounds what is kept of text that was left.
const maxCuts = 4 << 10

// leave takes over what stands before offset to of w's text, of which n bytes, with
// those left already, were not followed. It reports false if it cannot.
func (l *behind) leave(w *window, to, n int) bool {
	all := w.lent(to)
	if len(all) < n || len(l.cuts) == maxCuts {
		return false
	}
	l.cuts = append(l.cuts, n-len(l.text))
	l.text = all[len(all)-n:]
	return true
}

// follow makes p follow it.
func (l *behind) follow(p *jsonPath) {
	text := l.text
	for _, n := range l.cuts {
		l.marks = normal.StructureOf(l.marks, text[:n])
		p.follow(l.marks, 0, n)
		p.slide(text[:n], n)
		text = text[n:]
	}
	l.forget()
}

func (l *behind) forget() { l.text, l.cuts = nil, l.cuts[:0] }
