//go:build unix

package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	agekey "filippo.io/age"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/audit/export"
	"github.com/sekimori-dlp/sekimori/audit/witness"
	"github.com/sekimori-dlp/sekimori/evidence"
)

// BenchmarkEverythingOn records decisions in a whole installation: its log with
// tree, checkpoints and compression, a witness, all records and checkpoints by syslog
// in CEF, checkpoints to a folder, alarms by a signed webhook, the console's index,
// and evidence of one upload in a hundred. It tells how many decisions were durable in
// a second, and how long afterwards syslog had all of them; the index takes its time
// while nobody looks.
//
//	go test -run '^$' -bench EverythingOn -benchtime 200000x ./cmd/sekimori
func BenchmarkEverythingOn(b *testing.B) {
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	logKey, err := checkpoint.OpenLogKey(filepath.Join(dir, "data", "keys", "audit"))
	must(err)
	key, err := checkpoint.OpenWitnessKey(filepath.Join(dir, "witness", "key"))
	must(err)
	w, err := witness.NewServer(key, []string{logKey.Public}, filepath.Join(dir, "witness", "logs"), slog.New(slog.DiscardHandler))
	must(err)
	far := httptest.NewServer(w)
	defer far.Close()
	soc := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer soc.Close()
	syslog, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer syslog.Close()
	go func() {
		for {
			c, err := syslog.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c) //nolint:errcheck // ends with the connection
		}
	}()
	anna, err := agekey.GenerateX25519Identity()
	must(err)
	must(os.WriteFile(filepath.Join(dir, "secret"), []byte("0123456789abcdef\n"), 0o600))
	file := filepath.Join(dir, "sekimori.toml")
	must(os.WriteFile(file, fmt.Appendf(nil, `data = "data"
[[audit.witness]]
url = %q
key = %q
[[audit.export]]
name = "syslog"
to = "tcp://%s"
format = "cef"
checkpoints = "1m"
[[audit.export]]
name = "worm"
to = "dir:worm"
kinds = ["checkpoint"]
checkpoints = "1s"
[[notify]]
name = "soc"
url = %q
secret_file = "secret"
[[alarm]]
name = "grave"
to = ["soc"]
when = { severity = "high" }
`, far.URL, key.Public, syslog.Addr(), soc.URL), 0o600))
	cfg, err := loadConfig(file)
	must(err)
	i, err := cfg.install(io.Discard)
	must(err)
	defer func() { must(i.close()) }()
	i.outlets.start()
	i.runAlarms()
	kept, err := evidence.Open(evidence.Config{Dir: filepath.Join(dir, "evidence"), Recipients: []string{anna.Recipient().String()}})
	must(err)
	body := []byte(strings.Repeat("a row of a list, ", 600)) // 10 KiB

	var next atomic.Int64
	var wg sync.WaitGroup
	used := cpuTaken()
	b.ResetTimer()
	for range 256 {
		wg.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				ev := audit.Event{Kind: "decision", Time: time.Now(), User: fmt.Sprintf("user%04d", n%2000), Groups: []string{"sales"}, Address: "192.0.2.7", How: "basic",
					Method: "POST", Scheme: "https", Host: fmt.Sprintf("host%03d.example", n%700), Port: 443, Path: "/upload", Classes: []string{"cloud-storage"}, Protocol: "h2",
					Bytes: 10240, Action: "allow", RuleSet: strings.Repeat("cd", 32), Milliseconds: 0.25}
				if n%20 == 0 {
					ev.Action, ev.Rule, ev.Severity, ev.Incident = "block", "customer-list-outside", "high", fmt.Sprintf("SK-%08d", n)
					ev.Clause, ev.Counts, ev.Records = "people: 12 (needs at least 10 with NAME and PHONE|EMAIL, confidence 0.80)", map[string]int{"NAME": 12, "PHONE": 12}, 12
				}
				if n%100 == 0 {
					if _, err := kept.Keep(evidence.Head{Incident: ev.Incident, What: evidence.Body}, func(w io.Writer) error { _, err := w.Write(body); return err }); err != nil {
						b.Error(err)
						return
					}
				}
				if _, err := i.audit.Append(b.Context(), ev); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "durable/s")
	b.ReportMetric(float64((cpuTaken()-used).Microseconds())/float64(b.N), "cpu-µs/op")
	behind := time.Now()
	for time.Since(behind) < 10*time.Minute && slices.ContainsFunc(i.outlets.pumps, func(p *export.Pump) bool { return p.Status().Lag > 0 }) {
		time.Sleep(10 * time.Millisecond)
	}
	b.ReportMetric(time.Since(behind).Seconds(), "behind-s")
	for _, w := range i.outlets.witnesses {
		must(i.audit.CheckpointNow(b.Context()))
		must(w.Ask(b.Context()))
		if s := w.Status(); s.Cosigned.Size < uint64(b.N) {
			b.Errorf("the witness has cosigned %d records", s.Cosigned.Size)
		}
	}
}

// cpuTaken is how much of the processor this process has had.
func cpuTaken() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
