package ole

import (
	"context"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// restricted knows messages under rights management ([MS-OXORMMS] 2.1.3.1), which
// travel as an attachment, message.rpmsg: only the server that gave the licence
// can open them.
type restricted struct{}

func (restricted) Name() string { return "rpmsg" }

// Starts implements part.Marked.
func (restricted) Starts() string { return "\x76" }

func (restricted) Match(p *part.Part, head []byte) bool {
	const prefix = "\x76\xe8\x04\x60\xc4\x11\xe3\x86"
	return len(p.Encodings) == 0 && p.Role.Content() && len(head) >= len(prefix) && string(head[:len(prefix)]) == prefix
}

func (restricted) Read(_ context.Context, _ *part.Part, e part.Emitter, _ *part.Budget) error {
	e.Format("rpmsg", "")
	e.Skip(part.Encrypted, false, "a licence is needed")
	return nil
}
