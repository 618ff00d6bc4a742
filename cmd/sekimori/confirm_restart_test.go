package main

import "testing"

// TestConfirmationsOverKills: a warning given before the proxy is killed is confirmed
// after it, and the confirmation outlives the next kill; for nothing else.
func TestConfirmationsOverKills(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	in := install(t, "[rules]\npaths = [\"rules\"]\n[confirm]\nfor = \"1h\"\n")
	in.write("rules/warned.toml", `
[[rule]]
id     = "plans"
action = "warn"
say    = { en = "Is this meant to leave?", ja = "社外へ送ってよいですか。" }
what   = { keywords = "plan" }
[[keywords]]
id    = "plan"
words = ["zaphod-plan"]
`)
	in.start()
	const content = "the zaphod-plan of next year"
	status, r := in.sendHeld(content)
	if status == "200" || r.Confirm.Token == "" {
		t.Fatalf("%s %+v", status, r)
	}
	in.kill()
	in.start()
	if status, r := in.sendHeld(content, "-H", r.Confirm.Header+": "+r.Confirm.Token+" the%20partner%20asked"); status != "200" {
		t.Fatalf("confirmed after the kill: %s %+v", status, r)
	}
	in.kill()
	in.start()
	if status, r := in.sendHeld(content); status != "200" {
		t.Errorf("the kill undid the confirmation: %s %+v", status, r)
	}
	if status, r := in.sendHeld(content + ", changed"); status == "200" || r.Confirm.Token == "" {
		t.Errorf("other content: %s %+v", status, r)
	}
	if where := in.clear("zaphod"); where != "" {
		t.Errorf("the content stands in clear in %s", where)
	}
}
