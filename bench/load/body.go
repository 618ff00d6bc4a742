package load

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"unicode/utf8"
)

// Kinds are the kinds of small uploads that Body makes.
var Kinds = []string{"text", "json", "random", "word", "bytes"}

// Body makes n bytes of an upload without personal information: Japanese and
// English office text, JSON of readings, random bytes in base64, one word of random
// letters and digits, or random bytes as they are.
func Body(kind string, n int) []byte {
	r := rand.New(rand.NewPCG(7, 77))
	var b bytes.Buffer
	switch kind {
	case "random", "bytes":
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		if kind == "bytes" {
			return raw
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw))
	case "word":
		const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		for b.Len() < n {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
	case "json":
		for b.Len() < n {
			fmt.Fprintf(&b, `{"sensor":"unit-%d","state":"%s","reading":%.3f,"unit":"kPa","note":"within range"}`+"\n",
				r.IntN(90)+10, []string{"idle", "active", "standby"}[r.IntN(3)], r.Float64()*100)
		}
	default:
		sentences := []string{
			"今月の定例会議では、新しい倉庫の棚の配置について話し合いました。",
			"The build finished without a warning, and the report was sent to the usual list.\n",
			"来週までに見積もりの案をまとめ、部内で確認してください。\n",
			"Please keep the doors closed while the pump is running.",
			"設計書の第三章を読み直し、用語をそろえました。",
			"We expect the parts to arrive before the end of the quarter.\n",
		}
		for b.Len() < n {
			b.WriteString(sentences[r.IntN(len(sentences))])
		}
	}
	out := b.Bytes()[:n]
	endWhole(out)
	return out
}

// endWhole blanks a character that b ends within.
func endWhole(b []byte) {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				copy(b[i:], "    ")
			}
			return
		}
	}
}

// bodies makes small uploads of one size that all differ: each is another
// stretch of one text, and ends in a number of its own, in letters, since digits
// would have to be looked at as somebody's. Safe for concurrent use.
type bodies struct {
	text   []byte
	starts []int
	size   int
	raw    bool // no text
}

const (
	stretch = 256 << 10 // of text within which small uploads start
	small   = 1 << 20   // bytes up to which each upload differs from the others
)

func newBodies(kind string, size int) *bodies {
	b := &bodies{text: Body(kind, size+stretch), size: size, starts: []int{0}, raw: kind == "bytes"}
	lines := kind == "text" || kind == "json"
	for i := range stretch {
		if lines && b.text[i] == '\n' || !lines && i%64 == 63 {
			b.starts = append(b.starts, i+1)
		}
	}
	return b
}

// fill makes the k-th upload in dst, which has its size.
func (b *bodies) fill(dst []byte, k int64) {
	start := b.starts[int(uint64(k)*7919%uint64(len(b.starts)))]
	const letters = 8
	n := copy(dst, b.text[start:start+b.size])
	if n > 2*letters {
		end := dst[n-letters:]
		for i := range end {
			end[i] = 'a' + byte(k>>(4*i)&15)
		}
		n -= letters
	}
	if !b.raw {
		endWhole(dst[:n])
	}
}

// newStream repeats a block up to size bytes.
func newStream(block []byte, size int64) io.Reader {
	return io.LimitReader(&stream{block: block}, size)
}

type stream struct {
	block []byte
	off   int
}

func (s *stream) Read(p []byte) (int, error) {
	n := copy(p, s.block[s.off:])
	s.off = (s.off + n) % len(s.block)
	return n, nil
}
