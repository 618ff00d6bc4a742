package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
	"github.com/sekimori-dlp/sekimori/inspect/dict/internal/lists"
)

// tarFiles reads a tar archive into name → contents.
func tarFiles(r io.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			return nil, err
		}
	}
}

func tgzFiles(r io.Reader) (map[string][]byte, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	return tarFiles(z)
}

// table is a list of words with a byte each, which is its column in dict's rows.
type table map[string]byte

// writeLists writes tables as the package lists has them, in which each word has a
// byte of each.
func writeLists(out, name string, tables ...table) error {
	words := map[string][]byte{}
	for i, t := range tables {
		for w, info := range t {
			if words[w] == nil {
				words[w] = make([]byte, len(tables))
			}
			words[w][i] = info
		}
	}
	b, err := lists.Build(words)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return write(out, name, b)
}

// part is what of a table keep accepts.
func (t table) part(keep func(word string, info dict.Info) bool) table {
	p := table{}
	for w, info := range t {
		if keep(w, dict.Info(info)) {
			p[w] = info
		}
	}
	return p
}

// writeText writes a table for those who want to see all its words.
func writeText(out, name string, t table) error {
	b, err := lists.AppendText(nil, t)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return write(out, name, b)
}

func write(out, name string, b []byte) error {
	log.Printf("%-16s %7d bytes", name, len(b))
	return os.WriteFile(filepath.Join(out, name), b, 0o644)
}

func writePacked(out, name string, b []byte) error {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return write(out, name, z.EncodeAll(b, nil))
}
