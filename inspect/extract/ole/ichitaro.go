package ole

import (
	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
)

// ichitaro hands on the characters of a document of Ichitaro (jtd), which are
// UTF-16BE with control codes between them. The format is not published; the
// document stays told as of no known kind.
func (s *scope) ichitaro(n *node, path string) error {
	b, err := s.bytes(n)
	if b == nil && err != nil {
		return err
	}
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return s.text(path, runs.Append(nil, b, codepage.Unknown))
}
