package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/release"
)

// Links gives the addresses by which an approver, by the account that the proxy
// knows, decides on a request without a log-in; "" if links are not switched on
// or there is nothing for him to decide.
func (c *Console) Links(id, user string) (approve, refuse string) {
	if !c.cfg.Links || c.cfg.Releases == nil || !c.https() {
		return "", ""
	}
	for _, a := range c.accounts.List() {
		if !strings.EqualFold(c.knownAs(a.Name), user) || c.cfg.Releases.May(id, c.approver(&a)) != nil {
			continue
		}
		var to [2]string
		for i, yes := range []bool{true, false} {
			token, err := c.cfg.Releases.Sign(release.Link{Case: id, By: a.Name, Approve: yes})
			if err != nil {
				return "", ""
			}
			to[i] = c.cfg.Origin + "/console/decide?" + url.Values{"token": {token}}.Encode()
		}
		return to[0], to[1]
	}
	return "", ""
}

type linkBody struct {
	releaseBody
	Link  release.Link
	Token string
}

// wantedLink reads the token and who may use it, or answers why it is of no use.
func (q *request) wantedLink() (l release.Link, by release.Approver, k release.Case, ok bool) {
	c := q.c
	if taken, _ := c.guesses.Take("link "+q.address(), q.address()); !taken {
		q.message(http.StatusTooManyRequests, "broken", "login-later")
		return l, by, k, false
	}
	l, err := c.cfg.Releases.ReadLink(q.FormValue("token"))
	if !c.cfg.Links {
		err = release.ErrLink
	}
	if err != nil {
		q.message(http.StatusNotFound, "decide-title", "decide-over")
		return l, by, k, false
	}
	c.guesses.Forgive("link "+q.address(), q.address())
	a, known := c.accounts.Get(l.By)
	if k, err = c.cfg.Releases.Get(l.Case); err == nil && known {
		by = c.approver(&a)
		if err = c.cfg.Releases.May(l.Case, by); c.owns(a.Name, k) {
			err = release.ErrOwn
		}
	}
	switch {
	case !known, errors.Is(err, release.ErrUnknown), errors.Is(err, release.ErrClosed), errors.Is(err, release.ErrAgain):
		q.message(http.StatusGone, "decide-title", "decide-used")
	case errors.Is(err, release.ErrOwn), errors.Is(err, release.ErrNotYours):
		q.message(http.StatusForbidden, "forbidden", releaseSaid[err])
	case err != nil:
		q.broken(err)
	case q.acc != nil && !strings.EqualFold(q.acc.Name, l.By):
		// Somebody who is logged in has another's letter.
		q.message(http.StatusForbidden, "forbidden", "decide-others")
	default:
		return l, by, k, true
	}
	return l, by, k, false
}

// linkPage shows what is to be decided. It decides nothing: mail programs open
// links by themselves.
func (c *Console) linkPage(q *request) {
	l, _, k, ok := q.wantedLink()
	if !ok {
		return
	}
	if err := q.record("view", audit.Event{User: l.By, Incident: k.Incident, Details: map[string]string{"release": k.ID, "way": "link"}}); err != nil {
		q.broken(err)
		return
	}
	c.drawLink(q, http.StatusOK, l, k, "")
}

func (c *Console) drawLink(q *request, status int, l release.Link, k release.Case, fault string) {
	facts, err := c.releaseFacts(q, k)
	if err != nil {
		q.broken(err)
		return
	}
	token := q.FormValue("token")
	v := q.view(q.t("release-title")+" "+k.ID, linkBody{facts, l, token})
	v.Path, v.Fault = "/console/decide?"+url.Values{"token": {token}}.Encode(), fault
	q.drawAs(status, "link", v)
}

// decideLink takes the decision of a link.
func (c *Console) decideLink(q *request) {
	l, by, k, ok := q.wantedLink()
	if !ok {
		return
	}
	why := strings.TrimSpace(q.PostFormValue("why"))
	if why == "" {
		c.drawLink(q, http.StatusConflict, l, k, q.t("why-missing"))
		return
	}
	// The store records the decision; this is by which way it came.
	err := q.record("release-link", audit.Event{User: l.By, Incident: k.Incident, Details: map[string]string{"release": k.ID,
		"decision": map[bool]string{true: "approve", false: "refuse"}[l.Approve], "link_until": l.Until.Format(time.RFC3339)}})
	if err == nil {
		k, err = c.cfg.Releases.Decide(k.ID, by, l.Approve, why)
	}
	switch {
	case errors.Is(err, release.ErrClosed), errors.Is(err, release.ErrAgain):
		q.message(http.StatusGone, "decide-title", "decide-used")
	case err != nil:
		q.broken(err)
	case !l.Approve:
		q.message(http.StatusOK, "decide-done", "refused-done")
	default:
		q.message(http.StatusOK, "decide-done", "release-agreed")
	}
}
