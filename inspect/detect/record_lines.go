package detect

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// recordReach is how far a finding may stand behind the last of its record in
// prose, in characters.
const recordReach = 200

// lineReach is how far it may stand behind in a long line, in bytes.
const lineReach = 800

// lineGrouper groups findings in lines and paragraphs: a name begins a record,
// what stands close behind it belongs to it. A line with a name and more is
// taken as a whole, so that the name need not come first.
type lineGrouper struct {
	open  *group
	end   int  // end of the open record's last finding, in block offsets
	blank bool // the text passed since then holds an empty line
	ruled bool // and a ruled line or the border of a vCard
	far   int  // characters passed since then in blocks gone by
}

// block takes findings, ascending.
func (l *lineGrouper) block(g *grouper, found []Finding) {
	b := &g.blk
	if b.gap {
		l.close(g)
	}
	for i := 0; i < len(found); {
		// The findings of one line, or of what hangs together in a long one.
		end := len(b.text)
		if k := bytes.IndexByte(b.text[found[i].Start:], '\n'); k >= 0 {
			end = found[i].Start + k
		}
		j := i + 1
		for j < len(found) && found[j].Start <= end && found[j].Start-found[j-1].End <= lineReach {
			j++
		}
		l.line(g, found[i:j])
		i = j
	}
	if l.open != nil {
		// Remember what the rest of the block says about its end.
		l.passed(b.text, max(l.end, b.own), b.cut)
		if l.far > recordReach {
			l.close(g) // nothing joins it any more, and somebody may wait for it
		}
	}
}

// passed notes the text between the last finding and what comes next.
func (l *lineGrouper) passed(text []byte, from, to int) {
	if from >= to {
		return
	}
	t := text[from:to]
	if l.far <= recordReach {
		l.far += chars(t)
	}
	if l.far <= recordReach { // where the distance parts, there is no need to know what else does
		blank, ruled := paragraphEnds(t)
		l.blank, l.ruled = l.blank || blank, l.ruled || ruled
	}
	l.end = to
}

// chars counts the characters of t, which is UTF-8, eight bytes at a time, until they are
// more than a record reaches.
func chars(t []byte) int {
	if len(t) > utf8.UTFMax*recordReach {
		return recordReach + 1
	}
	n := 0
	for ; len(t) >= 8 && n <= recordReach; t = t[8:] {
		w := binary.LittleEndian.Uint64(t)
		n += 8 - bits.OnesCount64(w>>7&^(w>>6)&0x0101010101010101) // 10xxxxxx
	}
	if n > recordReach {
		return n
	}
	for _, c := range t {
		if c&0xC0 != 0x80 {
			n++
		}
	}
	return n
}

var (
	vcardBegin = []byte("BEGIN:VCARD")
	vcardEnd   = []byte("END:VCARD")
)

// paragraphEnds reports whether t holds an empty line, and whether a ruled line
// or the border of a vCard.
func paragraphEnds(t []byte) (blank, ruled bool) {
	for {
		k := bytes.IndexByte(t, '\n')
		if k < 0 {
			return blank, false
		}
		t = t[k+1:]
		i := 0
		for i < len(t) && (t[i] == ' ' || t[i] == '\t' || t[i] == '\r') {
			i++
		}
		blank = blank || i < len(t) && t[i] == '\n'
		if i < len(t) && (t[i] == 'B' && bytes.HasPrefix(t[i:], vcardBegin) || t[i] == 'E' && bytes.HasPrefix(t[i:], vcardEnd)) ||
			i+3 <= len(t) && (t[i] == '-' || t[i] == '=' || t[i] == '*') && t[i+1] == t[i] && t[i+2] == t[i] {
			return blank, true
		}
	}
}

// line takes the findings of one line.
func (l *lineGrouper) line(g *grouper, found []Finding) {
	b := &g.blk
	if l.open != nil {
		l.passed(b.text, max(l.end, b.own), found[0].Start)
		if l.ruled || l.far > recordReach || l.blank && !l.fieldGoesOn(b, found) {
			l.close(g)
		}
	}
	names := 0
	for i := range found {
		if l.heads(b, found, i) {
			names++
		}
	}
	if l.open != nil && l.parts(b, found, names) {
		l.close(g)
	}
	seen := 0
	for i := range found {
		f := &found[i]
		if l.heads(b, found, i) {
			// What stands before the first name of a line is that name's.
			if seen++; seen > 1 {
				l.close(g)
			}
		} else if seen == 0 && names == 0 && l.open != nil && l.list(b, f) {
			l.close(g)
		}
		if l.open == nil {
			l.open = g.get()
		}
		l.open = g.add(l.open, f)
		l.end, l.blank, l.ruled, l.far = f.End, false, false, 0
	}
}

// fieldGoesOn reports whether a line with findings behind an empty one is the
// next field of the same form: it has no name but its reading, and both what it
// begins with and the open record's last finding stand behind labels, if that is
// not all of it and a name, the heading of a card.
func (l *lineGrouper) fieldGoesOn(b *groupBlock, found []Finding) bool {
	last := &l.open.found[len(l.open.found)-1]
	if l.open.names == 0 || last.Own == 0 && (last.Type != Name || len(l.open.found) > 1) {
		return false
	}
	own := b.view.ownLabel(found[0].Start)
	for i := range found {
		if found[i].Type == Name && (i > 0 || own&LKana == 0) {
			return false
		}
	}
	for i := range l.open.found {
		if f := &l.open.found[i]; f.Type == found[0].Type && (f.Type != Name || f.Own&LKana != 0) {
			return false
		}
	}
	return own != 0
}

// heads reports whether found[i] is a name that stands for a person of its own:
// not the other writing of the name right before it, nor the rest of it.
func (l *lineGrouper) heads(b *groupBlock, found []Finding, i int) bool {
	f := &found[i]
	if f.Type != Name {
		return false
	}
	own := b.view.ownLabel(f.Start)
	if own&LKana != 0 || own&LGiven != 0 {
		// フリガナ, 名: of the name before, if there is one.
		if i > 0 || l.open != nil && l.open.names > 0 {
			return false
		}
	}
	if own&LSurname != 0 && l.afterGiven(b, found, i) {
		return false
	}
	if i > 0 && found[i-1].Type == Name && alias(b.text, &found[i-1], f) {
		return false
	}
	if i == 0 && l.open != nil && l.otherWriting(b.text[f.Start:f.End]) {
		return false
	}
	return l.open == nil || !l.open.mentions(f.Canon)
}

// afterGiven reports whether the name right before found[i] is a given name under
// its own label, as forms in English have it first.
func (l *lineGrouper) afterGiven(b *groupBlock, found []Finding, i int) bool {
	if i > 0 {
		return found[i-1].Type == Name && b.view.ownLabel(found[i-1].Start)&LGiven != 0
	}
	if l.open == nil {
		return false
	}
	last := &l.open.found[len(l.open.found)-1]
	return last.Type == Name && last.Own&LGiven != 0 && !last.Piece
}

// nextLine is how far the other writing of a name may stand behind it on the
// line below, its label counted, in characters.
const nextLine = 14

// otherWriting reports whether name, the first finding of a line, is another
// writing of the name that the open record ends with.
func (l *lineGrouper) otherWriting(name []byte) bool {
	last := &l.open.found[len(l.open.found)-1]
	if last.Type != Name || l.blank || l.far > nextLine {
		return false
	}
	w := writing(name)
	before := l.open.arena[last.lo:last.hi]
	if w == 0 && writing(before) != 1 || w == 2 && !romajiName(name) && !transcribed(before, name) {
		return false // kanji follow their reading at most
	}
	for i := range l.open.found {
		f := &l.open.found[i]
		if f.Type == Name && writing(l.open.arena[f.lo:f.hi]) == w {
			return false
		}
	}
	return true
}

// transcribed reports whether kana, with dots between its words, may be what name
// in Latin letters sounds like: it has as many words.
func transcribed(kana, name []byte) bool {
	dots := bytes.Count(kana, []byte("・"))
	return dots > 0 && writing(kana) == 1 && dots == bytes.Count(name, oneSpace)
}

// romajiName reports whether name is a Japanese surname and given name in Latin
// letters, in either order.
func romajiName(name []byte) bool {
	k := bytes.IndexByte(name, ' ')
	if k < 0 {
		return false
	}
	var a, b [48]byte
	x := dict.LookupLatin(dict.AppendFoldLatin(a[:0], bytes.TrimRight(name[:k], ",")))
	y := dict.LookupLatin(dict.AppendFoldLatin(b[:0], name[k+1:]))
	return x.RomajiGiven != 0 && y.RomajiSurname != 0 || x.RomajiSurname != 0 && y.RomajiGiven != 0
}

// mentions reports whether p has a name that contains canon or is contained in
// it: 山田様 after 山田太郎, FN after N.
func (p *group) mentions(canon string) bool {
	for i := range p.found {
		f := &p.found[i]
		if f.Type == Name && canon != "" && (strings.Contains(f.Canon, canon) || strings.Contains(canon, f.Canon)) {
			return true
		}
	}
	return false
}

// alias reports whether b, close behind a, is the same name in another script.
func alias(text []byte, a, b *Finding) bool {
	gap := b.Start - a.End
	if gap > 12 && gap < 40 && startsWith(text[a.End:], "</") && text[b.Start-1] == '>' {
		gap = 0 // the next element
	}
	if gap < 0 || gap > 12 || bytes.IndexByte(text[a.End:b.Start], '\n') >= 0 {
		return false
	}
	return writing(text[a.Start:a.End]) != writing(text[b.Start:b.End])
}

// writing tells kanji (0) from kana (1) and Latin (2) names by their first
// characters.
func writing(t []byte) int {
	if len(t) > 0 && t[0] < 0x80 {
		return 2
	}
	if kanaOnly(t) {
		return 1
	}
	return 0
}

// parts reports whether a line with findings begins a new record although it
// stands close behind the open one.
func (l *lineGrouper) parts(b *groupBlock, found []Finding, names int) bool {
	if names > 0 && l.open.names > 0 {
		return true
	}
	if names == 0 {
		return false
	}
	// A name after nameless findings: theirs, unless the line has all that
	// they have.
	first := &l.open.found[0]
	for i := range found {
		if found[i].Type == first.Type && found[i].Canon != first.Canon {
			return true
		}
	}
	return false
}

// list reports whether f, in a line without a name, starts a new record: a
// second address or number of a kind that one person has once.
func (l *lineGrouper) list(b *groupBlock, f *Finding) bool {
	switch f.Type {
	case Email, MyNumber, Birthdate, Card, Phone, Address:
	default:
		return false
	}
	for i := range l.open.found {
		o := &l.open.found[i]
		if o.Type != f.Type || o.Canon == f.Canon {
			continue
		}
		if f.Type == Phone || f.Type == Address || f.Type == Email || f.Type == Card {
			// TEL and FAX, home and work: labelled, or a person's.
			if own := b.view.ownLabel(f.Start); own != 0 || l.open.names > 0 {
				return l.open.names == 0 && own != 0 && first(l.open, f.Type)
			}
		}
		return true
	}
	return false
}

// first reports whether the open record began with a finding of type t and has
// another type behind it: the second such line begins the next record.
func first(p *group, t Type) bool {
	if p.found[0].Type != t {
		return false
	}
	for i := range p.found {
		if p.found[i].Type != t {
			return true
		}
	}
	return false
}

func (l *lineGrouper) close(g *grouper) {
	if l.open != nil {
		g.hold(l.open)
		l.open = nil
	}
	l.blank, l.ruled, l.far = false, false, 0
}
