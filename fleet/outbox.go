package fleet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// item is one thing that a node tells the others.
type item struct {
	N    uint64          `json:"n"`
	Kind string          `json:"k"`
	Data json.RawMessage `json:"d"`
}

// The kinds of items.
const (
	itemPast    = "past"    // history.Entry
	itemRelease = "release" // as package release words it
	itemConfirm = "confirm" // confirmation
)

// outbox keeps on disk what is to be told to the others until it was: a folder
// of files of JSON lines, an item each. Items are numbered upwards; numbers
// begin anew, with the time, at every start, so that none stands for two items
// even where a power loss or a new disk took some away. An item survives a kill
// of the process as soon as put returns, a power loss where put was asked to
// wait for the disk. Safe for concurrent use.
type outbox struct {
	dir string
	max int64 // bytes

	mu    sync.Mutex
	files []outFile // oldest first
	f     *os.File  // the last one; nil before the first put
	buf   []byte
	next  uint64
	bytes int64

	// Where the last read ended.
	readN    uint64
	readFile uint64 // its first number
	readOff  int64
}

// outFile is one file of an outbox; it is named by its first number.
type outFile struct {
	first, last uint64
	size        int64
}

const (
	outSuffix  = ".jsonl"
	outSegment = 4 << 20
)

// errOutboxFull: the engine was away for so long that no more can wait for it.
var errOutboxFull = errors.New("what waits for the fleet's engine has filled its share of the disk")

func openOutbox(dir string, limit int64) (*outbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o := &outbox{dir: dir, max: limit, next: uint64(time.Now().UnixMicro())}
	names, err := filepath.Glob(filepath.Join(dir, "*"+outSuffix))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		first, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), outSuffix), 10, 64)
		if err != nil {
			continue
		}
		f, err := mend(name, first)
		if err != nil {
			return nil, err
		}
		if f.size == 0 {
			if err := os.Remove(name); err != nil {
				return nil, err
			}
			continue
		}
		o.files = append(o.files, f)
		o.bytes += f.size
		o.next = max(o.next, f.last+1)
	}
	return o, nil
}

// mend cuts a last line that was not written whole and tells what is left.
func mend(name string, first uint64) (outFile, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return outFile{}, err
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	if whole < len(b) {
		if err := os.Truncate(name, int64(whole)); err != nil {
			return outFile{}, err
		}
	}
	f := outFile{first: first, size: int64(whole)}
	if whole > 0 {
		last := b[bytes.LastIndexByte(b[:whole-1], '\n')+1 : whole]
		var it item
		if err := json.Unmarshal(last, &it); err != nil {
			return f, fmt.Errorf("%s is damaged: %w", filepath.Base(name), err)
		}
		f.last = it.N
	}
	return f, nil
}

func (o *outbox) file(first uint64) string {
	return filepath.Join(o.dir, fmt.Sprintf("%020d%s", first, outSuffix))
}

// put adds an item and returns its number. With sure it waits for the disk.
func (o *outbox) put(kind string, data []byte, sure bool) (uint64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.next
	o.buf = append(strconv.AppendUint(append(o.buf[:0], `{"n":`...), n, 10), `,"k":"`...)
	o.buf = append(append(append(append(o.buf, kind...), `","d":`...), data...), "}\n"...)
	if o.bytes+int64(len(o.buf)) > o.max {
		return 0, errOutboxFull
	}
	if o.f == nil || o.files[len(o.files)-1].size >= outSegment {
		if err := o.begin(n); err != nil {
			return 0, fmt.Errorf("keep for the fleet: %w", err)
		}
	}
	last := &o.files[len(o.files)-1]
	if k, err := o.f.Write(o.buf); err != nil {
		if k > 0 { // take the part back, or begin anew after it
			_ = o.f.Truncate(last.size)
			_ = o.close1()
		}
		return 0, fmt.Errorf("keep for the fleet: %w", err)
	}
	o.next++
	last.last, last.size = n, last.size+int64(len(o.buf))
	o.bytes += int64(len(o.buf))
	if sure {
		if err := o.f.Sync(); err != nil {
			return n, fmt.Errorf("keep for the fleet: %w", err)
		}
	}
	return n, nil
}

// begin starts a file whose first item is n.
func (o *outbox) begin(n uint64) error {
	if err := o.close1(); err != nil {
		return err
	}
	f, err := os.OpenFile(o.file(n), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	o.f = f
	o.files = append(o.files, outFile{first: n})
	return nil
}

func (o *outbox) close1() error {
	if o.f == nil {
		return nil
	}
	f := o.f
	o.f = nil
	return f.Close()
}

func (o *outbox) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.close1()
}

// read returns the items after a number as they stand there, a line each, up to
// some bytes; last is the number of the last one, 0 if there is none.
func (o *outbox) read(after uint64, limit int) (lines []byte, first, last uint64, err error) {
	o.mu.Lock()
	files := slices.Clone(o.files)
	n, at, off := o.readN, o.readFile, o.readOff
	o.mu.Unlock()
	for _, f := range files {
		if f.last <= after || f.size == 0 {
			continue
		}
		from := int64(0)
		if n == after && at == f.first {
			from = off
		}
		lines, first, last, off, err = o.readFrom(f, from, after, limit)
		if err != nil || last > 0 {
			o.mu.Lock()
			o.readN, o.readFile, o.readOff = last, f.first, off
			o.mu.Unlock()
			return lines, first, last, err
		}
	}
	return nil, 0, 0, nil
}

func (o *outbox) readFrom(of outFile, from int64, after uint64, limit int) (lines []byte, first, last uint64, end int64, err error) {
	f, err := os.Open(o.file(of.first))
	if err != nil {
		return nil, 0, 0, 0, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(io.NewSectionReader(f, from, of.size-from), 64<<10)
	for end = from; len(lines) < limit; {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, 0, 0, 0, err
		}
		end += int64(len(line))
		n, err := itemNumber(line)
		if err != nil {
			return nil, 0, 0, 0, err
		}
		if n <= after {
			continue
		}
		if first == 0 {
			first = n
		}
		last = n
		lines = append(lines, line...)
	}
	return lines, first, last, end, nil
}

// itemNumber reads the number of an item's line, which comes first.
func itemNumber(line []byte) (uint64, error) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"n":`))
	i := bytes.IndexByte(rest, ',')
	if !ok || i < 0 {
		return 0, errors.New("an item that waits for the fleet is damaged")
	}
	return strconv.ParseUint(string(rest[:i]), 10, 64)
}

// trim drops files that hold nothing after a number.
func (o *outbox) trim(upTo uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.files) > 0 && o.files[0].last <= upTo && o.files[0].size > 0 {
		if len(o.files) == 1 {
			// The file being written is dropped once it is worth it.
			if o.files[0].size < outSegment/4 {
				return nil
			}
			if err := o.close1(); err != nil {
				return err
			}
		}
		if err := os.Remove(o.file(o.files[0].first)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		o.bytes -= o.files[0].size
		o.files = o.files[1:]
	}
	return nil
}

// waits tells how many bytes there are, and the last number.
func (o *outbox) waits() (bytes int64, last uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.files) > 0 {
		last = o.files[len(o.files)-1].last
	}
	return o.bytes, last
}
