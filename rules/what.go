package rules

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// usualConfidence is the confidence that counts where a rule names none:
// confidences are calibrated, so four of five such findings are right.
const usualConfidence = 0.8

// what compiles a [rule.what].
func (b *builder) what(w *whatTOML, report tomlfile.Report) clause {
	var c clause
	if w.People != nil {
		c = append(c, b.people(w.People, report))
	}
	if w.Findings != nil {
		c = append(c, b.findings(w.Findings, report))
	}
	if w.Keywords != nil {
		c = append(c, b.keywordsIn(w.Keywords, report))
	}
	if w.NotInspected != nil {
		c = append(c, b.notInspected(w.NotInspected, report))
	}
	if w.FileNames != nil {
		c = append(c, b.fileNames(w, report))
	}
	if w.BytesOver != nil {
		over := int64(*w.BytesOver)
		c = append(c, condition{
			key: "bytes", need: "over " + w.BytesOver.String(), count: &count{of: "bytes", least: int(over)},
			holds: func(t *Transaction) bool { return t.Bytes > over },
			have:  func(t *Transaction) string { return fmt.Sprint(t.Bytes) },
		})
	}
	if len(w.At.Keys()) == 0 {
		report(w.At.Pos(), "what says nothing; write people, findings, keywords, not_inspected, file_names or bytes_over, or leave it out")
	}
	return c
}

// bounds checks at_least, at_most and confidence.
func bounds(at tomlfile.Node, least, most *int, confidence *float32, report tomlfile.Report) count {
	c := count{least: 1, confidence: usualConfidence}
	if least != nil {
		c.least = *least
		switch {
		case c.least < 1:
			report(at.Key("at_least").Pos(), "at_least = %d would always hold; write 1 or more", c.least)
		case c.least > inspect.MaxDistinct:
			report(at.Key("at_least").Pos(), "at_least = %d can never be reached, as at most %d are counted; write less", c.least, inspect.MaxDistinct)
		}
	}
	if most != nil {
		c.most = *most
		switch {
		case c.most < c.least:
			report(at.Key("at_most").Pos(), "at_most = %d is less than at_least = %d, so this can never hold; write %d or more", c.most, c.least, c.least)
		case c.most >= inspect.MaxDistinct:
			report(at.Key("at_most").Pos(), "at_most = %d is more than is ever counted; leave it out", c.most)
		}
	}
	if confidence != nil {
		c.confidence = *confidence
		if c.confidence <= 0 || c.confidence > 1 {
			hint := "0.8"
			if c.confidence > 1 && c.confidence <= 100 {
				hint = fmt.Sprint(c.confidence / 100)
			}
			report(at.Key("confidence").Pos(), "confidence = %v is not between 0 and 1; write confidence = %s", c.confidence, hint)
		}
	}
	return c
}

// counted makes the condition that the answer to q lies within c. unit is what
// an answer counts; detail what it asks of each.
func (b *builder) counted(key, detail string, c count, q inspect.Query) condition {
	q.AtLeast = c.least
	if c.most > 0 {
		q.AtLeast = c.most + 1
	}
	i := b.query(q)
	need := fmt.Sprintf("at least %d %s", c.least, detail)
	if c.most > 0 {
		need = fmt.Sprintf("%d to %d %s", c.least, c.most, detail)
	}
	c.of = fmt.Sprint(key, q.People, q.With, q.Validated)
	return condition{
		key: key, need: need, count: &c,
		holds: func(t *Transaction) bool {
			n := answer(t, i)
			return n >= c.least && (c.most == 0 || n <= c.most)
		},
		have: func(t *Transaction) string { return fmt.Sprint(answer(t, i)) },
	}
}

// answer is what the scanner counted; 0 where there was nothing to inspect.
func answer(t *Transaction, query int) int {
	if query >= len(t.Report.Answers) {
		return 0
	}
	return t.Report.Answers[query]
}

func (b *builder) people(p *peopleTOML, report tomlfile.Report) condition {
	c := bounds(p.At, p.AtLeast, p.AtMost, p.Confidence, report)
	q := inspect.Query{People: true, Confidence: c.confidence}
	for i, w := range p.With {
		q.With = append(q.With, b.types(p.At.Key("with").Elem(i), w, report))
	}
	if len(p.With) == 0 {
		report(p.At.Pos(), "people does not say by what a person is known; write with = [\"NAME\", \"PHONE|ADDRESS|EMAIL\"]")
	}
	detail := fmt.Sprintf("with %s, confidence %.2f", strings.Join(p.With, " and "), c.confidence)
	return b.counted("people", detail, c, q)
}

func (b *builder) findings(f *findingsTOML, report tomlfile.Report) condition {
	c := bounds(f.At, f.AtLeast, f.AtMost, f.Confidence, report)
	q := inspect.Query{With: [][]inspect.Type{nil}, Confidence: c.confidence, Validated: f.Validated}
	for i, w := range f.Types {
		q.With[0] = append(q.With[0], b.types(f.At.Key("types").Elem(i), w, report)...)
	}
	if len(f.Types) == 0 {
		report(f.At.Pos(), "findings does not say of which types; write types = [\"CARD\"]")
	}
	detail := fmt.Sprintf("%s, confidence %.2f", strings.Join(f.Types, "|"), c.confidence)
	if f.Validated {
		detail = "validated " + detail
	}
	return b.counted("findings", detail, c, q)
}

// types splits "PHONE|EMAIL" and checks each.
func (b *builder) types(at tomlfile.Node, words string, report tomlfile.Report) []inspect.Type {
	var ts []inspect.Type
	for w := range strings.SplitSeq(words, "|") {
		w = strings.TrimSpace(w)
		if oneOf(at, "type", w, b.typeNames, report) {
			ts = append(ts, inspect.Type(w))
		}
	}
	return ts
}

func (b *builder) keywordsIn(k *keywordsUse, report tomlfile.Report) condition {
	c := bounds(k.At, k.AtLeast, nil, nil, report)
	q := inspect.Query{With: [][]inspect.Type{nil}, Confidence: keywordConfidence}
	for i, id := range k.Lists {
		if l := b.list(element(k.At, "lists", i), id, report); l != nil {
			q.With[0] = append(q.With[0], b.custom(l))
		}
	}
	if len(k.Lists) == 0 {
		report(k.At.Pos(), "keywords names no list; write keywords = [\"id-of-a-list\"]")
	}
	return b.counted("keywords", "of "+strings.Join(k.Lists, "|"), c, q)
}

func (b *builder) notInspected(r *notRead, report tomlfile.Report) condition {
	var reasons []part.Reason
	for i, w := range r.Reasons {
		if !oneOf(element(r.At, "reasons", i), "reason", w, reasonWords(), report) {
			continue
		}
		if w == anyReason {
			reasons = part.Reasons
			break
		}
		reasons = append(reasons, part.Reason(w))
	}
	if len(r.Reasons) == 0 {
		report(r.At.Pos(), "not_inspected gives no reason; write not_inspected = [\"encrypted\", \"too-large\"], or [\"any\"]")
	}
	need := strings.Join(r.Reasons, "|")
	if len(r.Formats) > 0 {
		need += " in " + strings.Join(r.Formats, "|")
	}
	if len(r.NotFormats) > 0 {
		need += " not in " + strings.Join(r.NotFormats, "|")
	}
	if r.BytesOver > 0 {
		need += " over " + r.BytesOver.String()
	}
	found := func(t *Transaction) map[part.Reason]int { return unread(t.Report, reasons, r) }
	return condition{
		key: "not_inspected", need: need, any: []string{need},
		holds: func(t *Transaction) bool { return len(found(t)) > 0 },
		have:  func(t *Transaction) string { return reasonCounts(found(t)) },
	}
}

// unread counts the parts that were not, or only partly, inspected for one of
// the reasons and are as the author asks.
func unread(r *inspect.Report, reasons []part.Reason, ask *notRead) map[part.Reason]int {
	var n map[part.Reason]int
	add := func(why part.Reason, k int) {
		if n == nil {
			n = map[part.Reason]int{}
		}
		n[why] += k
	}
	if len(ask.Formats) == 0 && len(ask.NotFormats) == 0 && ask.BytesOver == 0 {
		for _, why := range reasons {
			if k := r.Coverage.Reasons[why]; k > 0 {
				add(why, k)
			}
		}
		return n
	}
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.State != inspect.Inspected && slices.Contains(reasons, p.Reason) && (ask.BytesOver == 0 || p.Bytes > int64(ask.BytesOver)) &&
			(len(ask.Formats) == 0 || slices.Contains(ask.Formats, p.Format)) && !slices.Contains(ask.NotFormats, p.Format) {
			add(p.Reason, 1)
		}
	}
	return n
}

func reasonCounts(n map[part.Reason]int) string {
	var w []string
	for why, k := range n {
		w = append(w, fmt.Sprintf("%d %s", k, why))
	}
	sort.Strings(w)
	return or(strings.Join(w, ", "), "none")
}

func (b *builder) fileNames(w *whatTOML, report tomlfile.Report) condition {
	at := w.At.Key("file_names")
	var words []string
	for i, id := range w.FileNames {
		if l := b.list(at.Elem(i), id, report); l != nil {
			words = append(words, l.Words...)
		}
	}
	names, err := newNames(words)
	if err != nil {
		report(at.Pos(), "file_names: %v", err)
	}
	return condition{
		key: "file_names", need: "a word of " + strings.Join(w.FileNames, "|"), any: w.FileNames,
		holds: func(t *Transaction) bool { return names.count(t) > 0 },
		have:  func(t *Transaction) string { return fmt.Sprintf("%d of the names", names.count(t)) },
	}
}
