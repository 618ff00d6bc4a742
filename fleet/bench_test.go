package fleet

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
)

// BenchmarkCatchUp tells how fast a node that was away tells the others what
// happened, and how fast one of them takes it in, over three servers in this
// process that each sync to disk.
func BenchmarkCatchUp(b *testing.B) {
	c := newCluster(b, 3)
	keys := NewKeys(nil)
	dir := b.TempDir()
	a := &member{t: b, cfg: Config{Node: "a", Keys: keys, Servers: []string{"nats://127.0.0.1:1"}}, dir: filepath.Join(dir, "a")}
	o := &member{t: b, cfg: Config{Node: "b", Keys: keys, Servers: c.urls()}, dir: filepath.Join(dir, "b")}
	o.start()
	defer o.leave()
	a.start()
	for i := range b.N {
		a.Past().Add(history.Entry{Time: time.Now(), User: "user" + string(rune('a'+i%26)), Host: "www.dropbox.com", Classes: []string{"storage"}, Bytes: int64(i), Persons: []uint64{uint64(i) * 0x9E3779B97F4A7C15}})
	}
	a.leave()
	a.cfg.Servers = c.urls()
	b.ResetTimer()
	a.start()
	defer a.leave()
	for a.Own().Untold > 0 || a.Own().Shipped != a.log.Acknowledged() {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "told/s")
	for o.past.Count(history.Query{Scope: history.ByHost, Names: []string{"www.dropbox.com"}, Window: time.Hour, Now: time.Now()}).Uploads < b.N {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "taken/s")
}
