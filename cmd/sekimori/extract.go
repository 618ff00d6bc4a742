package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func extractCommand() *command {
	return &command{
		name: "extract", args: "FILE|-...", short: "show what the gate sees in a file, part by part",
		long: `
For rule authors who wonder why something was or was not found: the text that
was read from every part, and what was not read and why. With --json, one object
a part: {"file","part","format","charset","bytes","coverage","reason","detail","text"}.`,
		run: runExtract,
	}
}

type extractLine struct {
	File string `json:"file"`
	inspect.PartReport
	Text string `json:"text"`
}

func runExtract(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	asJSON := f.Bool("json", false, "one JSON object a line")
	config := f.String("config", "", "take the limits from this configuration `FILE`")
	most := f.Int("most", 1<<20, "show at most this many `BYTES` of each part's text")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return errors.New("extract: name a file, or - for standard input")
	}
	cfg, err := loadConfig(*config)
	if err != nil {
		return err
	}
	// What is found in the text is not asked for here.
	scanner, err := inspect.New(inspect.Spec{Limits: cfg.Budget}, inspect.Options{Detectors: []detect.Detector{}})
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	type result struct {
		out []byte
		err error
	}
	work := func(ctx context.Context, in input) result {
		root, closer, err := p.open(in)
		if err != nil {
			return result{err: err}
		}
		defer closer.Close()
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		texts := map[*inspect.PartReport]*strings.Builder{}
		scanner.Scan(ctx, []part.Part{root}, inspect.ScanOptions{
			OnText: func(pr *inspect.PartReport, text []byte) {
				b := texts[pr]
				if b == nil {
					b = &strings.Builder{}
					texts[pr] = b
				}
				b.Write(text[:min(len(text), max(0, *most-b.Len()))])
			},
			OnPart: func(pr *inspect.PartReport) {
				text := ""
				if b := texts[pr]; b != nil {
					text = strings.ToValidUTF8(b.String(), "")
					delete(texts, pr)
				}
				if *asJSON {
					_ = enc.Encode(extractLine{in.name, *pr, text})
					return
				}
				fmt.Fprintf(&buf, "== %s [%s%s, %d bytes, %s%s]\n", place(in.name, pr.Path), pr.Format, with(" ", pr.Charset), pr.Bytes, pr.State,
					with(": ", strings.TrimSpace(string(pr.Reason)+" "+pr.Detail)))
				if text != "" {
					fmt.Fprintln(&buf, strings.TrimRight(text, "\n"))
				}
			},
		})
		return result{out: buf.Bytes()}
	}
	out := bufio.NewWriter(p.stdout)
	var failed []error
	err = each(ctx, p, inputs(rest), work, func(_ input, r result) error {
		if r.err != nil {
			failed = append(failed, r.err)
		}
		_, err := out.Write(r.out)
		return err
	})
	if err := errors.Join(err, out.Flush(), unreadable(failed)); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	return nil
}

// with puts a mark before a text, or nothing before nothing.
func with(mark, text string) string {
	if text == "" {
		return ""
	}
	return mark + text
}
