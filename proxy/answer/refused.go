package answer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Refused is the answer to what is kept in: by a verdict, or because a step
// failed, "" if none did. r is what was found, nil if nothing was inspected; c
// the last request for a release, nil if there is none. Whoever asks adds the
// incident, the destination and how to confirm.
func Refused(v *rules.Verdict, failed Kind, r *inspect.Report, c *release.Case) *Answer {
	a := &Answer{Kind: Blocked, Rule: v.Rule, Title: v.Title, Say: v.Say}
	switch {
	case failed != "":
		a.Kind = failed
		return a
	case v.Action == rules.Warn:
		a.Kind = Warned
	case v.Action == rules.Hold:
		a.Kind = HeldBack
		a.Asked = AskedOf(c)
	}
	if r != nil {
		a.Found = found(r)
		for reason := range r.Coverage.Reasons {
			a.Unread = append(a.Unread, string(reason))
		}
		slices.Sort(a.Unread)
	}
	return a
}

// shownPlaces bounds how many files an answer names for one type.
const shownPlaces = 3

// found sums a report by type, the most frequent first, with the files in
// which each type was. The sender knows their names; nobody else reads this.
func found(r *inspect.Report) []Found {
	in := map[inspect.Type][]string{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if r.Place(f.Part) == "" {
			continue
		}
		if place := inspect.Where(r.Place(f.Part), f); len(in[f.Type]) < shownPlaces && !slices.Contains(in[f.Type], place) {
			in[f.Type] = append(in[f.Type], place)
		}
	}
	var out []Found
	for typ, n := range r.Total {
		out = append(out, Found{Type: string(typ), Count: n, In: strings.Join(in[typ], ", ")})
	}
	slices.SortFunc(out, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type))
	})
	return out
}

// AskedOf puts a request for a release, nil if there is none, into an answer.
func AskedOf(c *release.Case) *Asked {
	if c == nil {
		return nil
	}
	return &Asked{ID: c.ID, State: string(c.State), Needs: c.Terms.People, Agreed: c.Agreed(), Ends: c.Ends}
}
