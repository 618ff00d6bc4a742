package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/change"
	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/replay"
	"github.com/sekimori-dlp/sekimori/rules"
)

type changesBody struct{ All []change.Change }

func (c *Console) changesPage(q *request) {
	all := c.changes.List()
	q.draw("changes", q.view(q.t("changes-title"), changesBody{all[:min(len(all), 200)]}))
}

type proposeBody struct {
	File, Text, Why string
	Fixed, Checked  bool
	Faults, Notes   string
}

// example is what an author finds in a new file.
const example = `[[rule]]
id       = "price-list-outside"
title    = { ja = "価格表の社外送信", en = "Price lists leaving the company" }
severity = "medium"
action   = "warn"
mode     = "shadow"

  [rule.what]
  keywords = "price-list-words"

  [rule.where]
  class = ["web-mail", "cloud-storage", "file-transfer"]

  [[rule.test]]
  name   = "the first page of the price list"
  text   = "仕切価格表 2026"
  expect = "warn"

[[keywords]]
id    = "price-list-words"
words = ["仕切価格表", "dealer price list"]
`

func (c *Console) proposePage(q *request) {
	b := proposeBody{File: q.FormValue("file"), Text: example}
	if id, err := strconv.Atoi(q.FormValue("back")); err == nil {
		ch, err := c.changes.Get(id)
		if err != nil || ch.State != change.Applied {
			q.message(http.StatusNotFound, "not-found", "not-found-what")
			return
		}
		b = proposeBody{File: ch.File, Text: ch.Before, Why: q.t("back-why", id), Fixed: true}
	} else if b.File != "" {
		text, err := c.changes.Text(b.File)
		if errors.Is(err, change.ErrName) {
			q.message(http.StatusNotFound, "not-found", "not-found-what")
			return
		}
		if err != nil {
			q.broken(err)
			return
		}
		b.Fixed = text != ""
		if b.Fixed {
			b.Text = text
		}
	}
	q.draw("propose", q.view(q.t("propose-title"), b))
}

func (c *Console) propose(q *request) {
	b := proposeBody{File: strings.TrimSpace(q.PostFormValue("file")), Text: strings.ReplaceAll(q.PostFormValue("text"), "\r\n", "\n"), Why: q.PostFormValue("why")}
	release, ok := c.turn(q)
	if !ok {
		return
	}
	defer release()
	show := func(status int) {
		v := q.view(q.t("propose-title"), b)
		v.Path = "/console/rules/propose"
		q.drawAs(status, "propose", v)
	}
	if q.PostFormValue("do") == "check" {
		err := c.changes.Try(b.File, b.Text, func(folder string) error {
			set, err := c.cfg.Rules.With(folder)
			if err == nil {
				for _, n := range set.Notes() {
					b.Notes += strings.ReplaceAll(n.Error(), folder+"/", "") + "\n"
				}
			}
			return err
		})
		b.Checked = err == nil
		if err != nil {
			b.Faults = err.Error()
		}
		show(http.StatusOK)
		return
	}
	ch, err := c.changes.Propose(q.acc.Name, b.File, b.Text, b.Why, func(ch change.Change) error {
		return q.record("rule-proposed", changeEvent(ch, b.Why))
	})
	switch {
	case errors.Is(err, errUnrecorded):
		q.broken(err)
		return
	case err != nil:
		b.Faults = err.Error()
		show(http.StatusBadRequest)
		return
	}
	q.done("/console/rules/changes/"+itoa(ch.ID), "proposed-done")
}

// maxDiff bounds the difference that an event keeps, in bytes; its digest
// covers the whole.
const maxDiff = 64 << 10

// changeEvent says what is changed, line by line.
func changeEvent(ch change.Change, why string) audit.Event {
	var diff strings.Builder
	for _, l := range change.Diff(ch.Before, ch.After) {
		if diff.Len()+len(l.Text) > maxDiff {
			diff.WriteString("…\n")
			break
		}
		diff.WriteString(l.Mark + l.Text + "\n")
	}
	return audit.Event{Reason: why, Details: map[string]string{"change": itoa(ch.ID), "file": ch.File, "by": ch.By,
		"digest": ch.Digest(), "diff": strings.ToValidUTF8(diff.String(), "\uFFFD")}}
}

type changeBody struct {
	Change                              change.Change
	Diff                                []change.Line
	Dry                                 *dryRun
	Stale, MayDry                       bool
	Faults                              string
	MayDecide, MayWithdraw, MayRollBack bool
	See                                 bool // persons and incidents
}

// wantedChange reads the change that the address names, or answers that there
// is none.
func (q *request) wantedChange() (ch change.Change, ok bool) {
	id, err := strconv.Atoi(q.PathValue("id"))
	if err == nil {
		ch, err = q.c.changes.Get(id)
	}
	if err != nil {
		q.message(http.StatusNotFound, "not-found", "not-found-what")
	}
	return ch, err == nil
}

func (c *Console) change(q *request) {
	if ch, ok := q.wantedChange(); ok {
		c.drawChange(q, http.StatusOK, ch, "")
	}
}

func (c *Console) drawChange(q *request, status int, ch change.Change, faults string) {
	open, own := ch.State == change.Proposed, strings.EqualFold(ch.By, q.acc.Name)
	b := changeBody{See: q.sees(), Change: ch, Diff: change.Diff(ch.Before, ch.After), Faults: faults,
		MayDry: open && q.acc.Has(account.Author, account.Approver), MayDecide: open && !own && q.acc.Has(account.Approver),
		MayWithdraw: open && own && q.acc.Has(account.Author), MayRollBack: ch.State == change.Applied && q.acc.Has(account.Author)}
	text, err := c.changes.Text(ch.File)
	if err != nil {
		q.broken(err)
		return
	}
	b.Stale = open && text != ch.Before
	c.mu.Lock()
	if d, ok := c.dry[ch.Digest()]; ok {
		b.Dry = &d
	}
	c.mu.Unlock()
	v := q.view(q.t("change-title", ch.ID), b)
	v.Path = "/console/rules/changes/" + itoa(ch.ID)
	q.drawAs(status, "change", v)
}

func (c *Console) decide(q *request) {
	ch, ok := q.wantedChange()
	if !ok {
		return
	}
	release, ok := c.turn(q)
	if !ok {
		return
	}
	defer release()
	why, name := strings.TrimSpace(q.PostFormValue("why")), q.acc.Name
	recorded := func(act string) func(change.Change) error {
		return func(ch change.Change) error { return q.record(act, changeEvent(ch, why)) }
	}
	var err error
	var said string
	switch q.PostFormValue("do") {
	case "approve":
		if strings.EqualFold(c.knownAs(name), c.knownAs(ch.By)) {
			err = change.ErrSelf // also with another account
			break
		}
		said = "applied-done"
		_, err = c.changes.Approve(name, ch.ID, q.PostFormValue("seen"), why, recorded("rule-applied"))
	case "refuse":
		said = "refused-done"
		_, err = c.changes.Refuse(name, ch.ID, why, recorded("rule-refused"))
	case "withdraw":
		said = "withdrawn-done"
		_, err = c.changes.Withdraw(name, ch.ID, recorded("rule-withdrawn"))
	default:
		err = change.ErrGone
	}
	switch {
	case err == nil:
		q.done("/console/rules/changes/"+itoa(ch.ID), said)
	case errors.Is(err, change.ErrSelf), errors.Is(err, change.ErrRole):
		q.message(http.StatusForbidden, "forbidden", "second-person")
	case errors.Is(err, errUnrecorded):
		q.broken(err)
	case errors.Is(err, change.ErrGone):
		q.message(http.StatusConflict, "broken", "gone")
	default:
		c.drawChange(q, http.StatusConflict, ch, err.Error())
	}
}

// dryRun is what a proposal would have made of the recorded past.
type dryRun struct {
	replay.Tally
	Cut     bool // time ran out before the end
	Actions []tallied
	Judged  []replay.Sum // rules that would decide more or less often
	Senders []replay.Sum // with the most changes; for reviewers
	Places  []replay.Sum
}

// tallied is how often an action was, and would be.
type tallied struct {
	Action               string
	Recorded, Was, Would int
}

// Bounds of a dry run: the last decisions, and the time.
const (
	dryDecisions = 100_000
	dryTime      = 15 * time.Second
	maxDry       = 50 // kept
	shownDry     = 10 // persons and destinations
	shownChanged = 50 // decisions
)

var errTime = errors.New("time is up")

func (c *Console) dryRun(q *request) {
	ch, ok := q.wantedChange()
	if !ok {
		return
	}
	release, ok := c.turn(q)
	if !ok {
		return
	}
	defer release()
	if err := q.record("rule-dry-run", audit.Event{Details: map[string]string{"change": itoa(ch.ID), "digest": ch.Digest()}}); err != nil {
		q.broken(err)
		return
	}
	var d dryRun
	err := c.changes.Try(ch.File, ch.After, func(folder string) error {
		set, err := c.cfg.Rules.With(folder)
		if err == nil {
			d, err = c.replay(q, set)
		}
		return err
	})
	if err != nil {
		c.drawChange(q, http.StatusConflict, ch, err.Error())
		return
	}
	c.mu.Lock()
	if len(c.dry) >= maxDry {
		clear(c.dry)
	}
	c.dry[ch.Digest()] = d
	c.mu.Unlock()
	q.redirect("/console/rules/changes/" + itoa(ch.ID))
}

// replay judges the last decisions of the record by the rules in force and by
// set, in the same way.
func (c *Console) replay(q *request, set *rules.Set) (d dryRun, err error) {
	first, err := c.index.Begins(q.Context(), dryDecisions)
	if err != nil {
		return d, err
	}
	var past *history.Replay
	if c.cfg.History != "" {
		if past, err = history.OpenReplay(c.cfg.History); err != nil {
			return d, err
		}
		defer past.Close()
	}
	now, until, n := c.cfg.Rules.Set(), time.Now().Add(dryTime), 0
	d.Most = shownChanged
	err = c.cfg.Record.Read(first, func(r audit.Record) error {
		if r.Event.Kind != "decision" {
			return nil
		}
		recorded, ok := replay.Recorded(&r)
		if !ok {
			d.Skipped++
			return nil
		}
		u := replay.Read(&r)
		if past != nil {
			if err := u.Remember(past); err != nil {
				return err
			}
		}
		d.Add(replay.Change{Seq: r.Seq, Time: r.Event.Time, Incident: r.Event.Incident, User: r.Event.User, Host: r.Event.Host,
			Recorded: recorded, Was: u.Judge(now, nil), Would: u.Judge(set, nil)})
		if n++; n%256 == 0 && (time.Now().After(until) || q.Context().Err() != nil) {
			return errTime
		}
		return nil
	})
	if d.Cut = errors.Is(err, errTime); d.Cut {
		err = q.Context().Err()
	}
	for i := len(replay.Actions) - 1; i >= 0; i-- {
		if t := (tallied{replay.Actions[i], d.All.Recorded[i], d.All.Was[i], d.All.Would[i]}); t.Recorded+t.Was+t.Would > 0 {
			d.Actions = append(d.Actions, t)
		}
	}
	changed := func(all []replay.Sum) []replay.Sum {
		all = slices.DeleteFunc(all, func(s replay.Sum) bool { return s.Changed == 0 })
		return all[:min(len(all), shownDry)]
	}
	d.Judged, d.Senders, d.Places = changed(d.Rules()), changed(d.People()), changed(d.Hosts())
	return d, err
}
