package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestFleetOfTwo: what one node has stopped is found, opened and followed up on
// the other's console, and an upload whose pieces go to both is judged as one.
func TestFleetOfTwo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs three programs")
	}
	server := engines(t, 1)[0]
	conf, err := os.ReadFile(server.file)
	check(t, err)
	check(t, os.WriteFile(server.file, regexp.MustCompile(`(?m)^cluster .*$`).ReplaceAll(conf, nil), 0o600)) // it has nobody to vote with
	server.start()
	o, dir := newOrigin(t), fleetFolder(t, "")
	var nodes []*site
	for _, name := range []string{"tokyo-1", "osaka-1"} {
		nodes = append(nodes, fleetNode(t, o, dir, name, []string{server.url}, "").start())
	}
	send := func(in *site, path, place, body string) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPut, "http://upload.example.com"+path, strings.NewReader(body))
		check(t, err)
		if place != "" {
			r.Header.Set("Content-Range", place)
		}
		c := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: in.proxy})}}
		resp, err := c.Do(r)
		check(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	for i, in := range nodes { // each is stopped once
		if status := send(in, "/whole", "", "the "+secret); status != http.StatusForbidden {
			t.Fatalf("node %d let it out: %d", i, status)
		}
	}

	// On the first node's console there are both.
	anna := nodes[0].found("anna", "approver", "auditor")
	row := regexp.MustCompile(`(?s)<a class="row-link" href="(/console/incidents/\d+)".*?<small title="[^"]*">([a-z0-9-]+)</small>`)
	links := map[string]string{}
	anna.until("the incidents of both nodes", func() bool {
		_, list := anna.get("/console/incidents?rule=plans")
		for _, m := range row.FindAllStringSubmatch(list, -1) {
			links[m[2]] = m[1]
		}
		return len(links) == 2
	})
	if _, list := anna.get("/console/incidents?node=osaka-1"); !strings.Contains(list, links["osaka-1"]) || strings.Contains(list, links["tokyo-1"]+`"`) {
		t.Error("the search for one node's does not give that node's")
	}
	_, page := anna.get(links["osaka-1"])
	for _, want := range []string{"osaka-1", "/whole", "plans", "shipped record"} {
		if !strings.Contains(page, want) {
			t.Errorf("the other node's incident does not tell %q", want)
		}
	}
	if status, text := anna.post(links["osaka-1"]+"/notes", url.Values{"text": {"asked by telephone"}, "state": {"closed"}}); status != http.StatusSeeOther {
		t.Fatalf("no note: %d %s", status, text)
	}
	if _, page = anna.get(links["osaka-1"]); !strings.Contains(page, "asked by telephone") {
		t.Error("the note is not there")
	}
	// The other console has the note as well.
	ben := nodes[1].found("ben", "approver", "auditor")
	ben.until("the note on the other console", func() bool {
		_, list := ben.get("/console/incidents?state=closed&node=osaka-1")
		return row.MatchString(list)
	})

	// Neither piece has the words, both together do.
	text := "the " + secret + " of next year"
	half := strings.Index(text, "-") + 1
	place := func(from, to int) string { return fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(text)) }
	if status := send(nodes[0], "/pieces", place(0, half), text[:half]); status != http.StatusOK {
		t.Errorf("the first piece: %d", status)
	}
	if status := send(nodes[1], "/pieces", place(half, len(text)), text[half:]); status != http.StatusForbidden {
		t.Errorf("the piece that completes it on the other node: %d", status)
	}
	for _, in := range nodes {
		if code := in.stop(); code != 0 {
			t.Errorf("stop: %d", code)
		}
	}
	joined := ""
	for _, ev := range nodes[1].events("--kind", "decision") {
		joined += ev.Details["joined"]
	}
	if joined != fmt.Sprintf("2 pieces, %d bytes", len(text)) {
		t.Errorf("joined: %q", joined)
	}
}
