package accuracy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Read reads sets: files of JSON lines, one Document each, or folders of
// *.jsonl. A set is named for its file.
func Read(paths ...string) ([]Set, error) {
	var files []string
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			found, err := filepath.Glob(filepath.Join(p, "*.jsonl"))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
			continue
		}
		files = append(files, p)
	}
	if len(files) == 0 {
		return nil, errors.New("no sets: name files of JSON lines, or a folder of them")
	}
	var sets []Set
	for _, f := range files {
		docs, err := readSet(f)
		if err != nil {
			return nil, err
		}
		sets = append(sets, Set{strings.TrimSuffix(filepath.Base(f), ".jsonl"), docs})
	}
	return sets, nil
}

func readSet(path string) ([]Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var docs []Document
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var doc Document
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: document %d: %w", path, len(docs)+1, err)
		}
		if err := doc.check(); err != nil {
			return nil, fmt.Errorf("%s: document %d: %w", path, len(docs)+1, err)
		}
		docs = append(docs, doc)
	}
}

// check reports spans that do not lie in the text.
func (d *Document) check() error {
	n := utf8.RuneCountInString(d.Text)
	for _, s := range d.Spans {
		if s.Start < 0 || s.End <= s.Start || s.End > n {
			return fmt.Errorf("%s: span %d to %d in a text of %d code points", d.ID, s.Start, s.End, n)
		}
	}
	return nil
}

// Write writes every set to a file of JSON lines in a folder, which it makes.
func Write(folder string, sets []Set) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, s := range sets {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		for i := range s.Documents {
			if err := e.Encode(&s.Documents[i]); err != nil {
				return fmt.Errorf("%s: %w", s.Documents[i].ID, err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, s.Name+".jsonl"), []byte(b.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
