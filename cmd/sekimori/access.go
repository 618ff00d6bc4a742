package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// turning is a file that can be opened anew, after somebody moved it away.
type turning struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

// Write implements io.Writer.
func (t *turning) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.f.Write(p)
}

func (t *turning) turn() error {
	f, err := os.OpenFile(t.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("open the access log: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f != nil {
		t.f.Close()
	}
	t.f = f
	return nil
}

func (t *turning) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.f.Close()
}

// openAccess opens the access log; nil if none is wanted.
func (i *installation) openAccess(logTo io.Writer) (*slog.Logger, error) {
	switch i.cfg.Access {
	case "":
		return nil, nil
	case "-":
		return slog.New(slog.NewJSONHandler(logTo, nil)), nil
	}
	t := &turning{path: i.cfg.Access}
	if err := t.turn(); err != nil {
		return nil, err
	}
	i.turn = t.turn
	i.closers = append(i.closers, t.close)
	return slog.New(slog.NewJSONHandler(t, nil)), nil
}

// turnAccess opens the access log's file anew.
func (i *installation) turnAccess() {
	if i.turn == nil {
		return
	}
	if err := i.turn(); err != nil {
		i.log.Error("access log not turned; it goes on in the old file", "error", err)
	}
}
