package archive

// dynamicCoder decodes -lh1-: an adaptive Huffman code of bytes and lengths, and
// a fixed one of the upper bits of distances (LZHUF.C by Haruyasu Yoshizaki).
type dynamicCoder struct {
	in     *bitReader
	freq   [lh1Nodes + 1]uint16 // of each node, ascending
	parent [lh1Nodes + lh1Symbols]uint16
	son    [lh1Nodes]uint16 // the first of two sons, or lh1Nodes + symbol
}

const (
	lh1Symbols = 256 + 58 // bytes, and lengths from 3 to 60
	lh1Nodes   = 2*lh1Symbols - 1
	lh1Root    = lh1Nodes - 1
	lh1Most    = 0x8000 // frequency at which all are halved
)

func newLh1(in *bitReader) *dynamicCoder {
	d := &dynamicCoder{in: in}
	for i := range lh1Symbols {
		d.freq[i] = 1
		d.son[i] = uint16(i + lh1Nodes)
		d.parent[i+lh1Nodes] = uint16(i)
	}
	for i, j := 0, lh1Symbols; j <= lh1Root; i, j = i+2, j+1 {
		d.freq[j] = d.freq[i] + d.freq[i+1]
		d.son[j] = uint16(i)
		d.parent[i], d.parent[i+1] = uint16(j), uint16(j)
	}
	d.freq[lh1Nodes] = 0xffff
	return d
}

func (d *dynamicCoder) next() (byte, int, int, error) {
	node := int(d.son[lh1Root])
	for node < lh1Nodes {
		node = int(d.son[node+d.in.take(1)])
	}
	symbol := node - lh1Nodes
	d.update(symbol)
	if symbol < 256 {
		return byte(symbol), 0, 0, d.in.err
	}
	return 0, symbol - 256 + 3, d.distance() + 1, d.in.err
}

// update counts a symbol and keeps the nodes in the order of their frequencies.
func (d *dynamicCoder) update(symbol int) {
	if d.freq[lh1Root] == lh1Most {
		d.rebuild()
	}
	c := int(d.parent[symbol+lh1Nodes])
	for {
		d.freq[c]++
		k := d.freq[c]
		if l := c + 1; k > d.freq[l] {
			for k > d.freq[l+1] {
				l++
			}
			d.freq[c], d.freq[l] = d.freq[l], k
			i, j := d.son[c], d.son[l]
			d.adopt(i, l)
			d.adopt(j, c)
			d.son[l], d.son[c] = i, j
			c = l
		}
		if c == lh1Root {
			return
		}
		c = int(d.parent[c])
	}
}

// adopt makes node the parent of a son and its brother, or of a symbol.
func (d *dynamicCoder) adopt(son uint16, node int) {
	d.parent[son] = uint16(node)
	if son < lh1Nodes {
		d.parent[son+1] = uint16(node)
	}
}

// rebuild halves the frequencies and makes the tree anew.
func (d *dynamicCoder) rebuild() {
	j := 0
	for i := range lh1Nodes {
		if d.son[i] >= lh1Nodes {
			d.freq[j] = (d.freq[i] + 1) / 2
			d.son[j] = d.son[i]
			j++
		}
	}
	for i, j := 0, lh1Symbols; j < lh1Nodes; i, j = i+2, j+1 {
		f := d.freq[i] + d.freq[i+1]
		k := j - 1
		for f < d.freq[k] {
			k--
		}
		k++
		copy(d.freq[k+1:j+1], d.freq[k:j])
		d.freq[k] = f
		copy(d.son[k+1:j+1], d.son[k:j])
		d.son[k] = uint16(i)
	}
	for i := range lh1Nodes {
		d.adopt(d.son[i], i)
	}
}

// distance reads the upper six bits by a fixed code of three to eight bits, and
// the lower six as they are.
func (d *dynamicCoder) distance() int {
	b := d.in.peek(8)
	place := lh1Places[b]
	d.in.take(uint(place.bits))
	return int(place.upper)<<6 | d.in.take(6)
}

// lh1Places is that code, by the next eight bits.
var lh1Places = func() (t [256]struct{ upper, bits byte }) {
	at, upper := 0, byte(0)
	for _, group := range []struct{ bits, n int }{{3, 1}, {4, 3}, {5, 8}, {6, 12}, {7, 24}, {8, 16}} {
		for range group.n {
			for range 1 << (8 - group.bits) {
				t[at].upper, t[at].bits = upper, byte(group.bits)
				at++
			}
			upper++
		}
	}
	return t
}()
