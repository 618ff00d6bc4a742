package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const card = "card 4980127345612094"

// A real node behind the program, and a client that speaks as Envoy does.
func TestProcess(t *testing.T) {
	service := startNode(t)
	fake := dial(t, startProgram(t, service))
	large := strings.Repeat("line of a large upload\n", 20_000)
	for name, k := range map[string]struct {
		method, path string
		pieces       []string // of the body, nil for none
		trailer      bool
		stopped      bool
	}{
		"no body":            {method: "GET", path: "/"},
		"a card in a query":  {method: "GET", path: "/?q=card+4980127345612094", stopped: true},
		"fine":               {method: "POST", path: "/upload", pieces: []string{"hel", "lo"}},
		"large":              {method: "POST", path: "/upload", pieces: []string{large, large, large}},
		"empty last piece":   {method: "POST", path: "/upload", pieces: []string{"hello", ""}},
		"nothing in it":      {method: "POST", path: "/upload", pieces: []string{""}},
		"a trailer":          {method: "POST", path: "/upload", pieces: []string{"hello"}, trailer: true},
		"a card":             {method: "POST", path: "/upload", pieces: []string{card}, stopped: true},
		"a card in pieces":   {method: "POST", path: "/upload", pieces: []string{"card 49801273", "45612094"}, stopped: true},
		"a card at the end":  {method: "POST", path: "/upload", pieces: []string{large, large, card}, stopped: true},
		"a card in trailers": {method: "POST", path: "/upload", pieces: []string{card}, trailer: true, stopped: true},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := fake.Process(t.Context())
			check(t, err)
			check(t, st.Send(request(k.method, k.path, k.pieces == nil, mode.ProcessingMode_FULL_DUPLEX_STREAMED)))
			for i, p := range k.pieces {
				check(t, st.Send(&extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_RequestBody{
					RequestBody: &extproc.HttpBody{Body: []byte(p), EndOfStream: i == len(k.pieces)-1 && !k.trailer}}}))
			}
			if k.trailer {
				check(t, st.Send(&extproc.ProcessingRequest{Request: &extproc.ProcessingRequest_RequestTrailers{
					RequestTrailers: &extproc.HttpTrailers{Trailers: headers("checksum", "none")}}}))
			}
			check(t, st.CloseSend())
			var got strings.Builder
			var first *extproc.ProcessingResponse
			last, trailers := false, false
			for {
				m, err := st.Recv()
				if err == io.EOF {
					break
				}
				check(t, err)
				if first == nil {
					first = m
				}
				if b := m.GetRequestBody(); b != nil {
					if last {
						t.Error("a piece after the last")
					}
					piece := b.Response.BodyMutation.GetStreamedResponse()
					got.Write(piece.Body)
					last = piece.EndOfStream
				}
				trailers = trailers || m.GetRequestTrailers() != nil
			}
			if k.stopped {
				if r := first.GetImmediateResponse(); r == nil || r.Status.Code != 403 || !strings.Contains(string(r.Body), "SK-") || got.Len() > 0 {
					t.Errorf("%v, and %d bytes went on", first, got.Len())
				}
				return
			}
			if removed := first.GetRequestHeaders().GetResponse().GetHeaderMutation().GetRemoveHeaders(); len(removed) != 1 || removed[0] != "sekimori-confirm" {
				t.Fatalf("%v", first)
			}
			if want := strings.Join(k.pieces, ""); got.String() != want {
				t.Errorf("%d bytes went on, not %d", got.Len(), len(want))
			}
			if last != (k.pieces != nil && !k.trailer) || trailers != k.trailer {
				t.Errorf("ended %v, trailers %v", last, trailers)
			}
		})
	}
	for _, how := range []mode.ProcessingMode_BodySendMode{mode.ProcessingMode_STREAMED, mode.ProcessingMode_NONE, mode.ProcessingMode_BUFFERED} {
		if got := fault(t, fake, request("POST", "/upload", false, how)); got != codes.FailedPrecondition {
			t.Errorf("bodies in the manner %s: %s", how, got)
		}
	}
	bad := request("GET", "/", true, mode.ProcessingMode_FULL_DUPLEX_STREAMED)
	bad.GetRequestHeaders().Headers.Headers = append(bad.GetRequestHeaders().Headers.Headers, headers("x", "a\r\nb: c").Headers...)
	if got := fault(t, fake, bad); got != codes.InvalidArgument {
		t.Errorf("a line end in a field: %s", got)
	}
	gone := dial(t, startProgram(t, "icap://"+freeAddress(t)+"/reqmod"))
	if got := fault(t, gone, request("GET", "/", true, mode.ProcessingMode_FULL_DUPLEX_STREAMED)); got != codes.Unavailable {
		t.Errorf("without a node: %s", got)
	}
}

// Envoy itself, where it is installed: what passes arrives whole, of what is
// stopped nothing does.
func TestEnvoy(t *testing.T) {
	envoy, err := exec.LookPath("envoy")
	if err != nil {
		if os.Getenv("SEKIMORI_CI") != "" {
			t.Fatal("envoy is not installed")
		}
		t.Skip("envoy is not installed")
	}
	var arrived atomic.Int64
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		arrived.Add(n)
		fmt.Fprintf(w, "origin got %d bytes, confirming %q", n, r.Header.Get(confirmation))
	}))
	t.Cleanup(origin.Close)
	front, ask := freeAddress(t), startProgram(t, startNode(t))
	conf, err := os.ReadFile("envoy.yaml")
	check(t, err)
	text := string(conf)
	for what, now := range map[string]string{"0.0.0.0, port_value: 8080": front, "127.0.0.1, port_value: 9002": ask, "origin.example, port_value: 443": origin.Listener.Addr().String()} {
		host, port, _ := net.SplitHostPort(now)
		if !strings.Contains(text, what) {
			t.Fatalf("envoy.yaml has no %q", what)
		}
		text = strings.Replace(text, what, host+", port_value: "+port, 1)
	}
	head, tls, _ := strings.Cut(text, "    transport_socket: # to the origin")
	if tls == "" {
		t.Fatal("envoy.yaml does not say how it reaches the origin")
	}
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	check(t, os.WriteFile(file, []byte(head), 0o600))
	cmd := exec.Command(envoy, "-c", file, "--base-id", fmt.Sprint(os.Getpid()), "--concurrency", "1", "-l", "warning")
	cmd.Stderr = os.Stderr
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	await(t, front)
	large := strings.Repeat("line of a large upload\n", 200_000) // beyond what Envoy keeps
	for name, k := range map[string]struct {
		body    string
		chunked bool
		stopped bool
	}{
		"no body": {}, "fine": {body: "hello"}, "large": {body: large}, "large in chunks": {body: large, chunked: true},
		"a card": {body: card, stopped: true}, "a card at the end": {body: large + card, stopped: true}, "in chunks": {body: large + card, chunked: true, stopped: true},
	} {
		before := arrived.Load()
		var body io.Reader = strings.NewReader(k.body)
		if k.chunked {
			body = io.MultiReader(body)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+front+"/upload", body)
		check(t, err)
		req.Header.Set("Content-Type", "text/plain")
		req.Header.Set(confirmation, "x")
		resp, err := http.DefaultClient.Do(req)
		check(t, err)
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch went := arrived.Load() - before; {
		case k.stopped && (resp.StatusCode != http.StatusForbidden || !strings.Contains(string(b), "SK-") || went > 0):
			t.Errorf("%s: %d %.200s; %d bytes arrived", name, resp.StatusCode, b, went)
		case !k.stopped && (resp.StatusCode != http.StatusOK || string(b) != fmt.Sprintf(`origin got %d bytes, confirming ""`, len(k.body))):
			t.Errorf("%s: %d %.200s", name, resp.StatusCode, b)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func headers(pairs ...string) *core.HeaderMap {
	h := &core.HeaderMap{}
	for i := 0; i < len(pairs); i += 2 {
		h.Headers = append(h.Headers, &core.HeaderValue{Key: pairs[i], RawValue: []byte(pairs[i+1])})
	}
	return h
}

func request(method, path string, end bool, how mode.ProcessingMode_BodySendMode) *extproc.ProcessingRequest {
	return &extproc.ProcessingRequest{ProtocolConfig: &extproc.ProtocolConfiguration{RequestBodyMode: how},
		Request: &extproc.ProcessingRequest_RequestHeaders{RequestHeaders: &extproc.HttpHeaders{EndOfStream: end, Headers: headers(
			":method", method, ":scheme", "https", ":authority", "www.dropbox.com", ":path", path, "content-type", "text/plain",
			"accept", "application/json", "x-forwarded-for", "192.0.2.7")}}}
}

// fault is the error in which a request ends.
func fault(t *testing.T, c extproc.ExternalProcessorClient, m *extproc.ProcessingRequest) codes.Code {
	t.Helper()
	st, err := c.Process(t.Context())
	check(t, err)
	check(t, st.Send(m))
	r, err := st.Recv()
	if err == nil {
		t.Errorf("it goes on: %v", r)
	}
	return status.Code(err)
}

// startProgram runs this program, and tells where it listens.
func startProgram(t *testing.T, service string) string {
	t.Helper()
	at := freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-listen", at, "-icap", service}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	await(t, at)
	return at
}

func dial(t *testing.T, at string) extproc.ExternalProcessorClient {
	t.Helper()
	c, err := grpc.NewClient(at, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return extproc.NewExternalProcessorClient(c)
}

// startNode builds and runs a node that keeps cards in, and returns its ICAP service.
func startNode(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := os.Getenv("SEKIMORI")
	if program == "" {
		program = filepath.Join(dir, "sekimori")
		build := exec.Command("go", "build", "-o", program, "./cmd/sekimori")
		build.Dir = ".."
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the node: %v\n%s", err, out)
		}
	}
	at := freeAddress(t)
	conf := filepath.Join(dir, "sekimori.toml")
	check(t, os.WriteFile(conf, fmt.Appendf(nil, "data = %q\n[listen]\nproxy = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[rules]\npaths = [\"cards.toml\"]\n[icap]\nlisten = [%q]\n", filepath.Join(dir, "data"), at), 0o600))
	check(t, os.WriteFile(filepath.Join(dir, "cards.toml"), []byte("[[rule]]\nid = \"cards\"\naction = \"block\"\nwhat = { findings = { types = \"CARD\" } }\nsay = \"no cards\"\n"), 0o600))
	cmd := exec.Command(program, "serve", "--config", conf)
	var said bytes.Buffer
	cmd.Stderr = &said
	check(t, cmd.Start())
	t.Cleanup(func() {
		if _ = cmd.Process.Signal(os.Interrupt); cmd.Wait() != nil || t.Failed() {
			t.Logf("the node said:\n%s", &said)
		}
	})
	await(t, at)
	return "icap://" + at + "/reqmod"
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// await returns when somebody listens.
func await(t *testing.T, at string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("tcp", at)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nobody listens at %s", at)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
