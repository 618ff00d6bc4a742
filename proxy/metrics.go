package proxy

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/answer"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/rules"
)

// metrics counts what goes on. Labels that come from configuration are bounded:
// beyond maxLabels values of a kind, further ones are counted as "other".
type metrics struct {
	verdicts    *prometheus.CounterVec
	inspected   prometheus.Counter
	missed      *prometheus.CounterVec
	unread      *prometheus.CounterVec
	opaque      *prometheus.CounterVec
	added       *prometheus.HistogramVec
	appendTime  prometheus.Histogram
	appendFails prometheus.Counter
	tunnels     *prometheus.CounterVec
	origin      *prometheus.CounterVec
	identity    *prometheus.CounterVec
	refused     *prometheus.CounterVec
	arrivals    *prometheus.CounterVec
	barred      prometheus.Counter
	bypassed    *prometheus.CounterVec
	pinned      *prometheus.CounterVec
	panics      prometheus.Counter
	relayed     *prometheus.CounterVec
	streamed    *prometheus.CounterVec
	streamLeft  *prometheus.CounterVec

	sizes [len(sizeNames)]prometheus.Observer // of added

	mu             sync.Mutex // of what follows
	kept           map[verdictKey]prometheus.Counter
	rules, classes bounded
}

const maxLabels = 500

func newMetrics(reg prometheus.Registerer, s *Server) *metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "sekimori_" + name, Help: help})
		reg.MustRegister(c)
		return c
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sekimori_" + name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	gauge := func(name, help string, f func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sekimori_" + name, Help: help}, f))
	}
	total := func(name, help string, f func() float64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "sekimori_" + name, Help: help}, f))
	}
	m := &metrics{
		verdicts:    counters("verdicts_total", "Requests decided, by rule, destination class, action and, where a step failed, the failure.", "rule", "class", "action", "failure"),
		inspected:   counter("inspected_bytes_total", "Bytes of requests that were inspected, after decoding."),
		missed:      counters("not_inspected_bytes_total", "Bytes of the parts of requests that were not or only partly inspected, by reason.", "reason"),
		unread:      counters("not_inspected_parts_total", "Parts of requests not or only partly inspected, by reason.", "reason"),
		opaque:      counters("opaque_total", "Connections the rules let turn over to a protocol that is not inspected.", "protocol"),
		tunnels:     counters("tunnels_total", "CONNECT tunnels by what became of them: tls, http, bypass, or the stage at which they failed.", "kind"),
		origin:      counters("origin_failures_total", "Requests let out whose origin was not reached, by cause.", "cause"),
		identity:    counters("identity_refusals_total", "Requests whose sender was not identified.", "kind"),
		refused:     counters("connections_refused_total", "Client connections refused because there were too many: in total, at their door, or of one client.", "limit"),
		arrivals:    counters("arrival_failures_total", "Client connections that did not get as far as a request, by kind of door and stage.", "door", "stage"),
		barred:      counter("sites_refused_total", "Requests and tunnels refused because of where they went."),
		bypassed:    counters("bypassed_bytes_total", "Bytes from clients relayed uninspected, by entry of the bypass list.", "entry"),
		pinned:      counters("certificates_refused_total", "Handshakes that clients broke off on seeing our certificate: by clients that trust the CA elsewhere (pinned), and by those that have not been seen to (untrusted).", "kind"),
		panics:      counter("panics_total", "Requests ended by a fault of the program."),
		relayed:     counters("relayed_bytes_total", "Bytes from clients relayed uninspected, by kind of connection.", "kind"),
		streamed:    counters("streams_total", "Large uploads that were sent on while they were inspected: passed, stopped (reset at the origin), or sent again (reset, and sent anew after the verdict).", "outcome"),
		streamLeft:  counters("streamed_bytes_total", "Bytes of such uploads that had left at most before the verdict.", "outcome"),
		appendFails: counter("audit_failures_total", "Audit records that could not be written."),
		added: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sekimori_added_seconds", Help: "Time from the last byte of a request to its recorded verdict, by body size.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"size"}),
		appendTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sekimori_audit_append_seconds", Help: "Time until an audit record is on disk.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .5, 1, 5},
		}),
	}
	for _, reason := range part.Reasons { // so that rates can be drawn from the start
		m.missed.WithLabelValues(string(reason))
		m.unread.WithLabelValues(string(reason))
	}
	for i, name := range sizeNames {
		m.sizes[i] = m.added.WithLabelValues(name)
	}
	for _, limit := range []string{inTotal, perDoor, perClient} {
		m.refused.WithLabelValues(limit)
	}
	for _, kind := range []string{"tls", "http", "bypass", "handshake", "first-byte", "protocol"} {
		m.tunnels.WithLabelValues(kind)
	}
	for _, kind := range []string{"bypass", "websocket"} {
		m.relayed.WithLabelValues(kind)
	}
	for _, outcome := range []gate.Streamed{gate.StreamPassed, gate.StreamStopped, gate.StreamAgain} {
		m.streamed.WithLabelValues(string(outcome))
		m.streamLeft.WithLabelValues(string(outcome))
	}
	for _, kind := range []answer.Kind{answer.NoIdentity, answer.TooMany} {
		m.identity.WithLabelValues(string(kind))
	}
	for _, cause := range []string{"origin-unknown", "origin-refused", "origin-timeout", "origin-broken", "origin-certificate", "origin-tls", "origin-inner"} {
		m.origin.WithLabelValues(cause)
	}
	for _, kind := range []string{"pinned", "untrusted"} {
		m.pinned.WithLabelValues(kind)
	}
	gauge("ca_expiry_seconds", "When the signing certificate expires, as a Unix time.", func() float64 {
		return float64(s.ca.Load().Certificate().NotAfter.Unix())
	})
	gauge("bypass_entries_expired", "Entries of the bypass list that no longer hold.", func() float64 {
		n, now := 0, time.Now()
		for _, e := range s.bypass.Load().Entries() {
			if e.Expired(now) {
				n++
			}
		}
		return float64(n)
	})
	gauge("pin_suspects", "Hosts that seem to be pinned, see /bypass on the admin address.", func() float64 {
		return float64(len(s.pins.Suspects()))
	})
	for _, e := range s.bypass.Load().Entries() {
		m.bypassed.WithLabelValues(e.ID)
	}
	m.kept = map[verdictKey]prometheus.Counter{}
	reg.MustRegister(m.added, m.appendTime)
	gauge("connections", "Open client connections.", func() float64 { return float64(s.clients.count()) })
	gauge("held_bodies", "Request bodies held now.", func() float64 { return float64(s.deps.Hold.Stats().Bodies) })
	gauge("held_memory_bytes", "Bytes of held bodies in memory.", func() float64 { return float64(s.deps.Hold.Stats().Memory) })
	gauge("held_disk_bytes", "Bytes of held bodies on disk.", func() float64 { return float64(s.deps.Hold.Stats().Disk) })
	gauge("certificates", "Leaf certificates kept.", func() float64 { return float64(s.issuer.Stats().Kept) })
	total("certificate_hits_total", "Leaf certificates found in the cache.", func() float64 { return float64(s.issuer.Stats().Hits) })
	total("certificates_made_total", "Leaf certificates made.", func() float64 { return float64(s.issuer.Stats().Made) })
	total("certificates_evicted_total", "Leaf certificates dropped from the cache.", func() float64 { return float64(s.issuer.Stats().Evicted) })
	return m
}

// Decided implements gate.Observer.
func (m *metrics) Decided(d gate.Decision) {
	if d.Failure != gate.Aborted {
		class := "unknown"
		if len(d.Classes) > 0 {
			class = d.Classes[0]
		}
		m.verdict(verdictKey{d.Verdict.Rule, class, d.Verdict.Action, d.Failure}).Inc()
		m.sizes[sizeClass(d.Bytes)].Observe(d.Added.Seconds())
	}
	if d.Streamed != "" {
		m.streamed.WithLabelValues(string(d.Streamed)).Inc()
		m.streamLeft.WithLabelValues(string(d.Streamed)).Add(float64(d.Left))
	}
	inspected := d.Coverage.Bytes
	for reason, n := range d.Coverage.Missed {
		inspected -= n
		m.missed.WithLabelValues(string(reason)).Add(float64(n))
	}
	m.inspected.Add(float64(max(0, inspected)))
	for reason, n := range d.Coverage.Reasons {
		m.unread.WithLabelValues(string(reason)).Add(float64(n))
	}
	if d.Opaque != "" && (d.Verdict.Action == rules.Allow || d.Verdict.Action == rules.Log) {
		m.opaque.WithLabelValues(d.Opaque).Inc()
	}
}

// verdictKey is what verdicts are counted by, before labels are bounded.
type verdictKey struct {
	rule, class string
	action      rules.Action
	failure     gate.Failure
}

// maxKept bounds the counters that are found without their labels.
const maxKept = 1000

// verdict returns the counter of k.
func (m *metrics) verdict(k verdictKey) prometheus.Counter {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.kept[k]
	if c == nil {
		c = m.verdicts.WithLabelValues(m.rules.label(k.rule), m.classes.label(k.class), k.action.String(), string(k.failure))
		if len(m.kept) < maxKept {
			m.kept[k] = c
		}
	}
	return c
}

// sizeNames are the labels of sizeClass.
var sizeNames = [...]string{"none", "16KiB", "256KiB", "4MiB", "64MiB", "larger"}

// sizeClass numbers the body sizes that behave alike.
func sizeClass(n int64) int {
	switch {
	case n == 0:
		return 0
	case n <= 16<<10:
		return 1
	case n <= 256<<10:
		return 2
	case n <= 4<<20:
		return 3
	case n <= 64<<20:
		return 4
	}
	return 5
}

// bounded keeps a label from growing without end over many reloads. Not safe
// for concurrent use.
type bounded struct{ seen map[string]struct{} }

func (b *bounded) label(v string) string {
	if _, ok := b.seen[v]; ok {
		return v
	}
	if len(b.seen) >= maxLabels {
		return "other"
	}
	if b.seen == nil {
		b.seen = map[string]struct{}{}
	}
	b.seen[v] = struct{}{}
	return v
}

// meteredRecorder measures the audit log.
type meteredRecorder struct {
	gate.Recorder
	m *metrics
}

func (r *meteredRecorder) Append(ctx context.Context, ev audit.Event) (audit.Receipt, error) {
	start := time.Now()
	receipt, err := r.Recorder.Append(ctx, ev)
	r.m.appendTime.Observe(time.Since(start).Seconds())
	if err != nil {
		r.m.appendFails.Inc()
	}
	return receipt, err
}
