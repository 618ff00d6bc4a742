package detect

import (
	"bytes"
	"math/bits"
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

// inCode reports whether the surroundings of [start,end) are a program. It
// looks at what is near, so it is asked only of candidates that would count.
func inCode(text []byte, start, end int) bool {
	near := text[max(0, start-codeBefore):min(len(text), end+codeBehind)]
	return bits.OnesCount64(codeIn(near, len(near), enoughCode)) == enoughCode
}

// codeIn returns the marks that begin in the first n bytes of b, a bit each. It
// stops at enough.
func codeIn(b []byte, n, enough int) (found uint64) {
	n = min(n, len(b)-1)
	for i := 0; i < n; i++ {
		p := codePair(b[i], b[i+1])
		if codePairs[p>>6]>>(p&63)&1 == 0 {
			continue
		}
		for _, k := range codeFirst[b[i]&127] {
			if m := codeMarks[k]; found>>k&1 == 0 && bytes.HasPrefix(b[i:], []byte(m)) {
				if found |= 1 << k; bits.OnesCount64(found) == enough {
					return found
				}
			}
		}
	}
	return found
}

// codePairs has a bit for the first two bytes of each of codeMarks, by codePair.
var codePairs = func() (set [64]uint64) {
	for _, m := range codeMarks {
		p := codePair(m[0], m[1])
		set[p>>6] |= 1 << (p & 63)
	}
	return set
}()

func codePair(a, b byte) uint { return (uint(a)*61 ^ uint(b)) & 4095 }

// codeFirst lists codeMarks by their first bytes.
var codeFirst = func() (list [128][]uint8) {
	for k, m := range codeMarks {
		list[m[0]] = append(list[m[0]], uint8(k))
	}
	return list
}()

// codePages remembers the marks in pages of one text, since many candidates stand
// close together: most are told by their pages alone.
type codePages [16]struct {
	at    int32 // the page's number, from 1; 0 if there is none
	marks uint64
}

const codePage = 7 // bits of an offset in a page

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
		e.at, e.marks = int32(k+1), codeIn(text[k<<codePage:], 1<<codePage, len(codeMarks))
	}
	return e.marks
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
