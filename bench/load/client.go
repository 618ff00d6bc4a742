package load

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// client sends uploads through one proxy, or directly.
type client struct {
	transport *http.Transport
	url       string
	counts    bool // the origin answers how many bytes came
	bodies    *bodies
	block     []byte        // what large uploads repeat
	sent      *atomic.Int64 // small uploads so far: each has another body
}

// newClient makes one that goes through p, or directly if p is nil.
func (r *run) newClient(p *process) *client {
	roots, err := x509.SystemCertPool()
	if err != nil || r.Against == nil { // then nobody else's certificate can come
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(r.origin.ca)
	c := &client{url: r.origin.url, counts: r.origin.server != nil, bodies: r.small, block: r.block, sent: new(atomic.Int64)}
	c.transport = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, Control: r.control}).DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		MaxIdleConnsPerHost: 1024, // all that are ever open at once
		DisableCompression:  true,
	}
	if p != nil {
		roots.AppendCertsFromPEM(p.ca)
		c.transport.Proxy = http.ProxyURL(p.proxy)
		if p.url != "" {
			c.url = p.url
		}
	}
	return c
}

// control refuses connections beyond loopback, unless their owner allowed them.
func (r *run) control(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !r.Mine && !a.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is not on this machine: only who owns a proxy and an origin may load them; if you do, say --mine", address)
	}
	return nil
}

// upload sends size bytes and checks that all came.
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
	got, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 || c.counts && strings.TrimSpace(string(got)) != fmt.Sprint(size) {
		return fmt.Errorf("an upload of %d bytes was answered %s", size, resp.Status)
	}
	return nil
}

// sized returns a client whose small uploads have another size; above what is
// small all are alike.
func (c *client) sized(kind string, size int64) *client {
	d := *c
	if d.bodies = nil; size <= small {
		d.bodies = newBodies(kind, int(size))
	}
	return &d
}

// timed sends size bytes and returns the milliseconds that took.
func (c *client) timed(ctx context.Context, size int64) (float64, error) {
	body := newStream(c.block, size)
	if c.bodies != nil {
		b := make([]byte, size)
		c.bodies.fill(b, c.sent.Add(1))
		body = bytes.NewReader(b)
	}
	start := time.Now()
	err := c.upload(ctx, c.transport, body, size)
	return milliseconds(start), err
}

func milliseconds(since time.Time) float64 {
	return float64(time.Since(since)) / float64(time.Millisecond)
}

// many runs n small uploads on k workers and returns their times in ms.
func (c *client) many(ctx context.Context, n, k int, fresh bool) ([]float64, error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	all, errs := make([][]float64, k), make([]error, k)
	for w := range k {
		wg.Go(func() {
			body := make([]byte, c.bodies.size)
			for next.Add(1) <= int64(n) {
				t := c.transport
				if fresh {
					t = c.transport.Clone()
				}
				c.bodies.fill(body, c.sent.Add(1))
				start := time.Now()
				if errs[w] = c.upload(ctx, t, bytes.NewReader(body), int64(len(body))); errs[w] != nil {
					return
				}
				all[w] = append(all[w], milliseconds(start))
				if fresh {
					t.CloseIdleConnections()
				}
			}
		})
	}
	wg.Wait()
	var out []float64
	for _, v := range all {
		out = append(out, v...)
	}
	return out, errors.Join(errs...)
}

// steady sends small uploads at a rate, whether or not earlier ones have been
// answered, at moments as independent as those of many people (a Poisson
// process). They share k connections that are open already; the time of each
// counts from the moment it was due, so that what waits for a slow one tells so.
func (c *client) steady(ctx context.Context, perSecond float64, long time.Duration, k int) ([]float64, error) {
	if _, err := c.many(ctx, 2*k, k, false); err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	random := rand.New(rand.NewPCG(1, 2))
	free := make(chan []byte, k)
	for range k {
		free <- nil
	}
	var mu sync.Mutex
	var all []float64
	var failed error
	var wg sync.WaitGroup
	begin := time.Now()
	due := begin
	for {
		due = due.Add(time.Duration(random.ExpFloat64() / perSecond * float64(time.Second)))
		if due.Sub(begin) > long || inner.Err() != nil {
			break
		}
		time.Sleep(time.Until(due))
		body := <-free
		if body == nil {
			body = make([]byte, c.bodies.size)
		}
		c.bodies.fill(body, c.sent.Add(1))
		at := due
		wg.Go(func() {
			err := c.upload(inner, c.transport, bytes.NewReader(body), int64(len(body)))
			took := milliseconds(at)
			free <- body
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, took); err != nil && failed == nil {
				failed = err
				cancel()
			}
		})
	}
	wg.Wait()
	return all, errors.Join(failed, ctx.Err())
}
