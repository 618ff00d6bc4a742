package main

import (
	"log/slog"
	"strings"
)

// libraries takes what libraries say by package log. net/http quotes there what an
// origin sends unasked, which may be what somebody has sent to it; so what stands in
// quotation marks is left out, and all behind it.
type libraries struct{ log *slog.Logger }

// Write implements io.Writer.
func (l libraries) Write(p []byte) (int, error) {
	text, _, _ := strings.Cut(string(p), `"`)
	l.log.Warn("library", "message", strings.TrimSpace(text))
	return len(p), nil
}
