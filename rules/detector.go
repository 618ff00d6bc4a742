package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// Confidences of an author's own detectors where none are given.
const (
	aloneConfidence  = 0.8
	lonelyConfidence = 0.4 // where near words are wanted and none is there
	nearConfidence   = 0.9
	// keywordConfidence is that of a keyword: it is there or it is not.
	keywordConfidence = 1
)

// maxWithin bounds how far, in characters, a near word is looked for.
const maxWithin = 1000

// isType reports whether s has the shape of a type.
func isType(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) && plainName(s, 64)
}

// detector compiles a [[detector]].
func (b *builder) detector(d *detectorTOML, report tomlfile.Report) inspect.Custom {
	c := inspect.Custom{ID: d.ID, Type: inspect.Type(or(d.Type, d.ID)), Pattern: d.Pattern, Words: d.Words,
		Check: or(d.Check, "none"), Alone: aloneConfidence, Beside: nearConfidence, Within: 40}
	if !isType(string(c.Type)) {
		report(d.At.Key("type").Pos(), "%q is no type; write up to 64 letters, digits, - _ and dots, a letter first", c.Type)
	}
	switch {
	case (d.Pattern == "") == (len(d.Words) == 0):
		report(d.At.Pos(), "a detector has either a pattern or words; write pattern = '[A-Z]{3}[0-9]{10}', or words = [\"…\"]")
	case d.Pattern != "":
		checkPattern(d.At.Key("pattern"), d.Pattern, report)
	default:
		checkWords(d.At.Key("words"), d.Words, report)
	}
	if _, ok := detect.Check(c.Check); !ok {
		at := d.At.Key("check").Pos()
		if kind, _, ok := strings.Cut(c.Check, ":"); ok && (kind == "mod10" || kind == "mod11") {
			report(at, "check %q has no weights that can be read; write one for each digit but the last, as in \"%s:6,5,4,3,2\"", c.Check, kind)
		} else {
			report(at, "unknown check %q%s", c.Check, tomlfile.Instead(c.Check, detect.CheckNames))
		}
	}
	if d.Near != nil {
		c.Near, c.Alone = d.Near.Words, lonelyConfidence
		checkWords(d.At.Key("near").Key("words"), d.Near.Words, report)
		if d.Near.Within != nil {
			if c.Within = *d.Near.Within; c.Within < 1 || c.Within > maxWithin {
				report(d.At.Key("near").Key("within").Pos(), "within = %d is not between 1 and %d characters; write within = 40", c.Within, maxWithin)
			}
		}
	}
	if d.Confidence != nil {
		at := d.At.Key("confidence")
		for key, p := range map[string]struct{ from, to *float32 }{
			"alone": {d.Confidence.Alone, &c.Alone}, "near": {d.Confidence.Near, &c.Beside}} {
			if p.from == nil {
				continue
			}
			if *p.to = *p.from; *p.to < 0 || *p.to > 1 {
				report(at.Key(key).Pos(), "confidence %s = %v is not between 0 and 1; write one such as 0.8", key, *p.to)
			}
		}
		if d.Near == nil && d.Confidence.Near != nil {
			report(at.Key("near").Pos(), "there are no near words; write near = { words = [\"…\"] }, or leave this confidence out")
		}
	}
	return c
}

// maxPattern bounds an author's pattern, in bytes.
const maxPattern = 2000

func checkPattern(at tomlfile.Node, p string, report tomlfile.Report) {
	re, err := regexp.Compile(p)
	switch {
	case err != nil:
		msg := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		hint := "write it in RE2 syntax"
		if strings.Contains(msg, "(?=") || strings.Contains(msg, "(?!") || strings.Contains(msg, "(?<") {
			hint = "RE2 has no look-around, and none is needed at the borders: a pattern never matches inside a longer word or number"
		}
		report(at.Pos(), "pattern: %s; %s", msg, hint)
	case len(p) > maxPattern:
		report(at.Pos(), "pattern has %d bytes; write words, or several detectors of one type, with at most %d each", len(p), maxPattern)
	case re.MatchString(""):
		report(at.Pos(), "pattern matches an empty text, so it would match everywhere; write + for * or ask for a first character")
	}
}

func checkWords(at tomlfile.Node, words []string, report tomlfile.Report) {
	if len(words) == 0 {
		report(at.Pos(), "there are no words; write words = [\"…\"]")
	}
	seen := map[string]bool{}
	for i, w := range words {
		switch {
		case strings.TrimSpace(w) == "":
			report(at.Elem(i).Pos(), "an empty word would match everywhere; write a word")
		case seen[fold(w)]:
			report(at.Elem(i).Pos(), "the word stands here twice; leave one out")
		}
		seen[fold(w)] = true
	}
}

// keywordType is the type that a keyword list's findings have.
func keywordType(id string) inspect.Type { return inspect.Type("KEYWORDS:" + id) }

// keywordDetector makes a detector of a keyword list.
func keywordDetector(l *keywordsTOML) inspect.Custom {
	return inspect.Custom{ID: "keywords:" + l.ID, Type: keywordType(l.ID), Words: l.Words, Check: "none", Alone: keywordConfidence}
}

// custom puts a keyword list among what is looked for and returns its type.
func (b *builder) custom(l *keywordsTOML) inspect.Type {
	t := keywordType(l.ID)
	if !slices.ContainsFunc(b.spec.Customs, func(c inspect.Custom) bool { return c.Type == t }) {
		b.spec.Customs = append(b.spec.Customs, keywordDetector(l))
	}
	return t
}

// list finds a keyword list, or reports that there is none.
func (b *builder) list(at tomlfile.Node, id string, report tomlfile.Report) *keywordsTOML {
	ids := make([]string, len(b.lists))
	for i := range b.lists {
		if ids[i] = b.lists[i].ID; ids[i] == id {
			b.used[id] = true
			return &b.lists[i]
		}
	}
	hint := tomlfile.Instead(id, ids)
	if tomlfile.Nearest(id, ids) == "" {
		hint += fmt.Sprintf("; words stand in a list of their own, named here: write [[keywords]] with id = \"a-name\" and words = [%q]", id)
	}
	report(at.Pos(), "there is no keyword list %q%s", id, hint)
	return nil
}
