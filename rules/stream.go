package rules

import (
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// Stream says how a large upload is sent on while it is still inspected. The zero
// Stream sends nothing before the verdict.
type Stream struct {
	ID    string // of the [[stream]] that asks for it
	Above int64  // bytes: of larger bodies only, and so many are there before the first leaves
	Keep  int64  // bytes kept back behind what has come and was inspected, until the verdict
	Max   int64  // bytes of the largest body, where that is more than any may have; else 0
}

// Bounds of a stream's sizes, in bytes, and what they are if nothing is said.
const (
	streamAbove = 64 << 20
	streamKeep  = 1 << 20
	leastKeep   = 256 << 10
)

// streamTOML is a [[stream]].
type streamTOML struct {
	At    tomlfile.Node `toml:",self" json:"-"`
	ID    string        `toml:"id" doc:"Name of the stream: letters, digits, - _ and dots."`
	Above *sizeTOML     `toml:"above" doc:"Only bodies of more bytes than this, and so many are held before the first leaves; \"64 MiB\" if not given."`
	Keep  *sizeTOML     `toml:"keep" doc:"How many bytes stay here behind what has been inspected, and of the whole until the verdict; \"1 MiB\" if not given, \"256 KiB\" at least, above at most."`
	Max   *sizeTOML     `toml:"max" doc:"The largest body, where that is more than hold.max; all of it has to fit into hold.spool, and into inspect.bytes to be inspected."`
	Where []whereTOML   `toml:"where" doc:"Where the upload goes. It has to be said."`
	Who   []whoTOML     `toml:"who" doc:"Who sends it."`
	When  []whenTOML    `toml:"when" doc:"When it is sent."`
}

// stream is a [[stream]], compiled.
type stream struct {
	Stream
	groups [3]group // where, who, when
	at     tomlfile.Pos
}

// stream compiles a [[stream]].
func (b *builder) stream(e *entry[streamTOML]) stream {
	r := &e.raw
	report := b.in("stream", e.id, e.nth)
	s := stream{Stream: Stream{ID: r.ID, Above: streamAbove, Keep: streamKeep}, at: e.node.Pos(), groups: [3]group{{name: "where"}, {name: "who"}, {name: "when"}}}
	if r.Above != nil {
		s.Above = int64(*r.Above)
	}
	if r.Keep != nil {
		s.Keep = int64(*r.Keep)
	}
	if r.Max != nil {
		s.Max = int64(*r.Max)
	}
	switch {
	case s.Above < leastKeep:
		report(r.At.Key("above").Pos(), "above = %d; write \"256 KiB\" or more: smaller bodies are held whole in any case", s.Above)
	case r.Keep != nil && (s.Keep < leastKeep || s.Keep > s.Above):
		report(r.At.Key("keep").Pos(), "keep = %d; write \"256 KiB\" or more, and not more than above", s.Keep)
	case r.Max != nil && s.Max <= s.Above:
		report(r.At.Key("max").Pos(), "max = %d; write more than above, or leave it out where hold.max is enough", s.Max)
	}
	s.Keep = min(s.Keep, s.Above)
	if len(r.Where) == 0 {
		report(r.At.Pos(), "it does not say where to; write where = { hosts = [\"backup.example.com\"] }: what is streamed leaves in part before the verdict")
	}
	for i := range r.Where {
		w := &r.Where[i]
		for _, key := range []string{"operation", "recipients_outside", "recipient_domains", "public_link"} {
			if k := w.At.Key(key); k.Found() {
				report(k.KeyPos(), "%s is known only once the whole has come; leave it out", key)
			}
		}
		s.groups[0].any = append(s.groups[0].any, b.where(w, report))
	}
	for i := range r.Who {
		s.groups[1].any = append(s.groups[1].any, b.who(&r.Who[i], report))
	}
	for i := range r.When {
		s.groups[2].any = append(s.groups[2].any, b.when(&r.When[i], report))
	}
	return s
}

// StreamInfo describes one stream of a set.
type StreamInfo struct {
	ID    string   `json:"id"`
	Above int64    `json:"above"`
	Keep  int64    `json:"keep"`
	Max   int64    `json:"max,omitempty"`
	Needs []string `json:"needs"` // every condition, in words
	At    string   `json:"at"`    // file:line:col
}

// Streams describes the streams in the order in which they were read.
func (s *Set) Streams() []StreamInfo {
	infos := make([]StreamInfo, len(s.streams))
	for i := range s.streams {
		st := &s.streams[i]
		infos[i] = StreamInfo{ID: st.ID, Above: st.Above, Keep: st.Keep, Max: st.Max, Needs: needs(st.groups[:]), At: st.at.String()}
	}
	return infos
}

// Stream tells whether an upload is to be sent on while it is still inspected, and
// how. Of t only the principal, the destination and the time are looked at. Of the
// streams that apply the one with the largest Above counts, and of these the one
// that keeps the most.
func (s *Set) Stream(t Transaction) (best Stream, ok bool) {
	for i := range s.streams {
		st := &s.streams[i]
		holds := true
		for g := range st.groups {
			_, h := st.groups[g].holds(&t)
			holds = holds && h
		}
		if holds && (!ok || st.Above > best.Above || st.Above == best.Above && st.Keep > best.Keep) {
			best, ok = st.Stream, true
		}
	}
	return best, ok
}
