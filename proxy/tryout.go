package proxy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/sekimori-dlp/sekimori/proxy/intercept"
	"github.com/sekimori-dlp/sekimori/proxy/trust"
)

//go:embed tryout.html
var tryPage string

var tryTemplate = template.Must(template.New("try").Parse(tryPage))

// tryOrigin is the origin behind TryHost: it lives in the process, and says
// what arrived. The gate stands before it as before any other.
type tryOrigin struct {
	ca    *atomic.Pointer[intercept.CA]
	pages *http.ServeMux // on how to trust the authority
}

func newTryOrigin(ca *atomic.Pointer[intercept.CA], site *trust.Site) *tryOrigin {
	t := &tryOrigin{ca, http.NewServeMux()}
	site.Register(t.pages)
	return t
}

// RoundTrip implements http.RoundTripper.
func (t *tryOrigin) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/" || r.Method == http.MethodHead:
		var b bytes.Buffer
		err := tryTemplate.Execute(&b, map[string]any{"TLS": r.URL.Scheme == "https", "Fingerprint": t.ca.Load().Fingerprint()})
		if err != nil {
			return nil, err
		}
		return tryResponse(r, "text/html; charset=utf-8", b.Bytes()), nil
	case r.Method == http.MethodGet:
		if page, pattern := t.pages.Handler(r); pattern != "" {
			w := &kept{header: http.Header{}}
			page.ServeHTTP(w, r)
			resp := tryResponse(r, w.header.Get("Content-Type"), w.body.Bytes())
			for k, v := range w.header {
				resp.Header[k] = v
			}
			return resp, nil
		}
	}
	h := sha256.New()
	var n int64
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if n, err = io.Copy(h, r.Body); err != nil {
			return nil, err
		}
	}
	return tryResponse(r, "text/plain; charset=utf-8", fmt.Appendf(nil, "%s arrived: %d bytes, sha256 %x\n", r.Method, n, h.Sum(nil))), nil
}

// kept is a response that stays in memory; the pages all answer 200.
type kept struct {
	header http.Header
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
func (k *kept) WriteHeader(int)             {}

func tryResponse(r *http.Request, ct string, body []byte) *http.Response {
	resp := &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type": {ct}, "Content-Length": {strconv.Itoa(len(body))}, "Cache-Control": {"no-store"},
			"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"},
		},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}
	if r.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp
}
