package export

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// KindCheckpoint is the kind under which signed checkpoints go out. No record has
// it.
const KindCheckpoint = "checkpoint"

// usualNotes is how often a sink that takes nothing else gets a checkpoint.
const usualNotes = 10 * time.Minute

// signer makes checkpoints; *audit.Log does.
type signer interface{ Checkpoint() *audit.Signed }

// note returns the last checkpoint as an item, if one is due. Those made between
// two that go out say nothing that the later one does not.
func (p *Pump) note() (item Item, ok bool) {
	log, signs := p.log.(signer)
	if !signs || p.cfg.notes == 0 {
		return item, false
	}
	c := log.Checkpoint()
	if c == nil || c.Number <= p.at.Note || !p.at.NoteTime.IsZero() && c.Time.Sub(p.at.NoteTime) < p.cfg.notes {
		return item, false
	}
	ev := audit.Event{Kind: KindCheckpoint, Time: c.Time, Details: map[string]string{
		"number": strconv.FormatUint(c.Number, 10), "records": strconv.FormatUint(c.Size, 10),
		"note": base64.RawURLEncoding.EncodeToString(c.Note),
	}}
	r := audit.Record{Seq: c.Size, Raw: marshal(ev), Event: ev}
	copy(r.Hash[:], c.Root[:])
	return Item{Seq: c.Size, Note: c.Number, Time: c.Time, Kind: KindCheckpoint, Line: p.format(&r)}, true
}

// noted is a checkpoint in any of the formats.
var noted = regexp.MustCompile(`\bnote["\\]*[=:]"?([A-Za-z0-9_-]{100,})`)

// Notes finds the signed notes in what a sink got, in any format: lines, also
// with what a syslog server put before them. Whoever reads them checks their
// signatures.
func Notes(b []byte) (all [][]byte) {
	for _, m := range noted.FindAllSubmatch(b, -1) {
		if n, err := base64.RawURLEncoding.DecodeString(string(m[1])); err == nil {
			all = append(all, n)
		}
	}
	return all
}
