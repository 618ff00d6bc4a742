package detect

import (
	"bytes"
	"math/bits"
	"sync"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// codeMarks are what programs are full of and data are not.
var codeMarks = [...]string{"=>", ":=", "==", "!=", "&&", "||", "();", "({", "})", "{{", "}}", "return ", "const ", "func ", "function", "import ", "var ", "let ", " if ", "\n// ", "/* ", " //", "/>", "</", "={", ");", "nil", "null,", "export ", "def ", "class ", "self.", "```", "printf", "Println", "(\"", "\"),", "`,", "struct", "%s", "::", "`{", "){", ") {"}

// enoughCode is how many of them, each counted once, make a program, and
// longestMark the length of the longest.
const (
	enoughCode  = 3
	longestMark = 8
)

// The surroundings in which they count, in bytes before and behind.
const (
	codeBefore = 240
	codeBehind = 160
)

// codeSet finds them.
var codeSet = sync.OnceValue(func() *match.Set {
	var marks []match.Pattern
	for i, m := range codeMarks {
		marks = append(marks, match.Pattern{Literal: m, Payload: uint32(i)})
	}
	set, err := match.Compile(marks, match.Options{NoRuns: true, NoAts: true})
	if err != nil {
		panic(err) // the marks are part of the program
	}
	return set
})

var codeEvidence = sync.Pool{New: func() any { return new(match.Evidence) }}

// inCode reports whether the surroundings of [start,end) are a program. It
// looks at what is near, so it is asked only of candidates that would count.
func inCode(text []byte, start, end int) bool {
	ev := codeEvidence.Get().(*match.Evidence)
	codeSet().Scan(text[max(0, start-codeBefore):min(len(text), end+codeBehind)], ev)
	var found uint64
	for _, h := range ev.Hits {
		found |= 1 << h.Payload
	}
	codeEvidence.Put(ev)
	return bits.OnesCount64(found) >= enoughCode
}

// codePages remembers the marks in pages of one text, since many candidates stand
// close together: most are told by their pages alone.
type codePages [2 * codeStretch]struct {
	at    int32 // the page's number, from 1; 0 if there is none
	marks uint64
}

const (
	codePage    = 7 // bits of an offset in a page
	codeStretch = 8 // pages that are read in one go
)

// around is inCode for the text that p is of.
func (p *codePages) around(text []byte, start, end int) bool {
	lo, hi := max(0, start-codeBefore), min(len(text), end+codeBehind)
	var in, touched uint64
	for k := lo >> codePage; k<<codePage < hi; k++ {
		m := p.page(text, k)
		touched |= m
		if k<<codePage >= lo && (k+1)<<codePage+longestMark <= hi {
			in |= m
		}
	}
	return bits.OnesCount64(touched) >= enoughCode &&
		(bits.OnesCount64(in) >= enoughCode || inCode(text, start, end))
}

// page returns the marks that begin in page k.
func (p *codePages) page(text []byte, k int) uint64 {
	e := &p[k%len(p)]
	if e.at != int32(k+1) {
		p.read(text, k&^(codeStretch-1))
	}
	return e.marks
}

// read reads the pages from k on.
func (p *codePages) read(text []byte, k int) {
	stretch := p[k%len(p):][:codeStretch]
	for i := range stretch {
		stretch[i].at, stretch[i].marks = int32(k+i+1), 0
	}
	ev := codeEvidence.Get().(*match.Evidence)
	codeSet().Scan(text[k<<codePage:min(len(text), (k+codeStretch)<<codePage+longestMark)], ev)
	for _, h := range ev.Hits {
		if i := h.Start >> codePage; i < codeStretch {
			stretch[i].marks |= 1 << h.Payload
		}
	}
	codeEvidence.Put(ev)
}

// technicalMost are the log odds that a single word in Latin letters gets at most
// in technical text: just below a confidence of 0.8.
const technicalMost = 1.3

// technical reports whether [start,end) stands in a program or in the source of a
// manual page.
func (s *nameSearch) technical(start, end int) bool {
	return s.code.around(s.text, start, end) || inManual(s.text, start, end)
}

// manualMarks are requests and escapes of troff.
var manualMarks = [...]string{"\n.SH", "\n.TP", "\n.PP", "\n.Pp", "\n.RS", "\n.It", "\n.B ", "\n.BR", "\n.I ", "\n.IR", "\n.br", "\n.sp", "\n.nf", "\n.if", "\n.IP", "\n.Xr", "\n.Em", "\n.Bl", "\n.\\\"", `\fB`, `\fI`, `\fR`, `\fP`, `\-`, `\&`}

// inManual reports whether the surroundings of [start,end) are troff.
func inManual(text []byte, start, end int) bool {
	near := text[max(0, start-400):min(len(text), end+300)]
	if bytes.IndexByte(near, '\\') < 0 && !bytes.Contains(near, []byte("\n.")) {
		return false
	}
	n := 0
	for _, m := range manualMarks {
		if bytes.Contains(near, []byte(m)) {
			if n++; n == 2 {
				return true
			}
		}
	}
	return false
}
