package audit

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Progress is told how far a long run is, in bytes. It may be nil.
type Progress func(done, total int64)

func (p Progress) tell(done, total int64) {
	if p != nil {
		p(done, total)
	}
}

// progressStep is how many bytes lie between two calls of a Progress.
const progressStep = 1 << 20

// Result is what Verify found.
type Result struct {
	Records  uint64  `json:"records"` // that are as they were written
	Segments int     `json:"segments"`
	Bytes    int64   `json:"bytes"`
	Last     Receipt `json:"last"`           // the last good record
	Bad      *Bad    `json:"bad,omitempty"`  // the first bad one
	Torn     int64   `json:"torn,omitempty"` // bytes of an unfinished, never acknowledged end
}

// Bad names the first record that is not as it was written.
type Bad struct {
	Segment string `json:"segment,omitempty"`
	Line    int    `json:"line,omitempty"` // from 1
	Seq     uint64 `json:"seq,omitempty"`
	What    string `json:"what"`
}

// String tells it to a person.
func (b Bad) String() string {
	if b.Segment == "" {
		return b.What
	}
	return fmt.Sprintf("%s:%d: record %d: %s", b.Segment, b.Line, b.Seq, b.What)
}

// Verify checks every record of the log in dir and that none is missing, up to
// the last one that was acknowledged. The error says that the check could not
// be done; what the check found is in Result. It may run beside an open Log.
// FORMAT.md says what it proves.
func Verify(dir string, p Progress) (Result, error) {
	var res Result
	v := verifier{res: &res, chain: chain{h: newHasher()}}
	if err := v.run(dir, p); err != nil {
		return res, fmt.Errorf("verify audit log %s: %w", dir, err)
	}
	res.Records, res.Last = v.chain.seq, Receipt{v.chain.seq, v.chain.last}
	return res, nil
}

type verifier struct {
	res   *Result
	chain chain
	mark  headMark
	total int64
	told  int64
}

func (v *verifier) run(dir string, p Progress) error {
	// The head first: what it names must be found, whatever is appended
	// meanwhile.
	headless := v.readHead(dir)
	segs, err := segments(dir)
	if err != nil {
		return err
	}
	if len(segs) == 0 && headless != nil {
		if _, err := os.Stat(filepath.Join(dir, headFile)); err != nil {
			return fmt.Errorf("no audit log here: %w", fs.ErrNotExist)
		}
	}
	for _, s := range segs {
		v.total += s.size
	}
	for i, s := range segs {
		v.res.Segments++
		if s.first != v.chain.seq+1 {
			v.res.Bad = &Bad{s.name, 1, v.chain.seq + 1, fmt.Sprintf("segment begins with record %d where %d belongs", s.first, v.chain.seq+1)}
			return nil
		}
		if err := v.segment(dir, s, i == len(segs)-1, p); err != nil || v.res.Bad != nil {
			return err
		}
	}
	p.tell(v.total, v.total)
	if v.chain.seq < v.mark.Seq {
		last := Bad{Line: 1, What: fmt.Sprintf("record is missing: %d were acknowledged", v.mark.Seq), Seq: v.chain.seq + 1}
		if len(segs) > 0 {
			last.Segment, last.Line = segs[len(segs)-1].name, int(v.chain.seq-segs[len(segs)-1].first)+2
		}
		v.res.Bad = &last
	}
	if v.res.Bad == nil {
		v.res.Bad = headless
	}
	return nil
}

// readHead returns what is wrong with the head: without it nobody can say that
// the end of the log is all there.
func (v *verifier) readHead(dir string) *Bad {
	key, err := readKey(dir)
	if err != nil {
		return &Bad{What: err.Error()}
	}
	var wrong string
	v.mark, wrong, err = readHead(dir, key)
	if err != nil {
		return &Bad{What: err.Error()}
	}
	if wrong != "" {
		return &Bad{What: "audit head: " + wrong}
	}
	return nil
}

func (v *verifier) segment(dir string, s segment, last bool, p Progress) error {
	r, err := openLines(dir, s)
	if err != nil {
		return err
	}
	defer r.Close()
	before := v.res.Bytes
	for {
		text, err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		v.res.Bytes = before + r.off
		if v.res.Bytes-v.told >= progressStep {
			v.told = v.res.Bytes
			p.tell(v.told, max(v.told, v.total))
		}
		if unfinished(text) && last && v.chain.seq >= v.mark.Seq {
			v.res.Torn = int64(len(text))
			return nil
		}
		var rec raw
		wrong := v.chain.follow(text, &rec)
		if wrong == "" && rec.seq == v.mark.Seq && rec.hash != v.mark.Hash {
			wrong = "it is not the record that was acknowledged"
		}
		if wrong != "" {
			v.res.Bad = &Bad{s.name, r.line, v.chain.seq + 1, wrong}
			return nil
		}
	}
}
