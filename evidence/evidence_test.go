package evidence

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func auditor(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	check(t, err)
	return id
}

func store(t *testing.T, c Config) *Store {
	t.Helper()
	s, err := Open(c)
	check(t, err)
	return s
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestOnlyTheAuditorsOpen(t *testing.T) {
	dir := t.TempDir()
	anna, ben, eve := auditor(t), auditor(t), auditor(t)
	s := store(t, Config{Dir: dir, Recipients: []string{anna.Recipient().String(), ben.Recipient().String()}})
	k, err := s.Keep(Head{Incident: "SK-AAAA-BBBB", What: Body, User: "sato", Bytes: 11}, text("hello there"))
	if err != nil || k.Cut || k.Bytes == 0 {
		t.Fatalf("%+v, %v", k, err)
	}
	for _, id := range []age.Identity{anna, ben} {
		h, r, err := Read(dir, "SK-AAAA-BBBB", id)
		check(t, err)
		got, err := io.ReadAll(r)
		check(t, err)
		check(t, r.Close())
		if string(got) != "hello there" || h.User != "sato" || h.What != Body {
			t.Errorf("%+v %q", h, got)
		}
	}
	if _, _, err := Read(dir, "SK-AAAA-BBBB", eve); err == nil {
		t.Error("somebody else opened it")
	}
	if _, _, err := Read(dir, "SK-CCCC-DDDD", anna); !errors.Is(err, ErrNone) {
		t.Errorf("no evidence: %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "SK-AAAA-BBBB.age"))
	check(t, err)
	if bytes.Contains(raw, []byte("hello")) || bytes.Contains(raw, []byte("sato")) {
		t.Error("it lies there in clear")
	}
	// One file in the place of another, and a changed byte, are noticed.
	check(t, os.Rename(filepath.Join(dir, "SK-AAAA-BBBB.age"), filepath.Join(dir, "SK-XXXX-YYYY.age")))
	if _, _, err := Read(dir, "SK-XXXX-YYYY", anna); err == nil {
		t.Error("evidence of another incident was taken for this one's")
	}
	raw[len(raw)-1] ^= 1
	check(t, os.WriteFile(filepath.Join(dir, "SK-AAAA-BBBB.age"), raw, 0o600))
	if _, r, err := Read(dir, "SK-AAAA-BBBB", anna); err == nil {
		if _, err = io.ReadAll(r); err == nil {
			t.Error("a changed byte was not noticed")
		}
	}
}

func TestBounds(t *testing.T) {
	dir := t.TempDir()
	id := auditor(t)
	s := store(t, Config{Dir: dir, Recipients: []string{id.Recipient().String()}, Max: 1000, Total: 1<<20 + 4000})
	k, err := s.Keep(Head{Incident: "SK-0001"}, text(strings.Repeat("x", 5000)))
	if err != nil || !k.Cut {
		t.Fatalf("%+v %v", k, err)
	}
	_, r, err := Read(dir, "SK-0001", id)
	check(t, err)
	got, err := io.ReadAll(r)
	if err != nil || len(got) != 1000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	check(t, r.Close())
	if _, err := s.Keep(Head{Incident: "SK-0001"}, text("again")); err == nil {
		t.Error("evidence was written over")
	}
	fault := errors.New("the body cannot be read")
	if _, err := s.Keep(Head{Incident: "SK-0002"}, func(io.Writer) error { return fault }); !errors.Is(err, fault) {
		t.Errorf("%v", err)
	}
	if _, ok := Stat(dir, "SK-0002"); ok {
		t.Error("half of it was kept")
	}
	for i := 3; ; i++ {
		_, err := s.Keep(Head{Incident: "SK-000" + string(rune('0'+i))}, text(strings.Repeat("x", 900)))
		if errors.Is(err, ErrFull) {
			break
		}
		if check(t, err); i > 8 {
			t.Fatal("never full")
		}
	}
	for _, bad := range []string{"", "../x", "SK-../../x", "sk-1234", "SK-1234/../.."} {
		if _, err := s.Keep(Head{Incident: bad}, text("x")); !errors.Is(err, ErrIncident) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// A restart counts what is there, and retention makes room.
	s = store(t, Config{Dir: dir, Recipients: []string{id.Recipient().String()}, Keep: time.Hour})
	all, err := List(dir)
	check(t, err)
	if len(all) < 2 || s.used < 2000 {
		t.Errorf("%d kept, %d bytes", len(all), s.used)
	}
	if old, err := s.Expired(time.Now()); err != nil || len(old) != 0 {
		t.Errorf("%v %v", old, err)
	}
	old, err := s.Expired(time.Now().Add(2 * time.Hour))
	check(t, err)
	for _, i := range old {
		check(t, s.Remove(i.Incident))
	}
	if s.used != 0 || len(old) != len(all) {
		t.Errorf("%d bytes left", s.used)
	}
}

func TestRecipients(t *testing.T) {
	for _, bad := range [][]string{nil, {""}, {"age1xyz"}, {"AGE-SECRET-KEY-1"}, {"ssh-ed25519 AAAA"}} {
		if _, err := Recipients(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
