package detect

import (
	_ "embed"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// This file has the last word on names in Japanese prose: a linear-chain
// conditional random field (Lafferty, McCallum, Pereira 2001) over the characters
// around candidates. It sees the characters, what the dictionaries say of them,
// and how the rules judged, so that what the rules know and what was learned from
// annotated texts are weighed together. name_train_test.go makes the weights.

// nameModel is the embedded model: a scale, the weights of transitions and, for
// each hash of a feature, how much it speaks for the first and for a further
// character of a name, against all other characters.
//
//go:embed data/name_model.bin
var nameModel string

const (
	modelBits  = 17
	modelTags  = 3 // other, first, further
	modelHead  = 4 * (1 + modelTags*modelTags)
	modelBytes = modelHead + 2<<modelBits
)

// tagOther to tagIn are what a character can be.
const (
	tagOther = iota
	tagBegin
	tagIn
)

// modelWeights is a model ready for use.
type modelWeights struct {
	scale float32
	step  [modelTags][modelTags]float32 // exp of the weight, from and to
	pairs string                        // by feature
}

// readModelWeights reads what name_train_test.go writes. The bytes are part of the
// program, so damage is a fault of the build and panics.
func readModelWeights(model string) *modelWeights {
	if len(model) != modelBytes {
		panic("detect: the model of names is damaged")
	}
	at := func(i int) float32 {
		return math.Float32frombits(binary.LittleEndian.Uint32([]byte(model[4*i : 4*i+4])))
	}
	m := &modelWeights{scale: at(0), pairs: model[modelHead:]}
	for i := range m.step {
		for j := range m.step[i] {
			m.step[i][j] = float32(math.Exp(float64(at(1 + i*modelTags + j))))
		}
	}
	return m
}

var theModelWeights = sync.OnceValue(func() *modelWeights { return readModelWeights(nameModel) })

// How far the model looks around a candidate, in characters, and the log odds
// from which a candidate of the rules makes it look at all.
const (
	reachFound = 30
	reachMaybe = 8
	reachKana  = 6
	leastHint  = -1.7
	leastKanji = -2.5 // of one that begins with a kanji
)

// leastHiragana is how many characters of hiragana make prose.
const leastHiragana = 3

// nameHint is a candidate that the rules have judged.
type nameHint struct {
	start, end int
	odds       float32
	listed     bool
	settled    bool // by a label or a cell: the rules have the last word
	unlisted   bool // a katakana word that the rules know nothing of
	kanji      bool // it begins with one
	tagged     bool // the model has seen it
}

// asks reports whether the model is to look at the hint's surroundings.
func (h *nameHint) asks() bool {
	return !h.settled && (h.odds >= leastHint || h.unlisted || h.kanji && h.odds >= leastKanji)
}

// nameTagger holds what one Find gives to the model. It is scratch.
type nameTagger struct {
	hints []nameHint
	open  bool // some are not settled
	w     nameWindow
	name  [windowMax]float32 // how likely a character belongs to a name
	begin [windowMax]float32 // and is its first one
	ahead [windowMax][modelTags]float32
	score [windowMax][modelTags]float32
}

var nameTaggers = sync.Pool{New: func() any { return new(nameTagger) }}

// weigh reports a candidate in Japanese as report does. Where neither a label nor
// a cell speaks (settled), the model is asked first.
func (s *nameSearch) weigh(start, end int, odds float32, listed, settled bool) bool {
	found := nameConfidence(odds) >= nameLeast
	s.hint(nameHint{start: start, end: end, odds: odds, listed: listed, settled: settled})
	if settled {
		return s.report(start, end, odds, listed)
	}
	if found {
		s.taken = end
	}
	return found
}

func (s *nameSearch) hint(h nameHint) {
	if s.tagger == nil {
		s.tagger = nameTaggers.Get().(*nameTagger)
		s.tagger.hints, s.tagger.open = s.tagger.hints[:0], false
	}
	h.kanji = s.text[h.start] >= 0xE4 // the first byte of U+4000 on
	s.tagger.hints = append(s.tagger.hints, h)
	s.tagger.open = s.tagger.open || h.asks()
}

// finish asks the model and reports what is not reported yet.
func (s *nameSearch) finish() {
	m := s.tagger
	if m == nil {
		return
	}
	if m.open {
		m.windows(s.text, func(from, to int) {
			m.each(s.text, from, to, func(hints []nameHint) {
				m.tag()
				m.names(s, hints)
			})
		})
		for i := range m.hints {
			if h := &m.hints[i]; !h.settled && !h.tagged && !h.unlisted {
				s.report(h.start, h.end, h.odds, h.listed)
			}
		}
	}
	s.tagger = nil
	nameTaggers.Put(m)
}

// windows calls f for the stretches of t around the hints that are not settled.
// None goes beyond a sentence.
func (m *nameTagger) windows(t []byte, f func(from, to int)) {
	slices.SortFunc(m.hints, func(a, b nameHint) int { return a.start - b.start })
	from, to := 0, 0
	for i := range m.hints {
		h := &m.hints[i]
		if !h.asks() {
			continue
		}
		n := reachMaybe
		switch {
		case h.unlisted:
			n = reachKana
		case nameConfidence(h.odds) >= 0.5:
			n = reachFound
		}
		a, b := sentenceBack(t, h.start, n), sentenceAhead(t, h.end, n)
		if a < to {
			from, to = min(from, a), max(to, b)
			continue
		}
		if to > from {
			f(from, to)
		}
		from, to = a, b
	}
	if to > from {
		f(from, to)
	}
}

// sentenceBack goes back n characters from i, at most to the beginning of the
// sentence, line or cell.
func sentenceBack(t []byte, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		r, size := utf8.DecodeLastRune(t[:i])
		if sentenceMark(r) {
			break
		}
		i -= size
	}
	return i
}

// sentenceAhead is its counterpart.
func sentenceAhead(t []byte, i, n int) int {
	for ; n > 0 && i < len(t); n-- {
		r, size := utf8.DecodeRune(t[i:])
		if sentenceMark(r) {
			break
		}
		i += size
	}
	return i
}

func sentenceMark(r rune) bool { return r == '\n' || r == '。' || r == '|' || r == '\t' }

// each loads the window [from,to), which may be longer than a nameWindow, piece by
// piece, with the hints in it, and calls f for those that are prose.
func (m *nameTagger) each(t []byte, from, to int, f func(hints []nameHint)) {
	const before = 4 // hints that may reach in from before
	for from < to {
		from = m.w.load(t, from, to)
		if m.w.hiragana < leastHiragana {
			continue
		}
		begin, end := int(m.w.at[0]), int(m.w.at[m.w.n])
		byStart := func(h nameHint, at int) int { return h.start - at }
		first, _ := slices.BinarySearchFunc(m.hints, begin, byStart)
		last, _ := slices.BinarySearchFunc(m.hints, end, byStart)
		hints := m.hints[max(0, first-before):last]
		for i := range hints {
			h := &hints[i]
			if !h.unlisted {
				m.w.hinted(h)
			}
			h.tagged = h.tagged || h.start >= begin
		}
		f(hints)
	}
}

// tag fills name and begin by the forward-backward algorithm.
func (m *nameTagger) tag() {
	h := theModelWeights()
	w, n := &m.w, m.w.n
	var list featureList
	for i := range n {
		w.features(i, &list)
		b, in := list.sum(h.pairs)
		m.score[i] = [modelTags]float32{1, exponential(float32(b) * h.scale), exponential(float32(in) * h.scale)}
	}
	last := [modelTags]float32{1, 0, 0}
	for i := range n {
		var a [modelTags]float32
		for l := range a {
			a[l] = (last[0]*h.step[0][l] + last[1]*h.step[1][l] + last[2]*h.step[2][l]) * m.score[i][l]
		}
		last = scaled(a)
		m.ahead[i] = last
	}
	next := [modelTags]float32{1, 1, 1}
	for i := n - 1; i >= 0; i-- {
		p := scaled([modelTags]float32{m.ahead[i][0] * next[0], m.ahead[i][1] * next[1], m.ahead[i][2] * next[2]})
		m.name[i], m.begin[i] = p[tagBegin]+p[tagIn], p[tagBegin]
		var b [modelTags]float32
		for l := range b {
			for k, v := range next {
				b[l] += h.step[l][k] * m.score[i][k] * v
			}
		}
		next = scaled(b)
	}
}

// scaled makes the sum of v one.
func scaled(v [modelTags]float32) [modelTags]float32 {
	f := 1 / (v[0] + v[1] + v[2])
	return [modelTags]float32{v[0] * f, v[1] * f, v[2] * f}
}

// exponential is exp, kept where products of float32 stay finite.
func exponential(x float32) float32 { return float32(math.Exp(float64(max(-30, min(30, x))))) }

// leastTagged is how likely a character has to belong to a name to be looked at,
// by the model's own reckoning; see modelOdds.
const leastTagged = 0.1

// modelOdds are the log odds of a name whose likeliest character is p. The line
// was fitted on texts that the model had not learned from.
func modelOdds(p float32) float32 {
	p = max(1e-4, min(1-1e-4, p))
	return 0.5 + 0.62*float32(math.Log(float64(p/(1-p))))
}

// How far the model may depart from the rules: at most so far under a name that
// they found, so far over one that they turned down, whose log odds also count by
// a share.
const (
	rulesOver    = 2
	rulesUnder   = 4
	rulesAgainst = 0.4
	unruled      = 1.3 // most for a name that the rules did not find: confidence 0.79
)

// names reports the names that were tagged. Their borders are those of the rules,
// where the rules found something there.
func (m *nameTagger) names(s *nameSearch, hints []nameHint) {
	w, done := &m.w, 0
	for i := 0; i < w.n; {
		if m.name[i] < leastTagged {
			i++
			continue
		}
		j := i + 1
		for j < w.n && m.name[j] >= leastTagged && m.begin[j] < 0.5 {
			j++
		}
		done = m.nameAt(s, hints, i, j, done)
		i = j
	}
}

// nameAt reports the name that the characters [i,j) are, unless it was by done, and
// returns how far it goes.
func (m *nameTagger) nameAt(s *nameSearch, hints []nameHint, i, j, done int) int {
	w := &m.w
	odds := modelOdds(slices.Max(m.name[i:j]))
	start, end := int(w.at[i]), int(w.at[j])
	whole, against := true, float32(0)
	for k := range hints {
		h := &hints[k]
		if h.start >= end || h.end <= start || h.unlisted {
			continue
		}
		switch {
		case h.settled:
			whole = false
		case h.odds >= 0:
			if h.start >= done && s.report(h.start, h.end, max(odds, h.odds-rulesOver), h.listed) {
				done = h.end
			}
			whole = false
		default:
			against = min(against, h.odds)
		}
	}
	if !whole || start < done {
		return done
	}
	odds = min(odds+rulesAgainst*against, against+rulesUnder, unruled)
	if next, k, _ := nameAfter(s.text, end); k == scriptHira && nameParticle(s.text[end:]) == 0 && !mayFollowName.has(next) {
		odds -= 4 // 青木あすな|ろ建設, 花子|おにぎり
	}
	for i < j && w.kind[i] < scriptHira {
		i++
	}
	for i < j && w.kind[j-1] < scriptHira {
		j--
	}
	if i < j && s.report(int(w.at[i]), int(w.at[j]), odds, false) {
		return int(w.at[j])
	}
	return done
}

// unknownKatakana notes the katakana word [start,end), of which the rules know
// nothing, if it stands as a name in prose does and a name was found not far before.
func (s *nameSearch) unknownKatakana(start, end int) {
	const longest, near = 24, 400
	if start-s.taken > near || end-start > longest || !namePosition(s.text, start, end) {
		return
	}
	word := s.text[start:end]
	if katakanaThing(word) || dict.LookupJapanese(word).Word != 0 {
		return
	}
	s.hint(nameHint{start: start, end: end, unlisted: true})
}

// namePosition reports whether the katakana word [start,end) stands alone and
// before a particle, a mark or a title.
func namePosition(t []byte, start, end int) bool {
	next, k, _ := nameAfter(t, end)
	switch k {
	case scriptHira:
		if !followsName.has(next) {
			return false
		}
	case scriptKanji:
		if nameTitle(t[end:]) == 0 {
			return false
		}
	case scriptMark, scriptNone, scriptBreak:
	default:
		return false
	}
	switch _, before, _ := nameBefore(t, start); before {
	case scriptLatin, scriptDigit, scriptMiddle:
		return false
	case scriptKanji:
		return k != scriptHira
	}
	return true
}

var followsName = runeSet("はがのにともをやらへか")
