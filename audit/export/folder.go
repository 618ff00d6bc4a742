package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder writes each batch to a new file that is never touched again, as storage
// that takes every file once wants it. Names rise with the records.
type folder struct{ path, format string }

func (s folder) send(_ context.Context, items []Item) error {
	var b bytes.Buffer
	for i := range items {
		b.Write(items[i].Line)
		b.WriteByte('\n')
	}
	first, last := &items[0], &items[len(items)-1]
	name := fmt.Sprintf("%020d-%020d", first.Seq, last.Seq)
	if first.Note > 0 {
		name = fmt.Sprintf("checkpoint-%010d", first.Note)
	}
	if err := PutOnce(s.path, name+"."+s.format, b.Bytes()); err != nil {
		return fmt.Errorf("export to folder: %w", err)
	}
	return nil
}

// maxAgain bounds how often one batch is begun anew.
const maxAgain = 100

// PutOnce writes a file that is not written again, with a number in its name if
// that is taken. One that holds the same is as good; one that is cut off stays, for
// on storage that takes every file once nothing can be done about it.
func PutOnce(dir, name string, b []byte) error {
	for n := range maxAgain {
		path := filepath.Join(dir, name)
		if n > 0 {
			ext := filepath.Ext(name)
			path = fmt.Sprintf("%s.%d%s", strings.TrimSuffix(path, ext), n, ext)
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o440)
		if errors.Is(err, fs.ErrExist) {
			if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, b) {
				return nil
			}
			continue
		}
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Sync(), f.Close())
	}
	return fmt.Errorf("%s was begun %d times and is whole in none", name, maxAgain)
}

func (s folder) close() error { return nil }
