package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sekimori-dlp/sekimori/bench/drip"
	"github.com/sekimori-dlp/sekimori/rules"
)

func runBenchDrip(ctx context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	var o drip.Options
	asJSON := f.Bool("json", false, "one JSON object a year")
	years := f.Int("years", 3, "live through `N` years, each with another insider")
	f.IntVar(&o.People, "people", 1000, "`N` people in the company")
	f.IntVar(&o.Days, "days", 365, "`N` days in a year")
	f.IntVar(&o.From, "from", 50, "records the insider carries out a day, `N` at least")
	f.IntVar(&o.To, "to", 300, "and `N` at most")
	f.Uint64Var(&o.Seed, "seed", 1, "`SEED` of the first year")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if o.People < 10 || o.Days < 20 || *years < 1 || o.From < 1 || o.To < o.From {
		return fmt.Errorf("bench drip: at least 10 people, 20 days and one year, and from not above to")
	}
	set, err := rules.Load(nil, rules.Options{Untested: true})
	if err != nil {
		return fmt.Errorf("bench drip: load the built-in rules: %w", err)
	}
	e := json.NewEncoder(p.stdout)
	if !*asJSON {
		fmt.Fprintln(p.stdout, "| year | records a day | found after days | by | records out by then | uploads | inspected | false alarms a week |\n|---|---|---|---|---|---|---|---|")
	}
	for range *years {
		r, err := drip.Run(ctx, set, o)
		if err != nil {
			return fmt.Errorf("bench drip: %w", err)
		}
		o.Seed++
		if *asJSON {
			if err := e.Encode(r); err != nil {
				return fmt.Errorf("bench drip: %w", err)
			}
			continue
		}
		found := fmt.Sprint(r.FoundAfter)
		if r.FoundAfter < 0 {
			found = "never"
		}
		fmt.Fprintf(p.stdout, "| %d | %d | %s | %s | %d | %d | %d | %.2f |\n", r.Seed, r.PerDay, found, r.By, r.Carried, r.Uploads, r.Inspected, r.PerWeek)
	}
	return nil
}
