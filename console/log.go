package console

import (
	"net/url"
	"strconv"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/index"
)

// verification is a run of Verify, under way or done.
type verification struct {
	Done, Total int64
	Running     bool
	At          time.Time
	By          string
	Err         error
	Result      audit.Result
}

type resultBody struct {
	At       time.Time
	By       string
	Err      error
	Bad      string
	Records  uint64
	Segments int
	Bytes    int64
	Torn     int64
	Last     uint64
	Hash     string

	Checkpoints uint64
	Unsigned    bool
	Outside     int    // checkpoints of others that agree
	Newer       uint64 // records after those
	Silences    []audit.Silence
	More        int // silences
	Unproved    int
}

type logBody struct {
	Status      index.Status
	Points      []Point
	Verifying   bool
	Done, Total int64
	Result      *resultBody
	Acts        []index.Act
	MayRebuild  bool
}

func (c *Console) logPage(q *request) {
	b := logBody{Status: c.index.Status(), MayRebuild: q.acc.Has(account.Operator, account.Auditor)}
	if c.cfg.Integrity != nil {
		b.Points = c.cfg.Integrity(q.lang)
	}
	c.mu.Lock()
	if v := c.verified; v != nil {
		b.Verifying, b.Done, b.Total = v.Running, v.Done, v.Total
		if !v.Running {
			r := &resultBody{At: v.At, By: v.By, Err: v.Err, Records: v.Result.Records, Segments: v.Result.Segments, Bytes: v.Result.Bytes,
				Torn: v.Result.Torn, Last: v.Result.Last.Seq, Hash: v.Result.Last.Hash.String(),
				Checkpoints: v.Result.Checkpoints, Unsigned: v.Result.Unsigned, Outside: v.Result.Outside, Newer: v.Result.Unwitnessed,
				Silences: v.Result.Silences, More: v.Result.MoreSilence, Unproved: len(v.Result.Unproved)}
			if n := len(r.Silences); n > shownSilences {
				r.Silences, r.More = r.Silences[n-shownSilences:], r.More+n-shownSilences
			}
			if v.Result.Bad != nil {
				r.Bad = v.Result.Bad.String()
			}
			b.Result = r
		}
	}
	c.mu.Unlock()
	var err error
	if b.Acts, err = c.index.Marks(q.Context(), 20); err != nil {
		q.broken(err)
		return
	}
	v := q.view(q.t("nav.log"), b)
	v.Path = "/console/log"
	if b.Verifying || b.Status.Building {
		v.Every = 2
	}
	q.draw("log", v)
}

// shownSilences is how many times without checkpoints are listed, the last ones.
const shownSilences = 10

// verify begins a verification, unless one is under way.
func (c *Console) verify(q *request) {
	if err := q.record("verify", audit.Event{}); err != nil {
		q.broken(err)
		return
	}
	c.mu.Lock()
	if c.verified == nil || !c.verified.Running {
		v := &verification{Running: true, By: q.acc.Name}
		c.verified = v
		c.work.Go(func() {
			res, err := c.cfg.Record.Verify(func(done, total int64) {
				c.mu.Lock()
				v.Done, v.Total = done, total
				c.mu.Unlock()
			})
			c.mu.Lock()
			defer c.mu.Unlock()
			v.Running, v.At, v.Result, v.Err = false, time.Now(), res, err
		})
	}
	c.mu.Unlock()
	q.redirect("/console/log")
}

func (c *Console) rebuild(q *request) {
	err := q.record("rebuild", audit.Event{})
	if err == nil {
		err = c.index.Rebuild()
	}
	if err != nil {
		q.broken(err)
		return
	}
	q.redirect("/console/log")
}

type actsBody struct {
	By, Action string
	People     []string
	Kinds      []string
	Acts       []index.Act
	Next       string
}

// kindsOfActs are the acts that an officer may look for.
var kindsOfActs = []string{"log-in", "log-in-failed", "log-in-half", "log-in-limited", "log-out", "search", "view", "note", "account-founded", "account-invited",
	"account-disabled", "password-set", "two-step", "passkey-added", "passkey-removed", "roles-by-directory", "wish", "wish-confirmed", "wish-refused", "rule-try", "rule-proposed", "rule-applied",
	"rule-refused", "rule-withdrawn", "rule-dry-run", "verify", "rebuild", "alarm-acknowledged",
	"release-link", "delegated", "report", "report-file", "sample-looked"}

func (c *Console) acts(q *request) {
	b := actsBody{By: q.FormValue("by"), Action: q.FormValue("action"), Kinds: kindsOfActs}
	for _, a := range c.accounts.List() {
		b.People = append(b.People, a.Name)
	}
	before, _ := strconv.ParseUint(q.FormValue("before"), 10, 63)
	all, more, err := c.index.Acts(q.Context(), index.ActFilter{Kind: "console", By: b.By, Action: b.Action, Before: before}, perPage)
	if err != nil {
		q.broken(err)
		return
	}
	b.Acts = all
	if more {
		b.Next = "/console/acts?" + url.Values{"by": {b.By}, "action": {b.Action}, "before": {strconv.FormatUint(all[len(all)-1].Seq, 10)}}.Encode()
	}
	q.draw("acts", q.view(q.t("nav.acts"), b))
}
