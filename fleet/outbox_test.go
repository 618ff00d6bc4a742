package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func openBox(t *testing.T, dir string, limit int64) *outbox {
	t.Helper()
	o, err := openOutbox(dir, limit)
	check(t, err)
	t.Cleanup(func() { o.close() })
	return o
}

// all reads everything after a number, in bits.
func (o *outbox) all(t *testing.T, after uint64) (ns []uint64) {
	t.Helper()
	for {
		lines, first, last, err := o.read(after, 100)
		check(t, err)
		if last == 0 {
			return ns
		}
		k := len(ns)
		for line := range bytes.Lines(lines) {
			n, err := itemNumber(line)
			check(t, err)
			ns = append(ns, n)
		}
		if ns[k] != first || ns[len(ns)-1] != last || first <= after {
			t.Fatalf("read after %d: %d to %d, lines %v", after, first, last, ns[k:])
		}
		after = last
	}
}

func TestOutboxKeepsOrderOverRestarts(t *testing.T) {
	dir := t.TempDir()
	o := openBox(t, dir, 1<<20)
	var want []uint64
	for round := range 3 {
		for i := range 20 {
			n, err := o.put(itemPast, fmt.Appendf(nil, `{"i":%d}`, 100*round+i), i%7 == 0)
			check(t, err)
			want = append(want, n)
		}
		if got := o.all(t, 0); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		check(t, o.close())
		// A kill in the middle of a line.
		names, _ := filepath.Glob(filepath.Join(dir, "*"+outSuffix))
		f, err := os.OpenFile(names[len(names)-1], os.O_WRONLY|os.O_APPEND, 0)
		check(t, err)
		_, _ = f.WriteString(`{"n":99999999999999999,"k":`)
		check(t, f.Close())
		o = openBox(t, dir, 1<<20)
	}
	for i := 1; i < len(want); i++ {
		if want[i] <= want[i-1] {
			t.Fatalf("numbers do not go up: %v", want)
		}
	}
	if got := o.all(t, want[29]); len(got) != 30 || got[0] != want[30] {
		t.Errorf("after the middle: %v", got)
	}
	// What has been told goes, file by file.
	check(t, o.trim(want[39]))
	if got := o.all(t, 0); got[0] <= want[19] || got[len(got)-1] != want[59] {
		t.Errorf("after trimming: %v", got)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	o := openBox(t, t.TempDir(), 1000)
	n := 0
	for {
		_, err := o.put(itemPast, []byte(`"0123456789"`), false)
		if errors.Is(err, errOutboxFull) {
			break
		}
		check(t, err)
		if n++; n > 100 {
			t.Fatal("no bound")
		}
	}
	if len(o.all(t, 0)) != n {
		t.Error("what was kept before is gone")
	}
}

func TestSealIsBoundToSubjectAndKey(t *testing.T) {
	a, err := newSealer([32]byte{1})
	check(t, err)
	b, err := newSealer([32]byte{2})
	check(t, err)
	text := bytes.Repeat([]byte("the same again "), 1000)
	msg := a.seal("x.audit.one", text)
	if len(msg) > len(text)/10 {
		t.Errorf("%d bytes of %d: it is not compressed", len(msg), len(text))
	}
	if got, err := a.open("x.audit.one", msg); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%v", err)
	}
	changed := bytes.Clone(msg)
	changed[len(changed)/2] ^= 1
	for name, try := range map[string]func() ([]byte, error){
		"another subject": func() ([]byte, error) { return a.open("x.audit.two", msg) },
		"another key":     func() ([]byte, error) { return b.open("x.audit.one", msg) },
		"a changed bit":   func() ([]byte, error) { return a.open("x.audit.one", changed) },
		"nothing":         func() ([]byte, error) { return a.open("x.audit.one", nil) },
	} {
		if _, err := try(); !errors.Is(err, errSeal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeysFile(t *testing.T) {
	k := NewKeys(func(name string) ([]byte, bool) { return bytes.Repeat([]byte{7}, 32), name == "persons" })
	if k.Persons != [32]byte(bytes.Repeat([]byte{7}, 32)) || k.Seal == [32]byte{} || k.Seal == k.Confirm {
		t.Error("keys are not taken over, or not made")
	}
	file := filepath.Join(t.TempDir(), "keys")
	write(t, file, k.String())
	if got, err := ReadKeys(file); err != nil || got != k {
		t.Errorf("%v", err)
	}
	write(t, file, k.String()[:len(k.String())-5])
	if _, err := ReadKeys(file); err == nil {
		t.Error("a cut file is taken")
	}
	write(t, file, "nothing\n")
	if _, err := ReadKeys(file); err == nil {
		t.Error("another file is taken")
	}
}
