package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const segmentSuffix = ".jsonl"

// segment is one file of the log; its name is the number of its first record.
type segment struct {
	name   string
	first  uint64
	size   int64   // unpacked
	packed *footer // nil if plain
}

func segmentStem(first uint64) string { return fmt.Sprintf("%020d", first) }
func segmentName(first uint64) string { return segmentStem(first) + segmentSuffix }

// segments lists the segments of dir in order. Other files are left out. Of one
// that is there both plain and packed, the plain one counts.
func segments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list audit segments: %w", err)
	}
	var s []segment
	for _, e := range entries {
		digits, plain := strings.CutSuffix(e.Name(), segmentSuffix)
		digits, packed := strings.CutSuffix(digits, packedSuffix)
		if plain == packed || len(digits) != 20 || !e.Type().IsRegular() {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // packed or expired meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list audit segments: %w", err)
		}
		one := segment{name: e.Name(), first: first, size: info.Size()}
		if packed {
			one.describe(dir)
		}
		s = append(s, one)
	}
	slices.SortFunc(s, func(a, b segment) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(s, func(a, b segment) bool { return a.first == b.first }), nil
}

// describe reads what a packed segment says of itself. A damaged one is told
// by whoever reads it.
func (s *segment) describe(dir string) {
	s.packed = &footer{first: s.first}
	f, err := os.Open(filepath.Join(dir, s.name))
	if err != nil {
		return
	}
	defer f.Close()
	if foot, err := readFooter(f, s.size); err == nil {
		s.packed, s.size = &foot, foot.size
	}
}

// lineReader reads a segment line by line.
type lineReader struct {
	f    *os.File
	zip  *packedReader // nil if plain
	b    *bufio.Reader
	long []byte
	line int   // number of the line last read, from 1
	off  int64 // offset after it
}

func openLines(dir string, s segment) (*lineReader, error) {
	packed := s.packed != nil
	f, err := os.Open(filepath.Join(dir, s.name))
	if errors.Is(err, fs.ErrNotExist) && !packed {
		packed = true // since it was listed
		f, err = os.Open(filepath.Join(dir, segmentStem(s.first)+packedSuffix))
	}
	if err != nil {
		return nil, fmt.Errorf("open audit segment: %w", err)
	}
	l := &lineReader{f: f}
	var from io.Reader = f
	if packed {
		if l.zip, err = newPackedReader(f); err != nil {
			f.Close()
			return nil, fmt.Errorf("open audit segment %s: %w", s.name, err)
		}
		if l.zip.first != s.first {
			l.Close()
			return nil, fmt.Errorf("open audit segment %s: %w", s.name, damaged{errors.New("it was renamed")})
		}
		from = l.zip
	}
	l.b = bufio.NewReaderSize(from, 256<<10)
	return l, nil
}

func (l *lineReader) Close() error {
	if l.zip != nil {
		l.zip.Close()
	}
	return l.f.Close()
}

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

// eachLine calls fn for the records of the log in dir from number from on, as
// they stand there: neither hashes nor order are checked. What is not whole at
// the end is passed over.
func eachLine(dir string, from uint64, fn func(s segment, line int, r *raw, text []byte) error) error {
	segs, err := segments(dir)
	if err != nil {
		return err
	}
	for len(segs) > 1 && segs[1].first <= from {
		segs = segs[1:]
	}
	for _, s := range segs {
		if err := s.each(dir, from, fn); err != nil {
			return err
		}
	}
	return nil
}

func (s segment) each(dir string, from uint64, fn func(s segment, line int, r *raw, text []byte) error) error {
	in, err := openLines(dir, s)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		text, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if unfinished(text) {
			continue
		}
		var r raw
		if err := parseLine(text, &r); err != nil {
			return fmt.Errorf("%s:%d: %w", s.name, in.line, err)
		}
		if r.seq < from {
			continue
		}
		if err := fn(s, in.line, &r, text); err != nil {
			return err
		}
	}
}

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
