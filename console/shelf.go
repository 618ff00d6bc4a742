package console

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/audit/report"
	"github.com/sekimori-dlp/sekimori/console/account"
)

// shelf keeps finished reports in a folder, one file each: a line that says what
// it is, and the report. They can be made again from the record at any time, so
// the oldest give way.
type shelf struct{ dir string }

// keptReports is how many are kept.
const keptReports = 60

// kept says what a report is.
type kept struct {
	Name string    `json:"name"`
	By   string    `json:"by"`
	Made time.Time `json:"made"`
}

const shelfSuffix = ".report"

func (s shelf) file(name string) string { return filepath.Join(s.dir, name+shelfSuffix) }

// put keeps a report; name has been checked to be a period's.
func (s shelf) put(k kept, r *report.Report) error {
	head, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("keep a report: %w", err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("keep a report: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("keep a report: %w", err)
	}
	if err := account.WriteFile(s.file(k.Name), slices.Concat(head, []byte("\n"), body, []byte("\n"))); err != nil {
		return fmt.Errorf("keep a report: %w", err)
	}
	all, err := s.list()
	for i := keptReports; err == nil && i < len(all); i++ {
		err = os.Remove(s.file(all[i].Name))
	}
	return err
}

// Shelve keeps a report that was made by itself, to be looked at like the others.
func (c *Console) Shelve(p report.Period, r *report.Report) error {
	return c.shelf.put(kept{Name: p.Name, Made: r.Made}, r)
}

// get reads a report; ok is false if there is none.
func (s shelf) get(name string) (k kept, r *report.Report, ok bool, err error) {
	b, err := os.ReadFile(s.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil, false, nil
	}
	if err == nil {
		head, body, _ := strings.Cut(string(b), "\n")
		r = new(report.Report)
		err = errors.Join(json.Unmarshal([]byte(head), &k), json.Unmarshal([]byte(body), r))
	}
	if err != nil {
		return kept{}, nil, false, fmt.Errorf("read the report %s: %w", name, err)
	}
	return k, r, true, nil
}

// list lists what is kept, the newest first. What cannot be read is left out.
func (s shelf) list() ([]kept, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, "*"+shelfSuffix))
	if err != nil {
		return nil, fmt.Errorf("list the reports: %w", err)
	}
	var all []kept
	for _, n := range names {
		if k, err := head(n); err == nil {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b kept) int { return b.Made.Compare(a.Made) })
	return all, nil
}

func head(file string) (k kept, err error) {
	f, err := os.Open(file)
	if err != nil {
		return k, err
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &k)
	}
	return k, err
}
