package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/http/httpguts"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/trace"
)

// rawTrace is where spans go, if anywhere.
type rawTrace struct {
	Endpoint    string   `toml:"endpoint"`
	HeadersFile string   `toml:"headers_file"`
	CAFile      string   `toml:"ca_file"`
	Sample      *float64 `toml:"sample"`
	Traceparent string   `toml:"traceparent"`
}

// check is nil where nothing is traced.
func (r *rawTrace) check(n tomlfile.Node, path func(string) string, report tomlfile.Report) *trace.Config {
	if r.Traceparent == proxy.TraceparentJoin && r.Endpoint == "" {
		report(n.Key("traceparent").Pos(), "trace.traceparent: %q needs trace.endpoint; write the collector's address there", r.Traceparent)
	}
	if r.Endpoint == "" {
		if r.HeadersFile != "" || r.CAFile != "" || r.Sample != nil {
			report(n.Pos(), "trace: no endpoint; write the collector's address, such as endpoint = \"http://127.0.0.1:4318\", or leave the others out")
		}
		return nil
	}
	c := &trace.Config{Sample: 1, Join: r.Traceparent == proxy.TraceparentJoin, Version: version()}
	u, err := url.Parse(r.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		report(n.Key("endpoint").Pos(), "trace.endpoint: not the address of a collector; write such as \"http://127.0.0.1:4318\"")
	} else {
		if u.Path == "" || u.Path == "/" { // as OTEL_EXPORTER_OTLP_ENDPOINT has it
			u.Path = "/v1/traces"
		}
		c.URL = u.String()
	}
	if r.Sample != nil {
		if c.Sample = *r.Sample; !(c.Sample >= 0 && c.Sample <= 1) {
			report(n.Key("sample").Pos(), "trace.sample: %v is no share; write a number from 0 to 1, such as 0.1 for every tenth", c.Sample)
		}
	}
	if r.HeadersFile != "" {
		if c.Header, err = traceHeaders(path(r.HeadersFile)); err != nil {
			report(n.Key("headers_file").Pos(), "trace.headers_file: %v", err)
		}
	}
	if r.CAFile != "" {
		if c.Roots, err = roots([]string{path(r.CAFile)}); err != nil {
			report(n.Key("ca_file").Pos(), "trace.ca_file: %v", err)
		}
	}
	return c
}

// traceHeaders reads a file of "Name: value" lines, which may hold a password.
func traceHeaders(name string) (http.Header, error) {
	text, err := readSecret(name)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		k, v, ok := strings.Cut(lines.Text(), ":")
		if v = strings.TrimSpace(v); !ok || !httpguts.ValidHeaderFieldName(k) || !httpguts.ValidHeaderFieldValue(v) {
			return nil, errors.New("a line is no header field; write such as \"Authorization: Bearer …\"")
		}
		h.Add(k, v)
	}
	return h, nil
}

// openTraces begins to send spans, if they are wanted.
func (i *installation) openTraces(registry prometheus.Registerer) *trace.Tracer {
	if i.cfg.Trace == nil {
		return nil
	}
	c := *i.cfg.Trace
	host, _ := os.Hostname()
	c.Log, c.Instance = i.log, cmp.Or(i.cfg.Proxy.Name, host)
	t := trace.New(c)
	for outcome, count := range map[string]func() uint64{
		"sent":    func() uint64 { n, _ := t.Stats(); return n },
		"dropped": func() uint64 { _, n := t.Stats(); return n },
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "sekimori_traces_total", ConstLabels: prometheus.Labels{"outcome": outcome},
			Help: "Exchanges traced, by whether the collector has taken them."}, func() float64 { return float64(count()) }))
	}
	i.closers = append(i.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := t.Close(ctx); err != nil {
			return fmt.Errorf("send the last traces: %w", err)
		}
		return nil
	})
	return t
}
