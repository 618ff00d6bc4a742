package upstream

import (
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// Large bodies are announced first, by Expect (RFC 9110, 10.1.1), and sent when the
// origin says that it wants them, so that one which refuses them for want of a
// credential or of room does so before it was sent gigabytes, with its answer intact.
const (
	askAbove = 1 << 20     // bytes, as curl does
	askWait  = time.Second // then the body is sent all the same
	maxDeaf  = 16384
)

// deaf are the authorities that do not answer when they are asked: they are waited
// for once and not each time. Safe for concurrent use; the zero value is empty.
type deaf struct {
	mu   sync.Mutex
	them map[string]struct{}
}

func (d *deaf) knows(authority string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.them[authority]
	return ok
}

func (d *deaf) note(authority string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.them == nil || len(d.them) >= maxDeaf {
		d.them = map[string]struct{}{}
	}
	d.them[authority] = struct{}{}
}

// ask sends r by the Transport, and its body, if it is large, when it is wanted.
// Where the question itself is refused, r is sent again without it.
func (o *Origins) ask(r *http.Request) (*http.Response, error) {
	if r.ContentLength <= askAbove || r.GetBody == nil {
		return o.Transport.RoundTrip(r)
	}
	authority := authorityOf(r)
	if o.deaf.knows(authority) {
		return o.Transport.RoundTrip(r)
	}
	var wanted atomic.Bool
	asking := r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got100Continue: func() { wanted.Store(true) }}))
	asking.Header = r.Header.Clone()
	asking.Header["Expect"] = []string{"100-continue"}
	resp, err := o.Transport.RoundTrip(asking)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusExpectationFailed:
		resp.Body.Close()
		again := r.WithContext(r.Context())
		if again.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
		o.deaf.note(authority)
		return o.Transport.RoundTrip(again)
	case !wanted.Load() && resp.StatusCode < 300: // it took the body, without a word
		o.deaf.note(authority)
	}
	return resp, nil
}
