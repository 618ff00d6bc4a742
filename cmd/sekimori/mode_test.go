package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A switch that was set outlives a restart from the first connection on, and one
// that cannot be read lets nothing be served.
func TestTheModeIsInForceAtTheStart(t *testing.T) {
	for text, want := range map[string]string{
		`{"mode":"block-all","by":"sato","reason":"a leak"}`: modeBlockAll,
		`{"mode":"observe","until":"2020-01-01T00:00:00Z"}`:  modeEnforce,
		`{"mode":"block-`:  "",
		`{"mode":"other"}`: "",
	} {
		in := install(t, "")
		check(t, os.MkdirAll(filepath.Join(in.dir, "data"), 0o700))
		in.write(filepath.Join("data", modeFile), text)
		cfg, err := loadConfig(in.config)
		check(t, err)
		i, err := cfg.install(io.Discard)
		switch {
		case want == "":
			if err == nil || !strings.Contains(err.Error(), modeFile) {
				t.Errorf("%s: %v", text, err)
			}
		case err != nil:
			t.Errorf("%s: %v", text, err)
		case i.modes.mode() != want:
			t.Errorf("%s: %s", text, i.modes.mode())
		}
		if err == nil {
			check(t, i.close())
		}
	}
}
