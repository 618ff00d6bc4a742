package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/report"
)

func runAuditReport(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	data := f.String("data", "", "the state `FOLDER` (default "+defaultData+")")
	configFile := f.String("config", "", "the installation's configuration `FILE`")
	day := f.String("day", "", "the `DAY`, such as 2026-11-21, local time (default yesterday)")
	month := f.String("month", "", "the `MONTH`, such as 2026-11")
	lang := f.String("lang", report.Japanese, "`LANGUAGE`: ja or en")
	_ = f.Bool("html", true, "print a page, ready to be printed")
	asCSV := f.Bool("csv", false, "print rows for a spreadsheet instead")
	sample := f.Int("sample", 20, "draw `N` uploads for a spot check")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if *day != "" && *month != "" {
		return errors.New("audit report: name either --day or --month")
	}
	if *lang != report.Japanese && *lang != report.English {
		return fmt.Errorf("audit report: --lang %q is unknown; write ja or en", *lang)
	}
	var period report.Period
	switch {
	case *month != "":
		period, err = report.Month(*month, time.Local)
	case *day != "":
		period, err = report.Day(*day, time.Local)
	default:
		period, err = report.Day(time.Now().AddDate(0, 0, -1).Format(time.DateOnly), time.Local)
	}
	if err != nil {
		return fmt.Errorf("audit report: %w", err)
	}
	_, dir, err := auditDir(*configFile, *data)
	if err != nil {
		return err
	}
	p.leaveRead(dir, "audit report", map[string]string{"period": period.Name})
	r, err := report.Make(dir, period, max(0, *sample))
	if err != nil {
		return fmt.Errorf("audit report: %w", err)
	}
	out := bufio.NewWriter(p.stdout)
	if *asCSV {
		err = r.CSV(out, *lang)
	} else {
		err = r.HTML(out, *lang)
	}
	if err != nil {
		return fmt.Errorf("audit report: %w", err)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if !r.Reconciles() {
		return errFound
	}
	return nil
}
