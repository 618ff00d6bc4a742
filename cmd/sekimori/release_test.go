package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
)

// refusal is what a program is told of an upload that was kept in.
type refusal struct {
	Error    string
	Incident string
	Confirm  struct{ Header, Token string }
	Withdraw struct{ Header, Token string }
	Release  *struct {
		ID, State string
		Agreed    int
	}
}

// sendHeld sends something as programs do and gives what they are told.
func (in *site) sendHeld(content string, args ...string) (status string, r refusal) {
	in.t.Helper()
	status, text := in.curl([]byte(content), append(args, "-H", "Accept: application/json", "--data-binary", "@-", "https://"+hosts[0]+"/upload")...)
	if status != "200" {
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			in.t.Fatalf("%s %v: %s", status, err, text)
		}
	}
	return status, r
}

// TestReleaseByTwoPeople holds an upload, has its sender ask for a release with
// curl and two approvers agree on the console, restarts in between, and sends
// again.
func TestReleaseByTwoPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	in := install(t, "[rules]\npaths = [\"rules\"]\n")
	in.write("rules/held.toml", `
[[rule]]
id      = "plans"
action  = "hold"
say     = { en = "Plans leave with two approvals.", ja = "計画の送信には2名の承認が必要です。" }
what    = { keywords = "plan" }
release = { people = 2, hours = 1 }
[[keywords]]
id    = "plan"
words = ["zaphod-plan"]
`)
	in.start()
	anna := in.found("anna", "approver")
	in.found("ben", "approver")
	send := in.sendHeld
	const content = "the zaphod-plan of next year"
	status, r := send(content)
	if status != "403" || r.Error != "held" || r.Confirm.Token == "" || r.Release != nil {
		t.Fatalf("%s %+v", status, r)
	}
	status, r = send(content, "-H", r.Confirm.Header+": "+r.Confirm.Token+" the%20board%20asked%20for%20it")
	if status != "403" || r.Release == nil || r.Release.State != "waiting" {
		t.Fatalf("asked: %s %+v", status, r)
	}
	// The sender takes it back, and asks again.
	if status, r = send(content); status != "403" || r.Confirm.Token != "" || r.Withdraw.Token == "" {
		t.Fatalf("while it waits: %s %+v", status, r)
	}
	if status, r = send(content, "-H", r.Withdraw.Header+": "+r.Withdraw.Token); status != "403" || r.Release == nil || r.Release.State != "withdrawn" {
		t.Fatalf("taken back: %s %+v", status, r)
	}
	if status, r = send(content, "-H", r.Confirm.Header+": "+r.Confirm.Token+" the%20board%20asked%20for%20it"); status != "403" || r.Release == nil || r.Release.State != "waiting" {
		t.Fatalf("asked again: %s %+v", status, r)
	}
	id := r.Release.ID
	if n := in.origin.seen(); n != 0 {
		t.Fatalf("%d bytes at the origin", n)
	}
	decide := func(o *officer, name string) {
		t.Helper()
		o.until("the request", func() bool {
			_, page := o.get("/console/releases")
			return strings.Contains(page, id)
		})
		_, page := o.get("/console/releases/" + id)
		if !strings.Contains(page, "the board asked for it") || strings.Contains(page, "zaphod-plan") {
			t.Errorf("what %s sees:\n%s", name, page)
		}
		if status, text := o.post("/console/releases/"+id+"/decide", url.Values{"do": {"approve"}, "why": {"agreed with the board"}}); status != http.StatusSeeOther {
			t.Fatalf("%s cannot approve: %d %s", name, status, text)
		}
	}
	decide(anna, "anna")
	if status, _ := anna.post("/console/releases/"+id+"/decide", url.Values{"do": {"approve"}, "why": {"once more"}}); status == http.StatusSeeOther {
		t.Error("one person makes two approvals")
	}
	if status, r := send(content); status != "403" || r.Release == nil || r.Release.Agreed != 1 {
		t.Fatalf("after one approval: %s %+v", status, r)
	}
	in.signal(syscall.SIGKILL)
	_ = in.cmd.Wait()
	in.start()
	ben := in.officer().login("ben")
	decide(ben, "ben")
	if status, r := send(content + " and more"); status != "403" || r.Release != nil {
		t.Errorf("other content: %s %+v", status, r)
	}
	if status, r := send(content); status != "200" {
		t.Fatalf("after two approvals: %s %+v", status, r)
	}
	out, code := in.sekimori("audit", "show", "--config", in.config, "--kind", "release")
	for _, want := range []string{"asked", "withdrawn", "agreed", "approved", "passed"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("the record does not tell %q: %d\n%s", want, code, out)
		}
	}
}

// TestReleaseExpires asks for a release that nobody decides on: its end is in the
// record, once over restarts, on its page and in the report.
func TestReleaseExpires(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	in := install(t, "[release]\nwait = \"1s\"\n[rules]\npaths = [\"rules\"]\n")
	in.write("rules/held.toml", "[[rule]]\nid = \"plans\"\naction = \"hold\"\nwhat = { keywords = \"plan\" }\n[[keywords]]\nid = \"plan\"\nwords = [\"zaphod-plan\"]\n")
	in.start()
	in.found("anna", "approver", "auditor")
	_, r := in.sendHeld("the zaphod-plan")
	if _, r = in.sendHeld("the zaphod-plan", "-H", r.Confirm.Header+": "+r.Confirm.Token+" asked%20for"); r.Release == nil {
		t.Fatalf("not asked for: %+v", r)
	}
	id := r.Release.ID
	ended := func() (all []audit.Event) {
		t.Helper()
		for _, ev := range in.events("--kind", "release", "--action", "expired") {
			if ev.Details["release"] == id {
				all = append(all, ev)
			}
		}
		return all
	}
	waitFor(t, "the end is in the record", func() bool { return len(ended()) > 0 })
	in.signal(syscall.SIGKILL)
	_ = in.cmd.Wait()
	in.start()
	anna := in.officer().login("anna")
	if _, page := anna.get("/console/releases/" + id); !strings.Contains(page, "Expired: nobody decided in time.") {
		t.Errorf("the page:\n%s", page)
	}
	all := ended()
	if len(all) != 1 {
		t.Fatalf("%d ends in the record: %+v", len(all), all)
	}
	if d := all[0].Details; d["state"] != "expired" || d["was"] != "waiting" || d["ended"] == "" || d["asked_by"] == "" || d["agreed"] != "0 of 1" || all[0].Rule != "plans" || all[0].Incident == "" || all[0].Host != hosts[0] {
		t.Errorf("recorded %+v", all[0])
	}
	out, code := in.sekimori("audit", "report", "--config", in.config, "--day", time.Now().Format(time.DateOnly), "--csv", "--lang", "en")
	if code != 0 || !strings.Contains(out, "What happened to requests for a release,expired,1") {
		t.Errorf("the report: %d\n%s", code, out)
	}
}
