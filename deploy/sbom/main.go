// Command sbom writes a bill of materials (CycloneDX 1.6, JSON) of a Go binary:
// the modules that the linker recorded in it, with their checksums. The same
// binary gives the same bytes.
//
//	go run ./deploy/sbom BINARY > BINARY.cdx.json
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

type bill struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	PURL       string     `json:"purl,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	Hashes     []digest   `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type digest struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sbom BINARY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(binary string, w io.Writer) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	f, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	b := materials(filepath.Base(binary), sum, info)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(b)
}

func materials(name, sum string, info *debug.BuildInfo) bill {
	root := component{Type: "application", Ref: "pkg:golang/" + info.Main.Path, Name: name, PURL: "pkg:golang/" + info.Main.Path,
		Hashes: []digest{{"SHA-256", sum}}, Properties: []property{{"go:version", info.GoVersion}}}
	for _, s := range info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" || s.Key == "CGO_ENABLED" || s.Key == "-ldflags" || s.Key == "vcs.revision" {
			root.Properties = append(root.Properties, property{"go:build:" + s.Key, s.Value})
		}
	}
	b := bill{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{root}, Components: []component{}}
	// A serial number of content, so that the file is reproducible.
	b.Serial = fmt.Sprintf("urn:uuid:%s-%s-8%s-8%s-%s", sum[:8], sum[8:12], sum[13:16], sum[17:20], sum[20:32])
	std := "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")
	b.Components = append(b.Components, component{Type: "library", Ref: std, Name: "std", Version: strings.TrimPrefix(info.GoVersion, "go"), PURL: std, Scope: "required"})
	on := []string{std}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		ref := "pkg:golang/" + m.Path + "@" + m.Version
		c := component{Type: "library", Ref: ref, Name: m.Path, Version: m.Version, PURL: ref, Scope: "required"}
		if raw, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
			if d, err := base64.StdEncoding.DecodeString(raw); err == nil {
				// A hash over the module's files (golang.org/x/mod/sumdb/dirhash),
				// not over an archive: told as what it is.
				c.Properties = []property{{"go:sum", "h1:" + raw}, {"go:sum:sha256", hex.EncodeToString(d)}}
			}
		}
		b.Components = append(b.Components, c)
		on = append(on, ref)
	}
	b.Dependencies = []dependency{{Ref: root.Ref, On: on}}
	return b
}
