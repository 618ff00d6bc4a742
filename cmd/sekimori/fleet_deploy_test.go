package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.yaml.in/yaml/v3"
)

// TestFleetRecipe takes deploy/fleet as it stands, makes its secrets, runs a
// server with its configuration but for addresses and folders, and looks that
// the nodes' accounts may do what nodes do, and no more.
func TestFleetRecipe(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	for _, program := range []string{"openssl", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("SEKIMORI_CI") != "" {
				t.Fatalf("%s is not installed", program)
			}
			t.Skipf("%s is not installed", program)
		}
	}
	bin, err := binary()
	check(t, err)
	const recipe = "../../deploy/fleet/"
	dir := filepath.Join(t.TempDir(), "secrets")
	if out, err := exec.Command("sh", recipe+"make-secrets.sh", bin, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	read := func(name string) string {
		b, err := os.ReadFile(name)
		check(t, err)
		return string(b)
	}
	address := freeAddress(t)
	conf := strings.NewReplacer("0.0.0.0:4222", address, "/etc/sekimori-engine/nats-ca.pem", dir+"/nats-ca.pem",
		"/etc/sekimori-engine/nats.", dir+"/nats-1.", "/var/lib/sekimori-engine", dir+"/engine").Replace(read(recipe + "nats.conf"))
	conf = regexp.MustCompile(`(?s)\ncluster \{.*?\n\}\n`).ReplaceAllString(conf, "\n") // one server has nobody to vote with
	e := &engineServer{t: t, file: filepath.Join(dir, "nats.conf"), log: &syncBuffer{}}
	check(t, os.WriteFile(e.file, []byte(conf), 0o600))
	t.Setenv("NATS_NAME", "nats-1")
	for line := range strings.Lines(read(dir + "/env")) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		t.Setenv(k, v)
	}
	e.start()

	// The administrator prepares, then a node of the recipe works.
	here := strings.NewReplacer("/etc/sekimori/node.nk", dir+"/node-1.nk", "/etc/sekimori/", dir+"/", `"tls://nats-1:4222", "tls://nats-2:4222", "tls://nats-3:4222"`, `"tls://`+strings.Replace(address, "127.0.0.1", "localhost", 1)+`"`,
		"/var/lib/", dir+"/lib/", "0.0.0.0:9090", "127.0.0.1:0", "0.0.0.0:8080", "127.0.0.1:0", "0.0.0.0:8081", "127.0.0.1:0", "replicas  = 3", "replicas = 1")
	admin := filepath.Join(dir, "admin-here.toml")
	check(t, os.WriteFile(admin, []byte(here.Replace(read(recipe+"admin.toml"))), 0o600))
	in := &site{t: t, origin: newOrigin(t), dir: dir, config: filepath.Join(dir, "node-here.toml")}
	check(t, os.WriteFile(in.config, []byte(here.Replace(read(dir+"/node-1.toml"))), 0o600))
	within(t, "prepare", func() (string, bool) {
		out, code := in.sekimori("fleet", "prepare", "--config", admin)
		return out, code == 0
	})
	in.start()
	within(t, "status", func() (string, bool) {
		out, code := in.sekimori("fleet", "status", "--config", in.config)
		return out + in.log.String(), code == 0 && strings.Contains(out, "node-1") && strings.Contains(out, "well")
	})
	within(t, "verify", func() (string, bool) {
		out, code := in.sekimori("fleet", "verify", "--config", in.config, "node-1")
		return out, code == 0 && strings.Contains(out, ": ok: ")
	})

	// What a node may not do.
	key, err := nats.NkeyOptionFromSeed(dir + "/node-1.nk")
	check(t, err)
	refused := make(chan error, 100)
	conn, err := nats.Connect("tls://"+strings.Replace(address, "127.0.0.1", "localhost", 1), key, nats.RootCAs(dir+"/nats-ca.pem"), nats.CustomInboxPrefix("_INBOX_node-1"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	check(t, err)
	defer conn.Close()
	for _, subject := range []string{"sekimori.audit.node-2", "sekimori.share.node-2", "sekimori.nodes.node-2", "sekimori.rules.set",
		"$JS.API.STREAM.DELETE.sekimori-audit", "$JS.API.STREAM.PURGE.sekimori-audit", "$JS.API.STREAM.MSG.DELETE.sekimori-audit", "$JS.API.STREAM.UPDATE.sekimori-audit", "$JS.API.STREAM.CREATE.x"} {
		check(t, conn.Publish(subject, []byte("{}")))
		check(t, conn.Flush())
		select {
		case err := <-refused:
			if !strings.Contains(err.Error(), "ermissions") {
				t.Errorf("%s: %v", subject, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("a node may publish to %s", subject)
		}
	}
	for _, subject := range []string{"_INBOX_node-2.>", "_INBOX.>", ">", "sekimori.audit.*", "sekimori.pieces.node-2", "sekimori.pieces.*"} {
		s, err := conn.SubscribeSync(subject)
		check(t, err)
		check(t, conn.Flush())
		select {
		case <-refused:
		case <-time.After(10 * time.Second):
			t.Errorf("a node may listen to %s", subject)
		}
		_ = s.Unsubscribe()
	}
	// What it may: answer those who ask it for pieces of uploads.
	_, err = conn.Subscribe("sekimori.pieces.node-1", func(m *nats.Msg) { _ = m.Respond([]byte("here")) })
	check(t, err)
	check(t, conn.Flush())
	key, err = nats.NkeyOptionFromSeed(dir + "/node-2.nk")
	check(t, err)
	asks, err := nats.Connect("tls://"+strings.Replace(address, "127.0.0.1", "localhost", 1), key, nats.RootCAs(dir+"/nats-ca.pem"), nats.CustomInboxPrefix("_INBOX_node-2"))
	check(t, err)
	defer asks.Close()
	if m, err := asks.Request("sekimori.pieces.node-1", []byte("?"), 10*time.Second); err != nil || string(m.Data) != "here" {
		t.Errorf("a node does not answer for pieces: %v", err)
	}
	// Nor may the administrator take records away.
	key, err = nats.NkeyOptionFromSeed(dir + "/admin.nk")
	check(t, err)
	boss, err := nats.Connect("tls://"+strings.Replace(address, "127.0.0.1", "localhost", 1), key, nats.RootCAs(dir+"/nats-ca.pem"), nats.CustomInboxPrefix("_INBOX_admin"))
	check(t, err)
	defer boss.Close()
	js, err := jetstream.New(boss)
	check(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s, err := js.Stream(ctx, "sekimori-audit")
	check(t, err)
	if s.Purge(ctx) == nil || s.DeleteMsg(ctx, 1) == nil {
		t.Error("records can be taken out of their stream")
	}

	// The alerts name what the node tells.
	_, metrics := in.get("/metrics")
	for _, m := range regexp.MustCompile(`sekimori_[a-z_]+`).FindAllString(read(recipe+"alerts.yml"), -1) {
		if !strings.Contains(metrics, "\n"+m) {
			t.Errorf("alerts.yml: there is no metric %s", m)
		}
	}
	if s, body := in.get("/readyz"); s != 200 || !strings.Contains(body, `"fleet-engine": "ok"`) {
		t.Errorf("readyz: %d %s", s, body)
	}
}

// within waits until a command does what it is to.
func within(t *testing.T, what string, do func() (string, bool)) {
	t.Helper()
	var out string
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		var ok bool
		if out, ok = do(); ok {
			return
		}
	}
	t.Fatalf("%s: %s", what, out)
}

// TestFleetRecipeParses reads what is meant for other programs.
func TestFleetRecipeParses(t *testing.T) {
	const recipe = "../../deploy/fleet/"
	for _, name := range []string{"compose.yaml", "alerts.yml"} {
		b, err := os.ReadFile(recipe + name)
		check(t, err)
		var doc map[string]any
		check(t, yaml.Unmarshal(b, &doc))
		if name == "compose.yaml" && len(doc["services"].(map[string]any)) != 8 {
			t.Errorf("%s: %d services", name, len(doc["services"].(map[string]any)))
		}
	}
	for _, name := range []string{"node.toml", "admin.toml"} {
		c, err := loadConfig(recipe + name)
		if err != nil || c.Fleet == nil || c.Fleet.Replicas != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for program, args := range map[string][]string{
		"systemd-analyze": {"verify", "--man=no", recipe + "sekimori-engine.service"},
		"promtool":        {"check", "rules", recipe + "alerts.yml"},
		"haproxy":         {"-c", "-f", recipe + "haproxy.cfg"},
	} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Logf("%s is not installed: its file is not checked by it", program)
			continue
		}
		if out, err := exec.Command(path, args...).CombinedOutput(); err != nil && !strings.Contains(string(out), "/usr/bin/sekimori is not executable") {
			t.Errorf("%s: %v %s", program, err, out)
		}
	}
}

// TestChart renders the Helm chart with the few functions of Helm's that it
// uses, and reads what comes out.
func TestChart(t *testing.T) {
	const chart = "../../deploy/helm/"
	b, err := os.ReadFile(chart + "values.yaml")
	check(t, err)
	var values map[string]any
	check(t, yaml.Unmarshal(b, &values))
	funcs := template.FuncMap{
		"int": func(n any) int { return n.(int) }, "add1": func(n int) int { return n + 1 },
		"until": func(n int) (all []int) {
			for i := range n {
				all = append(all, i)
			}
			return all
		},
		"quote": func(s any) string { return fmt.Sprintf("%q", fmt.Sprint(s)) },
		"indent": func(n int, s string) string {
			p := strings.Repeat(" ", n)
			return p + strings.ReplaceAll(s, "\n", "\n"+p)
		},
	}
	kinds := map[string]int{}
	var whole strings.Builder
	for _, name := range []string{"engine.yaml", "nodes.yaml"} {
		tmpl, err := template.New(name).Funcs(funcs).Option("missingkey=error").ParseFiles(chart + "templates/" + name)
		check(t, err)
		var out bytes.Buffer
		check(t, tmpl.Execute(&out, map[string]any{"Values": values, "Release": map[string]any{"Name": "sekimori"}}))
		whole.WriteString("---\n" + out.String() + "\n")
		for d := yaml.NewDecoder(&out); ; {
			var doc struct {
				Kind string            `yaml:"kind"`
				Data map[string]string `yaml:"data"`
			}
			if err := d.Decode(&doc); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", name, err)
				}
				break
			}
			kinds[doc.Kind]++
			for file, text := range doc.Data {
				path := filepath.Join(t.TempDir(), file)
				check(t, os.WriteFile(path, []byte(text), 0o600))
				if strings.HasSuffix(file, ".toml") {
					if c, err := loadConfig(path); err != nil || c.Fleet == nil || len(c.Fleet.Servers) == 0 {
						t.Errorf("%s: %v\n%s", file, err, text)
					}
				} else if n := strings.Count(text, "_INBOX_sekimori-node-"); n != 3 || strings.Count(text, "nats://sekimori-engine-") != 3 {
					t.Errorf("%s is not for three nodes and three servers:\n%s", file, text)
				}
			}
		}
	}
	checkManifests(t, whole.String())
	if helm, err := exec.LookPath("helm"); err != nil {
		t.Log("helm is not installed: its own look at the chart is left out")
	} else if out, err := exec.CommandContext(t.Context(), helm, "lint", "--strict", chart).CombinedOutput(); err != nil {
		t.Errorf("helm: %v %s", err, out)
	}
	for kind, n := range map[string]int{"StatefulSet": 2, "ConfigMap": 2, "Service": 3, "NetworkPolicy": 2, "PodDisruptionBudget": 2, "Job": 1} {
		if kinds[kind] != n {
			t.Errorf("%d of kind %s, not %d", kinds[kind], kind, n)
		}
	}
}
