// Package replay judges recorded decisions again by another rule set: what it
// would have made of the past, before it goes live.
//
// The record keeps counts, places and structure, not content. So what comes of
// it is an estimate: counts by type include repeats and any confidence, unless
// the record lists every finding (up to 20 of an upload); words, own detectors
// and file names that no rule asked for at the time cannot be told from it and
// count as not found. An upload whose whole body was kept as evidence is
// inspected again, which is exact; of kept matches the text around them is.
// What would have been stopped is taken to have left all the same: what people
// do after a warning is not known.
package replay

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/rules"
)

// Judged is a verdict on a recorded decision.
type Judged struct {
	Action, Rule, Clause string
}

// Recorded is what was decided at the time. ok is false if no rule had a say in
// it because a step failed.
func Recorded(r *audit.Record) (j Judged, ok bool) {
	ev := &r.Event
	return Judged{ev.Action, ev.Rule, ev.Clause}, ev.Reason == ""
}

// past is what the record tells of a decision beyond its Event's own fields.
type past struct {
	Coverage inspect.Coverage `json:"coverage"`
	Findings []struct {
		Type       inspect.Type `json:"type"`
		Confidence float32      `json:"confidence"`
		Validated  bool         `json:"validated"`
		Record     int          `json:"record"`
	} `json:"findings"`
	Matches []struct{ Rule, Clause string } `json:"matches"`
}

// Upload is a recorded decision that can be judged by any rule set.
type Upload struct {
	ev   *audit.Event
	past past
	t    rules.Transaction // but for the report
	// known: the record lists every finding.
	known bool
}

// Read makes an Upload of a decision. Of fields that cannot be read nothing is
// known. The Upload is valid as long as the record is.
func Read(r *audit.Record) *Upload {
	ev := &r.Event
	u := &Upload{ev: ev}
	_ = json.Unmarshal(r.Raw, &u.past) // what is not there is zero
	found := 0
	for _, n := range ev.Counts {
		found += n
	}
	u.known = found == len(u.past.Findings)
	u.t = rules.Transaction{
		Principal: rules.Principal{User: ev.User, Groups: ev.Groups, How: ev.How},
		Destination: rules.Destination{Scheme: ev.Scheme, Host: ev.Host, Port: ev.Port, Method: ev.Method, Path: ev.Path,
			Service: ev.Service, Classes: ev.Classes},
		Bytes: ev.Bytes, Time: ev.Time, Use: use(ev.Details),
		Confirmed: u.said("the sender confirmed the warning"), Released: u.said("it was released"),
	}
	if ev.How == "anonymous" || ev.User == "anonymous" {
		u.t.Principal.User = ""
	}
	u.t.Principal.Address, _ = netip.ParseAddr(ev.Address) // the zero address is in no network
	return u
}

// said tells of a rule whether its recorded match ends in words.
func (u *Upload) said(words string) func(rule string) bool {
	return func(rule string) bool {
		for _, m := range u.past.Matches {
			if m.Rule == rule && strings.HasSuffix(m.Clause, words) {
				return true
			}
		}
		return false
	}
}

var recipients = regexp.MustCompile(`^(\d+), (\d+) outside(?:: ([^;]*))?(; not all are known)?$`)

// use reads what an upload did at a service from its event's details.
func use(details map[string]string) (u rules.Use) {
	u.Operation, u.Public = details["operation"], details["public_link"] != ""
	if m := recipients.FindStringSubmatch(details["recipients"]); m != nil {
		u.Recipients, _ = strconv.Atoi(m[1])
		u.Outside, _ = strconv.Atoi(m[2])
		u.OutsideDomains, u.Unclear = strings.Fields(m[3]), m[4] != ""
	}
	return u
}

// Remember lets rules over time ask what had left before.
func (u *Upload) Remember(h *history.Replay) error {
	if err := h.Until(u.ev.Time); err != nil {
		return err
	}
	var content uint64
	if b, err := hex.DecodeString(u.ev.Content); err == nil && len(b) >= 8 {
		content = max(1, binary.LittleEndian.Uint64(b))
	}
	people, same, err := h.Take(u.ev.Time, u.t.Principal.Sender(), u.ev.Host, content)
	u.t.History, u.t.Persons, u.t.Content = h, people, same
	return err
}

// Judge asks set for its verdict as far as the record tells. seen, if it is not
// nil, is what was found in evidence of the upload, which counts where it is
// more.
func (u *Upload) Judge(set *rules.Set, seen *inspect.Report) Judged {
	r := &inspect.Report{Records: u.ev.Records, Coverage: u.past.Coverage}
	for why, n := range u.past.Coverage.Reasons {
		for range min(n, 100) {
			r.Parts = append(r.Parts, inspect.PartReport{State: inspect.Not, Reason: why, Bytes: u.past.Coverage.Missed[why] / int64(n)})
		}
	}
	for i, q := range set.Spec().Queries {
		n := u.answer(&q)
		if seen != nil && i < len(seen.Answers) {
			n = max(n, seen.Answers[i])
		}
		r.Answers = append(r.Answers, n)
	}
	return u.decide(set, r)
}

// Exactly asks set for its verdict on what an inspection of the body found.
func (u *Upload) Exactly(set *rules.Set, r *inspect.Report, fileName string) Judged {
	if fileName != "" {
		u.t.FileNames = []string{fileName}
	}
	defer func() { u.t.FileNames = nil }()
	return u.decide(set, r)
}

func (u *Upload) decide(set *rules.Set, r *inspect.Report) Judged {
	t := u.t
	t.Report = r
	v := set.Decide(t)
	return Judged{v.Action.String(), v.Rule, v.Clause}
}

// answer estimates what an inspection would have answered.
func (u *Upload) answer(q *inspect.Query) int {
	if !u.known {
		return u.most(q)
	}
	fits := func(i int, types []inspect.Type) bool {
		f := &u.past.Findings[i]
		return slices.Contains(types, f.Type) && f.Confidence >= q.Confidence && (!q.Validated || f.Validated)
	}
	if !q.People {
		n := 0
		for i := range u.past.Findings {
			if fits(i, q.With[0]) {
				n++
			}
		}
		return n
	}
	// A record is a person if it has something of each.
	has := map[int]uint64{}
	for i := range u.past.Findings {
		if f := &u.past.Findings[i]; f.Record >= 0 {
			for k, types := range q.With {
				if fits(i, types) {
					has[f.Record] |= 1 << (k % 64)
				}
			}
		}
	}
	n := 0
	for _, b := range has {
		if b == 1<<len(q.With)-1 {
			n++
		}
	}
	return n
}

// most is how many there can have been at most.
func (u *Upload) most(q *inspect.Query) int {
	any := func(types []inspect.Type) (n int) {
		for _, typ := range types {
			n += u.ev.Counts[string(typ)]
		}
		return n
	}
	if !q.People {
		return any(q.With[0])
	}
	if slices.ContainsFunc(q.With, func(ts []inspect.Type) bool { return any(ts) == 0 }) {
		return 0
	}
	return u.ev.Records
}
