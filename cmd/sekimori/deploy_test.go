package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestDeployNamesMetricsThatExist runs the program, and holds the dashboard and
// the alerts against what it tells.
func TestDeployNamesMetricsThatExist(t *testing.T) {
	in := install(t, `
[[bypass]]
id = "pinned"
hosts = ["pinned.example.com"]
owner = "it"
reason = "test"
until = 2099-12-31
`).start()
	if s, body := in.curl([]byte("hello"), "-x", "http://"+in.proxy, "--data-binary", "@-", "http://upload.example.com/"); s != "200" {
		t.Fatalf("%s %s", s, body)
	}
	_, text := in.get("/metrics")
	there := map[string]bool{}
	labels := map[string][]string{}
	label := regexp.MustCompile(`([a-z_]+)="`)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name := line[:strings.IndexAny(line, "{ ")]
		there[name] = true
		for _, l := range label.FindAllStringSubmatch(line, -1) {
			labels[name] = append(labels[name], l[1])
		}
	}
	var expressions []string
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct{ List []struct{ Query string } }
	}
	b, err := os.ReadFile("../../deploy/grafana/sekimori.json")
	check(t, err)
	check(t, json.Unmarshal(b, &board))
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		expressions = append(expressions, v.Query)
	}
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	b, err = os.ReadFile("../../deploy/prometheus/alerts.yml")
	check(t, err)
	check(t, yaml.Unmarshal(b, &alerts))
	doc, err := os.ReadFile("../../docs/operations.md")
	check(t, err)
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			expressions = append(expressions, r.Expr)
			if r.Annotations["summary"] == "" || !strings.Contains(string(doc), "`"+r.Alert+"`") {
				t.Errorf("%s: no summary, or docs/operations.md does not say what to do", r.Alert)
			}
		}
	}
	metric := regexp.MustCompile(`((?:sekimori|process|go)_[a-z_]+)(\{([^}]*)\})?`)
	used := regexp.MustCompile(`([a-z_]+)\s*[=!]~?`)
	n := 0
	for _, e := range expressions {
		for _, m := range metric.FindAllStringSubmatch(e, -1) {
			n++
			if !there[m[1]] {
				t.Errorf("%q: there is no metric %s", e, m[1])
				continue
			}
			for _, l := range used.FindAllStringSubmatch(m[3], -1) {
				if l[1] != "instance" && l[1] != "job" && !slices.Contains(labels[m[1]], l[1]) {
					t.Errorf("%q: %s has no label %s", e, m[1], l[1])
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d uses of metrics were looked at", n)
	}
}

// TestDeployFilesParse reads what is meant for other programs.
func TestDeployFilesParse(t *testing.T) {
	b, err := os.ReadFile("../../deploy/kubernetes/sekimori.yaml")
	check(t, err)
	checkManifests(t, string(b))
	kinds := map[string]bool{}
	for d := yaml.NewDecoder(strings.NewReader(string(b))); ; {
		var doc struct {
			Kind string            `yaml:"kind"`
			Data map[string]string `yaml:"data"`
		}
		if err := d.Decode(&doc); err != nil {
			break
		}
		kinds[doc.Kind] = true
		if conf, ok := doc.Data["sekimori.toml"]; ok {
			file := filepath.Join(t.TempDir(), "c.toml")
			check(t, os.WriteFile(file, []byte(conf), 0o600))
			_, err := loadConfig(file)
			check(t, err)
		}
	}
	for _, k := range []string{"StatefulSet", "Service", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget"} {
		if !kinds[k] {
			t.Errorf("no %s in the manifests", k)
		}
	}
	if _, err := loadConfig("../../deploy/systemd/sekimori.toml"); err != nil {
		t.Error(err)
	}
	unit, err := os.ReadFile("../../deploy/systemd/sekimori.service")
	check(t, err)
	for _, want := range []string{"Type=notify", "ProtectSystem=strict", "NoNewPrivileges=yes", "TimeoutStopSec=40"} {
		if !strings.Contains(string(unit), want+"\n") {
			t.Errorf("the unit lacks %s", want)
		}
	}
	for program, args := range map[string][]string{
		"systemd-analyze": {"verify", "--man=no", "../../deploy/systemd/sekimori.service"},
		"promtool":        {"check", "rules", "../../deploy/prometheus/alerts.yml"},
		"haproxy":         {"-c", "-f", "../../deploy/haproxy/haproxy.cfg"},
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
