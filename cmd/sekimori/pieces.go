package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
	"github.com/sekimori-dlp/sekimori/proxy/pieces"
)

// rawPieces bounds the uploads in pieces that are kept until they are complete.
type rawPieces struct {
	Upload tomlfile.Size `toml:"upload"`
	Total  tomlfile.Size `toml:"total"`
	Count  int           `toml:"count"`
	Each   tomlfile.Size `toml:"per_sender"`
	Of     int           `toml:"count_per_sender"`
	Keep   duration      `toml:"keep"`
}

func (r *rawPieces) check(n tomlfile.Node, report tomlfile.Report) pieces.Config {
	if r.Count < 0 {
		report(n.Key("count").Pos(), "pieces.count: %d is negative", r.Count)
	}
	if r.Of < 0 {
		report(n.Key("count_per_sender").Pos(), "pieces.count_per_sender: %d is negative", r.Of)
	}
	return pieces.Config{Upload: int64(r.Upload), Total: int64(r.Total), Count: r.Count, Keep: time.Duration(r.Keep), PerSender: int64(r.Each), OfSender: r.Of}
}

// openPieces opens the store of uploads in pieces, under a key that survives a
// restart as they do, and is the same on all nodes of a fleet, which ask each
// other for theirs.
func (i *installation) openPieces(registry *prometheus.Registry) (*pieces.Store, error) {
	c, f := i.cfg, i.fleet.Load()
	key, err := c.key("pieces")
	if err != nil {
		return nil, err
	}
	p := c.Pieces
	p.Key, p.Dir = key, c.folder("pieces")
	if f != nil {
		p.Others = f.Pieces()
	}
	s, err := pieces.Open(p)
	if err != nil {
		return nil, fmt.Errorf("open the uploads in pieces: %w", err)
	}
	if f != nil {
		f.Pieces().Serve(s)
	}
	gauge := func(name, help string, value func(pieces.Stats) float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(s.Stats()) }))
	}
	gauge("sekimori_pieces_uploads", "Uploads in pieces that are not complete.", func(s pieces.Stats) float64 { return float64(s.Uploads) })
	gauge("sekimori_pieces_bytes", "Bytes of them that are kept.", func(s pieces.Stats) float64 { return float64(s.Bytes) })
	return s, nil
}
