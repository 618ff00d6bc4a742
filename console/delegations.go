package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/release"
)

type delegationsBody struct {
	All      []release.Delegation
	Mine     *release.Delegation
	Others   []string // who may be chosen
	May      bool
	Me       string
	From, To string // what the form has
}

func (c *Console) delegationsPage(q *request) { c.drawDelegations(q, http.StatusOK, "") }

func (c *Console) drawDelegations(q *request, status int, fault string) {
	me := c.knownAs(q.acc.Name)
	b := delegationsBody{All: c.cfg.Releases.Delegations(), May: q.acc.Has(account.Approver), Me: me,
		From: q.PostFormValue("from"), To: q.PostFormValue("until")}
	if i := slices.IndexFunc(b.All, func(d release.Delegation) bool { return d.Of == me }); i >= 0 {
		b.Mine = &b.All[i]
	}
	for _, who := range c.Approvers() {
		if !strings.EqualFold(who, me) && !slices.Contains(b.Others, who) {
			b.Others = append(b.Others, who)
		}
	}
	v := q.view(q.t("delegation-title"), b)
	v.Path, v.Fault = "/console/delegations", fault
	q.drawAs(status, "delegations", v)
}

// delegate lets another approver decide for the one who is logged in, or ends
// that.
func (c *Console) delegate(q *request) {
	me := c.knownAs(q.acc.Name)
	d := release.Delegation{Of: me}
	if q.PostFormValue("do") != "end" {
		d.To = q.PostFormValue("to")
		d.From, d.Until = q.date("from"), q.date("until").AddDate(0, 0, 1) // the last day is one of them
		switch {
		case !slices.Contains(c.Approvers(), d.To) || strings.EqualFold(d.To, me):
			c.drawDelegations(q, http.StatusConflict, q.t("delegation-who"))
			return
		case d.From.IsZero() || !d.Until.After(d.From) || !d.Until.After(time.Now()) || d.Until.Sub(d.From) > 92*24*time.Hour:
			c.drawDelegations(q, http.StatusConflict, q.t("delegation-when"))
			return
		}
		if c.cfg.Groups != nil {
			d.Groups = c.cfg.Groups(me)
		}
	}
	details := map[string]string{"of": me, "delegate": d.To}
	if d.To != "" {
		details["from"], details["until"] = d.From.Format(time.DateOnly), d.Until.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	err := q.record("delegated", audit.Event{Details: details})
	if err == nil {
		err = c.cfg.Releases.Delegate(d)
	}
	if err != nil {
		q.broken(err)
		return
	}
	q.done("/console/delegations", "noted")
}
