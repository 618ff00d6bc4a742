package audit

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekimori-dlp/sekimori/audit/checkpoint"
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
	First    uint64  `json:"first"`   // the first record that is kept; those before have expired
	Records  uint64  `json:"records"` // that are as they were written
	Segments int     `json:"segments"`
	Bytes    int64   `json:"bytes"`          // of records, unpacked
	Last     Receipt `json:"last"`           // the last good record
	Bad      *Bad    `json:"bad,omitempty"`  // the first bad one
	Torn     int64   `json:"torn,omitempty"` // bytes of an unfinished, never acknowledged end

	Checkpoints uint64                 `json:"checkpoints"`             // read and, with Check.Keys, their signatures checked
	Checkpoint  *checkpoint.Checkpoint `json:"checkpoint,omitempty"`    // the last one
	Unsigned    bool                   `json:"unsigned,omitempty"`      // signatures were not checked: no key was given
	Silences    []Silence              `json:"silences,omitempty"`      // at most maxSilences
	MoreSilence int                    `json:"more_silences,omitempty"` // those beyond
	Outside     int                    `json:"outside,omitempty"`       // checkpoints of others that the log agrees with
	Unproved    []uint64               `json:"unproved,omitempty"`      // sizes of checkpoints of others that lie before what is kept and could not be compared
	Unwitnessed uint64                 `json:"after_outside,omitempty"` // records after the last of those
}

// Silence is a time in which no checkpoint was made although one was due.
type Silence struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Record  uint64    `json:"record"`  // the last one before
	Stopped bool      `json:"stopped"` // the record says that the program was stopped or started meanwhile
}

const maxSilences = 100

// Bad names the first record that is not as it was written.
type Bad struct {
	Segment string `json:"segment,omitempty"` // the file
	Line    int    `json:"line,omitempty"`    // from 1
	Seq     uint64 `json:"seq,omitempty"`
	What    string `json:"what"`
	// Pending: it comes after the last record known as acknowledged. A crash
	// leaves such an end, too; the next start keeps what is whole of it and
	// says so in an event.
	Pending bool `json:"pending,omitempty"`
}

// String tells it to a person.
func (b Bad) String() string {
	switch {
	case b.Segment == "" && b.Seq == 0:
		return b.What
	case b.Segment == "":
		return fmt.Sprintf("record %d: %s", b.Seq, b.What)
	case b.Line == 0:
		return fmt.Sprintf("%s: record %d: %s", b.Segment, b.Seq, b.What)
	}
	return fmt.Sprintf("%s:%d: record %d: %s", b.Segment, b.Line, b.Seq, b.What)
}

// Check is what a log is checked against beside itself.
type Check struct {
	// Keys are the log's own; without any, signatures are not checked.
	Keys []note.Verifier
	// Outside are checkpoints that others hold, their signatures checked.
	Outside []checkpoint.Checkpoint
	// Heartbeat is the longest time without a checkpoint that is not told;
	// default a minute. Half as much again is allowed for.
	Heartbeat time.Duration
	// Now is set where the log is being written: then the time since the last
	// checkpoint counts, too.
	Now      time.Time
	Progress Progress
}

// Verify is Check.Verify with nothing but the log itself.
func Verify(dir string, p Progress) (Result, error) { return Check{Progress: p}.Verify(dir) }

// Verify checks every record of the log in dir, that none is missing, up to
// the last one that was acknowledged, the tree, the checkpoints, and that the
// log is the one that Outside tells of. The error says that the check could
// not be done; what the check found is in Result. It may run beside an open
// Log. FORMAT.md says what it proves.
func (c Check) Verify(dir string) (Result, error) {
	for {
		res, told, err := c.verify(dir)
		if err == nil && res.Bad == nil {
			return res, nil
		}
		// A running program may have deleted what had expired meanwhile.
		if now, e := readExpired(dir); e != nil || now.seq == told {
			return res, err
		}
	}
}

// verify does it once. told is the number of the record that tells what had
// expired when it began.
func (c Check) verify(dir string) (res Result, told uint64, err error) {
	v := &verifier{Check: c, dir: dir, chain: chain{h: newHasher()}}
	v.Heartbeat = cmp.Or(max(v.Heartbeat, 0), defaultHeartbeat)
	v.Outside = slices.Clone(c.Outside)
	slices.SortStableFunc(v.Outside, func(a, b checkpoint.Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	defer v.close()
	if err := v.run(); err != nil && !errors.Is(err, errBad) {
		return v.res, v.gone.seq, fmt.Errorf("verify audit log %s: %w", dir, err)
	}
	v.res.Last = Receipt{v.chain.seq, v.chain.last}
	v.res.Records = v.chain.seq - v.gone.size
	v.res.First = v.gone.size + 1
	v.res.Unsigned = len(c.Keys) == 0 && v.res.Checkpoints > 0
	if n := len(c.Outside); n > 0 && v.res.Bad == nil {
		v.res.Unwitnessed = v.chain.seq - c.lastOutside()
	}
	return v.res, v.gone.seq, nil
}

func (c Check) lastOutside() (n uint64) {
	for _, o := range c.Outside {
		n = max(n, o.Size)
	}
	return n
}

// errBad ends the run: res.Bad says why.
var errBad = errors.New("bad")

type verifier struct {
	Check
	dir   string
	res   Result
	chain chain
	gone  expired
	told  bool // the record that tells of the expired ones was met
	mark  headMark
	total int64
	said  int64

	tree  frontier
	buf   []byte
	grown *os.File // the tree file
	have  *bufio.Reader
	size  int64 // of it, when the check began

	notes    *noteReader
	next     *checkpoint.Checkpoint // the next of the log's own
	nextAt   Bad                    // where it stands
	prev     checkpoint.Checkpoint
	turns    []uint64 // numbers of the records that tell of a stop or start
	torn     int      // bytes at the end of the checkpoints
	agreed   uint64   // the largest checkpoint, of whoever, that the tree agreed with
	headless *Bad
}

func (v *verifier) close() {
	if v.grown != nil {
		v.grown.Close()
	}
	if v.notes != nil {
		v.notes.Close()
	}
}

func (v *verifier) bad(b Bad) error { v.res.Bad = &b; return errBad }

func (v *verifier) run() error {
	// What is to be found first: the head, the checkpoints, the tree. Then
	// whatever is appended meanwhile does no harm.
	if err := v.begin(); err != nil {
		return err
	}
	segs, err := segments(v.dir)
	if err != nil {
		return err
	}
	if len(segs) == 0 && v.headless != nil {
		if _, err := os.Stat(filepath.Join(v.dir, headFile)); err != nil {
			return fmt.Errorf("no audit log here: %w", fs.ErrNotExist)
		}
	}
	for _, s := range segs {
		v.total += s.size
	}
	for len(segs) > 1 && segs[1].first <= v.gone.size+1 {
		segs = segs[1:] // expired; a kill left it
	}
	if err := v.expired(); err != nil {
		return err
	}
	for i, s := range segs {
		v.res.Segments++
		if s.first != v.chain.seq+1 {
			return v.bad(Bad{Segment: s.name, Line: 1, Seq: v.chain.seq + 1,
				What: fmt.Sprintf("segment begins with record %d where %d belongs", s.first, v.chain.seq+1)})
		}
		if err := v.segment(s, i == len(segs)-1); err != nil {
			return err
		}
	}
	v.Progress.tell(v.total, v.total)
	return v.end(segs)
}

func (v *verifier) begin() (err error) {
	v.headless = v.readHead()
	if v.gone, err = readExpired(v.dir); err != nil {
		return v.bad(Bad{Segment: expiredFile, Line: 1, Seq: 1, What: err.Error()})
	}
	v.chain.seq, v.chain.last = v.gone.size, v.gone.hash
	files, err := noteFiles(v.dir)
	if err != nil {
		return err
	}
	if v.notes, err = openNotes(v.dir, files); err != nil {
		return err
	}
	v.grown, err = os.Open(filepath.Join(v.dir, treeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return v.nextNote()
	}
	if err != nil {
		return err
	}
	info, err := v.grown.Stat()
	if err != nil {
		return err
	}
	v.size = info.Size()
	v.have = bufio.NewReaderSize(io.NewSectionReader(v.grown, 0, v.size), 64<<10)
	return v.nextNote()
}

// expired rebuilds the tree over the records that are gone from the stored
// hashes, as far as they are there, and holds it against what was recorded
// when they were deleted.
func (v *verifier) expired() error {
	if v.gone.size == 0 {
		return v.step()
	}
	for v.have != nil && v.tree.size < v.gone.size {
		var leaf tlog.Hash
		if _, err := io.ReadFull(v.have, leaf[:]); err != nil {
			return v.bad(Bad{Segment: treeFile, Seq: v.tree.size + 1, What: "the tree ends before the records that have expired"})
		}
		v.buf = v.tree.push(leaf, v.buf[:0])
		if err := v.compareTree(v.buf[tlog.HashSize:]); err != nil {
			return err
		}
		if err := v.step(); err != nil {
			return err
		}
	}
	if v.have != nil && !slices.Equal(v.tree.nodes, v.gone.nodes) {
		return v.bad(Bad{Segment: treeFile, Seq: v.gone.size, What: "the tree is not that of the expired records"})
	}
	v.tree = frontier{v.gone.size, slices.Clone(v.gone.nodes)}
	for v.next != nil && v.next.Size < v.gone.size { // without a tree file
		if err := v.noted(); err != nil {
			return err
		}
	}
	for len(v.Outside) > 0 && v.Outside[0].Size < v.gone.size {
		v.res.Unproved = append(v.res.Unproved, v.Outside[0].Size)
		v.Outside = v.Outside[1:]
	}
	return v.step()
}

// compareTree holds hashes that were computed against those that are stored,
// as far as any are.
func (v *verifier) compareTree(want []byte) error {
	if v.have == nil {
		return nil
	}
	for ; len(want) > 0; want = want[tlog.HashSize:] {
		var got tlog.Hash
		_, err := io.ReadFull(v.have, got[:])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil // not written yet; end looks whether it had to be
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(got[:], want[:tlog.HashSize]) {
			return v.bad(Bad{Segment: treeFile, Seq: v.tree.size, What: "a stored hash of the tree is not that of the records"})
		}
	}
	return nil
}

// step compares the tree with the checkpoints over as many records.
func (v *verifier) step() error {
	for v.next != nil && v.next.Size == v.tree.size {
		if v.next.Root != v.tree.root() {
			b := v.nextAt
			b.Seq, b.What = v.agreed+1, fmt.Sprintf("checkpoint %d, over %d records, is not of these: one of the records %d to %d was changed", v.next.Number, v.next.Size, v.agreed+1, v.next.Size)
			return v.bad(b)
		}
		v.agreed = v.tree.size
		if err := v.noted(); err != nil {
			return err
		}
	}
	for len(v.Outside) > 0 && v.Outside[0].Size == v.tree.size {
		if v.Outside[0].Root != v.tree.root() {
			return v.bad(Bad{Seq: v.agreed + 1, What: fmt.Sprintf("outsiders hold a checkpoint over %d records that is not of these: one of the records %d to %d was changed after it was witnessed",
				v.tree.size, v.agreed+1, v.tree.size)})
		}
		v.agreed = v.tree.size
		v.res.Outside++
		v.Outside = v.Outside[1:]
	}
	return nil
}

// noted passes the next checkpoint, whose root was looked at, and looks at its
// time.
func (v *verifier) noted() error {
	c := *v.next
	if v.res.Checkpoints > 0 {
		if d := c.Time.Sub(v.prev.Time); d > v.limit() || d < 0 {
			v.silent(v.prev.Time, c.Time, c.Size)
		}
	}
	v.res.Checkpoints++
	v.prev, v.res.Checkpoint = c, &c
	return v.nextNote()
}

// limit is how long a time without a checkpoint may be.
func (v *verifier) limit() time.Duration { return v.Heartbeat*3/2 + 2*time.Second }

func (v *verifier) silent(from, to time.Time, upTo uint64) {
	if len(v.res.Silences) == maxSilences {
		v.res.MoreSilence++
		return
	}
	s := Silence{From: from, To: to, Record: v.prev.Size}
	for i := len(v.turns) - 1; i >= 0 && v.turns[i] >= v.prev.Size; i-- {
		s.Stopped = s.Stopped || v.turns[i] <= upTo
	}
	v.res.Silences = append(v.res.Silences, s)
}

// nextNote reads the log's next checkpoint.
func (v *verifier) nextNote() error {
	last, first := v.gone.notes, true
	if v.next != nil {
		last, first = v.next.Number, false
	}
	v.next = nil
	b, err := v.notes.next()
	if err == io.EOF {
		if last < v.mark.notes {
			return v.badNote(v.chain.seq, fmt.Sprintf("checkpoint %d is missing: %d were made", last+1, v.mark.notes))
		}
		v.torn = v.notes.torn
		return nil
	}
	var broken damaged
	if errors.As(err, &broken) {
		return v.badNote(v.prev.Size, broken.Error())
	}
	if err != nil {
		return err
	}
	c, err := readNote(b, v.Keys...)
	if err != nil {
		return v.badNote(v.prev.Size, err.Error())
	}
	switch {
	case c.Number > last+1, !first && c.Number != last+1: // of expired ones a kill may have left some
		return v.badNote(c.Size, fmt.Sprintf("checkpoint %d stands where %d belongs", c.Number, last+1))
	case c.Size < v.prev.Size:
		return v.badNote(c.Size, fmt.Sprintf("checkpoint %d is over fewer records than the one before", c.Number))
	case v.prev.Origin != "" && c.Origin != v.prev.Origin:
		return v.badNote(c.Size, fmt.Sprintf("checkpoint %d is of another log", c.Number))
	}
	v.next = &c
	v.nextAt = Bad{Segment: v.notes.name, Line: v.notes.line, Seq: c.Size}
	return nil
}

func (v *verifier) badNote(seq uint64, what string) error {
	return v.bad(Bad{Segment: v.notes.name, Line: max(v.notes.line, 1), Seq: seq, What: what})
}

// end looks whether everything that had to be there was.
func (v *verifier) end(segs []segment) error {
	missing := Bad{Line: 1, Seq: v.chain.seq + 1}
	if len(segs) > 0 {
		last := segs[len(segs)-1]
		missing.Segment, missing.Line = last.name, int(v.chain.seq-last.first)+2
	}
	switch seq := v.chain.seq; {
	case seq < v.mark.Seq:
		missing.What = fmt.Sprintf("record is missing: %d were acknowledged", v.mark.Seq)
		return v.bad(missing)
	case v.next != nil:
		missing.What = fmt.Sprintf("record is missing: checkpoint %d is over %d", v.next.Number, v.next.Size)
		return v.bad(missing)
	case len(v.Outside) > 0:
		missing.What = fmt.Sprintf("record is missing: outsiders hold a checkpoint over %d", v.Outside[0].Size)
		return v.bad(missing)
	case v.gone.size > 0 && !v.told:
		return v.bad(Bad{Segment: expiredFile, Line: 1, Seq: v.gone.seq, What: "the log has no record of what is said to have expired"})
	case v.headless != nil:
		return v.bad(*v.headless)
	}
	if v.res.Checkpoints > 0 && v.Now.Sub(v.prev.Time) > v.limit() {
		v.silent(v.prev.Time, v.Now, v.chain.seq)
	}
	if need := tlog.StoredHashCount(int64(v.prev.Size)) * tlog.HashSize; v.size < need {
		return v.bad(Bad{Segment: treeFile, Seq: v.prev.Size, What: "the tree is missing or cut off"})
	}
	if v.size > tlog.StoredHashCount(int64(v.chain.seq))*tlog.HashSize {
		return v.bad(Bad{Segment: treeFile, Seq: v.chain.seq + 1, What: "the tree goes on after the last record"})
	}
	if v.torn > 0 && !v.notesGrow() {
		v.res.Torn += int64(v.torn)
	}
	if v.res.Torn > 0 {
		missing.What, missing.Pending = fmt.Sprintf("%d bytes at the end are no whole record or checkpoint, and were never acknowledged", v.res.Torn), true
		return v.bad(missing)
	}
	return nil
}

// notesGrow reports whether a running program is writing checkpoints.
func (v *verifier) notesGrow() bool {
	for range settleTries {
		info, err := os.Stat(filepath.Join(v.dir, v.notes.name))
		if err == nil && info.Size() > v.notes.size {
			return true
		}
		time.Sleep(settleTime)
	}
	return false
}

// readHead returns what is wrong with the head: without it nobody can say that
// the end of the log is all there.
func (v *verifier) readHead() *Bad {
	key, err := readKey(v.dir)
	if err != nil {
		return &Bad{What: err.Error()}
	}
	var wrong string
	v.mark, wrong, err = readHead(v.dir, key)
	if err != nil {
		return &Bad{What: err.Error()}
	}
	if wrong != "" {
		return &Bad{What: "audit head: " + wrong}
	}
	return nil
}

// How often and how long to wait for a running writer.
const settleTries, settleTime = 20, 10 * time.Millisecond

// settle waits for a running writer to acknowledge more than seq records. It
// reports whether one did.
func (v *verifier) settle(seq uint64) bool {
	key, err := readKey(v.dir)
	if err != nil {
		return false
	}
	for range settleTries {
		if m, _, err := readHead(v.dir, key); err == nil && m.Seq > seq {
			return true
		}
		time.Sleep(settleTime)
	}
	return false
}

func (v *verifier) segment(s segment, last bool) error {
	here := func(line int, what string) error {
		return v.bad(Bad{Segment: s.name, Line: line, Seq: v.chain.seq + 1, What: what})
	}
	var broken damaged
	r, err := openLines(v.dir, s)
	if errors.As(err, &broken) {
		return here(1, broken.Error())
	}
	if err != nil {
		return err
	}
	defer r.Close()
	before := v.res.Bytes
	for {
		text, err := r.next()
		if err == io.EOF {
			if r.zip != nil && (r.zip.last != v.chain.seq || r.zip.size != r.off) {
				return here(r.line, "the packed segment does not hold what it says")
			}
			if last && v.headless == nil && v.chain.seq > v.mark.Seq && !v.settle(v.chain.seq-1) {
				return v.bad(Bad{Segment: s.name, Line: int(max(v.mark.Seq+1, s.first)-s.first) + 1, Seq: v.mark.Seq + 1, Pending: true,
					What: fmt.Sprintf("it comes after the last record known as acknowledged, like all to %d", v.chain.seq)})
			}
			return nil
		}
		if errors.As(err, &broken) {
			return here(r.line+1, broken.Error())
		}
		if err != nil {
			return err
		}
		v.res.Bytes = before + r.off
		if v.res.Bytes-v.said >= progressStep {
			v.said = v.res.Bytes
			v.Progress.tell(v.said, max(v.said, v.total))
		}
		if unfinished(text) && last && r.zip == nil && v.chain.seq >= v.mark.Seq {
			if !v.settle(v.chain.seq) {
				v.res.Torn = int64(len(text))
			}
			return nil
		}
		var rec raw
		wrong := v.chain.follow(text, &rec)
		if wrong == "" && rec.seq == v.mark.Seq && rec.hash != v.mark.Hash {
			wrong = "it is not the record that was acknowledged"
		}
		if wrong == "" && rec.seq == v.gone.seq {
			if v.told = bytes.Equal(text, v.gone.line); !v.told {
				wrong = "it is not the record that is said to tell what has expired"
			}
		}
		if wrong != "" {
			return here(r.line, wrong)
		}
		if err := v.leaf(&rec); err != nil {
			return err
		}
	}
}

// leaf adds a good record to the tree.
func (v *verifier) leaf(r *raw) error {
	if bytes.HasPrefix(r.event, []byte(`{"kind":"st`)) { // start, stop
		v.turns = append(v.turns, r.seq)
	}
	v.buf = v.tree.push(tlog.Hash(r.hash), v.buf[:0])
	if err := v.compareTree(v.buf); err != nil {
		return err
	}
	return v.step()
}
