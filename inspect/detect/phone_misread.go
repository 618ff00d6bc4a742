package detect

// misreadReach is how far behind its label a number with letters for digits is
// looked for, in bytes.
const misreadReach = 24

// misread finds Japanese numbers behind a label in which letters stand for the
// digits that they look like, as optical recognition and typewriters have them:
// TEL O277-5O-5827.
func (p phone) misread(b *Block, h hint, emit func(Finding)) {
	t := b.Text
	done := 0
	for k := range h.hits {
		if h.hits[k].Payload != h.bit {
			continue
		}
		at := int(h.hits[k].End)
		if at < done {
			continue
		}
		for n := 0; at < len(t) && n < misreadReach && (t[at] >= 0x80 || t[at] == ' ' || t[at] == ':' || t[at] == '='); n++ {
			at++
		}
		if at >= len(t) || t[at]|0x20 != 'o' && t[at] != '0' {
			continue
		}
		var n numeral
		end, letters := at, 0
		for ; end < len(t) && n.n < 12 && n.groups < 4; end++ {
			switch c := t[end]; {
			case isDigit(c):
				n.digit[n.n] = c
			case c|0x20 == 'o':
				n.digit[n.n], letters = '0', letters+1
			case c == 'l' || c == 'I':
				n.digit[n.n], letters = '1', letters+1
			case c == '-' && n.size[n.groups] > 0:
				n.groups++
				n.gap[n.groups] = sepHyphen
				continue
			default:
				c = 0
			}
			if c := t[end]; !isDigit(c) && c|0x20 != 'o' && c != 'l' && c != 'I' {
				break
			}
			n.size[n.groups]++
			n.n++
		}
		n.groups++
		done = end
		if letters == 0 || n.n-letters < 6 || n.groups != 3 || end < len(t) && isAlnum(t[end]) {
			continue
		}
		digits := n.digit[:n.n]
		kind, head := planJapan(digits)
		if kind != fixedLine && kind != mobileLine && kind != ipLine || writtenJapan(&n, n.groups, kind, head) != 2 {
			continue
		}
		emit(Finding{Type: Phone, Detector: p.ID(), Start: at, End: end, Confidence: .85, Validated: true,
			Canon: "+81" + string(digits[1:])})
	}
}
