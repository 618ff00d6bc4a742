package proxy

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/proxy/gate"
	"github.com/sekimori-dlp/sekimori/proxy/hold"
	"github.com/sekimori-dlp/sekimori/rules"
)

// streamRules stream to the origin of these tests.
const streamRules = `
[[stream]]
id    = "bulk"
above = "512 KiB"
keep  = "256 KiB"
where = { hosts = "origin.example", paths = ["/up*"] }

[[keywords]]
id    = "secrets"
words = ["SECRET-CONTENT"]

[[keywords]]
id    = "doubts"
words = ["DOUBTED-CONTENT"]

[[rule]]
id     = "no-secrets"
action = "block"
say    = "because"
what   = { keywords = ["secrets"] }

[[rule]]
id     = "doubt"
action = "warn"
say    = "because"
what   = { keywords = ["doubts"] }
`

// streaming builds a house that streams by those rules, and by more if they are given,
// before an origin that counts.
func streaming(t testing.TB, more string, opts ...option) (*house, *counting) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.toml")
	if err := os.WriteFile(file, []byte(streamRules+more), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load([]string{file}, rules.Options{NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	policy := &gate.Policy{Scanner: set.Scanner(), Rules: set, Streams: set}
	h, o := build(t, append([]option{func(c *Config, d *Deps, hc *hold.Config) {
		d.Policy = func() *gate.Policy { return policy }
	}}, opts...)...), &counting{}
	h.plain.handle, h.secure.handle = o.handle, o.handle
	return h, o
}

// counting is an origin that notes how an upload ended there.
type counting struct {
	got    atomic.Int64 // bytes
	whole  atomic.Int64 // uploads that came to their end
	broken atomic.Int64 // that did not
}

func (c *counting) handle(w http.ResponseWriter, r *http.Request) {
	c.got.Store(0)
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(buf)
		c.got.Add(int64(n))
		switch {
		case err == io.EOF && (r.ContentLength < 0 || r.ContentLength == c.got.Load()):
			c.whole.Add(1)
			fmt.Fprintf(w, "got %d", c.got.Load())
			return
		case err != nil:
			c.broken.Add(1)
			return
		}
	}
}

func (c *counting) forget() {
	c.got.Store(0)
	c.whole.Store(0)
	c.broken.Store(0)
}

// cleanText is text in which there is nothing.
func cleanText(n int) []byte {
	line := []byte("the quick brown fox jumps over the lazy dog, again and again\n")
	return bytes.Repeat(line, n/len(line)+1)[:n]
}

// ways are those in which a body can come and go.
type bodyWay struct {
	name    string
	scheme  string
	http2   bool
	chunked bool
}

var bodyWays = []bodyWay{
	{"h1 with its length", "http", false, false},
	{"h1 in chunks", "http", false, true},
	{"TLS, h1 to h2 with its length", "https", false, false},
	{"h2 with its length", "https", true, false},
	{"h2 without its length", "https", true, true},
}

// begin sends a body that is written step by step.
func (h *house) begin(ctx context.Context, way bodyWay, path string, size int64, header ...string) (*io.PipeWriter, <-chan *http.Response) {
	h.t.Helper()
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, way.scheme+"://"+originHost+path, r)
	if err != nil {
		h.t.Fatal(err)
	}
	if req.ContentLength = size; way.chunked {
		req.ContentLength = -1
	}
	req.Header.Set("Content-Type", "text/plain")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	done := make(chan *http.Response, 1)
	go func() {
		client := h.client(way.http2)
		client.Timeout = 0
		resp, err := client.Do(req)
		if err != nil {
			resp = &http.Response{Status: err.Error(), Body: http.NoBody}
		}
		done <- resp
	}()
	return w, done
}

// deliver sends a body at once, and returns the answer with what it says.
func (h *house) deliver(way bodyWay, path string, body []byte, header ...string) (*http.Response, string) {
	h.t.Helper()
	w, answered := h.begin(h.t.Context(), way, path, int64(len(body)), header...)
	go func() {
		w.Write(body) // or nobody reads on
		w.Close()
	}()
	resp := <-answered
	return resp, bodyOf(h.t, resp)
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// last returns the last event of a kind.
func (h *house) last(kind string) (last audit.Event) {
	for _, ev := range h.audit.events() {
		if ev.Kind == kind {
			last = ev
		}
	}
	return last
}

const streamSize = 2 << 20

func TestStreamPasses(t *testing.T) {
	h, o := streaming(t, "")
	for _, way := range bodyWays {
		t.Run(way.name, func(t *testing.T) {
			o.forget()
			text := cleanText(streamSize)
			w, answered := h.begin(t.Context(), way, "/up", streamSize)
			w.Write(text[:streamSize-1000])
			// While the client still has some, the origin has a good part already.
			eventually(t, "bytes at the origin", func() bool { return o.got.Load() > streamSize/2 })
			begun := h.last("stream")
			if begun.Action != "begun" || begun.Rule != "bulk" || begun.Host != originHost || begun.Details["stream"] == "" {
				t.Errorf("the record does not say that it is under way: %+v", begun)
			}
			if o.got.Load() > streamSize-256<<10 {
				t.Errorf("%d bytes had left before the verdict", o.got.Load())
			}
			w.Write(text[streamSize-1000:])
			w.Close()
			resp := <-answered
			if got := bodyOf(t, resp); resp.StatusCode != 200 || got != fmt.Sprint("got ", streamSize) {
				t.Errorf("answered %s %q", resp.Status, got)
			}
			if o.whole.Load() != 1 || o.broken.Load() != 0 {
				t.Errorf("the origin saw %d whole uploads and %d broken ones", o.whole.Load(), o.broken.Load())
			}
			ev := h.last("decision")
			if ev.Action != "allow" || ev.Bytes != streamSize || ev.Details["streamed"] != "bulk" || ev.Details["stream"] != begun.Details["stream"] || ev.Details["left"] != "" {
				t.Errorf("recorded %+v", ev)
			}
		})
	}
	h.clean()
}

func TestStreamIsStopped(t *testing.T) {
	h, o := streaming(t, "")
	for _, way := range bodyWays {
		t.Run(way.name, func(t *testing.T) {
			o.forget()
			text := cleanText(streamSize)
			copy(text[streamSize/2:], "\n"+secret+"\n")
			w, answered := h.begin(t.Context(), way, "/up", streamSize)
			w.Write(text[:streamSize/2])
			eventually(t, "bytes at the origin", func() bool { return o.got.Load() > 0 })
			w.Write(text[streamSize/2 : streamSize-1000])
			// The origin is told before the client has sent all.
			eventually(t, "the upload broken off", func() bool { return o.broken.Load() == 1 })
			w.Write(text[streamSize-1000:])
			w.Close()
			resp := <-answered
			if got := bodyOf(t, resp); resp.StatusCode != http.StatusForbidden || !strings.Contains(got, "because") {
				t.Errorf("answered %s %q", resp.Status, got)
			}
			if o.whole.Load() != 0 || o.broken.Load() != 1 || o.got.Load() > streamSize/2 {
				t.Errorf("the origin saw %d whole uploads, %d broken ones, and %d bytes", o.whole.Load(), o.broken.Load(), o.got.Load())
			}
			ev := h.last("decision")
			left := regexp.MustCompile(fmt.Sprintf(`^\d+ of %d bytes \(\d\d? %%\)$`, streamSize))
			if ev.Action != "block" || ev.Rule != "no-secrets" || ev.Incident == "" || ev.Content == "" || !left.MatchString(ev.Details["left"]) || ev.Details["origin"] != "reset" {
				t.Errorf("recorded %+v", ev)
			}
		})
	}
	h.clean()
}

// What is found in the last window, or not before the whole is there, is found before
// that leaves.
func TestLastBytesWaitForTheVerdict(t *testing.T) {
	h, o := streaming(t, "")
	text := cleanText(streamSize)
	copy(text[streamSize-100:], "\n"+secret+"\n")
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, content := range map[string][]byte{"clean.txt": cleanText(streamSize), "list.txt": []byte(secret)} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
	}
	z.Close()
	for name, body := range map[string][]byte{"text": text, "an archive": archive.Bytes()} {
		for _, way := range bodyWays {
			t.Run(name+", "+way.name, func(t *testing.T) {
				o.forget()
				w, answered := h.begin(t.Context(), way, "/up", int64(len(body)))
				w.Write(body[:len(body)-200])
				eventually(t, "bytes at the origin", func() bool { return o.got.Load() > streamSize/2 })
				w.Write(body[len(body)-200:])
				w.Close()
				resp := <-answered
				if got := bodyOf(t, resp); resp.StatusCode != http.StatusForbidden || !strings.Contains(got, "because") {
					t.Errorf("answered %s %q", resp.Status, got)
				}
				eventually(t, "the upload broken off", func() bool { return o.broken.Load() == 1 })
				if n := o.got.Load(); o.whole.Load() != 0 || n > int64(len(body))-256<<10 {
					t.Errorf("the origin saw %d whole uploads and %d bytes", o.whole.Load(), n)
				}
			})
		}
	}
	h.clean()
}

// A warning is asked for the whole, and what is confirmed is sent anew.
func TestStreamThatIsConfirmed(t *testing.T) {
	h, o := streaming(t, "")
	text := cleanText(streamSize)
	copy(text[streamSize/2:], "\n"+doubted+"\n")
	send := func(header ...string) (*http.Response, string) {
		o.forget()
		w, answered := h.begin(t.Context(), bodyWays[0], "/up", streamSize, header...)
		w.Write(text[:streamSize/2])
		eventually(t, "bytes at the origin", func() bool { return o.got.Load() > 0 })
		w.Write(text[streamSize/2:])
		w.Close()
		resp := <-answered
		return resp, bodyOf(t, resp)
	}
	resp, page := send("Accept", "application/json")
	token := regexp.MustCompile(`"token":\s*"([^"]+)"`).FindStringSubmatch(page)
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != 428 || token == nil {
		t.Fatalf("answered %s %q", resp.Status, page)
	}
	eventually(t, "the upload broken off", func() bool { return o.broken.Load() == 1 })
	resp, page = send("Sekimori-Confirm", token[1]+" needed%20today")
	if resp.StatusCode != 200 || page != fmt.Sprint("got ", streamSize) {
		t.Errorf("answered %s %q", resp.Status, page)
	}
	if o.whole.Load() != 1 {
		t.Errorf("the origin saw %d whole uploads", o.whole.Load())
	}
	if ev := h.last("decision"); ev.Action != "log" || ev.Details["origin"] != "reset, then sent anew" {
		t.Errorf("recorded %+v", ev)
	}
	h.clean()
}

func TestStreamOfAClientThatGoesAway(t *testing.T) {
	h, o := streaming(t, "")
	for i, way := range bodyWays {
		ctx, cancel := context.WithCancel(t.Context())
		w, answered := h.begin(ctx, way, "/up", streamSize)
		w.Write(cleanText(streamSize / 2))
		eventually(t, "bytes at the origin", func() bool { return o.got.Load() > streamSize/4 })
		cancel()
		w.CloseWithError(context.Canceled)
		<-answered
		eventually(t, "the upload broken off", func() bool { return o.broken.Load() == int64(i+1) })
		eventually(t, "the record", func() bool { return h.last("decision").Reason == string(gate.Aborted) })
		if ev := h.last("decision"); ev.Action != "block" || ev.Details["left"] == "" {
			t.Errorf("%s: recorded %+v", way.name, ev)
		}
		h.audit.mu.Lock()
		h.audit.evs = nil
		h.audit.mu.Unlock()
		o.got.Store(0)
	}
	if o.whole.Load() != 0 {
		t.Errorf("the origin saw %d whole uploads", o.whole.Load())
	}
	h.clean()
}

func TestStreamAndTheRecord(t *testing.T) {
	h, o := streaming(t, "")
	h.audit.fail.Store(true)
	resp, _ := h.deliver(bodyWays[0], "/up", cleanText(streamSize))
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without a record of its beginning: answered %s", resp.Status)
	}
	h.untouched()

	h.audit.fail.Store(false)
	w, answered := h.begin(t.Context(), bodyWays[0], "/up", streamSize)
	w.Write(cleanText(streamSize - 1))
	eventually(t, "bytes at the origin", func() bool { return o.got.Load() > streamSize/2 })
	h.audit.fail.Store(true)
	w.Write([]byte("x"))
	w.Close()
	resp = <-answered
	if bodyOf(t, resp); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without a record of its verdict: answered %s", resp.Status)
	}
	eventually(t, "the upload broken off", func() bool { return o.broken.Load() == 1 && o.whole.Load() == 0 })
	h.clean()
}

func TestStreamWithoutRoom(t *testing.T) {
	for name, c := range map[string]struct {
		max, disk int64
		status    int
	}{
		"over hold.max":  {max: streamSize - 1000, status: http.StatusRequestEntityTooLarge},
		"the spool full": {disk: 512 << 10, status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			h, o := streaming(t, "", func(_ *Config, _ *Deps, hc *hold.Config) { hc.Max, hc.TotalDisk, hc.Wait = c.max, c.disk, 1 })
			if resp, _ := h.deliver(bodyWays[1], "/up", cleanText(streamSize)); resp.StatusCode != c.status {
				t.Errorf("answered %s", resp.Status)
			}
			eventually(t, "no whole upload", func() bool {
				return o.whole.Load() == 0 && o.broken.Load() == h.plain.requests.Load()
			})
			h.clean()
		})
	}
}

// Bodies over hold.max go where a stream has room for them, and nowhere else.
func TestStreamOverTheLargestBody(t *testing.T) {
	h, o := streaming(t, `
[[stream]]
id    = "huge"
above = "1 MiB"
max   = "3 MiB"
where = { hosts = "origin.example", paths = ["/huge*"] }
`, func(_ *Config, _ *Deps, hc *hold.Config) { hc.Max = streamSize - 1000 })
	stopped := cleanText(streamSize)
	copy(stopped[streamSize-100:], "\n"+secret+"\n")
	for _, way := range bodyWays {
		for _, c := range []struct {
			path   string
			body   []byte
			status int
		}{
			{"/huge", cleanText(streamSize), http.StatusOK},
			{"/huge", stopped, http.StatusForbidden},
			{"/huge", cleanText(3<<20 + 1), http.StatusRequestEntityTooLarge},
			{"/up", cleanText(streamSize), http.StatusRequestEntityTooLarge},
			{"/other", cleanText(streamSize), http.StatusRequestEntityTooLarge},
		} {
			o.forget()
			if resp, _ := h.deliver(way, c.path, c.body); resp.StatusCode != c.status {
				t.Errorf("%s, %s with %d bytes: answered %s, want %d", way.name, c.path, len(c.body), resp.Status, c.status)
			}
			if whole := o.whole.Load(); (whole == 1) != (c.status == http.StatusOK) {
				t.Errorf("%s, %s with %d bytes: the origin has %d whole", way.name, c.path, len(c.body), whole)
			}
		}
	}
	h.clean()
}

// An origin that answers before it has all is not believed before the verdict.
func TestStreamThatIsAnsweredEarly(t *testing.T) {
	h, _ := streaming(t, "")
	h.plain.handle = func(w http.ResponseWriter, r *http.Request) {
		io.CopyN(io.Discard, r.Body, 1000)
		w.WriteHeader(http.StatusInsufficientStorage)
		io.WriteString(w, "no room here")
	}
	for _, stopped := range []bool{false, true} {
		text := cleanText(streamSize)
		want, word := http.StatusInsufficientStorage, "no room here"
		if stopped {
			copy(text[streamSize-100:], "\n"+secret+"\n")
			want, word = http.StatusForbidden, "because"
		}
		if resp, got := h.deliver(bodyWays[0], "/up", text); resp.StatusCode != want || !strings.Contains(got, word) {
			t.Errorf("answered %s %q, want %d", resp.Status, got, want)
		}
	}
	h.clean()
}

// Where nothing asks for it, nothing is streamed; nor what is stopped from the start.
func TestNoStreamUnasked(t *testing.T) {
	h, _ := streaming(t, "")
	for path, sent := range map[string]bool{"/other": true, "/up?q=" + secret: false} {
		w, answered := h.begin(t.Context(), bodyWays[0], path, streamSize)
		w.Write(cleanText(streamSize - 1))
		if n := h.plain.bytes.Load(); n != 0 {
			t.Errorf("%s: %d bytes left before the verdict", path, n)
		}
		w.Write([]byte("x"))
		w.Close()
		if resp := <-answered; (resp.StatusCode == 200) != sent {
			t.Errorf("%s: answered %s", path, resp.Status)
		} else {
			bodyOf(t, resp)
		}
		h.plain.bytes.Store(0)
	}
	if ev := h.last("stream"); ev.Kind != "" {
		t.Errorf("recorded %+v", ev)
	}
	h.clean()
}

// An origin that breaks amid the upload is told as any that cannot be reached, once
// the verdict is known.
func TestStreamWhoseOriginBreaks(t *testing.T) {
	h, _ := streaming(t, "")
	breaks := func(_ http.ResponseWriter, r *http.Request) {
		io.CopyN(io.Discard, r.Body, 100_000)
		panic(http.ErrAbortHandler)
	}
	h.plain.handle, h.secure.handle = breaks, breaks
	for _, way := range bodyWays {
		for _, stopped := range []bool{false, true} {
			text := cleanText(streamSize)
			want := http.StatusBadGateway
			if stopped {
				copy(text[streamSize-100:], "\n"+secret+"\n")
				want = http.StatusForbidden
			}
			if resp, _ := h.deliver(way, "/up", text); resp.StatusCode != want {
				t.Errorf("%s: answered %s, want %d", way.name, resp.Status, want)
			}
		}
	}
	h.clean()
}

// The body of a client that sends 32 MiB a second is at its origin, and answered, soon
// after its end when it is streamed; held, it is inspected and sent only then. Reported
// is the time from the last byte to the answer.
func BenchmarkLargeUpload(b *testing.B) {
	h, _ := streaming(b, "")
	text := cleanText(32 << 20)
	u, err := url.Parse("http://tester:pass@" + h.addr)
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u)}}
	for name, path := range map[string]string{"held": "/other", "streamed": "/up"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var waited time.Duration
			for b.Loop() {
				end := &paced{Reader: bytes.NewReader(text), begun: time.Now()}
				req, err := http.NewRequest(http.MethodPost, "http://"+originHost+path, end)
				if err != nil {
					b.Fatal(err)
				}
				req.ContentLength = int64(len(text))
				resp, err := client.Do(req)
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(resp, err)
				}
				resp.Body.Close()
				waited += time.Since(end.at)
			}
			b.ReportMetric(float64(waited.Milliseconds())/float64(b.N), "ms-after-the-end")
		})
	}
}

// paced gives 32 MiB a second, and notes when it was read last.
type paced struct {
	io.Reader
	begun, at time.Time
	n         int64
}

func (r *paced) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p[:min(len(p), 64<<10)])
	r.n += int64(n)
	time.Sleep(time.Until(r.begun.Add(time.Duration(r.n) * time.Second / (32 << 20))))
	r.at = time.Now()
	return n, err
}
