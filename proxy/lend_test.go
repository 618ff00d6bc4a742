package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The memory of a small body is lent to the transport and used for the next
// one afterwards. Whatever the origins do meanwhile, none gets bytes of
// another's body, and all memory comes back.
func TestBodiesOnTheirWayAreNotMixedUp(t *testing.T) {
	h := build(t)
	handle := func(w http.ResponseWriter, r *http.Request) {
		mark := r.URL.Query().Get("mark")[0]
		switch r.URL.Path {
		case "/early": // answers before it has read
			w.Header().Set("Content-Length", "2")
			io.WriteString(w, "ok")
			http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		case "/gone":
			panic(http.ErrAbortHandler)
		}
		b, err := io.ReadAll(r.Body)
		if bytes.Count(b, []byte{mark}) != len(b) || err == nil && len(b) != int(r.ContentLength) {
			t.Errorf("%s: %d bytes, not all of them its own", r.URL, len(b))
		}
		if r.URL.Path == "/whole" {
			fmt.Fprint(w, len(b))
		}
	}
	h.plain.handle, h.secure.handle = handle, handle
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			client := h.client(i%2 == 0)
			for k := range 20 {
				mark := "abcdefghijkl"[i : i+1]
				size := []int{1, 500, 10 << 10, 40 << 10, 63 << 10}[(i+k)%5]
				path := []string{"whole", "whole", "early", "gone"}[(i+k)%4]
				scheme := []string{"https", "http"}[k%2]
				resp, err := client.Post(scheme+"://"+originHost+"/"+path+"?mark="+mark, "application/octet-stream",
					bytes.NewReader(bytes.Repeat([]byte(mark), size)))
				if err != nil {
					t.Error(err)
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if path == "whole" && (err != nil || string(b) != strconv.Itoa(size)) {
					t.Errorf("answered %q, want %d; %v", b, size, err)
				}
			}
		})
	}
	wg.Wait()
	h.clean()
}
