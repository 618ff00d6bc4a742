package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// Set is a compiled rule set. It is immutable and safe for concurrent use.
type Set struct {
	rules   []rule
	tests   []sample // of the whole set
	streams []stream
	spec    inspect.Spec
	scanner *inspect.Scanner
	digest  string
	notes   tomlfile.Errors
	files   []string
}

// Spec is what the rules need to know of a text. It is shared: do not change it.
func (s *Set) Spec() inspect.Spec { return s.spec }

// Scanner is the scanner compiled for the set; its reports are what the set
// decides on.
func (s *Set) Scanner() *inspect.Scanner { return s.scanner }

// Digest names the set by what it decides: SHA-256 in hex over its rules,
// detectors, keyword lists and limits, with titles and messages, without
// layout, comments and tests.
func (s *Set) Digest() string { return s.digest }

// Notes are what is not wrong but worth an author's look, such as a rule that
// can never decide.
func (s *Set) Notes() tomlfile.Errors { return slices.Clone(s.notes) }

// Files are the files beside the rule files that the set was made of: word
// lists and samples.
func (s *Set) Files() []string { return slices.Clone(s.files) }

// Info describes one rule of a set.
type Info struct {
	ID       string            `json:"id"`
	Title    map[string]string `json:"title,omitempty"`
	Severity string            `json:"severity"`
	Action   Action            `json:"action"`
	Shadow   bool              `json:"shadow,omitempty"`
	BuiltIn  bool              `json:"built_in,omitempty"`
	Needs    []string          `json:"needs,omitempty"` // every condition, in words
	Lifts    []string          `json:"lifts,omitempty"`
	Evidence string            `json:"evidence,omitempty"` // what is kept of an upload
	Tests    int               `json:"tests"`
	At       string            `json:"at"` // file:line:col
}

// List describes the rules in the order in which they were read.
func (s *Set) List() []Info {
	infos := make([]Info, len(s.rules))
	for i := range s.rules {
		r := &s.rules[i]
		infos[i] = Info{ID: r.id, Title: r.title, Severity: r.severity, Action: r.action, Shadow: r.shadow,
			BuiltIn: r.builtin, Lifts: r.lifts, Evidence: r.evidence, Tests: len(r.tests), At: r.at.String()}
		infos[i].Needs = needs(r.groups[:])
	}
	return infos
}

// needs puts every condition of groups into words.
func needs(groups []group) (all []string) {
	for g := range groups {
		for k, c := range groups[g].any {
			for n := range c {
				need := c[n].key + ": " + c[n].need
				if k > 0 && n == 0 {
					need = "or " + need
				}
				all = append(all, need)
			}
		}
	}
	return all
}

// digest is over what the author's words mean, in the order in which they
// decide; positions and tests are left out by the fields' tags.
func (b *builder) digest() string {
	var rules []ruleTOML
	for i := range b.rules {
		rules = append(rules, b.rules[i].raw)
	}
	var streams []streamTOML
	for i := range b.streams {
		streams = append(streams, b.streams[i].raw)
	}
	data, err := json.Marshal(struct {
		Rules   []ruleTOML
		Lists   []keywordsTOML
		Spec    inspect.Spec
		Streams []streamTOML `json:",omitempty"`
	}{rules, b.lists, b.spec, streams})
	if err != nil {
		panic("rules: " + err.Error()) // only plain values are in there
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Release is what it takes to let out what a rule holds; false if there is no
// such rule or it does not hold.
func (s *Set) Release(rule string) (Release, bool) {
	for i := range s.rules {
		if r := &s.rules[i]; r.id == rule && r.release != nil {
			return *r.release, true
		}
	}
	return Release{}, false
}
