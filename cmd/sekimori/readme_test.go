package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// changing is what differs from run to run in what the commands print.
var changing = regexp.MustCompile(`SK-[0-9A-Z]{4}-[0-9A-Z]{4}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}|hash [0-9a-f]+|\d+ bytes; last|^\d+ |, \d\.\d\d\)`)

// TestReadmeSession runs the README's session as it stands there and compares
// what it prints with what the README shows.
func TestReadmeSession(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	bin, err := binary()
	check(t, err)
	for _, name := range []string{"README.md", "README.ja.md"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../" + name)
			check(t, err)
			_, session, _ := strings.Cut(string(text), "<!-- session -->")
			session, _, found := strings.Cut(session, "<!-- /session -->")
			if !found {
				t.Fatal("no session in the README")
			}
			in := install(t, "")
			in.start()
			for _, f := range []string{"customers.csv", "products.csv"} {
				b, err := os.ReadFile(filepath.Join("../../testdata", f))
				check(t, err)
				in.write("testdata/"+f, string(b))
			}
			check(t, os.Symlink(filepath.Join(in.dir, "data"), filepath.Join(in.dir, "sekimori-data")))
			commands := 0
			for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(session, -1) {
				for _, entry := range strings.Split("\n"+block[1], "\n$ ")[1:] {
					command, want := entry, ""
					lines := strings.Split(entry, "\n")
					for i := range lines {
						if !strings.HasSuffix(lines[i], "\\") {
							command, want = strings.Join(lines[:i+1], "\n"), strings.Join(lines[i+1:], "\n")
							break
						}
					}
					commands++
					run := strings.NewReplacer("127.0.0.1:8080", in.proxy, "curl ", "curl -sS ", "go run ./cmd/sekimori", bin).Replace(command)
					cmd := exec.Command("sh", "-c", run)
					cmd.Dir, cmd.Env = in.dir, clientEnv()
					got, err := cmd.CombinedOutput()
					if err != nil {
						t.Errorf("%s: %v", command, err)
					}
					if g, w := steady(string(got)), steady(want); g != w {
						t.Errorf("%s\nprints\n%s\nthe README shows\n%s", command, g, w)
					}
				}
			}
			if commands < 5 {
				t.Errorf("only %d commands found", commands)
			}
		})
	}
}

// steady blanks what changes from run to run, line by line.
func steady(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = changing.ReplaceAllString(strings.TrimRight(lines[i], " "), "…")
	}
	return strings.Join(lines, "\n")
}
