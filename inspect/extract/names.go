package extract

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// names gathers the names of an archive's members, and its comments, to be
// inspected together: one part rather than one a member.
type names struct{ b strings.Builder }

// maxNames bounds what is gathered before it is handed on.
const maxNames = 64 << 10

// add takes a name in and hands on what was gathered if it is much.
func (n *names) add(e part.Emitter, name string) error {
	if name == "" {
		return nil
	}
	n.b.WriteString(name)
	n.b.WriteByte('\n')
	if n.b.Len() < maxNames {
		return nil
	}
	return n.flush(e)
}

func (n *names) flush(e part.Emitter) error {
	if n.b.Len() == 0 {
		return nil
	}
	s := n.b.String()
	n.b.Reset()
	return e.Child(part.Part{Path: "names", Role: part.FileName, Body: strings.NewReader(s), Size: int64(len(s))})
}

// decodeName reads a name that is not said to be UTF-8: CP932 from Japanese
// Windows, UTF-8 or EUC-JP from elsewhere.
func decodeName(b []byte) string {
	return charset.Text(b, charset.Detect(b, true, false, "").Charset)
}
