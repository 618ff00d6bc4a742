package ole

import (
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// behind hands on what stands in the file from offset from on, where the tables
// know of nothing, unless it is padding.
func (f *file) behind(s *scope, from int64) error {
	buf := make([]byte, 4096)
	for from < f.c.size {
		n, _ := f.c.at.ReadAt(buf, from)
		if n == 0 {
			return nil
		}
		if over := f.b.Spend(f.ctx, 0); over != nil {
			return over
		}
		for i, c := range buf[:n] {
			if c != 0 && c != 0xff {
				size := f.c.size - from - int64(i)
				return s.child(part.Part{Path: "trailing data", Body: io.NewSectionReader(f.c.at, from+int64(i), size), Size: size})
			}
		}
		from += int64(n)
	}
	return nil
}
