package checkpoint

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tree is a log in memory.
type tree struct {
	hashes []tlog.Hash
	size   int64
}

func (m *tree) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, m.hashes[i])
	}
	return out, nil
}

func (m *tree) add(t *testing.T, leaf string) {
	t.Helper()
	h, err := tlog.StoredHashes(m.size, []byte(leaf), m)
	if err != nil {
		t.Fatal(err)
	}
	m.hashes, m.size = append(m.hashes, h...), m.size+1
}

func (m *tree) at(t *testing.T, origin string, n int64) Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(n, m)
	if err != nil {
		t.Fatal(err)
	}
	return Checkpoint{Origin: origin, Size: uint64(n), Root: root, Number: uint64(n), Time: time.Date(2026, 11, 21, 9, 0, int(n), 0, time.UTC)}
}

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys", "audit")
	if _, err := ReadLogKey(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a key: %v", err)
	}
	for _, open := range []func(string) (*Key, error){OpenLogKey, OpenWitnessKey} {
		a, err := open(file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := open(file)
		if err != nil || a.Public != b.Public || a.KeyHash() != b.Verifier.KeyHash() {
			t.Errorf("%v: %s and %s", err, a.Public, b.Public)
		}
		v, err := ParseKey(" " + a.Public + "\n")
		if err != nil {
			t.Fatal(err)
		}
		msg, err := (Checkpoint{Origin: a.Name(), Number: 1}).Sign(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(msg, v); err != nil {
			t.Error(err)
		}
		if _, err := ParseKey(strings.Replace(a.Public, "+", "x+", 1)); err == nil {
			t.Error("a key under another name is taken")
		}
		os.Remove(file)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("PRIVATE+KEY+x+00000000+AAAA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLogKey(file); err == nil {
		t.Error("a damaged key was opened")
	}
}

func TestParse(t *testing.T) {
	var m tree
	m.add(t, "a")
	c := m.at(t, "sekimori/x", 1)
	if got, err := Parse(c.Text()); err != nil || got != c {
		t.Errorf("%+v %v", got, err)
	}
	// Of a log of another make: no number, no time, an unknown line.
	other := "example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	for _, s := range []string{other, other + "something else\n"} {
		if got, err := Parse(s); err != nil || got.Size != 20852163 || got.Number != 0 {
			t.Errorf("%q: %+v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "x\n1\n", strings.Replace(other, "2085", "02085", 1), strings.Replace(other, "20852163", "-1", 1),
		strings.Replace(other, "2I=", "2J=", 1), strings.TrimSuffix(other, "\n"), other + "\n", other + "number x\n", other + "time now\n",
		strings.Replace(other, "20852163", "9223372036854775807", 1)} {
		if got, err := Parse(s); err == nil {
			t.Errorf("%q was taken: %+v", s, got)
		}
	}
	if _, _, err := Open(make([]byte, MaxNote+1)); err == nil {
		t.Error("a giant note was opened")
	}
}

func TestProofs(t *testing.T) {
	k, err := OpenLogKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	var m tree
	for _, l := range strings.Split("abcdefghijk", "") {
		m.add(t, l)
	}
	signed := func(n int64) string {
		b, err := m.at(t, k.Name(), n).Sign(k)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for n := int64(1); n <= 11; n++ {
		path, err := tlog.ProveRecord(11, n-1, &m)
		if err != nil {
			t.Fatal(err)
		}
		leaf := tlog.RecordHash([]byte("abcdefghijk"[n-1 : n]))
		p := Proof{Record: &Leaf{Seq: uint64(n), Hash: hex.EncodeToString(leaf[:])}, Hashes: path, To: signed(11)}
		growth, err := tlog.ProveTree(11, n, &m)
		if err != nil {
			t.Fatal(err)
		}
		g := Proof{From: signed(n), Hashes: growth, To: signed(11)}
		for _, good := range []*Proof{&p, &g} {
			b, err := json.Marshal(good)
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParseProof(b)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := back.Check(nil, k.Verifier); err != nil {
				t.Errorf("record or size %d: %v", n, err)
			}
			for i := range back.Hashes {
				back.Hashes[i][7] ^= 1
				if _, err := back.Check(nil, k.Verifier); err == nil {
					t.Errorf("record or size %d: hash %d does not count", n, i)
				}
				back.Hashes[i][7] ^= 1
			}
			if _, err := back.Check(nil); err == nil {
				t.Error("a proof was taken without a key")
			}
		}
		p.Record.Seq = uint64(n%11) + 1
		if _, err := p.Check(nil, k.Verifier); err == nil {
			t.Errorf("record %d passes for %d", n, p.Record.Seq)
		}
	}
	for _, bad := range []Proof{{}, {To: signed(3)}, {To: signed(3), From: signed(5)}, {To: signed(3), From: signed(2), Record: &Leaf{}}} {
		if says, err := bad.Check(nil, k.Verifier); err == nil {
			t.Errorf("%+v: %s", bad, says)
		}
	}
	var unknown *note.UnverifiedNoteError
	other, err := OpenLogKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	good := Proof{From: signed(3), To: signed(3)}
	if _, err := good.Check(nil, other.Verifier); !errors.As(err, &unknown) {
		t.Errorf("by another's key: %v", err)
	}
}
