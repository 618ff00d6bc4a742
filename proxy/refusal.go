package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/release"
)

// retryAfter is what a client is told when there was no room.
const retryAfter = 10 * time.Second

// refusal puts an outcome that does not pass into an answer.
func (x *exchange) refusal() *answer.Answer {
	o := &x.outcome
	a := answer.Refused(&o.Verdict, answer.Kind(o.Failure), o.Report, o.Asked)
	a.Incident, a.Host, a.Confirm, a.Valid = o.Incident, x.asked.Destination.Host, o.Confirm, x.s.cfg.ConfirmFor
	if o.Failure == gate.Full || o.Failure == gate.Busy {
		a.Retry = retryAfter
	}
	return a
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
	case request != nil && request.State == release.Withdrawn:
		return &answer.Answer{Kind: answer.Withdrawn, Host: x.host, Incident: request.Incident}
	case request != nil:
		return &answer.Answer{Kind: answer.ReleaseAsked, Host: x.host, Incident: request.Incident, Asked: answer.AskedOf(request)}
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
