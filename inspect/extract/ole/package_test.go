package ole

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const sesame = "Sekimori-2026" // opens the files of testdata/encrypted

func locked(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/encrypted/*.*")
	all := map[string][]byte{}
	for _, n := range names {
		if strings.HasSuffix(n, ".md") {
			continue
		}
		if all[filepath.Base(n)], err = os.ReadFile(n); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		t.Fatal("no files", err)
	}
	return all
}

func inspectWith(t testing.TB, b []byte, passwords ...string) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(b), Size: int64(len(b)), Passwords: passwords}, part.Limits{Time: 20 * time.Second})
}

// packaged returns all that stands in the package that was handed on, "" if none
// was.
func packaged(t *testing.T, x *parttest.Tree) string {
	t.Helper()
	var all strings.Builder
	for _, p := range x.Parts {
		if !strings.HasSuffix(p.Path, "content") {
			continue
		}
		z, err := zip.NewReader(bytes.NewReader(p.Own), int64(len(p.Own)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&all, r); err != nil {
				t.Fatal(f.Name, err)
			}
		}
	}
	return all.String()
}

func TestPasswords(t *testing.T) {
	for name, body := range locked(t) {
		text := func(x *parttest.Tree) bool { return x.Has(person) || strings.Contains(packaged(t, x), person) }
		// Word does not try the password that Excel does: who gets such a document is asked.
		everybodys, asked := strings.HasPrefix(name, "everybody"), name == "everybody.docx"
		if x := inspectWith(t, body, "wrong", sesame, "other"); !text(x) || len(x.Parts[0].Skips) > 0 != asked {
			t.Errorf("%s:\n%s", name, x)
		}
		for _, none := range [][]string{nil, {"sekimori-2026", "", "関守"}} {
			x := inspectWith(t, body, none...)
			if text(x) != everybodys || (!everybodys || asked) != (strings.Join(x.Parts[0].Skips, " ") == "encrypted") {
				t.Errorf("%s with %d others:\n%s", name, len(none), x)
			}
		}
	}
}

// TestCutOffPackage reads a package of which the end is missing.
func TestCutOffPackage(t *testing.T) {
	body := locked(t)["agile.xlsx"]
	if x := inspectWith(t, body[:len(body)/2], sesame); len(x.Skips()) == 0 {
		t.Errorf("nothing is told:\n%s", x)
	}
}

// TestDearPasswords declares more rounds than a password may cost, which is told
// at once.
func TestDearPasswords(t *testing.T) {
	const rounds = `spinCount="100000"`
	body := locked(t)["agile.xlsx"]
	c, err := open(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, name := range []string{"EncryptionInfo", "EncryptedPackage"} {
		b, err := c.stream(c.root.find(name)).bytes(maxStream)
		if err != nil {
			t.Fatal(err)
		}
		f[name] = string(b)
	}
	if !strings.Contains(f["EncryptionInfo"], rounds) {
		t.Fatal("rounds are written otherwise")
	}
	for _, n := range []int{-1, maxPackageRounds + 1, 1 << 31} {
		f["EncryptionInfo"] = strings.Replace(f["EncryptionInfo"], rounds, `spinCount="`+strconv.Itoa(n)+`"`, 1)
		start := time.Now()
		x := inspectWith(t, compoundFile(f), sesame)
		if d := time.Since(start); strings.Join(x.Skips(), " ") != "encrypted" || d > 5*time.Second {
			t.Errorf("%d rounds took %v:\n%s", n, d, x)
		}
		f["EncryptionInfo"] = strings.Replace(f["EncryptionInfo"], `spinCount="`+strconv.Itoa(n)+`"`, rounds, 1)
	}
}

func FuzzEncryptionInfo(f *testing.F) {
	for name, body := range locked(f) {
		if c, err := open(bytes.NewReader(body), int64(len(body))); err == nil && c.root.find("EncryptionInfo") != nil {
			info, _ := c.stream(c.root.find("EncryptionInfo")).bytes(maxStream)
			content, _ := c.stream(c.root.find("EncryptedPackage")).bytes(maxStream)
			f.Add(bytes.ReplaceAll(info, []byte(`"100000"`), []byte(`"10"`)), content)
		} else if err != nil {
			f.Error(name, err)
		}
	}
	f.Fuzz(func(t *testing.T, info, content []byte) {
		inspectWith(t, compoundFile(files{"EncryptionInfo": string(info), "EncryptedPackage": string(content)}), sesame)
	})
}

// FuzzLegacy changes the files whose streams are encrypted, with the password at
// hand.
func FuzzLegacy(f *testing.F) {
	for name, body := range locked(f) {
		if strings.HasPrefix(name, "rc4") {
			f.Add(body)
		}
	}
	f.Add(compoundFile(lockedShow(box(ppt(pptTextChars, 0, 0, wide(person))))))
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		inspectWith(t, bytes.Clone(body), sesame)
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// What one password costs with the rounds that Office asks for.
func BenchmarkPassword(b *testing.B) {
	for _, name := range []string{"agile.xlsx", "standard.docx"} {
		body := locked(b)[name]
		c, err := open(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			b.Fatal(err)
		}
		info, _ := c.stream(c.root.find("EncryptionInfo")).bytes(maxStream)
		lock := lockOf(info)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if lock.open("wrong") != nil {
					b.Fatal("opens")
				}
			}
		})
	}
}
