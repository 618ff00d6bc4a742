package upstream

import (
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
)

// tell gives an informational answer to who wants them. What asks for the body, or
// changes the protocol, is not for others.
func (o *Origins) tell(r *http.Request, status int, h http.Header) {
	if o.Interim != nil && status > http.StatusSwitchingProtocols && status < 200 {
		o.Interim(r, status, h)
	}
}

// listen has the Transport tell of informational answers to r, until done is called.
// Small uploads, which are many, do without: to listen costs something each time.
func (o *Origins) listen(r *http.Request) (listening *http.Request, done func()) {
	if o.Interim == nil || r.ContentLength > 0 && r.ContentLength <= smallRequest {
		return r, func() {}
	}
	var mu sync.Mutex
	over := false
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			o.tell(r, status, http.Header(h))
		}
		return nil
	}})
	return r.WithContext(ctx), func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}
