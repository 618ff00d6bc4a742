package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestShortFields sends what a rule blocks cut into many short fields, none of
// which is looked at by itself.
func TestShortFields(t *testing.T) {
	h := build(t)
	ask := func(fields http.Header) int {
		req, err := http.NewRequest(http.MethodGet, "https://"+originHost+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = fields
		resp, err := h.client(false).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	plain := func() http.Header {
		fields := http.Header{}
		for i := range 12 {
			fields.Set(fmt.Sprint("Accept-", i), "harmless")
		}
		return fields
	}
	for range 2 { // new, and known
		if status := ask(plain()); status != http.StatusOK {
			t.Fatalf("harmless fields: %d", status)
		}
	}
	before := h.secure.requests.Load()
	for range 2 {
		fields := plain()
		fields.Set("Accept-11", secret)
		if status := ask(fields); status != http.StatusForbidden {
			t.Errorf("in a short field: %d", status)
		}
	}
	if h.secure.requests.Load() != before {
		t.Error("some of it reached the origin")
	}
}

func TestShortFieldsAreInOrder(t *testing.T) {
	got := shortOnes(http.Header{"X-10": {"c"}, "X-2": {"b"}, "X-1": {"a", "a2"}, "Content-Length": {"5"}, "Long": {strings.Repeat("l", 64)}, "Accept": {"*/*"}})
	if want := "Accept: */*\nX-1: a\nX-1: a2\nX-2: b\nX-10: c\n"; len(got) != 1 || got[0].Value != want {
		t.Errorf("%q, want %q", got, want)
	}
	got = shortOnes(http.Header{"X-2": {"%E5%B1%B1"}, "X-1": {"田"}, "X-3": {"100%"}})
	if len(got) != 2 || got[0].Value != "X-1: 田\nX-2: 山\nX-3: 100%\n" || got[1].Value != "田\n山\n100%\n" {
		t.Errorf("%q", got)
	}
}

// Fields behind a body are inspected as those before it: the short ones together too.
func TestShortTrailers(t *testing.T) {
	got := trailers(http.Header{"X-2": {"b"}, "X-1": {strings.Repeat("a", 40)}, "X-3": {"c", strings.Repeat("l", 64)}, "X-4": {strings.Repeat("d", 20)}})
	last := got[len(got)-1]
	if want := "X-1: " + strings.Repeat("a", 40) + "\nX-2: b\nX-3: c\nX-4: " + strings.Repeat("d", 20) + "\n"; len(got) != 6 || last.Name != shortFields || last.Value != want {
		t.Errorf("%q", got)
	}
	if got := trailers(http.Header{"Grpc-Status": {"0"}}); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
