// Package inspect turns bytes into a Report: what personal information is in
// them, whose, and what could not be read. It knows nothing of HTTP, users,
// rules or logs.
package inspect

import (
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Type is a kind of information.
type Type = detect.Type

// Query is a count that a rule needs. Exactly one of the two forms is used.
type Query struct {
	// People: count distinct persons whose record has, for every element of
	// With, at least one of its types. Otherwise: count distinct values of
	// the types in With[0].
	People     bool
	With       [][]Type
	Confidence float32 // findings below are not counted
	AtLeast    int     // the smallest count that matters to the rule
	Validated  bool    // count only findings that a check agreed with
}

// Custom is a rule author's own detector.
type Custom = detect.Custom

// Spec is what a rule set needs to know of a text.
type Spec struct {
	Queries []Query
	Customs []Custom
	Limits  part.Limits
}

// Report is the outcome of one scan. Findings hold no clear value.
type Report struct {
	Parts    []PartReport
	Findings []Finding // at most MaxFindings; Total counts all
	Total    map[Type]int
	Records  int   // distinct persons: records with a personal finding, the same person counted once
	Answers  []int // one a Query, distinct; at most MaxDistinct each
	Coverage Coverage
	Elapsed  time.Duration

	// Again says that what was left out by UntilDecided may belong to a list
	// that stands elsewhere: only a scan without it knows the answers.
	Again bool
}

// Bounds of what a Report keeps, so that a gigabyte of customers costs no more
// memory than a page of them.
const (
	MaxFindings = 1000
	MaxDistinct = 1 << 20
)

// PartReport tells how one part was read.
type PartReport struct {
	Path    string      `json:"part"`
	Format  string      `json:"format,omitempty"`
	Charset string      `json:"charset,omitempty"`
	Bytes   int64       `json:"bytes"`
	State   State       `json:"coverage"`
	Reason  part.Reason `json:"reason,omitempty"`
	Detail  string      `json:"detail,omitempty"`

	name string // that the sender gave
	root int    // into Report.Parts: the upload's part that it is in
}

func (r *Report) total(t Type, n int) {
	if r.Total == nil {
		r.Total = map[Type]int{}
	}
	r.Total[t] += n
}

// Place returns where the part with that index stands, for people who know what
// they sent: its Path with the root's file name in the root's stead, without
// the root if it has none. It is empty for a body that has no file name.
func (r *Report) Place(i int) string {
	if i < 0 || i >= len(r.Parts) {
		return ""
	}
	root := &r.Parts[r.Parts[i].root]
	inner, ok := strings.CutPrefix(r.Parts[i].Path, root.Path)
	if !ok {
		return ""
	}
	inner = strings.TrimPrefix(inner, part.Separator)
	if root.name == "" || inner == "" {
		return root.name + inner
	}
	return root.name + part.Separator + inner
}

// State says how much of a part was inspected.
type State string

// The states.
const (
	Inspected State = "inspected"
	Partly    State = "partly"
	Not       State = "not"
)

// Coverage sums the parts.
type Coverage struct {
	Inspected int                 `json:"inspected"`
	Partly    int                 `json:"partly"`
	Not       int                 `json:"not"`
	Bytes     int64               `json:"bytes"`
	Reasons   map[part.Reason]int `json:"reasons,omitempty"`
	// Missed sums by reason the bytes of the parts that were not, or only
	// partly, inspected.
	Missed map[part.Reason]int64 `json:"missed_bytes,omitempty"`
}

// Finding is one recognised value, by place.
type Finding struct {
	Type       Type    `json:"type"`
	Detector   string  `json:"detector"`
	Confidence float32 `json:"confidence"`
	Validated  bool    `json:"validated"`
	Part       int     `json:"-"`     // index into Report.Parts
	Start      int64   `json:"start"` // byte offsets in the part's own bytes
	End        int64   `json:"end"`
	Line       int     `json:"line"` // from 1
	// At is the cell of a sheet ("C12"), the path in JSON ("$.members[3].phone",
	// keys that are no usual words as "*"), or line and column of a list
	// ("12:3"); empty if the line is all that is known.
	At     string `json:"at,omitempty"`
	Record int    `json:"record"` // number of the record, -1 if none
	Masked string `json:"masked"` // such as "4***-****-****-***1"
	Value  string `json:"-"`      // clear; only with Options.Reveal
	Digest uint64 `json:"-"`      // keyed, for telling values apart
}
