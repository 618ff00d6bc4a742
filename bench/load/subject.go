package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// origin is where uploads go: it reads them whole and answers 200.
type origin struct {
	server *http.Server
	addr   string
	ca     []byte
}

// originHost is a site that no catalogue knows; the proxies send it to the
// origin on loopback.
const originHost = "upload.bench.example"

func encodePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func startOrigin() (*origin, error) {
	ca, caPEM, err := newAuthority("bench origin CA")
	if err != nil {
		return nil, err
	}
	leaf, _, err := newCertificate(originHost, false, &ca)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the origin: %w", err)
	}
	o := &origin{ca: caPEM, addr: l.Addr().String()}
	o.server = &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "%d\n", n)
		}),
	}
	go o.server.ServeTLS(l, "", "") //nolint:errcheck // ends with close
	return o, nil
}

func (o *origin) close() { o.server.Close() }

// subject is one proxy, its process and its figures.
type subject struct {
	name    string
	start   func(context.Context) (*process, error)
	process *process
	client  *client
	rounds  []round
}

func (s *subject) median(of func(round) float64) float64 {
	var v []float64
	for _, r := range s.rounds {
		v = append(v, of(r))
	}
	return median(v)
}

// client sends uploads through one proxy.
type client struct {
	transport *http.Transport
	url       string
	body      []byte
}

func newClient(p *process, o *origin, opt Options) (*client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(p.ca) {
		return nil, errors.New("the proxy's CA is no PEM certificate")
	}
	proxy := &url.URL{Scheme: "http", Host: p.addr}
	return &client{
		url: "https://" + originHost + "/upload", body: Body(opt.Kind, opt.BodyBytes),
		transport: &http.Transport{
			Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots},
			MaxIdleConnsPerHost: opt.Connections, MaxConnsPerHost: 0, DisableCompression: true,
		},
	}, nil
}

func (c *client) upload(ctx context.Context, t *http.Transport, body io.Reader, size int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, body)
	if err != nil {
		return err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || strings.TrimSpace(string(got)) != fmt.Sprint(size) {
		return fmt.Errorf("an upload of %d bytes was answered %s", size, resp.Status)
	}
	return nil
}

// many runs n uploads on k workers and returns the latencies in ms.
func (c *client) many(ctx context.Context, n, k int, fresh bool) ([]float64, error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	all, errs := make([][]float64, k), make([]error, k)
	for w := range k {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				t := c.transport
				if fresh {
					t = c.transport.Clone()
				}
				start := time.Now()
				if errs[w] = c.upload(ctx, t, bytes.NewReader(c.body), int64(len(c.body))); errs[w] != nil {
					return
				}
				all[w] = append(all[w], float64(time.Since(start).Microseconds())/1000)
				if fresh {
					t.CloseIdleConnections()
				}
			}
		})
	}
	wg.Wait()
	return slices.Concat(all...), errors.Join(errs...)
}

func (s *subject) warm(ctx context.Context, o Options) error {
	_, err := s.client.many(ctx, o.Requests/4+o.Connections, o.Connections, false)
	return err
}

func (s *subject) round(ctx context.Context, o Options) (round, error) {
	var r round
	before, err := s.process.cpu()
	if err != nil {
		return r, err
	}
	start := time.Now()
	ms, err := s.client.many(ctx, o.Requests, o.Connections, false)
	if err != nil {
		return r, err
	}
	r.rps = float64(len(ms)) / time.Since(start).Seconds()
	after, err := s.process.cpu()
	if err != nil {
		return r, err
	}
	r.cpu = (after - before) / float64(len(ms)) * 1000
	slices.Sort(ms)
	r.p50, r.p99 = ms[len(ms)/2], ms[len(ms)*99/100]

	before = after
	if ms, err = s.client.many(ctx, o.Handshakes, min(8, o.Connections), true); err != nil {
		return r, fmt.Errorf("fresh handshakes: %w", err)
	}
	if after, err = s.process.cpu(); err != nil {
		return r, err
	}
	r.shake = (after - before) / float64(len(ms)) * 1000

	if o.LargeBytes > 0 {
		before = after
		if err := s.client.upload(ctx, s.client.transport, newStream(o.Kind, o.LargeBytes), o.LargeBytes); err != nil {
			return r, fmt.Errorf("large upload: %w", err)
		}
		if after, err = s.process.cpu(); err != nil {
			return r, err
		}
		r.gib = (after - before) / (float64(o.LargeBytes) / (1 << 30))
	}
	return r, nil
}

// memory measures what idle tunnels and one large upload take, in a process
// that has done nothing else: what earlier load left in its heap would hide it.
func (s *subject) memory(ctx context.Context, o Options, origin *origin) (f Figures, err error) {
	s.client.transport.CloseIdleConnections()
	s.process.stop()
	if s.process, err = s.start(ctx); err != nil {
		return f, fmt.Errorf("start again: %w", err)
	}
	if s.client, err = newClient(s.process, origin, o); err != nil {
		return f, err
	}
	small := &client{transport: s.client.transport, url: s.client.url, body: []byte("idle")}
	if _, err := small.many(ctx, 1, 1, false); err != nil {
		return f, err
	}
	s.client.transport.CloseIdleConnections()
	time.Sleep(300 * time.Millisecond)
	if f.IdleMiB, err = s.process.rss("VmRSS"); err != nil {
		return f, err
	}
	if o.LargeBytes > 0 {
		if err := s.process.resetPeak(); err != nil {
			return f, fmt.Errorf("reset the memory peak: %w", err)
		}
		if err := s.client.upload(ctx, s.client.transport, newStream(o.Kind, o.LargeBytes), o.LargeBytes); err != nil {
			return f, fmt.Errorf("large upload: %w", err)
		}
		peak, err := s.process.rss("VmHWM")
		if err != nil {
			return f, err
		}
		f.LargeMiB = peak - f.IdleMiB
	}
	before, err := s.process.rss("VmRSS")
	if err != nil {
		return f, err
	}
	var idle []*http.Transport
	defer func() {
		for _, t := range idle {
			t.CloseIdleConnections()
		}
	}()
	small.transport = s.client.transport
	for range o.Idle {
		t := s.client.transport.Clone()
		if err := small.upload(ctx, t, bytes.NewReader(small.body), int64(len(small.body))); err != nil {
			return f, fmt.Errorf("idle tunnels: %w", err)
		}
		idle = append(idle, t)
	}
	after, err := s.process.rss("VmRSS")
	if err != nil {
		return f, err
	}
	if o.Idle > 0 {
		f.TunnelKiB = max(0, (after-before)*1024/float64(o.Idle))
	}
	return f, nil
}

// Body makes n bytes of an upload without personal information: Japanese and
// English office text, JSON of readings, or random bytes in base64.
func Body(kind string, n int) []byte {
	r := rand.New(rand.NewPCG(7, 77))
	var b bytes.Buffer
	switch kind {
	case "random":
		raw := make([]byte, n)
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw))
	case "json":
		for b.Len() < n {
			fmt.Fprintf(&b, `{"sensor":"unit-%d","state":"%s","reading":%.3f,"unit":"kPa","note":"within range"}`+"\n",
				r.IntN(90)+10, []string{"idle", "active", "standby"}[r.IntN(3)], r.Float64()*100)
		}
	default:
		sentences := []string{
			"今月の定例会議では、新しい倉庫の棚の配置について話し合いました。",
			"The build finished without a warning, and the report was sent to the usual list.\n",
			"来週までに見積もりの案をまとめ、部内で確認してください。\n",
			"Please keep the doors closed while the pump is running.",
			"設計書の第三章を読み直し、用語をそろえました。",
			"We expect the parts to arrive before the end of the quarter.\n",
		}
		for b.Len() < n {
			b.WriteString(sentences[r.IntN(len(sentences))])
		}
	}
	out := b.Bytes()[:n]
	for i := n - 1; i > n-4 && i > 0 && out[i] >= 0x80; i-- { // do not end within a character
		out[i] = ' '
	}
	return out
}

// newStream repeats a body up to size bytes.
func newStream(kind string, size int64) io.Reader {
	return io.LimitReader(&stream{block: Body(kind, 1<<20)}, size)
}

type stream struct {
	block []byte
	off   int
}

func (s *stream) Read(p []byte) (int, error) {
	n := copy(p, s.block[s.off:])
	s.off = (s.off + n) % len(s.block)
	return n, nil
}
