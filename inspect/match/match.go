// Package match finds many patterns at once in UTF-8 text: literals, case
// folded where asked, the shapes from which detectors start (digit runs, "@"),
// and rule authors' expressions in RE2 syntax. A Set is compiled once and
// shared read-only.
//
// It reports every occurrence of a literal, overlapping ones too, with exact
// byte offsets; what an occurrence means is the caller's business. A text is
// scanned whole: who feeds blocks of a longer one must carry over what may go
// on in the next. DESIGN.md tells how it works and what it costs.
package match

// Pattern is one literal to look for.
type Pattern struct {
	Literal string // UTF-8, not empty
	Fold    bool   // ASCII letters match in both cases
	Payload uint32 // handed back with each hit
}

// Hit is one occurrence of a literal in the scanned text.
type Hit struct {
	Start, End int32 // byte offsets, half open
	Payload    uint32
}

// Run is a maximal run of ASCII digits.
type Run struct{ Start, End int32 }

// Evidence is what one pass over a block of text found. Its slices are reused
// by the next Scan into the same value.
type Evidence struct {
	Hits []Hit   // ascending by Start, then by End
	Runs []Run   // ascending
	Ats  []int32 // offsets of "@", ascending
	// Matches of Options.Exprs, ascending like Hits. Those of one expression
	// are what its FindAllIndex gives for the text: leftmost, not overlapping.
	Matches []Hit
}
