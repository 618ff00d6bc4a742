package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const segmentSuffix = ".jsonl"

// segment is one file of the log; its name is the number of its first record.
type segment struct {
	name  string
	first uint64
	size  int64
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

// segments lists the segments of dir in order. Other files are left out.
func segments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list audit segments: %w", err)
	}
	var s []segment
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok || len(digits) != 20 || !e.Type().IsRegular() {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("list audit segments: %w", err)
		}
		s = append(s, segment{e.Name(), first, info.Size()})
	}
	slices.SortFunc(s, func(a, b segment) int { return strings.Compare(a.name, b.name) })
	return s, nil
}

// lineReader reads a segment line by line.
type lineReader struct {
	f    *os.File
	b    *bufio.Reader
	long []byte
	line int   // number of the line last read, from 1
	off  int64 // offset after it
}

func openLines(dir string, s segment) (*lineReader, error) {
	f, err := os.Open(filepath.Join(dir, s.name))
	if err != nil {
		return nil, fmt.Errorf("open audit segment: %w", err)
	}
	return &lineReader{f: f, b: bufio.NewReaderSize(f, 256<<10)}, nil
}

func (l *lineReader) Close() error { return l.f.Close() }

// next returns the next line with its newline, valid until the next call. The
// last line may lack the newline; after it comes io.EOF. A line over maxLine
// is cut there, so it will not parse.
func (l *lineReader) next() ([]byte, error) {
	l.long = l.long[:0]
	for {
		b, err := l.b.ReadSlice('\n')
		if len(l.long) == 0 && err == nil {
			l.step(b)
			return b, nil
		}
		l.long = append(l.long, b...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= maxLine:
			continue
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			if len(l.long) == 0 {
				return nil, io.EOF
			}
		default:
			return nil, fmt.Errorf("read audit segment: %w", err)
		}
		l.step(l.long)
		return l.long, nil
	}
}

func (l *lineReader) step(b []byte) { l.line++; l.off += int64(len(b)) }

// unfinished reports whether a line was cut off before its newline.
func unfinished(line []byte) bool { return line[len(line)-1] != '\n' }

// file is what the log asks of a file. Tests put failing ones in its place.
type file interface {
	io.Writer
	io.WriterAt
	Sync() error
	Close() error
}

// openFile is the opener outside of tests.
func openFile(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return dataFile{f}, nil
}

// dataFile syncs data and size but not the times, which nobody needs.
type dataFile struct{ *os.File }

func (f dataFile) Sync() error { return dataSync(f.File) }

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return ignoreUnsupported(d.Sync())
}
