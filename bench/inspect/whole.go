package speed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/rules"
)

// inspection is whole inspection with the default rules, as the gate does it.
// It counts persons.
type inspection struct {
	ctx      context.Context
	rules    *rules.Set
	fileName string
	until    bool                               // decided
	open     func(text []byte) (io.Reader, int) // nil: the text itself
	last     *inspect.Report
}

func (n *inspection) scan(text []byte, times int) (sample, error) {
	s := timed(times, func() int {
		if n.once(text, true); n.last.Again {
			n.once(text, false)
		}
		return n.last.Records
	})
	if err := n.ctx.Err(); err != nil {
		return s, err
	}
	return s, n.covered()
}

func (n *inspection) once(text []byte, inCompany bool) {
	var body io.Reader = bytes.NewReader(text)
	size := len(text)
	if n.open != nil {
		body, size = n.open(text)
	}
	n.last = n.rules.Scanner().Scan(n.ctx, []part.Part{{
		Path: n.fileName, Name: n.fileName, Body: body, Size: int64(size),
	}}, inspect.ScanOptions{
		UntilDecided: inCompany && n.until,
		InCompany:    inCompany,
		Limits:       part.Limits{Time: time.Hour}, // the run's context ends it
	})
}

// covered makes sure that what was timed was inspected.
func (n *inspection) covered() error {
	for _, p := range n.last.Parts {
		if p.Reason != "" && p.Reason != part.UnknownFormat {
			return fmt.Errorf("not wholly inspected: %s %s", p.Reason, p.Detail)
		}
	}
	return nil
}

// verdict is what the default rules decide about the last report, as text.
func (n *inspection) verdict(size int) string {
	v := n.rules.Decide(rules.Transaction{
		Report: n.last, FileNames: []string{n.fileName}, Bytes: int64(size),
		Time:      time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC),
		Principal: rules.Principal{User: "bench", How: "basic"},
		Destination: rules.Destination{Scheme: "https", Host: "upload.example.com", Port: 443,
			Method: "POST", Path: "/", Classes: []string{"cloud-storage"}},
	})
	if v.Rule == "" {
		return v.Action.String()
	}
	return v.Action.String() + " by " + v.Rule
}

// persons makes sure that nobody was overlooked for the sake of speed.
func (r *run) persons(t *subject, text []byte, found int) error {
	for _, p := range r.defs.Persons {
		if !t.builtin || p.Corpus != t.name {
			continue
		}
		lines := min(bytes.Count(text, []byte("\n")), p.UpTo)
		if float64(found) < p.AtLeast*float64(lines) {
			return fmt.Errorf("%w: %d persons in the first %d lines and those after, want %.0f %% of them", errMiscount, found, lines, 100*p.AtLeast)
		}
	}
	return nil
}
