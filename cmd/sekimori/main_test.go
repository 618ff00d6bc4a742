package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
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

// TestTakenAddressTellsTheRemedy: who starts a second one is told what to do.
func TestTakenAddressTellsTheRemedy(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer first.Close()
	_, err = net.Listen("tcp", first.Addr().String())
	if err == nil {
		t.Skip("the system gives an address twice")
	}
	if got := remedy(fmt.Errorf("listen: %w", err)); !strings.Contains(got, "--listen") {
		t.Errorf("%v: %q", err, got)
	}
	if got := remedy(errors.New("anything else")); got != "" {
		t.Errorf("another error: %q", got)
	}
}
