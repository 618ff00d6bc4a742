package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Bundle is a set of rule files and what people have signed of it: a signed
// note (C2SP signed-note, Ed25519) of exactly these lines,
//
//	sekimori rules v1
//	fleet NAME
//	number N
//	sha256 DIGEST
//
// where N is larger than that of any set before, and DIGEST is over the files'
// names and contents, each preceded by its length in 8 bytes, big endian, in
// the order of the names.
type Bundle struct {
	Note  string            `json:"note"`
	Files map[string][]byte `json:"files"`
}

// Statement is what the note of a bundle says.
type Statement struct {
	Fleet  string
	Number uint64
	Digest string // hex
}

// Signatures is how many different signers a set needs.
const Signatures = 2

const bundleHead = "sekimori rules v1\n"

// The bounds of a bundle.
const (
	maxBundleFiles = 1000
	maxBundleBytes = 32 << 20
)

// Digest is over the files of a bundle.
func (b *Bundle) Digest() string {
	h := sha256.New()
	field := func(f []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		h.Write(f)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		field([]byte(name))
		field(b.Files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (s Statement) text() string {
	return fmt.Sprintf("%sfleet %s\nnumber %d\nsha256 %s\n", bundleHead, s.Fleet, s.Number, s.Digest)
}

func parseStatement(text string) (s Statement, err error) {
	rest, ok := strings.CutPrefix(text, bundleHead)
	lines := strings.Split(rest, "\n")
	if !ok || len(lines) != 4 {
		return s, errors.New("the note is not one of a set of rules")
	}
	var number string
	for i, f := range []struct {
		name string
		to   *string
	}{{"fleet ", &s.Fleet}, {"number ", &number}, {"sha256 ", &s.Digest}} {
		if *f.to, ok = strings.CutPrefix(lines[i], f.name); !ok {
			return s, fmt.Errorf("the note has no line %q", strings.TrimSpace(f.name))
		}
	}
	if s.Number, err = strconv.ParseUint(number, 10, 62); err != nil || s.text() != text {
		return s, errors.New("the note is not as it is written")
	}
	return s, nil
}

// NewBundle gathers the files of paths, which are files and folders of rules;
// what rules name beside themselves has to be in the folders. It is not signed.
func NewBundle(fleet string, number uint64, paths []string) (*Bundle, error) {
	b := &Bundle{Files: map[string][]byte{}}
	total := 0
	add := func(name, file string) error {
		if _, twice := b.Files[name]; twice {
			return fmt.Errorf("two files are called %s", name)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if total += len(data); total > maxBundleBytes || len(b.Files) >= maxBundleFiles {
			return fmt.Errorf("a set of rules has at most %d files and %d bytes", maxBundleFiles, maxBundleBytes)
		}
		b.Files[name] = data
		return nil
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("gather rules: %w", err)
		}
		if !info.IsDir() {
			err = add(filepath.Base(path), path)
		} else {
			err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
					return err
				}
				name, err := filepath.Rel(path, file)
				if err != nil {
					return err
				}
				return add(filepath.ToSlash(name), file)
			})
		}
		if err != nil {
			return nil, fmt.Errorf("gather rules: %w", err)
		}
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("gather rules: %w", err)
	}
	b.Note = Statement{fleet, number, b.Digest()}.text()
	return b, nil
}

// check looks whether the files are a set of rules and can lie in a folder.
func (b *Bundle) check() error {
	any := false
	for name := range b.Files {
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, "\\\x00\n:") || filepath.ToSlash(filepath.Clean(filepath.FromSlash(name))) != name {
			return fmt.Errorf("a file cannot be called %q", name)
		}
		any = any || strings.HasSuffix(name, ".toml")
	}
	if !any {
		return errors.New("there is no file of rules (*.toml) in it")
	}
	return nil
}

// ReadBundle reads a bundle. What it says is not checked.
func ReadBundle(data []byte) (*Bundle, error) {
	b := new(Bundle)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(b); err != nil {
		return nil, fmt.Errorf("read a set of rules: %w", err)
	}
	return b, nil
}

// Encode is what ReadBundle reads.
func (b *Bundle) Encode() ([]byte, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write a set of rules: %w", err)
	}
	return append(data, '\n'), nil
}

// Statement reads what the note says and holds it against the files. Signatures
// are not looked at.
func (b *Bundle) Statement() (Statement, error) {
	text, _, _ := strings.Cut(b.Note, "\n\n")
	s, err := parseStatement(strings.TrimSuffix(text, "\n") + "\n")
	if err != nil {
		return s, err
	}
	if err := b.check(); err != nil {
		return s, err
	}
	if b.Digest() != s.Digest {
		return s, errors.New("the files are not those that the note tells of")
	}
	return s, nil
}

// Sign adds a person's signature.
func (b *Bundle) Sign(key note.Signer) error {
	s, err := b.Statement()
	if err != nil {
		return fmt.Errorf("sign rules: %w", err)
	}
	n := &note.Note{Text: s.text()}
	if _, sigs, ok := strings.Cut(b.Note, "\n\n"); ok && sigs != "" {
		// Signatures of others stay, whether their keys are known or not.
		var unverified *note.UnverifiedNoteError
		if _, err := note.Open([]byte(b.Note), note.VerifierList()); !errors.As(err, &unverified) {
			return fmt.Errorf("sign rules: the note is damaged: %w", err)
		}
		n.UnverifiedSigs = unverified.Note.UnverifiedSigs
	}
	signed, err := note.Sign(n, key)
	if err != nil {
		return fmt.Errorf("sign rules: %w", err)
	}
	b.Note = string(signed)
	return nil
}

// Check returns what b says and who has signed it, if it is of this fleet and
// as many of the signers as are needed have.
func (b *Bundle) Check(fleet string, by []note.Verifier) (s Statement, who []string, err error) {
	if s, err = b.Statement(); err != nil {
		return s, nil, err
	}
	if s.Fleet != fleet {
		return s, nil, fmt.Errorf("the rules are signed for the fleet %q, this is %q", s.Fleet, fleet)
	}
	n, err := note.Open([]byte(b.Note), note.VerifierList(by...))
	var unverified *note.UnverifiedNoteError
	if err != nil && !errors.As(err, &unverified) {
		return s, nil, fmt.Errorf("a signature of the rules is not valid: %w", err)
	}
	if n != nil {
		if n.Text != s.text() {
			return s, nil, errors.New("the rules are not those that were signed")
		}
		for _, sig := range n.Sigs {
			if !slices.Contains(who, sig.Name) {
				who = append(who, sig.Name)
			}
		}
	}
	if len(who) < Signatures {
		return s, who, fmt.Errorf("the rules have %d valid signatures of %d: %s", len(who), Signatures, strings.Join(who, ", "))
	}
	return s, who, nil
}

// Show writes the files into a folder that is not there yet.
func (b *Bundle) Show(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = b.check()
	}
	if err == nil {
		err = b.writeTo(dir)
	}
	if err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}
	return nil
}

// writeTo writes the files into a folder.
func (b *Bundle) writeTo(dir string) error {
	for name, data := range b.Files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := writeDurably(file, data); err != nil {
			return err
		}
	}
	return nil
}

// writeDurably writes a file so that it is there whole or not at all.
func writeDurably(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
