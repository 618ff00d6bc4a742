package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
)

type accountsBody struct {
	All     []account.Account
	Pending []account.Wish
	Roles   []account.Role
	May     bool
	Link    string
}

func (c *Console) accountsPage(q *request) { c.drawAccounts(q, http.StatusOK, "", "") }

func (c *Console) drawAccounts(q *request, status int, secret, fault string) {
	b := accountsBody{All: c.accounts.List(), Pending: c.accounts.Pending(), Roles: account.Roles, May: q.acc.Has(account.Operator)}
	if secret != "" {
		base := c.cfg.Origin
		if base == "" {
			base = "http://" + q.Host
			if q.TLS != nil {
				base = "https://" + q.Host
			}
		}
		b.Link = base + "/console/setup?token=" + secret
	}
	v := q.view(q.t("nav.accounts"), b)
	v.Path, v.Fault = "/console/accounts", fault
	q.drawAs(status, "accounts", v)
}

// refused answers for what the store did not do.
func (c *Console) refused(q *request, err error) {
	switch {
	case errors.Is(err, errUnrecorded):
		q.broken(err)
	case errors.Is(err, account.ErrSelf), errors.Is(err, account.ErrRole):
		q.message(http.StatusForbidden, "forbidden", "second-person")
	default:
		c.drawAccounts(q, http.StatusBadRequest, "", q.t("not-possible", err.Error()))
	}
}

func (c *Console) invite(q *request) {
	name := strings.TrimSpace(q.PostFormValue("name"))
	secret, err := c.accounts.Invite(q.acc.Name, name, func() error {
		return q.record("account-invited", audit.Event{Details: map[string]string{"account": name}})
	})
	if err != nil {
		c.refused(q, err)
		return
	}
	c.drawAccounts(q, http.StatusOK, secret, "")
}

func (q *request) recordWish(act string) func(account.Wish) error {
	return func(w account.Wish) error {
		return q.record(act, audit.Event{Details: map[string]string{"wish": w.What, "account": w.For, "roles": w.Words(), "by": w.By}})
	}
}

func (c *Console) ask(q *request) {
	var roles []account.Role
	for _, r := range q.PostForm["role"] {
		roles = append(roles, account.Role(r))
	}
	if _, err := c.accounts.Ask(q.acc.Name, q.PostFormValue("what"), q.PostFormValue("name"), roles, q.recordWish("wish")); err != nil {
		c.refused(q, err)
		return
	}
	q.done("/console/accounts", "asked-done")
}

func (c *Console) decideWish(q *request) {
	id := q.PostFormValue("id")
	if q.PostFormValue("do") != "confirm" {
		if _, err := c.accounts.Refuse(q.acc.Name, id, q.recordWish("wish-refused")); err != nil {
			c.refused(q, err)
			return
		}
		q.done("/console/accounts", "discarded-done")
		return
	}
	w, secret, err := c.accounts.Confirm(q.acc.Name, id, q.recordWish("wish-confirmed"))
	if err != nil {
		c.refused(q, err)
		return
	}
	if w.What == account.WishReset {
		c.sessions.EndAll(w.For, nil)
		c.drawAccounts(q, http.StatusOK, secret, "")
		return
	}
	q.done("/console/accounts", "confirmed-done")
}

func (c *Console) disable(q *request) {
	name := q.PostFormValue("name")
	err := c.accounts.Disable(q.acc.Name, name, func() error {
		return q.record("account-disabled", audit.Event{Details: map[string]string{"account": name}})
	})
	if err != nil {
		c.refused(q, err)
		return
	}
	c.sessions.EndAll(name, nil)
	q.done("/console/accounts", "disabled-done")
}
