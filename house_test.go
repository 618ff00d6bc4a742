// Package house keeps the arrows between the rooms true: who may import whom.
// ARCHITECTURE.md tells why.
package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/sekimori-dlp/sekimori"

// arrows lists for each room the rooms of ours that it may import. A room
// stands for its sub-rooms too, unless they have an entry of their own.
var arrows = map[string][]string{
	"internal/tomlfile": {},

	"inspect":         {"inspect"},
	"inspect/normal":  {},
	"inspect/part":    {"inspect/normal"},
	"inspect/match":   {},
	"inspect/dict":    {},
	"inspect/detect":  {"inspect/match", "inspect/dict", "inspect/normal", "inspect/part"},
	"inspect/decode":  {"inspect/part", "inspect/normal"},
	"inspect/isolate": {"inspect/part", "inspect/normal"},
	"inspect/extract": {"inspect/part", "inspect/normal", "inspect/decode"},

	"release":  {},
	"history":  {},
	"alarm":    {"audit"},
	"evidence": {},
	"fleet":    {"audit", "history", "release", "proxy/pieces"},
	"replay":   {"audit", "history", "inspect", "rules"},

	"rules": {"history", "inspect", "internal/tomlfile"},
	"audit": {},

	"proxy":               {"proxy", "inspect", "rules", "audit", "release"},
	"proxy/framing":       {},
	"proxy/upstream":      {},
	"proxy/answer":        {"rules", "inspect", "release"},
	"proxy/hold":          {},
	"proxy/intercept":     {},
	"proxy/identity":      {"rules", "internal/tomlfile"},
	"proxy/destination":   {"rules", "internal/tomlfile"},
	"proxy/door":          {},
	"proxy/socks":         {},
	"proxy/bypass":        {},
	"proxy/pac":           {},
	"proxy/trace":         {},
	"proxy/trust":         {},
	"proxy/xconnect":      {},
	"proxy/service":       {},
	"proxy/pieces":        {},
	"proxy/icap":          {"rules", "proxy/gate", "proxy/answer", "proxy/door", "proxy/trace"},
	"proxy/mail":          {"rules", "audit", "proxy/gate", "proxy/hold", "proxy/answer", "proxy/service", "proxy/trace"},
	"proxy/mail/mailtest": {"inspect", "rules", "audit", "release", "proxy/gate", "proxy/hold", "proxy/mail"},
	"proxy/smtp":          {"rules", "audit", "release", "proxy/mail", "proxy/outbox", "proxy/gate", "proxy/hold", "proxy/door"},
	"proxy/milter":        {"rules", "audit", "proxy/mail", "proxy/gate", "proxy/hold", "proxy/door"},
	"proxy/outbox":        {},
	"proxy/gate":          {"inspect", "rules", "audit", "release", "history", "evidence", "proxy/framing", "proxy/hold", "proxy/service", "proxy/pieces", "proxy/trace"},

	"console": {"audit", "rules", "release", "alarm", "history", "replay"},
	"bench":   {"bench", "inspect", "rules", "audit", "history", "proxy"},
	"deploy":  {},
	"cmd":     {"cmd", "inspect", "rules", "audit", "release", "history", "proxy", "console", "bench", "internal", "alarm", "evidence", "replay", "fleet"},
}

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room returns the longest entry of arrows that path lies in.
func room(path string) string {
	for r := path; r != "" && r != "."; {
		if _, ok := arrows[r]; ok {
			return r
		}
		i := strings.LastIndexByte(r, '/')
		if i < 0 {
			return ""
		}
		r = r[:i]
	}
	return ""
}

func within(path, r string) bool { return path == r || strings.HasPrefix(path, r+"/") }

func TestArrows(t *testing.T) {
	met := map[string]bool{}
	for _, p := range list(t) {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if path == "" {
			continue
		}
		r := room(path)
		if r == "" {
			t.Errorf("%s lies in no room of ARCHITECTURE.md; add it there and to arrows", path)
			continue
		}
		met[r] = true
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module+"/")
			if !ours || room(to) == r {
				continue
			}
			allowed := false
			for _, a := range arrows[r] {
				allowed = allowed || within(to, a)
			}
			if !allowed {
				t.Errorf("%s imports %s: the arrow %s → %s is not in ARCHITECTURE.md", path, to, r, room(to))
			}
		}
	}
	for r := range arrows {
		if !met[r] && r != "console" && r != "bench" {
			t.Errorf("no package lies in the room %s", r)
		}
	}
}

// TestGoproxyInOneFile keeps elazarl/goproxy behind one door.
func TestGoproxyInOneFile(t *testing.T) {
	out, err := exec.Command("git", "grep", "-l", `"github.com/elazarl/goproxy`, "--", "*.go", ":!*_test.go", ":!bench/").Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	files := strings.Fields(string(out))
	if len(files) != 1 || !strings.HasPrefix(files[0], "proxy/") {
		t.Errorf("goproxy is imported by %v, want one file in proxy/", files)
	}
}
