package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/audit/export"
	"github.com/sekimori-dlp/sekimori/audit/witness"
)

// kindAlarm is an event that somebody has to look at.
const kindAlarm = "alarm"

// outlets take the record out of the box: to witnesses and to other systems.
// No request waits for them.
type outlets struct {
	cfg       recordConfig
	log       *audit.Log
	witnesses []*witness.Client
	pumps     []*export.Pump
	record    func(audit.Event)
	begun     time.Time
	stop      context.CancelFunc
	wg        sync.WaitGroup
}

// source shows the log to witness.Client.
type source struct {
	log *audit.Log
	dir string
}

func (s source) Last() (checkpoint.Checkpoint, []byte) {
	if c := s.log.Checkpoint(); c != nil {
		return c.Checkpoint, c.Note
	}
	return checkpoint.Checkpoint{}, nil
}

func (s source) ProveGrowth(from, to uint64) ([]tlog.Hash, error) {
	return audit.ProveGrowth(s.dir, from, to)
}

// openOutlets prepares what the configuration names and registers metrics.
func (c *config) openOutlets(log *audit.Log, record func(audit.Event), registry prometheus.Registerer) (*outlets, error) {
	o := &outlets{cfg: c.Audit, log: log, record: record, begun: time.Now()}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	for _, w := range c.Audit.Witnesses {
		one, err := witness.NewClient(w.URL, w.Key, c.folder("witness"), source{log, c.folder("audit")}, client)
		if err != nil {
			return nil, err
		}
		o.witnesses = append(o.witnesses, one)
	}
	for _, e := range c.Audit.Exports {
		p, err := export.New(e, c.folder("audit"), c.folder("export"), log)
		if err != nil {
			return nil, err
		}
		o.pumps = append(o.pumps, p)
	}
	registry.MustRegister(o)
	return o, nil
}

// start lets them run until close.
func (o *outlets) start() {
	ctx, stop := context.WithCancel(context.Background())
	o.stop = stop
	for _, w := range o.witnesses {
		o.wg.Go(func() { o.watch(ctx, w) })
	}
	for _, p := range o.pumps {
		o.wg.Go(func() { p.Run(ctx) })
	}
}

// close ends them. Witnesses are asked once more, so that what was recorded last
// cannot be changed while the program stands still.
func (o *outlets) close() error {
	if o.stop == nil {
		return nil
	}
	o.stop()
	o.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), lastAsk)
	defer cancel()
	if o.log.CheckpointNow(ctx) != nil {
		return nil // told by whatever stopped the log
	}
	for _, w := range o.witnesses {
		o.wg.Go(func() { _ = w.Ask(ctx) }) // the next start asks again
	}
	o.wg.Wait()
	return nil
}

// lastAsk bounds how long witnesses hold up the end of the program.
const lastAsk = 3 * time.Second

// watch asks one witness and records an alarm, once, when it does not agree
// with the log or has not cosigned for too long, and when it is well again.
func (o *outlets) watch(ctx context.Context, w *witness.Client) {
	raised := ""
	w.Run(ctx, o.cfg.Deliver, func(s witness.Status) {
		now := ""
		switch {
		case errors.Is(s.Err, witness.ErrAhead), errors.Is(s.Err, witness.ErrFork):
			now = "witness-disagrees"
		case s.Err != nil && time.Since(o.cosignedAt(s)) > o.cfg.Late:
			now = "witness-late"
		}
		if now == raised {
			return
		}
		ev := audit.Event{Kind: kindAlarm, Severity: "critical", Details: map[string]string{"about": now, "witness": s.Name}}
		if now == "" {
			ev.Severity, ev.Details["about"] = "info", raised+"-ended"
		} else {
			ev.Reason = s.Err.Error()
		}
		raised = now
		o.record(ev)
	})
}

// cosignedAt is the last cosignature, or when we began to ask.
func (o *outlets) cosignedAt(s witness.Status) time.Time {
	if s.At.IsZero() {
		return o.begun
	}
	return s.At
}

var (
	auditRecords = prometheus.NewDesc("sekimori_audit_records", "Records in the audit log, expired ones included.", nil, nil)
	auditNoteAge = prometheus.NewDesc("sekimori_audit_checkpoint_age_seconds", "Age of the last signed checkpoint.", nil, nil)
	auditCosign  = prometheus.NewDesc("sekimori_audit_cosigned_age_seconds", "Time since the witness last cosigned, or since the start if it never did.", []string{"witness"}, nil)
	auditTrust   = prometheus.NewDesc("sekimori_audit_witness_agrees", "0 if the witness says that the log was changed or cut.", []string{"witness"}, nil)
	auditLag     = prometheus.NewDesc("sekimori_audit_export_lag_records", "Records that a sink has not taken yet.", []string{"export"}, nil)
	auditFailing = prometheus.NewDesc("sekimori_audit_export_failing", "1 if the last try failed.", []string{"export"}, nil)
	auditLost    = prometheus.NewDesc("sekimori_audit_export_lost_records", "Records that expired before a sink took them.", []string{"export"}, nil)
)

// Describe implements prometheus.Collector.
func (o *outlets) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{auditRecords, auditNoteAge, auditCosign, auditTrust, auditLag, auditFailing, auditLost} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (o *outlets) Collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	bit := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	tell(auditRecords, float64(o.log.Acknowledged()))
	if c := o.log.Checkpoint(); c != nil {
		tell(auditNoteAge, time.Since(c.Time).Seconds())
	}
	for _, w := range o.witnesses {
		s := w.Status()
		tell(auditCosign, time.Since(o.cosignedAt(s)).Seconds(), s.Name)
		tell(auditTrust, bit(!errors.Is(s.Err, witness.ErrAhead) && !errors.Is(s.Err, witness.ErrFork)), s.Name)
	}
	for _, p := range o.pumps {
		s := p.Status()
		tell(auditLag, float64(s.Lag), s.Name)
		tell(auditFailing, bit(s.Err != nil), s.Name)
		tell(auditLost, float64(s.Lost), s.Name)
	}
}
