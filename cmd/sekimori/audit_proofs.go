package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
	"github.com/sekimori-dlp/sekimori/audit/export"
	"github.com/sekimori-dlp/sekimori/audit/witness"
)

// stateFlags are --data and --config, of every command on a log.
type stateFlags struct{ data, config *string }

func (s stateFlags) open() (*config, string, error) { return auditDir(*s.config, *s.data) }

// logKey is the log's public key: what was given, or the installation's own.
// Without either it is nil.
func logKey(cfg *config, given string) (note.Verifier, error) {
	if given != "" {
		return checkpoint.ParseKey(given)
	}
	k, err := checkpoint.ReadLogKey(cfg.logKeyFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return k.Verifier, nil
}

func runAuditKey(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	s := stateFlags{f.String("data", "", "the state `FOLDER` (default "+defaultData+")"), f.String("config", "", "the installation's configuration `FILE`")}
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	cfg, err := stateConfig(*s.config, *s.data)
	if err != nil {
		return err
	}
	k, err := checkpoint.OpenLogKey(cfg.logKeyFile())
	if err != nil {
		return fmt.Errorf("audit key: %w", err)
	}
	for _, made := range []string{cfg.folder("keys"), cfg.logKeyFile()} {
		follow(made, cfg.Data)
	}
	fmt.Fprintln(p.stdout, k.Public)
	return nil
}

func runAuditCheckpoint(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	s := stateFlags{f.String("data", "", "the state `FOLDER` (default "+defaultData+")"), f.String("config", "", "the installation's configuration `FILE`")}
	over := f.Uint64("over", 0, "the first one over at least `N` records (default the last one)")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	_, dir, err := s.open()
	if err != nil {
		return err
	}
	n, err := audit.CheckpointOver(dir, *over)
	if err != nil {
		return fmt.Errorf("audit checkpoint: %w", err)
	}
	_, err = p.stdout.Write(n.Note)
	return err
}

func runAuditProve(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	s := stateFlags{f.String("data", "", "the state `FOLDER` (default "+defaultData+")"), f.String("config", "", "the installation's configuration `FILE`")}
	record := f.Uint64("record", 0, "prove that record `N` is in the log")
	show := f.Bool("show", false, "put the record itself into the proof, not its hash alone")
	from := f.String("from", "", "prove growth from this checkpoint: a `FILE`, or N for the first over at least N records")
	to := f.String("to", "", "the checkpoint to prove it against, likewise (default the last one)")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if err := noArguments(c, rest); err != nil {
		return err
	}
	if (*record == 0) == (*from == "") {
		return errors.New("audit prove: name either --record or --from")
	}
	_, dir, err := s.open()
	if err != nil {
		return err
	}
	proof, err := prove(dir, *record, *show, *from, *to)
	if err != nil {
		return fmt.Errorf("audit prove: %w", err)
	}
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	return e.Encode(proof)
}

func prove(dir string, record uint64, show bool, from, to string) (*checkpoint.Proof, error) {
	upper, err := anyCheckpoint(dir, to)
	if err != nil {
		return nil, err
	}
	p := &checkpoint.Proof{To: string(upper.Note)}
	if from != "" {
		lower, err := anyCheckpoint(dir, from)
		if err != nil {
			return nil, err
		}
		p.From = string(lower.Note)
		p.Hashes, err = audit.ProveGrowth(dir, lower.Size, upper.Size)
		return p, err
	}
	line, hash, err := audit.Line(dir, record)
	if err != nil {
		return nil, err
	}
	p.Record = &checkpoint.Leaf{Seq: record, Hash: hash.String()}
	if show {
		p.Record.Line = string(line)
	}
	p.Hashes, err = audit.ProveRecord(dir, record, upper.Size)
	return p, err
}

// anyCheckpoint reads a checkpoint from a file, or finds one in the log.
func anyCheckpoint(dir, which string) (audit.Signed, error) {
	if which == "" {
		return audit.CheckpointOver(dir, 0)
	}
	if n, err := strconv.ParseUint(which, 10, 64); err == nil {
		return audit.CheckpointOver(dir, max(n, 1))
	}
	b, err := os.ReadFile(which)
	if err != nil {
		return audit.Signed{}, err
	}
	text, _, _ := strings.Cut(string(b), "\n\n")
	c, err := checkpoint.Parse(text + "\n")
	if err != nil {
		return audit.Signed{}, fmt.Errorf("%s: %w", which, err)
	}
	return audit.Signed{Checkpoint: c, Note: b}, nil
}

func runAuditCheckProof(_ context.Context, p *program, c *command, args []string) error {
	f := p.flags(c)
	s := stateFlags{f.String("data", "", "the state `FOLDER` whose key is trusted (default "+defaultData+")"), f.String("config", "", "the installation's configuration `FILE`")}
	var keys list
	f.Var(&keys, "key", "a public `KEY` that is trusted instead: of the log, or of a witness that cosigned; may be given several times")
	rest, err := p.parse(c, f, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return errors.New("audit check-proof: name one file, or - for standard input")
	}
	var b []byte
	if rest[0] == "-" {
		b, err = io.ReadAll(io.LimitReader(p.stdin, 16<<20))
	} else {
		b, err = os.ReadFile(rest[0])
	}
	if err != nil {
		return fmt.Errorf("audit check-proof: %w", err)
	}
	var known []note.Verifier
	for _, k := range keys {
		v, err := checkpoint.ParseKey(k)
		if err != nil {
			return fmt.Errorf("audit check-proof: %w", err)
		}
		known = append(known, v)
	}
	if len(known) == 0 {
		cfg, err := stateConfig(*s.config, *s.data)
		if err != nil {
			return err
		}
		v, err := logKey(cfg, "")
		if err != nil || v == nil {
			return errors.Join(errors.New("audit check-proof: name the key that is trusted with --key"), err)
		}
		known = append(known, v)
	}
	proof, err := checkpoint.ParseProof(b)
	if err != nil {
		return fmt.Errorf("audit check-proof: %w", err)
	}
	says, err := proof.Check(audit.LineHash, known...)
	if err != nil {
		fmt.Fprintf(p.stdout, "BAD: %v\n", err)
		return errFound
	}
	fmt.Fprintf(p.stdout, "ok: %s\n", says)
	return nil
}

// keptNotes reads the checkpoints in a file or a folder: one as "audit checkpoint"
// prints it, all that an export sent, or those in a report.
func keptNotes(name string) (notes [][]byte, err error) {
	files := []string{name}
	if info, err := os.Stat(name); err != nil {
		return nil, err
	} else if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(name, "*")); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found := export.Notes(b)
		if len(found) == 0 && len(files) == 1 {
			found = [][]byte{b}
		}
		notes = append(notes, found...)
	}
	if len(notes) == 0 {
		return nil, fmt.Errorf("%s: there is no checkpoint in it", name)
	}
	return notes, nil
}

// outside collects what others hold: files, witnesses that are asked now, and
// what the configured witnesses have cosigned, as it is kept here.
func (p *program) outside(ctx context.Context, cfg *config, files, urls, keys []string, log note.Verifier) ([]checkpoint.Checkpoint, error) {
	var known []note.Verifier
	for _, k := range keys {
		v, err := checkpoint.ParseKey(k)
		if err != nil {
			return nil, err
		}
		known = append(known, v)
	}
	var all []checkpoint.Checkpoint
	for _, file := range files {
		notes, err := keptNotes(file)
		if err != nil {
			return nil, err
		}
		trusted := known
		if log != nil {
			trusted = append(trusted[:len(trusted):len(trusted)], log)
		}
		for _, b := range notes {
			c, _, err := checkpoint.Open(b, trusted...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			all = append(all, c)
		}
	}
	if len(urls) > 0 && len(urls) != len(keys) {
		return nil, errors.New("each --witness needs its --key")
	}
	client := &http.Client{Timeout: 30 * time.Second}
	for i, url := range urls {
		origin := ""
		if log != nil {
			origin = log.Name()
		}
		c, at, err := witness.Fetch(ctx, url, origin, known[i], client)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(p.stderr, "%s cosigned %d records at %s\n", known[i].Name(), c.Size, at.Local().Format(time.DateTime))
		all = append(all, c)
	}
	for _, w := range cfg.Audit.Witnesses {
		kept, err := witness.NewClient(w.URL, w.Key, cfg.folder("witness"), nil, client)
		if err != nil {
			return nil, err
		}
		if s := kept.Status(); !s.At.IsZero() {
			all = append(all, s.Cosigned)
		}
	}
	if log != nil {
		for _, c := range all {
			if c.Origin != log.Name() {
				return nil, fmt.Errorf("a checkpoint is of the log %s, and this one is %s", c.Origin, log.Name())
			}
		}
	}
	return all, nil
}
