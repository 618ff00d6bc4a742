package alarm

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	sentTotal  = prometheus.NewDesc("sekimori_alarm_messages_total", "Messages that arrived, and tries that failed, by destination.", []string{"to", "outcome"}, nil)
	waitingNow = prometheus.NewDesc("sekimori_alarm_messages_waiting", "Messages that a destination has not taken yet.", []string{"to"}, nil)
	failing    = prometheus.NewDesc("sekimori_alarm_failing", "1 if the last try failed.", []string{"to"}, nil)
	lag        = prometheus.NewDesc("sekimori_alarm_lag_records", "Records that were not looked at yet.", nil, nil)
	lostTotal  = prometheus.NewDesc("sekimori_alarm_lost_records", "Records that expired before they were looked at.", nil, nil)
	openAlerts = prometheus.NewDesc("sekimori_alarm_open", "Alerts that nobody has acknowledged.", nil, nil)
)

// Describe implements prometheus.Collector.
func (a *Alarms) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{sentTotal, waitingNow, failing, lag, lostTotal, openAlerts} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (a *Alarms) Collect(ch chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	for _, s := range a.Status() {
		tell(sentTotal, prometheus.CounterValue, float64(s.Sent), s.To, "sent")
		tell(sentTotal, prometheus.CounterValue, float64(s.Failed), s.To, "failed")
		tell(waitingNow, prometheus.GaugeValue, float64(s.Waiting), s.To)
		bad := 0.0
		if s.Err != nil {
			bad = 1
		}
		tell(failing, prometheus.GaugeValue, bad, s.To)
	}
	a.mu.Lock()
	seq, lost, open := a.st.Seq, a.lost, 0
	for _, x := range a.st.Alerts {
		if x.Open() {
			open++
		}
	}
	a.mu.Unlock()
	tell(lag, prometheus.GaugeValue, float64(max(a.cfg.Log.Acknowledged(), seq)-seq))
	tell(lostTotal, prometheus.GaugeValue, float64(lost))
	tell(openAlerts, prometheus.GaugeValue, float64(open))
}

// Status is how a destination stands.
type Status struct {
	To      string // its name, "mail" for mail to single people
	Sent    uint64 // since the start
	Failed  uint64 // tries
	Waiting int
	Err     error // why the last try failed, nil if it did not
}

// Status tells how the destinations stand, in the order in which they were
// configured.
func (a *Alarms) Status() (all []Status) {
	waiting := map[string]int{}
	a.mu.Lock()
	for _, t := range a.st.Tasks {
		waiting[t.queue()]++
	}
	a.mu.Unlock()
	names := []string{}
	for _, d := range a.cfg.Destinations {
		names = append(names, d.Name)
	}
	for _, name := range append(names, personal) {
		q := a.queues[name]
		if q == nil {
			continue
		}
		q.mu.Lock()
		s := Status{To: name, Sent: q.sent, Failed: q.failed, Waiting: waiting[name], Err: q.err}
		q.mu.Unlock()
		if name == personal {
			s.To = "mail"
		}
		all = append(all, s)
	}
	return all
}

// Healthy tells why alarms do not go out, nil if they do.
func (a *Alarms) Healthy() error {
	a.mu.Lock()
	err := a.err
	a.mu.Unlock()
	for _, s := range a.Status() {
		err = cmp.Or(err, s.Err)
	}
	return err
}
