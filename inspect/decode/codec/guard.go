package codec

import (
	"errors"
	"io"
)

// Guarded makes an error of a panic of r, for libraries that panic over damaged
// data.
func Guarded(r io.Reader) io.Reader { return &guarded{r: r} }

var errPanic = errors.New("decoder gave up")

type guarded struct {
	r   io.Reader
	err error
}

func (g *guarded) Read(p []byte) (n int, err error) {
	if g.err != nil {
		return 0, g.err
	}
	defer func() {
		if recover() != nil {
			n, err = 0, errPanic
		}
		g.err = err
	}()
	return g.r.Read(p)
}
