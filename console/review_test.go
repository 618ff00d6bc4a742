package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/release"
)

// acted finds the officers' acts of a kind.
func (h *house) acted(action string) (all []audit.Event) {
	_ = h.record.Read(1, func(r audit.Record) error {
		if r.Event.Kind == "console" && r.Event.Action == action {
			all = append(all, r.Event)
		}
		return nil
	})
	return all
}

func TestAlarmsAreAcknowledged(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"op": {account.Operator}, "ann": {account.Approver}, "rita": {account.Author}})
	op, ann := h.as("op"), h.as("ann")
	// An operator sees what is about the installation, not what people sent.
	if _, text := op.get("/console/alarms"); strings.Contains(text, "user0") || !strings.Contains(text, "system-3") || !strings.Contains(text, "it answered 500") {
		t.Errorf("the operator sees\n%s", text)
	}
	if status, _ := op.get("/console/alarms/grave-1"); status != http.StatusForbidden {
		t.Errorf("the operator opens what is about a person: %d", status)
	}
	if status, _, _ := op.post("/console/alarms/grave-1/acknowledge", url.Values{}); status != http.StatusForbidden {
		t.Errorf("and acknowledges it: %d", status)
	}
	if _, text := ann.get("/console/alarms/grave-1"); !strings.Contains(text, "user0") || !strings.Contains(text, "incident=SK-0000") || !strings.Contains(text, "escalated") {
		t.Errorf("the approver sees\n%s", text)
	}
	if status, _, _ := ann.post("/console/alarms/grave-1/acknowledge", url.Values{"note": {"I call them"}}); status != http.StatusSeeOther {
		t.Errorf("acknowledge: %d", status)
	}
	if a, _ := h.alarms.Get("grave-1"); a.AckBy != "ann" {
		t.Errorf("%+v", a)
	}
	_, _, _ = ann.post("/console/alarms/grave-1/acknowledge", url.Values{})
	if got := h.acted("alarm-acknowledged"); len(got) != 1 || got[0].Reason != "I call them" || got[0].Details["alarm"] != "grave-1" {
		t.Errorf("recorded %+v", got)
	}
	h.record.mu.Lock()
	h.record.full = true
	h.record.mu.Unlock()
	if status, _, _ := op.post("/console/alarms/system-3/acknowledge", url.Values{}); status != http.StatusServiceUnavailable {
		t.Errorf("without a record: %d", status)
	}
	if a, _ := h.alarms.Get("system-3"); !a.Open() {
		t.Error("acknowledged without a record")
	}
}

// TestNobodyDecidesUnderAnotherName: an officer whose account the proxy knows
// under another name is that person.
func TestNobodyDecidesUnderAnotherName(t *testing.T) {
	approver := []account.Role{account.Approver}
	h := newHouse(t, map[string][]account.Role{"anna": approver, "carl": approver, "second": approver, "dora": approver, "rita": {account.Author}})
	k := h.ask("user-carl")
	at := "/console/releases/" + k.ID
	vote := func(name string) int {
		status, _, _ := h.as(name).post(at+"/decide", url.Values{"do": {"approve"}, "why": {"fine"}})
		return status
	}
	if got := vote("carl"); got != http.StatusForbidden {
		t.Errorf("carl approves what is his: %d", got)
	}
	if _, text := h.as("carl").get(at); strings.Contains(text, `value="approve"`) {
		t.Error("carl is offered to approve")
	}
	// Two accounts of one person are one vote.
	if got := vote("dora"); got != http.StatusSeeOther {
		t.Errorf("dora: %d", got)
	}
	if got := vote("second"); got != http.StatusConflict {
		t.Errorf("dora again, with her second account: %d", got)
	}
	if got := vote("anna"); got != http.StatusSeeOther {
		t.Errorf("anna: %d", got)
	}
	if k, err := h.cases.Get(k.ID); err != nil || k.State != release.Approved || k.Votes[0].By != "dora" {
		t.Errorf("%+v %v", k, err)
	}
}

func TestDelegation(t *testing.T) {
	approver := []account.Role{account.Approver}
	h := newHouse(t, map[string][]account.Role{"anna": approver, "carl": approver, "eve": {account.Auditor}})
	today, later := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, 5).Format(time.DateOnly)
	set := func(to, from, until string) int {
		status, _, _ := h.as("anna").post("/console/delegations", url.Values{"to": {to}, "from": {from}, "until": {until}, "do": {"set"}})
		return status
	}
	for _, bad := range [][3]string{{"anna", today, later}, {"eve", today, later}, {"carl", today, later}, {"", today, later}, {"user-carl", later, today}, {"user-carl", "", later}, {"user-carl", today, "2099-01-01"}, {"user-carl", "2020-01-01", "2020-01-02"}} {
		if got := set(bad[0], bad[1], bad[2]); got != http.StatusConflict {
			t.Errorf("%v: %d", bad, got)
		}
	}
	if got := set("user-carl", today, today); got != http.StatusSeeOther {
		t.Fatalf("for today: %d", got)
	}
	all := h.cases.Delegations()
	if len(all) != 1 || all[0].Of != "anna" || all[0].To != "user-carl" || time.Until(all[0].Until) > 24*time.Hour {
		t.Fatalf("%+v", all)
	}
	if _, text := h.as("eve").get("/console/delegations"); !strings.Contains(text, "user-carl") || strings.Contains(text, `value="set"`) {
		t.Errorf("the auditor sees\n%s", text)
	}
	if status, _, _ := h.as("anna").post("/console/delegations", url.Values{"do": {"end"}}); status != http.StatusSeeOther || len(h.cases.Delegations()) != 0 {
		t.Errorf("end it: %d", status)
	}
	if got := h.acted("delegated"); len(got) != 2 || got[0].Details["delegate"] != "user-carl" || got[1].Details["delegate"] != "" {
		t.Errorf("recorded %+v", got)
	}
}

// Who may no longer decide has nobody decide for them either.
func TestADelegationEndsWithTheRole(t *testing.T) {
	approver := []account.Role{account.Approver}
	h := newHouse(t, map[string][]account.Role{"anna": approver, "dora": approver, "omar": {account.Operator}})
	now := time.Now()
	if err := h.cases.Delegate(release.Delegation{Of: "anna", Groups: []string{"security"}, To: "dora", From: now.Add(-time.Hour), Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	vote := func(content string) int {
		k, err := h.cases.Ask(release.Subject{Sender: "eve", User: "eve", Host: "upload.example", Rule: "card-outside", Content: content}, "SK-0000", "for the audit",
			release.Terms{By: []string{"security"}, People: 1, For: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		status, _, _ := h.as("dora").post("/console/releases/"+k.ID+"/decide", url.Values{"do": {"approve"}, "why": {"fine"}})
		return status
	}
	if got := vote("00"); got != http.StatusSeeOther {
		t.Errorf("for anna: %d", got)
	}
	if status, _, _ := h.as("omar").post("/console/accounts/disable", url.Values{"name": {"anna"}}); status != http.StatusSeeOther {
		t.Fatalf("disable: %d", status)
	}
	if got := vote("01"); got != http.StatusConflict {
		t.Errorf("for anna, who is disabled: %d", got)
	}
}

func TestReportsAndTheSpotCheck(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"eve": {account.Auditor}, "user1": {account.Auditor}})
	eve := h.as("eve")
	for _, bad := range []string{"", "2026-13", "../x", "2999-01-01"} {
		if status, _, _ := eve.post("/console/reports", url.Values{"period": {bad}}); status != http.StatusBadRequest {
			t.Errorf("a report of %q: %d", bad, status)
		}
	}
	at := "/console/reports/" + aMonth
	if status, _ := eve.get(at + "/file?form=csv"); status != http.StatusNotFound {
		t.Errorf("a file of a report that is not made: %d", status)
	}
	h.makeReport(eve)
	for form, want := range map[string]string{"csv": "\ufeff", "html": "<!"} {
		status, text, head := eve.do("GET", at+"/file?form="+form, nil)
		if status != http.StatusOK || !strings.HasPrefix(strings.ToLower(text), want) || !strings.Contains(head.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d %v %.60q", form, status, head, text)
		}
	}
	look := func(b *browser, seq, outcome, note string) int {
		status, _, _ := b.post(at+"/looked", url.Values{"seq": {seq}, "outcome": {outcome}, "note": {note}})
		return status
	}
	// Record 2 is user1's; record 59 is not in the sample.
	for _, bad := range [][3]string{{"59", "fine", ""}, {"1", "", ""}, {"1", "question", ""}, {"x", "fine", ""}} {
		look(eve, bad[0], bad[1], bad[2])
	}
	if got := look(h.as("user1"), "2", "fine", ""); got != http.StatusForbidden {
		t.Errorf("user1 looks at their own: %d", got)
	}
	if got := h.acted("sample-looked"); len(got) != 0 {
		t.Errorf("recorded all the same: %+v", got)
	}
	look(eve, "1", "question", "who is this for?")
	if got := h.acted("sample-looked"); len(got) != 1 || got[0].Details["record"] != "1" || got[0].User != "eve" {
		t.Errorf("recorded %+v", got)
	}
	if _, text := eve.get(at); !strings.Contains(text, "who is this for?") || !strings.Contains(text, "1 / 20") {
		t.Errorf("the look is not shown:\n%s", text)
	}
}

// TestChecklistTellsOfThisInstallation: what it says follows from how things are.
func TestChecklistTellsOfThisInstallation(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"eve": {account.Auditor}})
	verdicts := func() map[string]verdict {
		f, err := h.gather(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]verdict{}
		for _, it := range items {
			v, why := it.judge(f)
			if why.ja == "" || why.en == "" || strings.Contains(why.ja+why.en, "%!") || v == "" {
				t.Errorf("%q: %q %+v", it.asks.en, v, why)
			}
			all[it.asks.en] = v
		}
		return all
	}
	if n := len(items); n != 44 {
		t.Errorf("%d items", n)
	}
	before := verdicts()
	for asks, want := range map[string]verdict{
		"Each person has an account of their own.":                                   does,
		"Proof of the record lies out of administrators' reach.":                     cannot,
		"Changed or deleted records are noticed.":                                    partly,
		"Evidence is kept safe, and who opens it is recorded.":                       cannot,
		"Uploads to file transfer services are stopped.":                             does,
		"Writing to USB and other media is limited.":                                 cannot,
		"What was found is followed up.":                                             partly,
		"Managers and third parties are told by themselves.":                         cannot,
		"What leaves is what was approved.":                                          does,
		"Somebody else draws samples and checks them.":                               partly,
		"Administrators log in in two steps.":                                        cannot,
		"What cannot be recorded does not leave.":                                    does,
		"Destinations that are not inspected are listed, owned and limited in time.": does,
	} {
		if before[asks] != want {
			t.Errorf("%q: %q, want %q", asks, before[asks], want)
		}
	}
	h.cfg.Installation = func() Installation {
		return Installation{Mode: "observe", Anonymous: true, LogIns: []string{"LDAP"}, Bypass: 2, Unowned: 1, Alarms: 1, Outside: 2, Managers: 3,
			Witnesses: []Witness{{Name: "w", At: time.Now()}}, Keep: 24 * time.Hour}
	}
	h.alarms.all = nil
	h.verified = &verification{At: time.Now()}
	after := verdicts()
	for asks, want := range map[string]verdict{
		"Each person has an account of their own.":                                   partly,
		"Proof of the record lies out of administrators' reach.":                     does,
		"Changed or deleted records are noticed.":                                    does,
		"Uploads to file transfer services are stopped.":                             partly,
		"What was found is followed up.":                                             does,
		"Managers and third parties are told by themselves.":                         does,
		"Records are kept long enough.":                                              partly,
		"Destinations that are not inspected are listed, owned and limited in time.": partly,
	} {
		if after[asks] != want {
			t.Errorf("%q: %q, want %q", asks, after[asks], want)
		}
	}
}

// TestReportsAreKept: a report outlives a restart, and the oldest give way.
func TestReportsAreKept(t *testing.T) {
	h := newHouse(t, map[string][]account.Role{"eve": {account.Auditor}})
	eve := h.as("eve")
	h.makeReport(eve)
	at := "/console/reports/" + aMonth + "/file?form=html"
	_, before := eve.get(at)
	again := &Console{shelf: shelf{h.shelf.dir}}
	p, _ := h.period(aMonth)
	m, err := again.madeFor(p)
	if err != nil || m.Report == nil || m.By != "eve" || len(m.Report.Sample) == 0 {
		t.Fatalf("after a restart: %+v %v", m, err)
	}
	var after strings.Builder
	if err := m.Report.HTML(&after, "en"); err != nil || after.String() != before {
		t.Errorf("it is another one: %v", err)
	}
	for i := range keptReports + 3 {
		name := time.Date(2001, 1, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if i < keptReports+2 { // quicker than to keep them durably
			line, _ := json.Marshal(kept{Name: name, By: "eve", Made: time.Unix(int64(i), 0)})
			if err := os.WriteFile(h.shelf.file(name), append(line, "\n{}\n"...), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := h.shelf.put(kept{Name: name, By: "eve", Made: time.Unix(int64(i), 0)}, m.Report); err != nil {
			t.Fatal(err)
		}
	}
	all, err := h.shelf.list()
	if err != nil || len(all) != keptReports || all[0].Name != aMonth {
		t.Errorf("%d are kept, the newest %+v, %v", len(all), all[0], err)
	}
	if _, text := eve.get("/console/reports"); !strings.Contains(text, "2001-02-01") || strings.Contains(text, "2001-01-01") {
		t.Errorf("the list:\n%s", text)
	}
}
