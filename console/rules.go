package console

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/change"
	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/console/page"
	"github.com/sekimori-dlp/sekimori/rules"

	"github.com/sekimori-dlp/sekimori/console/account"
)

type rulesBody struct {
	List               []rules.Info
	Digest             string
	LoadedAt           time.Time
	Err                error
	Hits               map[string]int64
	Files              []string
	Waiting            int
	MayTry, MayPropose bool
}

func (c *Console) rulesPage(q *request) {
	s := c.cfg.Rules.Status()
	b := rulesBody{List: c.cfg.Rules.Set().List(), Digest: s.Digest, LoadedAt: s.LoadedAt, Err: s.Err, Hits: map[string]int64{},
		MayTry: q.acc.Has(account.Author, account.Approver), MayPropose: q.acc.Has(account.Author)}
	now := time.Now()
	sums, err := c.index.Top(q.Context(), index.Rule, "", now.AddDate(0, 0, -29), now, index.ByNumber, 10_000, 0)
	if err == nil {
		b.Files, err = c.changes.Files()
	}
	if err != nil {
		q.broken(err)
		return
	}
	for _, s := range sums {
		b.Hits[s.Key] = s.N
	}
	for _, ch := range c.changes.List() {
		if ch.State == change.Proposed {
			b.Waiting++
		}
	}
	q.draw("rules", q.view(q.t("nav.rules"), b))
}

type needBody struct {
	Or        bool
	Key, Need string
}

type ruleBody struct {
	Info    rules.Info
	Needs   []needBody
	Span    spanBody
	Stopped *page.Chart
	See     bool
}

func (c *Console) rule(q *request) {
	id := q.FormValue("id")
	b := ruleBody{Info: rules.Info{ID: id}, See: q.sees()}
	inForce := false
	for _, i := range c.cfg.Rules.Set().List() {
		if i.ID == id {
			b.Info, inForce = i, true
		}
	}
	if !inForce { // a rule of the past, which the record names
		known, err := c.index.Known(q.Context(), index.Rule, id)
		if err != nil {
			q.broken(err)
			return
		}
		if !known {
			q.message(http.StatusNotFound, "not-found", "not-found-what")
			return
		}
	}
	for _, n := range b.Info.Needs {
		rest, or := strings.CutPrefix(n, "or ")
		key, need, _ := strings.Cut(rest, ": ")
		b.Needs = append(b.Needs, needBody{or, page.Key(q.lang, key), need})
	}
	n, from, to := q.days()
	b.Span = spanBody{Base: "/console/rules/rule", Param: "id", Key: id, Days: n}
	days, err := c.index.Days(q.Context(), index.Rule, id, from, to)
	if err != nil {
		q.broken(err)
		return
	}
	var link func(time.Time) string
	if b.See {
		link = func(d time.Time) string {
			return "/console/incidents?" + url.Values{"rule": {id}, "from": {d.Format(time.DateOnly)}, "to": {d.Format(time.DateOnly)}}.Encode()
		}
	}
	b.Stopped, _ = q.charts(days, link)
	title := b.Info.Title[q.lang]
	q.draw("rule", q.view(cmp.Or(title, b.Info.Title["en"], id), b))
}

type trialBody struct {
	Trial
	Places []Place
	Name   string
	Bytes  int64
}

type tryBody struct {
	To, User, Groups, Change string
	Changes                  []change.Change
	Trial                    *trialBody
}

func (c *Console) waiting() (all []change.Change) {
	for _, ch := range c.changes.List() {
		if ch.State == change.Proposed {
			all = append(all, ch)
		}
	}
	return all
}

func (c *Console) tryPage(q *request) {
	q.draw("try", q.view(q.t("try-title"), tryBody{To: "https://unknown.example/", Changes: c.waiting()}))
}

func (c *Console) try(q *request) {
	b := tryBody{To: q.PostFormValue("to"), User: q.PostFormValue("user"), Groups: q.PostFormValue("groups"), Change: q.PostFormValue("change"), Changes: c.waiting()}
	fail := func(status int, fault string) {
		v := q.view(q.t("try-title"), b)
		v.Path, v.Fault = "/console/rules/try", fault
		q.drawAs(status, "try", v)
	}
	s := Sample{Name: q.t("text-name"), To: b.To, User: b.User, Body: []byte(q.PostFormValue("text"))}
	for g := range strings.SplitSeq(b.Groups, ",") {
		if g = strings.TrimSpace(g); g != "" {
			s.Groups = append(s.Groups, g)
		}
	}
	if f, head, err := q.FormFile("file"); err == nil {
		var body bytes.Buffer
		_, err := io.Copy(&body, f)
		f.Close()
		if err != nil {
			q.broken(err)
			return
		}
		s.Name, s.Body = head.Filename, body.Bytes()
	}
	if len(s.Body) == 0 {
		fail(http.StatusBadRequest, q.t("try-nothing"))
		return
	}
	if len(s.Body) > maxSample {
		fail(http.StatusRequestEntityTooLarge, q.t("try-large"))
		return
	}
	release, ok := c.turn(q)
	if !ok {
		return
	}
	defer release()
	set := c.cfg.Rules.Set()
	judge := func() (Trial, error) { return c.cfg.Rules.Try(q.Context(), set, s) }
	var trial Trial
	var err error
	if id, bad := strconv.Atoi(b.Change); bad == nil {
		var ch change.Change
		if ch, err = c.changes.Get(id); err == nil {
			err = c.changes.Try(ch.File, ch.After, func(folder string) (err error) {
				if set, err = c.cfg.Rules.With(folder); err == nil {
					trial, err = judge()
				}
				return err
			})
		}
	} else {
		trial, err = judge()
	}
	if err != nil {
		fail(http.StatusBadRequest, q.t("not-possible", err.Error()))
		return
	}
	err = q.record("rule-try", audit.Event{Bytes: int64(len(s.Body)), Rule: trial.Explanation.Rule, RuleSet: set.Digest(),
		Details: map[string]string{"verdict": trial.Explanation.Action.String()}})
	if err != nil {
		q.broken(err)
		return
	}
	b.Trial = &trialBody{trial, places(trial.Findings), s.Name, int64(len(s.Body))}
	v := q.view(q.t("try-title"), b)
	v.Path = "/console/rules/try"
	q.draw("try", v)
}

// turn waits for the turn to do something costly: one at a time.
func (c *Console) turn(q *request) (release func(), ok bool) {
	select {
	case c.trying <- struct{}{}:
		return func() { <-c.trying }, true
	case <-time.After(20 * time.Second):
		q.message(http.StatusServiceUnavailable, "broken", "broken-what")
	case <-q.Context().Done():
	}
	return nil, false
}
