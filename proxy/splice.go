package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
	"github.com/sekimori-dlp/sekimori/rules"
)

// errBarred is why a tunnel is not relayed although an entry exempts its host.
var errBarred = errors.New("not allowed to go there")

// exempt returns the entry under which a host's TLS is not opened, or nil.
func (s *Server) exempt(host string, d *Door) *bypass.Entry {
	if d != nil && d.NoBypass {
		return nil
	}
	return s.bypass.Load().Find(host, time.Now())
}

// splice relays a tunnel uninspected, by the administrator's wish. That it is
// about to be is on record before the origin is dialled; when it ends, a second
// record says how much went out. answer tells the client of the outcome. The
// relaying itself goes on after splice has returned.
func (s *Server) splice(t *tunnel, e *bypass.Entry, answer func(error) error) error {
	if err := s.barTunnel(t); err != nil {
		_ = answer(err)
		return err
	}
	ev := s.bypassEvent(t, e)
	if _, err := s.deps.Audit.Append(context.Background(), ev); err != nil {
		s.log.Error("bypass not recorded", "host", t.host, "error", err)
		err = errors.Join(errUnrecorded, err)
		_ = answer(err)
		return err
	}
	ctx, cancel := s.deadlineContext()
	defer cancel()
	up, err := s.origins.Tunnel(ctx, net.JoinHostPort(t.host, strconv.Itoa(t.port)))
	if err != nil {
		_ = answer(err)
		return err
	}
	if err := answer(nil); err != nil {
		up.Close()
		return err
	}
	t.SetDeadline(time.Time{})
	s.metrics.tunnels.WithLabelValues("bypass").Inc()
	go s.relayBypass(t, up, e, ev)
	return nil
}

// spliceTunnel relays the tunnel of a CONNECT.
func (s *Server) spliceTunnel(t *tunnel, e *bypass.Entry, r *http.Request) {
	t.client.relay(nil)
	err := s.splice(t, e, func(err error) error {
		if err == nil {
			_, err := fmt.Fprintf(t, "HTTP/%d.%d 200 Connection established\r\n\r\n", r.ProtoMajor, min(r.ProtoMinor, 1))
			return err
		}
		a := answer.Answer{Host: t.host, Close: true}
		switch {
		case errors.Is(err, errBarred):
			a.Kind = answer.Barred
		case errors.Is(err, errUnrecorded):
			a.Kind = "unrecorded"
		default:
			word, _ := upstream.Cause(err)
			a.Kind = answer.Kind(word)
		}
		resp := s.answer(a, r)
		return resp.Write(t)
	})
	if err != nil {
		t.Close()
		s.log.Info("tunnel not relayed", "host", t.host, "port", t.port, "entry", e.ID, "error", err.Error())
	}
}

// refusedByClient looks at why a handshake failed. A client that ends it on
// seeing our certificate does so with an alert, or without a word.
func (s *Server) refusedByClient(t *tunnel, err error) {
	var alert tls.AlertError
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "remote error" && certificateAlert(err.Error()), errors.As(err, &alert) && certificateAlert(alert.Error()):
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
	default:
		return
	}
	kind, suspect := s.pins.Refused(t.who.Address, t.host)
	s.metrics.pinned.WithLabelValues(kind).Inc()
	if suspect != nil {
		s.log.Warn("clients refuse any certificate but this host's own; consider a [[bypass]] entry for it, with an owner and an end",
			"host", suspect.Host, "clients", suspect.Clients, "tries", suspect.Tries, "partly", suspect.Partly)
	}
}

// certificateAlert tells the alerts that are about the certificate (RFC 8446,
// 6.2), by the words of crypto/tls, which has no constants for them.
func certificateAlert(text string) bool {
	return strings.Contains(text, "certificate")
}

var errUnrecorded = errors.New("not on record")

// relayBypass copies both ways until both sides are done.
func (s *Server) relayBypass(t *tunnel, up net.Conn, e *bypass.Entry, ev audit.Event) {
	sent := &tally{of: []prometheus.Counter{s.metrics.relayed.WithLabelValues("bypass"), s.metrics.bypassed.WithLabelValues(e.ID)}}
	start := time.Now()
	back := make(chan struct{})
	go func() {
		defer close(back)
		relay(t, up, nil)
		_ = t.CloseWrite()
	}()
	relay(up, t, sent)
	if h, ok := up.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
	}
	<-back
	up.Close()
	t.Close()
	ev.Kind, ev.Time, ev.Bytes = "bypass-end", time.Now(), sent.total.Load()
	ev.Milliseconds = float64(time.Since(start)) / float64(time.Millisecond)
	if _, err := s.deps.Audit.Append(context.Background(), ev); err != nil {
		s.log.Error("end of a bypass not recorded", "host", t.host, "entry", e.ID, "bytes", ev.Bytes, "error", err)
	}
}

// tally counts bytes while they pass.
type tally struct {
	total atomic.Int64
	of    []prometheus.Counter
}

func (c *tally) add(n int) {
	c.total.Add(int64(n))
	for _, m := range c.of {
		m.Add(float64(n))
	}
}

// relay copies until src ends. When dst takes no more, src is closed for
// reading, so that its sender learns of it.
func relay(dst io.Writer, src net.Conn, count *tally) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := src.Read(*buf)
		if n > 0 {
			if _, werr := dst.Write((*buf)[:n]); werr != nil {
				src.Close()
				return
			}
			if count != nil {
				count.add(n)
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *Server) bypassEvent(t *tunnel, e *bypass.Entry) audit.Event {
	ev := decisionOf(t.who)
	ev.Method, ev.Scheme, ev.Host, ev.Port, ev.Protocol = http.MethodConnect, "https", t.host, t.port, t.protocol
	ev.Action, ev.Rule, ev.Clause = rules.Allow.String(), e.ID, e.Say()
	return ev
}

// decisionOf begins the record of a decision that a door takes by itself.
func decisionOf(who rules.Principal) audit.Event {
	ev := audit.Event{Kind: "decision", Time: time.Now(), User: cmp.Or(who.User, "anonymous"), Groups: who.Groups, How: who.How}
	if who.Address.IsValid() {
		ev.Address = who.Address.String()
	}
	return ev
}
