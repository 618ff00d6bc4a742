package witness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// memoryLog is a log without records: leaves only.
type memoryLog struct {
	key    *checkpoint.Key
	hashes []tlog.Hash
	size   int64
	number uint64
}

func (m *memoryLog) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, m.hashes[i])
	}
	return out, nil
}

func (m *memoryLog) add(t *testing.T, leaves ...string) {
	t.Helper()
	for _, l := range leaves {
		h, err := tlog.StoredHashes(m.size, []byte(l), m)
		if err != nil {
			t.Fatal(err)
		}
		m.hashes = append(m.hashes, h...)
		m.size++
	}
	m.number++
}

func (m *memoryLog) Last() (checkpoint.Checkpoint, []byte) {
	root, err := tlog.TreeHash(m.size, m)
	if err != nil {
		panic(err)
	}
	c := checkpoint.Checkpoint{Origin: m.key.Name(), Size: uint64(m.size), Root: root, Number: m.number, Time: time.Unix(1_800_000_000, 0)}
	b, err := c.Sign(m.key)
	if err != nil {
		panic(err)
	}
	return c, b
}

func (m *memoryLog) ProveGrowth(from, to uint64) ([]tlog.Hash, error) {
	if from == 0 || from == to {
		return nil, nil
	}
	return tlog.ProveTree(int64(to), int64(from), m)
}

type bench struct {
	dir    string
	log    *memoryLog
	server *Server
	url    string
	key    *checkpoint.Key
}

func start(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	logKey, err := checkpoint.OpenLogKey(filepath.Join(b.dir, "log.key"))
	if err != nil {
		t.Fatal(err)
	}
	b.log = &memoryLog{key: logKey}
	if b.key, err = checkpoint.OpenWitnessKey(filepath.Join(b.dir, "witness.key")); err != nil {
		t.Fatal(err)
	}
	b.restart(t)
	return b
}

func (b *bench) restart(t *testing.T) {
	t.Helper()
	var err error
	if b.server, err = NewServer(b.key, []string{b.log.key.Public}, filepath.Join(b.dir, "state"), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(b.server)
	t.Cleanup(h.Close)
	b.url = h.URL
}

func (b *bench) client(t *testing.T, from Source) *Client {
	t.Helper()
	c, err := NewClient(b.url, b.key.Public, filepath.Join(b.dir, "log"), from, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCosignsGrowthAndNothingElse(t *testing.T) {
	b := start(t)
	b.log.add(t, "a", "b", "c")
	c := b.client(t, b.log)
	for i := range 5 {
		if err := c.Ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		st := c.Status()
		if last, _ := b.log.Last(); st.Cosigned.Root != last.Root || time.Since(st.At) > time.Minute {
			t.Fatalf("status %+v", st)
		}
		b.log.add(t, fmt.Sprint(i), "x")
	}
	// A restart of both forgets nothing.
	b.restart(t)
	c = b.client(t, b.log)
	if c.Status().At.IsZero() {
		t.Error("the client forgot the last cosignature")
	}
	if err := c.Ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	held := c.Status().Cosigned
	got, at, err := Fetch(t.Context(), b.url, b.log.key.Name(), b.key.Verifier, http.DefaultClient)
	if err != nil || got != held || at.IsZero() {
		t.Fatalf("%+v %v %v", got, at, err)
	}

	// A node that lost its memory asks where the witness stands.
	os.RemoveAll(filepath.Join(b.dir, "log"))
	b.log.add(t, "y")
	if err := b.client(t, b.log).Ask(t.Context()); err != nil {
		t.Fatal(err)
	}

	// Put back: fewer records.
	short := &memoryLog{key: b.log.key}
	short.add(t, "a", "b", "c")
	if err := b.client(t, short).Ask(t.Context()); !errors.Is(err, ErrAhead) {
		t.Errorf("put back: %v", err)
	}
	os.RemoveAll(filepath.Join(b.dir, "log"))
	if err := b.client(t, short).Ask(t.Context()); !errors.Is(err, ErrAhead) {
		t.Errorf("put back, with its memory lost: %v", err)
	}
	// Rewritten with the log's own key: as long, and longer.
	forged := &memoryLog{key: b.log.key}
	for range b.log.size {
		forged.add(t, "z")
	}
	if err := b.client(t, forged).Ask(t.Context()); !errors.Is(err, ErrFork) {
		t.Errorf("rewritten, as long: %v", err)
	}
	forged.add(t, "z", "z", "z")
	if err := b.client(t, forged).Ask(t.Context()); !errors.Is(err, ErrFork) {
		t.Errorf("rewritten, longer: %v", err)
	}
	refused, err := os.ReadFile(filepath.Join(b.dir, "state", refusedFile))
	if err != nil || bytes.Count(refused, []byte("\n")) < 3 {
		t.Errorf("the tries were not kept: %s %v", refused, err)
	}
	if b.log.size == 0 || b.client(t, b.log).Ask(t.Context()) != nil {
		t.Error("the true log is refused")
	}
}

// TestStatusCodes holds the server against C2SP tlog-witness.
func TestStatusCodes(t *testing.T) {
	b := start(t)
	b.log.add(t, "a", "b", "c", "d", "e")
	five, signed5 := b.log.Last()
	b.log.add(t, "f", "g")
	seven, signed7 := b.log.Last()
	proof, err := b.log.ProveGrowth(five.Size, seven.Size)
	if err != nil {
		t.Fatal(err)
	}
	other, err := checkpoint.OpenLogKey(filepath.Join(b.dir, "other.key"))
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := five.Sign(other)
	stranger := five
	stranger.Origin = other.Name()
	unknown, _ := stranger.Sign(other)
	fork := &memoryLog{key: b.log.key}
	fork.add(t, "1", "2", "3", "4", "5", "6", "7")
	_, forked := fork.Last()
	noHash := append([]tlog.Hash{}, proof...)
	noHash[0][0] ^= 1
	for _, c := range []struct {
		name string
		body []byte
		want int
		says string
	}{
		{"garbage", []byte("hello"), 400, ""},
		{"leading zero", []byte("old 00\n\n" + string(signed5)), 400, ""},
		{"too many hashes", request{0, make([]tlog.Hash, 64), signed5}.encode(), 400, ""},
		{"old above new", request{6, nil, signed5}.encode(), 400, ""},
		{"unknown log", request{0, nil, unknown}.encode(), 404, ""},
		{"other key", request{0, nil, foreign}.encode(), 403, ""},
		{"changed after signing", request{0, nil, bytes.Replace(signed5, []byte("\n5\n"), []byte("\n6\n"), 1)}.encode(), 403, ""},
		{"proof from nothing", request{0, proof, signed5}.encode(), 422, ""},
		{"first", request{0, nil, signed5}.encode(), 200, "— " + b.key.Name() + " "},
		{"again", request{5, nil, signed5}.encode(), 200, "— " + b.key.Name() + " "},
		{"from nothing again", request{0, nil, signed7}.encode(), 409, "5\n"},
		{"wrong proof", request{5, noHash, signed7}.encode(), 422, ""},
		{"no proof", request{5, nil, signed7}.encode(), 422, ""},
		{"growth", request{5, proof, signed7}.encode(), 200, "— " + b.key.Name() + " "},
		{"rollback", request{5, nil, signed5}.encode(), 409, "7\n"},
		{"fork of the same size", request{7, nil, forked}.encode(), 409, "7\n"},
		{"too large", bytes.Repeat([]byte("x"), maxBody+1), 413, ""},
	} {
		res, err := http.Post(b.url+addPath, "", bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.want || !strings.HasPrefix(string(body), c.says) {
			t.Errorf("%s: %d %q, want %d %q", c.name, res.StatusCode, body, c.want, c.says)
		}
		if c.want == 409 && res.Header.Get("Content-Type") != sizeType {
			t.Errorf("%s: content type %q", c.name, res.Header.Get("Content-Type"))
		}
	}
}

// TestRacingRequests: of many at once none rolls the witness back.
func TestRacingRequests(t *testing.T) {
	b := start(t)
	var all []request
	var prev uint64
	for i := range 20 {
		b.log.add(t, fmt.Sprint(i))
		c, signed := b.log.Last()
		proof, _ := b.log.ProveGrowth(prev, c.Size)
		all = append(all, request{prev, proof, signed})
		prev = c.Size
	}
	var wg sync.WaitGroup
	for _, r := range all {
		wg.Go(func() {
			for range 5 {
				res, err := http.Post(b.url+addPath, "", bytes.NewReader(r.encode()))
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
			}
		})
	}
	wg.Wait()
	w := b.server.logs[b.log.key.Name()]
	if w.last.Size == 0 {
		t.Error("nothing was cosigned")
	}
	var disk witnessed
	disk.key, disk.file = w.key, w.file
	if err := disk.load(b.server.dir, b.key.Verifier); err != nil || disk.last != w.last {
		t.Errorf("on disk is %+v, served %+v, %v", disk.last, w.last, err)
	}
}

// TestSilenceIsTold: once, and that it is over.
func TestSilenceIsTold(t *testing.T) {
	b := start(t)
	b.log.add(t, "a")
	if err := b.client(t, b.log).Ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	b.server.log = slog.New(slog.NewTextHandler(&out, nil))
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	b.server.Watch(ctx, 30*time.Millisecond)
	if n := strings.Count(out.String(), "is silent"); n != 1 {
		t.Errorf("told %d times: %s", n, &out)
	}
	res, err := http.Get(b.url + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var all []logStatus
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil || len(all) != 1 || all[0].Records != 1 || all[0].Silent < 0.1 || all[0].Silent > 60 {
		t.Errorf("%+v %v", all, err)
	}
}

func TestDamagedStateIsNotForgotten(t *testing.T) {
	b := start(t)
	b.log.add(t, "a")
	if err := b.client(t, b.log).Ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.server.dir, b.server.logs[b.log.key.Name()].file)
	whole, _ := os.ReadFile(file)
	if err := os.WriteFile(file, whole[:len(whole)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewServer(b.key, []string{b.log.key.Public}, b.server.dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a witness with damaged state starts")
	}
}

func TestRunTellsOfADeadWitness(t *testing.T) {
	b := start(t)
	b.log.add(t, "a")
	c, err := NewClient("http://127.0.0.1:1", b.key.Public, filepath.Join(b.dir, "log"), b.log, &http.Client{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var got Status
	c.Run(ctx, time.Millisecond, func(s Status) { got = s; cancel() })
	if got.Err == nil || !got.At.IsZero() {
		t.Errorf("%+v", got)
	}
}

// TestCosignatureVector is the example of C2SP tlog-cosignature: its witness
// line must read as one, and its key hash must depend on the name.
func TestCosignatureForm(t *testing.T) {
	b := start(t)
	msg := []byte("example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	sig, err := b.key.Sign(msg)
	if err != nil || len(sig) != 72 || !b.key.Verifier.Verify(msg, sig) {
		t.Fatalf("%d bytes, %v", len(sig), err)
	}
	for i := range sig {
		sig[i] ^= 1
		if b.key.Verifier.Verify(msg, sig) {
			t.Errorf("byte %d does not count", i)
		}
		sig[i] ^= 1
	}
	if v, err := checkpoint.ParseKey(b.key.Public); err != nil || v.KeyHash() != b.key.Verifier.KeyHash() || !v.Verify(msg, sig) {
		t.Errorf("public key %s: %v", b.key.Public, err)
	}
	var at note.Signature
	at.Base64 = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
	if when, ok := checkpoint.CosignedAt(at); !ok || when.Unix() != 1679315147 {
		t.Errorf("time of the specification's example: %v %v", when, ok)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte("old 5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nx\n1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRequest(b)
		if err != nil {
			return
		}
		again, err := parseRequest(r.encode())
		if err != nil || again.old != r.old || len(again.proof) != len(r.proof) || !bytes.Equal(again.note, r.note) {
			t.Errorf("%q: %+v became %+v, %v", b, r, again, err)
		}
	})
}
