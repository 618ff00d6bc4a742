package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestEmergencyReleaseAlarms: one approver alone lets something out that takes two.
// It leaves, the sender's manager and a third party outside are told by mail, and as
// nobody acknowledges it, the next one.
func TestEmergencyReleaseAlarms(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	box := &postbox{}
	in := install(t, fmt.Sprintf(`
[rules]
paths = ["rules"]
[auth]
htpasswd = "users"
[release]
managers = { asker = "boss" }
[mail]
server = %q
from = "gate@corp.example"
tls = "none"
domain = "corp.example"
[[notify]]
name = "third-party"
mail = ["dlp@audit.example"]
[[notify]]
name = "chief"
mail = ["cso@corp.example"]
[[alarm]]
name = "emergency"
when = { kinds = ["alarm"] }
to = ["manager", "third-party"]
escalate = "2s"
escalate_to = ["chief"]
`, listen(t, box)))
	withUser(in, "asker", "one")
	in.write("rules/held.toml", "[[rule]]\nid = \"plans\"\naction = \"hold\"\nwhat = { keywords = \"plan\" }\nrelease = { people = 2 }\n[[keywords]]\nid = \"plan\"\nwords = [\"zaphod-plan\"]\n")
	in.start()
	anna := in.found("anna", "approver")
	send := func(args ...string) (string, refusal) {
		t.Helper()
		return in.sendHeld("the zaphod-plan", append(args, "--proxy-user", "asker:one")...)
	}
	_, r := send()
	if _, r = send("-H", r.Confirm.Header+": "+r.Confirm.Token+" the%20board%20waits"); r.Release == nil {
		t.Fatalf("not asked for: %+v", r)
	}
	id := r.Release.ID
	if status, text := anna.post("/console/releases/"+id+"/decide", url.Values{"do": {"emergency"}, "why": {"nobody else is here"}, "sure": {"1"}}); status != http.StatusSeeOther {
		t.Fatalf("an emergency: %d %s", status, text)
	}
	if status, r := send(); status != "200" {
		t.Fatalf("after it: %s %+v", status, r)
	}
	for _, to := range []string{"boss@corp.example", "dlp@audit.example", "cso@corp.example"} {
		eventually(t, "a letter to "+to, func() bool { return box.letter(t, to, "asker") != "" })
		if text := box.letter(t, to, "asker"); !strings.Contains(text, "emergency") || strings.Contains(text, "zaphod") || strings.Contains(text, "board") {
			t.Errorf("to %s:\n%s", to, text)
		}
	}
	if text := box.letter(t, "cso@", "asker"); !strings.Contains(text, "nobody has acknowledged") {
		t.Errorf("the chief is not told why:\n%s", text)
	}
	eventually(t, "the escalation is on record", func() bool { return len(in.events("--kind", "alarm-escalated")) == 1 })
	if all := in.events("--kind", "alarm", "--action", "emergency-release"); len(all) != 1 || all[0].User != "anna" || all[0].Details["asked_by"] != "asker" {
		t.Errorf("recorded %+v", all)
	}
}
