package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/export"
)

func runAuditExport(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	format := f.String("format", "jsonl", "`FORMAT`: csv, cef, ocsf, ecs or jsonl")
	since := f.String("since", "", "only from this `TIME` on (RFC 3339 or 2006-01-02, local)")
	until := f.String("until", "", "only before this `TIME`")
	bom := f.Bool("bom", false, "begin a csv file with a byte order mark, for spreadsheets")
	var filter audit.Filter
	f.StringVar(&filter.Kind, "kind", "", "only this `KIND` of event")
	f.StringVar(&filter.Action, "action", "", "only decisions with this `ACTION`")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	write := export.Formats[*format]
	if write == nil {
		return fmt.Errorf("audit export: --format %q is unknown; write csv, cef, ocsf, ecs or jsonl", *format)
	}
	if filter.From, err = moment(*since); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if filter.To, err = moment(*until); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	_, dir, err := auditDir(*configFile, *data)
	if err != nil {
		return err
	}
	p.leaveRead(dir, "audit export", map[string]string{"format": *format, "since": *since, "until": *until, "kind": filter.Kind, "action": filter.Action})
	out := bufio.NewWriter(p.stdout)
	if *format == "csv" {
		if *bom {
			_, _ = out.WriteString("\ufeff")
		}
		_, _ = out.Write(append(slices.Clip(export.Header()), '\n'))
	}
	err = audit.Read(dir, filter, func(r audit.Record) error {
		_, _ = out.Write(write(&r))
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("audit export: %w", err)
	}
	return out.Flush()
}
