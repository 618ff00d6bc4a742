package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
)

// startWitness runs a witness for one log and returns its address and key.
func startWitness(t *testing.T, dir, logKey string) (url, key string) {
	t.Helper()
	bin, err := binary()
	check(t, err)
	cmd := exec.Command(bin, "witness", "--listen", "127.0.0.1:0", "--key-file", filepath.Join(dir, "key"), "--log-key", logKey)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() && key == "" {
		if u, ok := strings.CutPrefix(lines.Text(), "witness: "); ok {
			url = u
		}
		if k, ok := strings.CutPrefix(lines.Text(), "key: "); ok {
			return url, k
		}
	}
	t.Fatal("the witness did not start")
	return "", ""
}

// await asks until the answer holds want.
func (in *site) await(want string, ask func() string) {
	in.t.Helper()
	var last string
	for range 200 {
		if last = ask(); strings.Contains(last, want) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	in.t.Fatalf("waited in vain for %q; the last answer was:\n%.2000s", want, last)
}

// TestWitness runs a node with a witness, then does what somebody with root
// could: makes the whole log anew with the node's own keys, without the records
// he does not like. The log by itself is whole; the witness tells.
func TestWitness(t *testing.T) {
	in := install(t, "")
	out, code := in.sekimori("audit", "key", "--config", in.config)
	if code != 0 {
		t.Fatal(out)
	}
	logKey := strings.TrimSpace(out)
	url, key := startWitness(t, filepath.Join(in.dir, "witness"), logKey)
	conf, err := os.ReadFile(in.config)
	check(t, err)
	in.write("sekimori.toml", string(conf)+fmt.Sprintf(`
[audit]
checkpoint = "100ms"
heartbeat = "1s"
deliver = "100ms"
[[audit.witness]]
url = %q
key = %q
[[audit.export]]
name = "copy"
to = "file:copy.jsonl"
checkpoints = "1ms"
[[audit.export]]
name = "worm"
to = "dir:worm"
kinds = ["checkpoint"]
checkpoints = "1ms"
`, url, key))
	in.start()
	name, _, _ := strings.Cut(key, "+")
	in.await(`sekimori_audit_export_lag_records{export="copy"} 0`, func() string { _, b := in.get("/metrics"); return b })
	in.await("cosigned", func() string {
		out, _ := in.sekimori("audit", "verify", "--config", in.config, "--witness", url, "--key", key)
		return out
	})
	if code := in.stop(); code != 0 {
		t.Fatalf("serve ended with %d:\n%s", code, in.log)
	}
	if b, err := os.ReadFile(filepath.Join(in.dir, "copy.jsonl")); err != nil || !strings.Contains(string(b), `"kind":"start"`) {
		t.Errorf("exported: %.300s %v", b, err)
	}
	verify := func(more ...string) (string, int) {
		return in.sekimori(append([]string{"audit", "verify", "--data", filepath.Join(in.dir, "data")}, more...)...)
	}
	day := time.Now().Format(time.DateOnly)
	kept := []string{filepath.Join(in.dir, "kept.txt"), filepath.Join(in.dir, "worm"), filepath.Join(in.dir, "copy.jsonl")}
	for name, form := range map[string]string{"report.html": "--html", "report.csv": "--csv"} {
		page, code := in.sekimori("audit", "report", "--config", in.config, "--day", day, form)
		if code != 0 {
			t.Fatal(page)
		}
		in.write(name, page)
		kept = append(kept, filepath.Join(in.dir, name))
	}
	if out, code := verify("--witness", url, "--key", key); code != 0 || !strings.Contains(out, "agrees with 1 of 1") || !strings.Contains(out, "; 0 records are newer") {
		t.Fatalf("the true log: %d %s", code, out)
	}
	one, code := in.sekimori("audit", "checkpoint", "--config", in.config)
	if code != 0 {
		t.Fatal(one)
	}
	in.write("kept.txt", one)
	for _, file := range kept {
		if out, code := verify("--checkpoint", file); code != 0 || !strings.Contains(out, "agrees with") {
			t.Errorf("against %s: %d %s", file, code, out)
		}
	}
	proofs(in, logKey)

	// The forgery.
	dir := filepath.Join(in.dir, "data", "audit")
	check(t, os.Rename(dir, dir+".true"))
	k, err := checkpoint.OpenLogKey(filepath.Join(in.dir, "data", "keys", "audit"))
	check(t, err)
	forged, err := audit.Open(dir, audit.Options{Key: k})
	check(t, err)
	for range 40 {
		_, err := forged.Append(t.Context(), audit.Event{Kind: "decision", Action: "allow"})
		check(t, err)
	}
	check(t, forged.Close())
	check(t, os.RemoveAll(filepath.Join(in.dir, "data", "witness")))
	if out, code := verify(); code != 0 {
		t.Errorf("the forgery is not whole by itself: %s", out)
	}
	ways := [][]string{{"--witness", url, "--key", key}}
	for _, file := range kept {
		ways = append(ways, []string{"--checkpoint", file})
	}
	for _, how := range ways {
		if out, code := verify(how...); code != exitFound || !strings.Contains(out, "BAD") || !strings.Contains(out, "outsiders hold") {
			t.Errorf("%s: exit %d: %s", how[0], code, out)
		}
	}
	in.start()
	in.await("witness-disagrees", func() string {
		out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "alarm", "--json")
		return out
	})
	in.await(`sekimori_audit_witness_agrees{witness="`+name+`"} 0`, func() string { _, b := in.get("/metrics"); return b })
	if b, err := os.ReadFile(filepath.Join(in.dir, "witness", "logs", "refused.jsonl")); err != nil || !strings.Contains(string(b), `"status":4`) {
		t.Errorf("the witness kept no record of the try: %s %v", b, err)
	}
}

// proofs makes and checks both kinds.
func proofs(in *site, logKey string) {
	t := in.t
	t.Helper()
	for _, args := range [][]string{{"--record", "2"}, {"--record", "1", "--show"}, {"--from", "1"}, {"--from", "1", "--to", "3"}} {
		proof, code := in.sekimori(append([]string{"audit", "prove", "--config", in.config}, args...)...)
		if code != 0 {
			t.Errorf("prove %v: %s", args, proof)
			continue
		}
		in.write("proof.json", proof)
		if out, code := in.sekimori("audit", "check-proof", "--key", logKey, "proof.json"); code != 0 || !strings.HasPrefix(out, "ok: ") {
			t.Errorf("check-proof of %v: %d %s", args, code, out)
		}
		var p checkpoint.Proof
		check(t, json.Unmarshal([]byte(proof), &p))
		switch {
		case p.Record == nil:
			p.To = p.From
		case p.Record.Line != "":
			p.Record.Line = strings.Replace(p.Record.Line, `"kind":"`, `"kind":"x`, 1)
		default:
			p.Record.Seq++
		}
		b, err := json.Marshal(p)
		check(t, err)
		in.write("proof.json", string(b))
		if out, code := in.sekimori("audit", "check-proof", "--key", logKey, "proof.json"); code != exitFound && p.From == "" || code == 0 && p.Record != nil {
			t.Errorf("a changed proof of %v: %d %s", args, code, out)
		}
	}
	if out, code := in.sekimori("audit", "prove", "--config", in.config); code != exitFailed {
		t.Errorf("prove nothing: %d %s", code, out)
	}
}

// TestPrivilegedActsAreRecorded: changes of configuration and rules, with
// digests and difference, and reading the record.
func TestPrivilegedActsAreRecorded(t *testing.T) {
	in := install(t, "contact = { en = \"ask 100\" }\nname = \"gate-1\"\n[rules]\npaths = [\"rules\"]\n[auth]\nhtpasswd = \"users\"\nanonymous = \"allow\"\n")
	withUser(in, "sato", "one")
	check(t, os.MkdirAll(filepath.Join(in.dir, "rules"), 0o700))
	in.start()
	in.stop()
	conf, err := os.ReadFile(in.config)
	check(t, err)
	in.write("sekimori.toml", strings.Replace(string(conf), "ask 100", "ask 200", 1))
	in.start()
	if out, code := in.sekimori("audit", "show", "--config", in.config, "--kind", "ca"); code != 0 || !strings.Contains(out, " ca") {
		t.Errorf("making the CA is not recorded: %s", out)
	}
	if out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "typo"); !strings.Contains(out, `of kind "typo", but of these: `) || !strings.Contains(out, "start") {
		t.Errorf("of an unknown kind: %s", out)
	}
	out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "config", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d changes of the configuration are recorded: %s", len(lines), out)
	}
	var ev audit.Event
	check(t, json.Unmarshal([]byte(lines[1]), &ev))
	if ev.Details["before"] == ev.Details["after"] || ev.Details["before"] == "" || ev.Details["author"] == "" {
		t.Errorf("details %v", ev.Details)
	}
	if got := fmt.Sprint(ev.Data); !strings.Contains(got, "contact.en") || !strings.Contains(got, "ask 100") || !strings.Contains(got, "ask 200") || strings.Contains(got, "gate-1") {
		t.Errorf("difference %s", got)
	}
	// While it runs: an exception from inspection, a rule, an account.
	difference := func(kind string) string {
		out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", kind, "--json", "--last", "1")
		return out
	}
	conf, err = os.ReadFile(in.config)
	check(t, err)
	in.write("sekimori.toml", string(conf)+"\n[[bypass]]\nid = \"pinned\"\nhosts = [\"pinned.example\"]\nowner = \"ito\"\nreason = \"its client pins\"\nuntil = 2999-01-01\n")
	in.write("rules/new.toml", "[[rule]]\nid = \"brand-new\"\naction = \"log\"\nwhere = { hosts = [\"a.example\"] }\n")
	withUser(in, "kato", "a password")
	in.signal(syscall.SIGHUP)
	for kind, want := range map[string][]string{"config": {"pinned.example", "its client pins", `"author"`}, "rules": {"rule brand-new", `"author"`}, "accounts": {"account kato", "sha256:", `"author"`}} {
		for _, w := range want {
			in.await(w, func() string { return difference(kind) })
		}
		if kind == "accounts" && strings.Contains(difference(kind), "$2") {
			t.Error("the record holds a password's hash")
		}
	}
	if out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "start", "--json"); !strings.Contains(out, `"ca":"`) {
		t.Errorf("the start does not tell which CA signs: %s", out)
	}
	in.await(" read", func() string {
		out, _ := in.sekimori("audit", "show", "--config", in.config, "--kind", "read")
		return out
	})
	if code := in.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, args := range [][]string{{"report", "--day", time.Now().Format(time.DateOnly), "--lang", "en"}, {"report", "--month", time.Now().Format("2006-01"), "--csv"},
		{"export", "--format", "csv"}, {"export", "--format", "cef", "--since", "2020-01-01"}, {"verify", "--json"}} {
		if out, code := in.sekimori(append([]string{"audit", args[0], "--config", in.config}, args[1:]...)...); code != 0 || out == "" {
			t.Errorf("%v: %d %.300s", args, code, out)
		}
	}
}

func TestDifference(t *testing.T) {
	got := difference(map[string]string{"same": "1", "gone": "2", "other": "3"}, map[string]string{"same": "1", "other": "4", "new": "5"})
	want := []change{{"gone", "2", ""}, {"new", "", "5"}, {"other", "3", "4"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v", got)
	}
	file := filepath.Join(t.TempDir(), "c.toml")
	check(t, os.WriteFile(file, []byte("password = \"hunter2\"\n[a]\nb = [1, 2]\n[[c]]\nsecret_file = \"/s\"\ntoken = \"t0k3n\"\n"), 0o600))
	flat, err := flatConfig(file)
	check(t, err)
	if flat["a.b"] != "[1,2]" || flat["c[0].secret_file"] != `"/s"` || strings.Contains(fmt.Sprint(flat), "hunter2") || strings.Contains(fmt.Sprint(flat), "t0k3n") {
		t.Errorf("%v", flat)
	}
}

// TestLateWitnessIsAnAlarm: once, and once more when it is over.
func TestLateWitnessIsAnAlarm(t *testing.T) {
	top := t.TempDir()
	k, err := checkpoint.OpenLogKey(filepath.Join(top, "keys", "audit"))
	check(t, err)
	log, err := audit.Open(filepath.Join(top, "audit"), audit.Options{Key: k, Checkpoint: 10 * time.Millisecond})
	check(t, err)
	defer log.Close()
	if _, err := log.Append(t.Context(), audit.Event{Kind: "start"}); err != nil {
		t.Fatal(err)
	}
	w, err := checkpoint.OpenWitnessKey(filepath.Join(top, "witness.key"))
	check(t, err)
	cfg := &config{Data: top, Audit: recordConfig{Witnesses: []rawWitness{{"http://127.0.0.1:1", w.Public}}, Deliver: 5 * time.Millisecond, Late: 50 * time.Millisecond}}
	events := make(chan audit.Event, 10)
	o, err := cfg.openOutlets(log, func(ev audit.Event) { events <- ev }, discardRegistry{})
	check(t, err)
	o.start()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	select {
	case ev := <-events:
		if ev.Kind != kindAlarm || ev.Details["about"] != "witness-late" || ev.Reason == "" {
			t.Errorf("%+v", ev)
		}
	case <-ctx.Done():
		t.Fatal("no alarm")
	}
	time.Sleep(100 * time.Millisecond)
	check(t, o.close())
	if len(events) > 0 {
		t.Errorf("%d alarms more", len(events))
	}
}

// discardRegistry takes metrics and forgets them.
type discardRegistry struct{}

func (discardRegistry) Register(prometheus.Collector) error  { return nil }
func (discardRegistry) MustRegister(...prometheus.Collector) {}
func (discardRegistry) Unregister(prometheus.Collector) bool { return true }
