package charset

import (
	"math"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// ranges says which bytes begin a character of two: size bytes from each first
// one on. set is the bits to be set in all bytes beforehand.
type ranges struct{ first, firstSize, second, secondSize, set uint8 }

// blocks says when vectors, which read most of a long text, have their turn: not
// at its start, as short texts are many, not at its very end, and not around
// what they leave to be read one by one.
type blocks struct {
	next  int // offset from which on they may be tried
	pause int // offsets that are read one by one before they are tried again
	piece int // bytes to be given to them at a time
}

const (
	worth     = 64   // bytes that are worth a vector
	mostPause = 4096 // bytes, where vectors do not get far
	mostPiece = 1024 // bytes
)

func newBlocks(n int) blocks {
	if !useBlocks || n <= 2*worth {
		return blocks{next: math.MaxInt}
	}
	return blocks{next: worth, pause: worth, piece: 2 * worth}
}

// scratch is what lies between the steps.
type scratch struct {
	units [mostPiece + 64]uint16
	kinds [mostPiece + normal.UnitsBehind]byte
}

// pairs reads on from offset i of src, where a character begins, into buf from o
// on. It returns how far it got.
func (b *blocks) pairs(p *plane, r ranges, buf []byte, o int, src []byte, i int, base int64, s *steps) (int, int) {
	from := i
	var t scratch
	for len(src)-i > worth {
		if n := ASCIIPrefix(src[i:]); n >= worth {
			s.at(o, base+int64(i), 1, 1)
			o += copy(buf[o:], src[i:i+n])
			i += n
			continue
		}
		n := split(&src[i], min(b.piece, len(src)-i-1), r, &t.units[0])
		done, size := spell(&t.units[0], n, p, &buf[o], &t.kinds[0])
		i += s.all(t.kinds[:], done, o, base+int64(i))
		o += size
		if done < n {
			break
		}
		b.piece = min(2*b.piece, mostPiece)
	}
	b.rest(from, i)
	return o, i
}

// wide is pairs for UTF-16.
func (b *blocks) wide(big bool, buf []byte, o int, src []byte, i int, base int64, s *steps) (int, int) {
	from := i
	var t scratch
	for len(src)-i >= worth {
		n := min(b.piece, len(src)-i) / 2
		done, size := utf16(&src[i], n, big, &buf[o], &t.kinds[0])
		s.all(t.kinds[:], done, o, base+int64(i))
		i += 2 * done
		o += size
		if done < n&^15 {
			break
		}
		b.piece = min(2*b.piece, mostPiece)
	}
	b.rest(from, i)
	return o, i
}

// rest sets when vectors are tried again that got from one offset to another.
func (b *blocks) rest(from, to int) {
	if to-from > 2*b.pause {
		b.pause = worth
	} else {
		b.pause = min(2*b.pause, mostPause)
		b.piece = 2 * worth
	}
	b.next = to + b.pause
}

// all records the characters of the first n kinds, which are the top bytes of
// packed ones, and returns what they took of the input. normal.UnitsBehind more
// bytes must be behind them.
func (s *steps) all(kinds []byte, n, out int, in int64) (taken int) {
	if n == 0 {
		return 0
	}
	if s.m != nil {
		s.ow, s.iw = int(kinds[n-1]&3), int(kinds[n-1]>>2)
		return s.m.Units(out, in, kinds, n)
	}
	for _, k := range kinds[:n] {
		taken += int(k >> 2)
	}
	return taken
}
