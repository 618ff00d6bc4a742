package fleet

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestBundleNeedsTwoPeople(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.toml"), "# a\n")
	write(t, filepath.Join(dir, "words", "names.txt"), "x\n")
	sato, satoKey := newSigner(t, "sato")
	ito, itoKey := newSigner(t, "ito")
	other, _ := newSigner(t, "ito") // the same name, another key
	known, err := signers([]string{satoKey, itoKey})
	check(t, err)
	signed := func(by ...note.Signer) *Bundle {
		b, err := NewBundle("f", 5, []string{dir})
		check(t, err)
		for _, s := range by {
			check(t, b.Sign(s))
		}
		data, err := b.Encode()
		check(t, err)
		b, err = ReadBundle(data)
		check(t, err)
		return b
	}
	good := signed(sato, ito)
	s, who, err := good.Check("f", known)
	if err != nil || s.Number != 5 || len(who) != 2 || len(good.Files) != 2 {
		t.Fatalf("%+v %v %v", s, who, err)
	}
	for name, b := range map[string]*Bundle{
		"nobody": signed(), "one": signed(sato), "one, twice": signed(sato, sato), "an unknown key of a known name": signed(sato, other),
	} {
		if _, _, err := b.Check("f", known); err == nil {
			t.Errorf("signed by %s: it is taken", name)
		}
	}
	if _, _, err := good.Check("g", known); err == nil {
		t.Error("another fleet takes it")
	}
	for name, change := range map[string]func(*Bundle){
		"a file changed":   func(b *Bundle) { b.Files["a.toml"] = []byte("# b\n") },
		"a file added":     func(b *Bundle) { b.Files["b.toml"] = nil },
		"a file removed":   func(b *Bundle) { delete(b.Files, "words/names.txt") },
		"a file renamed":   func(b *Bundle) { b.Files["c.toml"] = b.Files["a.toml"]; delete(b.Files, "a.toml") },
		"a larger number":  func(b *Bundle) { b.Note = strings.Replace(b.Note, "number 5", "number 6", 1) },
		"a signature less": func(b *Bundle) { b.Note = b.Note[:strings.LastIndex(strings.TrimSpace(b.Note), "\n")+1] },
		"a way out":        func(b *Bundle) { b.Files["../x.toml"] = nil; b.Note = Statement{"f", 5, b.Digest()}.text() },
		"no rules":         func(b *Bundle) { b.Files = map[string][]byte{"x": nil} },
	} {
		b := signed(sato, ito)
		change(b)
		if _, _, err := b.Check("f", known); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	if _, err := signers([]string{satoKey, satoKey}); err == nil {
		t.Error("one person is two")
	}
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte(`{"note":"sekimori rules v1\nfleet f\nnumber 1\nsha256 00\n\n","files":{"a.toml":"IyBh"}}`))
	f.Add([]byte(`{"note":"","files":{"../a.toml":""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBundle(data)
		if err != nil {
			return
		}
		if _, _, err := b.Check("f", nil); err == nil {
			t.Error("what nobody signed is taken")
		}
	})
}

func FuzzBatch(f *testing.F) {
	f.Add([]byte("{\"first\":1,\"last\":1,\"base\":{\"size\":0,\"hash\":\"" + strings.Repeat("0", 64) + "\"}}\n{}\n"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		v := &verifier{}
		if err := v.take(message{seq: 1, plain: plain}); err == nil && v.Records > 0 && v.Bad != "" {
			t.Error("good and bad at once")
		}
	})
}
