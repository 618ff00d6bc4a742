package main

import (
	"bytes"
	"log"
	"log/slog"
	"strings"
	"testing"
)

func TestLibrariesAreNotQuoted(t *testing.T) {
	var out bytes.Buffer
	to := log.New(libraries{slog.New(slog.NewJSONHandler(&out, nil))}, "", 0)
	to.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "somebody", nil) // as net/http has it
	if said := out.String(); strings.Contains(said, "somebody") || !strings.Contains(said, "Unsolicited response") {
		t.Error(said)
	}
}
