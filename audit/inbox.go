package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The inbox is where other commands leave events for the process that has the
// log: one JSON file an event.

const (
	inboxTail   = "-inbox" // after the log's own folder, which it lies beside
	inboxSuffix = ".json"
	inboxEvery  = 2 * time.Second
	maxInbox    = 64 << 10 // bytes of one event
)

// Inbox is the folder of the inbox of the log in dir.
func Inbox(dir string) string { return filepath.Clean(dir) + inboxTail }

// Leave puts ev into the inbox of the log in dir, to be recorded by the
// process that has the log open or opens it next; after a crash it may be
// recorded twice. The folder is made if it is missing.
func Leave(dir string, ev Event) error {
	if ev.Kind == "" {
		return errors.New("leave audit event: it has no kind")
	}
	if ev.Time.IsZero() {
		ev.Time = time.Now().UTC()
	}
	b, err := appendEvent(nil, &ev)
	if err != nil {
		return fmt.Errorf("leave audit event: %w", err)
	}
	if len(b) > maxInbox {
		return fmt.Errorf("leave audit event: %w", ErrTooLarge)
	}
	box := Inbox(dir)
	if err := os.MkdirAll(box, 0o700); err != nil {
		return fmt.Errorf("leave audit event: %w", err)
	}
	var id [8]byte
	rand.Read(id[:])
	name := ev.Time.UTC().Format("20060102T150405.000000000-") + hex.EncodeToString(id[:]) + inboxSuffix
	temp := filepath.Join(box, name+partSuffix)
	// Readable to the service's account, which need not be the caller's; the
	// folder is not.
	if err := os.WriteFile(temp, b, 0o644); err != nil {
		return fmt.Errorf("leave audit event: %w", err)
	}
	if err := errors.Join(os.Rename(temp, filepath.Join(box, name)), syncDir(box)); err != nil {
		return fmt.Errorf("leave audit event: %w", err)
	}
	return nil
}

// takeIn records what lies in the inbox, oldest first.
func (l *Log) takeIn(ctx context.Context) error {
	box := Inbox(l.dir)
	entries, err := os.ReadDir(box)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read audit inbox: %w", err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		name := filepath.Join(box, e.Name())
		if !strings.HasSuffix(name, inboxSuffix) || !e.Type().IsRegular() {
			continue
		}
		ev, err := readLeft(name)
		if err != nil { // told in the record, too, and not tried for ever
			ev = Event{Kind: "gap", Reason: "an event in the inbox could not be read: " + err.Error()}
		}
		if _, err := l.Append(ctx, ev); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("empty audit inbox: %w", err)
		}
	}
	return nil
}

func readLeft(name string) (ev Event, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return ev, err
	}
	if info.Size() > maxInbox {
		return ev, ErrTooLarge
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return ev, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&ev); err != nil {
		return ev, err
	}
	if ev.Kind == "" || ev.Kind == KindExpire {
		return ev, fmt.Errorf("kind %q does not come by the inbox", ev.Kind)
	}
	return ev, nil
}

// InUse reports whether a process has the log in dir open for writing.
func InUse(dir string) bool {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	taken, _ := lock(f)
	return taken
}
