package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/alarm"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// rawAlarm is an [[alarm]] as it stands.
type rawAlarm struct {
	Name       string     `toml:"name"`
	When       alarm.When `toml:"when"`
	To         []string   `toml:"to"`
	Language   string     `toml:"language"`
	Group      duration   `toml:"group"`
	Escalate   duration   `toml:"escalate"`
	EscalateTo []string   `toml:"escalate_to"`
}

// alarmConfig is who is told of what.
type alarmConfig struct {
	rules []alarm.Rule
	to    []alarm.Destination
	mail  alarm.Mail
}

// alarms checks [mail], [[notify]] and [[alarm]].
func (r *rawConfig) alarms(n tomlfile.Node, path func(string) string, report tomlfile.Report) alarmConfig {
	c := alarmConfig{mail: r.Mail, to: r.Notify}
	tell := func(at tomlfile.Node, prefix string, err error) {
		if err == nil {
			return
		}
		for _, fault := range unjoin(err) {
			report(at.Pos(), "%s%v", prefix, fault)
		}
	}
	for _, p := range []*string{&c.mail.PasswordFile, &c.mail.CAFile} {
		*p = path(*p)
	}
	tell(n.Key("mail"), "", c.mail.Validate())
	var names []string
	for i := range c.to {
		d := &c.to[i]
		for _, p := range []*string{&d.URLFile, &d.SecretFile, &d.TokenFile, &d.CAFile} {
			*p = path(*p)
		}
		at := n.Key("notify").Elem(i)
		tell(at, "notify: ", d.Validate(c.mail.Server != ""))
		if slices.Contains(names, d.Name) {
			report(at.Pos(), "notify: name %q stands twice; write another", d.Name)
		}
		names = append(names, d.Name)
	}
	seen := map[string]bool{}
	for i, a := range r.Alarms {
		rule := alarm.Rule{Name: a.Name, When: a.When, To: a.To, Language: a.Language, Group: time.Duration(a.Group), Escalate: time.Duration(a.Escalate), EscalateTo: a.EscalateTo}
		at := n.Key("alarm").Elem(i)
		tell(at, "alarm: ", rule.Validate(names, c.mail.Server != ""))
		if seen[a.Name] {
			report(at.Pos(), "alarm: name %q stands twice; write another", a.Name)
		}
		seen[a.Name] = true
		c.rules = append(c.rules, rule)
	}
	return c
}

// openAlarms prepares alarms, if there are any. Nothing waits for them.
func (i *installation) openAlarms(registry prometheus.Registerer) error {
	c := i.cfg
	if len(c.Alarms.rules) == 0 {
		return nil
	}
	a, err := alarm.New(alarm.Config{
		Rules: c.Alarms.rules, Destinations: c.Alarms.to, Mail: c.Alarms.mail, Origin: c.Console.Origin,
		Dir: c.folder("audit"), State: c.folder("alarms"), Log: i.audit, Record: i.record,
		Manager: func(user string) string { return c.Release.managers[user] },
		Approvers: func() []string {
			if i.console == nil {
				return nil
			}
			return i.console.Approvers()
		},
		Decide: func(release, account string) (approve, refuse string) {
			if i.console == nil {
				return "", ""
			}
			return i.console.Links(release, account)
		},
	})
	if err != nil {
		return fmt.Errorf("prepare alarms: %w", err)
	}
	registry.MustRegister(a)
	i.alerts = a
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	i.runAlarms = func() { wg.Go(func() { a.Run(ctx) }) }
	i.closers = append(i.closers, func() error { stop(); wg.Wait(); return nil })
	return nil
}
