package proxy

import (
	"log/slog"
	"time"
)

// access writes one line of the access log: who reached what, how it went, how
// much it was, how long it took. Paths and queries are not in it, nor methods that
// were refused; they may hold what people wrote.
func (x *exchange) access(start time.Time, failed bool) {
	r := x.r
	method := r.Method
	if !plainMethod(method) {
		method = "_OTHER"
	}
	line := make([]slog.Attr, 0, 16)
	line = append(line,
		slog.String("client", r.RemoteAddr), slog.String("user", x.who.User), slog.String("method", method),
		slog.String("scheme", r.URL.Scheme), slog.String("host", x.host), slog.Int("port", x.port), slog.String("protocol", r.Proto),
		slog.Int64("in", x.asked.Length), slog.Int64("out", x.w.wrote),
		slog.Float64("ms", float64(time.Since(start))/float64(time.Millisecond)))
	if x.w.status != 0 { // a tunnel has none
		line = append(line, slog.Int("status", x.w.status))
	}
	if x.outcome.Incident != "" {
		line = append(line, slog.String("incident", x.outcome.Incident))
	}
	if v := x.outcome.Verdict; v.Action != 0 {
		line = append(line, slog.String("action", v.Action.String()), slog.String("rule", v.Rule))
	}
	if x.bypass != nil {
		line = append(line, slog.String("bypass", x.bypass.ID))
	}
	if failed {
		line = append(line, slog.Bool("broken", true))
	}
	if d := x.link.door(); d != nil && d.Name != "" {
		line = append(line, slog.String("door", d.Name))
	}
	x.s.deps.Access.LogAttrs(r.Context(), slog.LevelInfo, "access", line...)
}
