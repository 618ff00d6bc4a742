package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/zstd"
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

// writeTable writes the front-coded form that dict.Table reads.
func writeTable(out, name string, words map[string]byte) error {
	keys := slices.Sorted(maps.Keys(words))
	b := binary.AppendUvarint(nil, uint64(len(keys)))
	n := len(b)
	b = append(b, make([]byte, 3*len(keys))...)
	prev := ""
	for i, k := range keys {
		shared := 0
		for shared < min(len(prev), len(k)) && prev[shared] == k[shared] {
			shared++
		}
		if len(k) > 255 {
			return fmt.Errorf("%s: word of %d bytes", name, len(k))
		}
		b[n+i], b[n+len(keys)+i], b[n+2*len(keys)+i] = byte(shared), byte(len(k)-shared), words[k]
		b = append(b, k[shared:]...)
		prev = k
	}
	log.Printf("%-22s %7d words", name, len(keys))
	return writePacked(out, name, b)
}

func writePacked(out, name string, b []byte) error {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := z.EncodeAll(b, nil)
	log.Printf("%-22s %7d bytes from %d", name, len(packed), len(b))
	return os.WriteFile(filepath.Join(out, name), packed, 0o644)
}
