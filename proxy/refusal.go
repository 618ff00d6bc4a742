package proxy

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// retryAfter is what a client is told when there was no room.
const retryAfter = 10 * time.Second

// refusal puts an outcome that does not pass into an answer.
func (x *exchange) refusal() *answer.Answer {
	o := &x.outcome
	a := &answer.Answer{
		Kind: answer.Blocked, Incident: o.Incident, Host: x.asked.Destination.Host, Rule: o.Verdict.Rule,
		Title: o.Verdict.Title, Say: o.Verdict.Say, Confirm: o.Confirm, Valid: x.s.cfg.ConfirmFor,
	}
	switch {
	case o.Failure != gate.None:
		a.Kind = answer.Kind(o.Failure)
		if o.Failure == gate.Full || o.Failure == gate.Busy {
			a.Retry = retryAfter
		}
		return a
	case o.Verdict.Action == rules.Warn:
		a.Kind = answer.Warned
	case o.Verdict.Action == rules.Hold:
		a.Kind = answer.HeldBack
		a.Asked = asked(o.Asked)
	}
	if o.Report != nil {
		a.Found = found(o.Report)
		for reason := range o.Report.Coverage.Reasons {
			a.Unread = append(a.Unread, string(reason))
		}
		slices.Sort(a.Unread)
	}
	return a
}

// shownPlaces bounds how many files an answer names for one type.
const shownPlaces = 3

// found sums a report by type, the most frequent first, with the files in
// which each type was. The sender knows their names; nobody else reads this.
func found(r *inspect.Report) []answer.Found {
	in := map[inspect.Type][]string{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if place := r.Place(f.Part); place != "" && len(in[f.Type]) < shownPlaces && !slices.Contains(in[f.Type], place) {
			in[f.Type] = append(in[f.Type], place)
		}
	}
	var out []answer.Found
	for typ, n := range r.Total {
		out = append(out, answer.Found{Type: string(typ), Count: n, In: strings.Join(in[typ], ", ")})
	}
	slices.SortFunc(out, func(a, b answer.Found) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type))
	})
	return out
}

// asked puts a request for a release into an answer.
func asked(c *release.Case) *answer.Asked {
	if c == nil {
		return nil
	}
	return &answer.Asked{ID: c.ID, State: string(c.State), Needs: c.Terms.People, Agreed: c.Agreed(), Ends: c.Ends}
}

// Bounds of a confirmation's form.
const (
	maxForm  = 32 << 10
	formTime = 15 * time.Second
)

// confirm answers the form of a warning's page. It is the proxy's own, under
// whatever host the warning was given for, and never reaches the origin.
func (x *exchange) confirm(r *http.Request) *answer.Answer {
	if r.Method != http.MethodPost {
		return &answer.Answer{Kind: answer.NoMethod, Header: http.Header{"Allow": {http.MethodPost}}}
	}
	rc := http.NewResponseController(x.w.ResponseWriter)
	rc.SetReadDeadline(time.Now().Add(formTime))
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	rc.SetReadDeadline(time.Time{})
	if err != nil || len(raw) > maxForm {
		return &answer.Answer{Kind: answer.BadRequest, Close: true}
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return &answer.Answer{Kind: answer.BadRequest}
	}
	request, err := x.s.gate.Confirm(x.who, x.host, form.Get("token"), form.Get("reason"))
	switch {
	case request != nil:
		return &answer.Answer{Kind: answer.ReleaseAsked, Host: x.host, Incident: request.Incident, Asked: asked(request)}
	case errors.Is(err, gate.ErrNoRelease):
		return &answer.Answer{Kind: answer.NoRelease}
	case err == nil:
		return &answer.Answer{Kind: answer.Confirmed, Host: x.host}
	case errors.Is(err, gate.ErrToken):
		return &answer.Answer{Kind: answer.NotConfirm}
	case errors.Is(err, gate.ErrReason):
		return &answer.Answer{Kind: answer.NoReason}
	}
	x.s.log.Error("confirmation failed", "error", err)
	return &answer.Answer{Kind: answer.Kind(gate.Unrecorded)}
}
