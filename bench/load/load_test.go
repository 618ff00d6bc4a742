package load

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"
)

func TestBodiesDiffer(t *testing.T) {
	for _, kind := range Kinds {
		for _, size := range []int{1, 10, 1000, 10 << 10} {
			b := newBodies(kind, size)
			seen := map[string]bool{}
			body := make([]byte, size)
			for k := range int64(2000) {
				b.fill(body, k)
				if kind != "bytes" && !utf8.Valid(body) {
					t.Fatalf("%s of %d bytes: upload %d ends within a character", kind, size, k)
				}
				if kind == "text" && bytes.ContainsAny(body, "0123456789") {
					t.Fatalf("%d bytes of text hold digits", size)
				}
				seen[string(body)] = true
			}
			if size > 100 && len(seen) != 2000 {
				t.Errorf("%s of %d bytes: %d different ones of 2000", kind, size, len(seen))
			}
		}
	}
}

func TestQuantiles(t *testing.T) {
	var ms []float64
	for i := range 1000 {
		ms = append(ms, float64(1000-i))
	}
	if got, want := latencyOf(slices.Clone(ms)), (Latency{500, 990, 999}); got != want {
		t.Errorf("of 1 to 1000: %v, want %v", got, want)
	}
	few := latencyOf(ms[:3])
	if few != (Latency{P50: 999}) {
		t.Errorf("of three: %v: only the middle is known", few)
	}
	if got, want := latencyOf(ms).beyond(few), (Latency{P50: -499}); got != want {
		t.Errorf("beyond a few: %v, want %v", got, want)
	}
	if got := latencyOf(nil); got != (Latency{}) {
		t.Errorf("of none: %v", got)
	}
}

// TestSteadyCountsWaiting drives one connection faster than it carries: what
// waits has to tell so, or the greatest load would look as good as half of it.
func TestSteadyCountsWaiting(t *testing.T) {
	const each = 10 * time.Millisecond
	var got atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(each)
	}))
	defer s.Close()
	c := &client{transport: &http.Transport{}, url: s.URL, bodies: newBodies("text", 100), sent: new(atomic.Int64)}
	ms, err := c.steady(t.Context(), 400, 500*time.Millisecond, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(len(ms)); n < 100 || got.Load() != n+2 {
		t.Errorf("%d uploads told of %d, with two to warm up", n, got.Load())
	}
	if most := slices.Max(ms); most < 500 {
		t.Errorf("%d uploads of %s each, one after the other: the last waited %.0f ms only", len(ms), each, most)
	}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	if _, err := c.steady(t.Context(), 400, time.Second, 1); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("refused uploads: %v", err)
	}
}

func TestOnlyLoopbackUnlessMine(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true, "192.0.2.1:80": false, "10.0.0.1:80": false, "[2001:db8::1]:443": false} {
		if err := (&run{}).control("tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if err := (&run{Options: Options{Mine: true}}).control("tcp", address, nil); err != nil {
			t.Errorf("%s, with leave: %v", address, err)
		}
	}
}

func TestOriginKeepsItsCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "origin")
	first, err := originCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := originCA(dir)
	if err != nil || !first.Leaf.Equal(second.Leaf) {
		t.Errorf("another CA in the second run: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "key.pem")); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		t.Errorf("the key can be read by others: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := originCA(dir); err == nil {
		t.Error("a broken key was taken, or written over")
	}
}

func TestMistakes(t *testing.T) {
	for want, o := range map[string]Options{
		`nothing is called "fast"`:  {Only: []string{"fast"}},
		`nothing is called "nginx"`: {Beside: []string{"nginx"}},
		"1 or more":                 {Rounds: -1},
		"above 0":                   {Sizes: []int64{0}},
		"write one of text, json":   {Kind: "xml"},
		"deployed proxy only":       {Origin: Origin{URL: "https://localhost/"}},
		"open to other machines":    {Origin: Origin{Listen: "192.0.2.1:0"}},
		"name the address by which": {Origin: Origin{Listen: ":0"}, Mine: true},
		"write https://HOST":        {Origin: Origin{URL: "localhost:3000"}, Against: &Against{Address: "127.0.0.1:3128"}},
	} {
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, a := range []string{"", "localhost", "ftp://localhost:21", "http://localhost:80/path"} {
		if _, err := (&Against{Address: a}).process(); err == nil {
			t.Errorf("a proxy at %q was taken", a)
		}
	}
}

// TestCostCountsDescendants has a helper's helper work, as squid has its
// certificates made.
func TestCostCountsDescendants(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it reads /proc")
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	p, err := begin()
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	if err := p.run(exec.CommandContext(t.Context(), sh, "-c", "sh -c 'while :; do :; done' & wait")); err != nil {
		t.Fatal(err)
	}
	pids, err := p.tree()
	for err == nil && len(pids) < 2 && t.Context().Err() == nil {
		pids, err = p.tree()
	}
	if err != nil {
		t.Fatal(err)
	}
	helper, err := os.FindProcess(pids[1])
	if err != nil {
		t.Fatal(err)
	}
	defer helper.Kill() //nolint:errcheck // it may have ended
	cost, err := p.cost(func() error {
		for {
			if s, err := p.cpu(); err != nil || s > .1 {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	if err != nil || cost <= 0 {
		t.Errorf("a busy helper cost %v: %v", cost, err)
	}
	if m, err := p.resident(); err != nil || m <= 0 {
		t.Errorf("%v MiB: %v", m, err)
	}
}

func TestResult(t *testing.T) {
	added := Latency{1, 2, 3}
	r := &Result{Kind: "run", Subjects: []Figures{{Kind: "subject", Subject: "sekimori", CPUPer1000: .2, TunnelKiB: 40}, {Kind: "subject", Subject: "goproxy MITM, streaming", CPUPer1000: .1}},
		Sizes:   []SizeFigures{{"size", "direct", 1024, 5, added, nil}, {"size", "sekimori", 1024, 5, added, &added}, {"size", "sekimori", 4096, 5, added, &added}},
		Half:    []HalfFigures{{Kind: "half", Subject: "sekimori", Most: 100, Rate: 50, Added: added}},
		Ratios:  []Ratio{{"ratio", "CPU per small upload", "goproxy MITM, streaming", 2, 1, 3}, {"ratio", "CPU per small upload", "squid MITM, streaming", 1, 1, 1}},
		Skipped: []Skipped{{"skipped", "mitmproxy MITM, streaming", "mitmdump is not installed"}}}
	dir := filepath.Join(t.TempDir(), "out")
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	md := read("proxy.md")
	for _, want := range []string{"| Sekimori over goproxy | median", "| CPU per small upload | 2.00 | 1.00 | 3.00 |", "| Sekimori over squid |", "| sekimori | 100 | 50 |", "mitmdump is not installed", "| – |"} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not say %q:\n%s", want, md)
		}
	}
	kinds := map[any]int{}
	for d := json.NewDecoder(strings.NewReader(read("proxy.json"))); d.More(); {
		var row map[string]any
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		kinds[row["kind"]]++
	}
	if kinds["run"] != 1 || kinds["subject"] != 2 || kinds["size"] != 3 || kinds["half"] != 1 || kinds["ratio"] != 2 || kinds["skipped"] != 1 {
		t.Errorf("rows of JSON: %v", kinds)
	}
	svg := read("proxy.svg")
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the plot is not well-formed: %v", err)
		}
	}
	if strings.Count(svg, "<polyline") != 3 || strings.Count(svg, `class="ours"`) != 3 {
		t.Errorf("the plot has not three curves and three bars of ours:\n%s", svg)
	}
}
