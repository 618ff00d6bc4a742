package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/index"
	"github.com/sekimori-dlp/sekimori/release"
)

// Releases are the requests for taking out what a rule holds; *release.Store
// in production, which records each step and knows who may decide.
type Releases interface {
	List() []release.Case
	Get(id string) (release.Case, error)
	Decide(id string, a release.Approver, approve bool, reason string) (release.Case, error)
	Emergency(id string, a release.Approver, reason string) (release.Case, error)
	May(id string, a release.Approver) error
	Sign(l release.Link) (token string, err error)
	ReadLink(token string) (release.Link, error)
	Delegate(d release.Delegation) error
	Delegations() []release.Delegation
}

type releasesBody struct {
	Waiting, Past []release.Case
}

// maxPastReleases is how many decided requests are listed.
const maxPastReleases = 100

func (c *Console) releases(q *request) {
	var b releasesBody
	now := time.Now()
	for _, k := range c.cfg.Releases.List() {
		if k.Open(now) {
			b.Waiting = append(b.Waiting, k)
		} else if len(b.Past) < maxPastReleases {
			b.Past = append(b.Past, k)
		}
	}
	q.draw("releases", q.view(q.t("nav.releases"), b))
}

type releaseBody struct {
	Case      *release.Case
	Seq       uint64 // of the decision that held it, 0 if it is not in the record
	Findings  []Place
	More      int
	Coverage  Coverage
	Clause    string
	MayDecide bool
	Own       bool
}

// wantedRelease reads the request that the address names, or answers that
// there is none.
func (q *request) wantedRelease() (release.Case, bool) {
	k, err := q.c.cfg.Releases.Get(q.PathValue("id"))
	switch {
	case errors.Is(err, release.ErrUnknown):
		q.message(http.StatusNotFound, "not-found", "not-found-what")
	case err != nil:
		q.broken(err)
	}
	return k, err == nil
}

func (c *Console) releasePage(q *request) {
	k, ok := q.wantedRelease()
	if !ok {
		return
	}
	if err := q.record("view", audit.Event{Incident: k.Incident, Details: map[string]string{"release": k.ID}}); err != nil {
		q.broken(err)
		return
	}
	c.drawRelease(q, http.StatusOK, k, "")
}

func (c *Console) drawRelease(q *request, status int, k release.Case, fault string) {
	b, err := c.releaseFacts(q, k)
	if err != nil {
		q.broken(err)
		return
	}
	b.Own = q.own(k)
	b.MayDecide = k.Open(time.Now()) && q.acc.Has(account.Approver) && !b.Own
	v := q.view(q.t("release-title")+" "+k.ID, b)
	v.Path, v.Fault = "/console/releases/"+k.ID, fault
	q.drawAs(status, "release", v)
}

// releaseFacts is what is known of a request and of the decision that held it.
func (c *Console) releaseFacts(q *request, k release.Case) (releaseBody, error) {
	b := releaseBody{Case: &k}
	rows, _, err := c.index.Find(q.Context(), index.Filter{Incident: k.Incident}, index.Cursor{}, 1)
	if err == nil && len(rows) > 0 && k.Incident != "" {
		var r located
		var ok bool
		if r, ok, err = c.get(rows[0].Seq); ok && err == nil {
			var d detail
			if err = json.Unmarshal(r.Raw, &d); err != nil {
				err = fmt.Errorf("read record %d: %w", r.Seq, err)
			}
			b.Seq, b.Findings, b.Coverage, b.Clause = r.at, places(d.Findings), d.Coverage, r.Event.Clause
			for _, n := range r.Event.Counts {
				b.More += n
			}
			b.More = max(0, b.More-len(d.Findings))
		}
	}
	return b, err
}

// releaseSaid are the words for what the store refuses.
var releaseSaid = map[error]string{
	release.ErrOwn: "release-own", release.ErrNotYours: "release-not-yours", release.ErrAgain: "release-again",
	release.ErrReason: "why-missing", release.ErrClosed: "gone",
}

func (c *Console) decideRelease(q *request) {
	k, ok := q.wantedRelease()
	if !ok {
		return
	}
	// Names differ in case here and at the proxy; one person is one all the
	// same.
	if q.own(k) {
		q.message(http.StatusForbidden, "forbidden", "release-own")
		return
	}
	by := c.approver(q.acc)
	why := strings.TrimSpace(q.PostFormValue("why"))
	var err error
	said := "refused-done"
	switch do := q.PostFormValue("do"); {
	case why == "":
		err = release.ErrReason
	case do == "approve":
		said = "release-agreed"
		_, err = c.cfg.Releases.Decide(k.ID, by, true, why)
	case do == "refuse":
		_, err = c.cfg.Releases.Decide(k.ID, by, false, why)
	case do == "emergency" && q.PostFormValue("sure") == "":
		err = release.ErrReason
	case do == "emergency":
		said = "release-agreed"
		if err = q.alarm(k, why); err == nil {
			_, err = c.cfg.Releases.Emergency(k.ID, by, why)
		}
	default:
		err = release.ErrClosed
	}
	for known, word := range releaseSaid {
		if errors.Is(err, known) {
			c.drawRelease(q, http.StatusConflict, k, q.t(word))
			return
		}
	}
	if err != nil {
		q.broken(err)
		return
	}
	q.done("/console/releases/"+k.ID, said)
}

// approver is an account as the store of releases knows who decides.
func (c *Console) approver(a *account.Account) release.Approver {
	by := release.Approver{User: c.knownAs(a.Name), Approves: a.Has(account.Approver), Lost: c.lost}
	if c.cfg.Groups != nil {
		by.Groups = c.cfg.Groups(by.User)
	}
	return by
}

// lost tells whether a person whom the proxy knows as user is an officer, but of
// those who approve no longer. One who has no account here has it on another node.
func (c *Console) lost(user string) bool {
	known := false
	for _, a := range c.accounts.List() {
		if strings.EqualFold(c.knownAs(a.Name), user) {
			if a.Has(account.Approver) {
				return false
			}
			known = true
		}
	}
	return known
}

// own tells whether a request is that of the person who is logged in, under
// the name here or the one that the proxy knows.
func (q *request) own(k release.Case) bool { return q.c.owns(q.acc.Name, k) }

// owns tells whether a request is that of the person who has an account here.
func (c *Console) owns(name string, k release.Case) bool {
	return strings.EqualFold(k.Subject.User, name) || strings.EqualFold(k.Subject.User, c.knownAs(name))
}

// alarm tells whoever looks after alarms that one person is about to release
// something alone.
func (q *request) alarm(k release.Case, why string) error {
	return q.append(audit.Event{Kind: "alarm", Action: "emergency-release", User: q.acc.Name, Incident: k.Incident, Rule: k.Subject.Rule,
		Host: k.Subject.Host, Severity: "critical", Reason: why, Details: map[string]string{"release": k.ID, "asked_by": cmp.Or(k.Subject.User, k.Subject.Sender)}})
}
