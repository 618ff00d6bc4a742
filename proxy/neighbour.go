package proxy

import (
	"net/http"

	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/rules"
)

// neighbour is the exchange of a request that came by another door. It returns
// nil if the request does not say where it goes, or its method is none.
func (s *Server) neighbour(r *http.Request, who rules.Principal) *exchange {
	host, port, ok := splitAuthority(r.URL.Host, r.URL.Scheme)
	if !ok || !plainMethod(r.Method) {
		return nil
	}
	return &exchange{s: s, r: r, who: who, host: host, port: port, link: &link{}}
}

// Describe says what a request is that came by another door, for the gate; or
// why it goes no further. Its URL is to be absolute. Interrupt is left to the
// door.
func (s *Server) Describe(r *http.Request, who rules.Principal) (*gate.Transaction, *answer.Answer) {
	x := s.neighbour(r, who)
	if x == nil {
		return nil, &answer.Answer{Kind: answer.BadRequest}
	}
	x.ask(r)
	x.asked.Interrupt = nil
	return &x.asked, x.bar()
}

// Refuse puts an outcome that does not pass into an answer.
func (s *Server) Refuse(t *gate.Transaction, o *gate.Outcome) *answer.Answer {
	return (&exchange{s: s, asked: *t, outcome: *o}).refusal()
}

// Confirm answers the form of a warning's page that came by another door.
func (s *Server) Confirm(r *http.Request, who rules.Principal) *answer.Answer {
	x := s.neighbour(r, who)
	if x == nil {
		return &answer.Answer{Kind: answer.BadRequest}
	}
	return x.confirm(r)
}

// Write completes an answer and puts it into a response.
func (s *Server) Write(a *answer.Answer, r *http.Request) *http.Response { return s.answer(*a, r) }
