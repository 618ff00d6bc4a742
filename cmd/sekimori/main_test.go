package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sekimori": func() { os.Exit(Main()) }, nextHopCommand: runNextHop})
}

// TestScript runs the command line as users type it.
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("commands that run one after another")
	}
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
