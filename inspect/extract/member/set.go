// Package member hands on what archives hold: their members as nested parts,
// the members' names and the archive's comments as a text of their own, and what
// could not be read as such, member by member.
package member

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Set is the members of one archive. The reader of a format opens one, calls
// Name, Hand and Miss as it comes by members, and closes it. Errors that its
// methods return are those of the Emitter or the context's, to be returned as
// they are.
type Set struct {
	ctx    context.Context
	e      part.Emitter
	b      *part.Budget
	format string

	names  strings.Builder
	small  []byte // what very small members hold, one behind the other
	smalls int    // how many
	any    bool   // something was handed on, or taken in
	missed []miss
}

// miss counts the members that were not read for one reason.
type miss struct {
	reason part.Reason
	detail string
	n      int
}

// Open begins the members of an archive of the given format.
func Open(ctx context.Context, e part.Emitter, b *part.Budget, format string) *Set {
	return &Set{ctx: ctx, e: e, b: b, format: format}
}

// maxNames bounds what is gathered before it is handed on.
const maxNames = 64 << 10

// Name takes in a name, a link's target or a comment, to be inspected together
// with the others: one part rather than one a member.
func (s *Set) Name(name string) error {
	if name == "" {
		return nil
	}
	s.any = true
	s.names.WriteString(name)
	s.names.WriteByte('\n')
	if s.names.Len() < maxNames {
		return nil
	}
	return s.flush()
}

func (s *Set) flush() error {
	if s.names.Len() == 0 {
		return nil
	}
	all := s.names.String()
	s.names.Reset()
	return s.e.Child(part.Part{Path: "names", Role: part.FileName, Body: strings.NewReader(all), Size: int64(len(all))})
}

// Hand hands on a member whose contents are what r gives, to the end of r. size
// is how many bytes those are said to be, -1 if that is not known. fault is how r
// ended if not well; the archive is then told to be read partly, and whether a
// further member can be found is for its reader to know.
func (s *Set) Hand(name string, r io.Reader, size int64) (fault, err error) {
	s.any = true
	first := &start{Reader: r}
	m := part.NewMeter(s.ctx, s.b, s.format, first)
	if err := s.e.Child(part.Part{Path: step(name), Name: name, Body: m, Size: size}); err != nil {
		return nil, err
	}
	if fault = m.Err(); fault == nil {
		fault = part.Drain(s.ctx, s.b, m)
	}
	if fault == nil || fault == io.EOF {
		return nil, s.gather(first)
	}
	return fault, s.Stop(fault)
}

// Very small members may be pieces of one text.
const (
	smallMember  = 64
	manySmall    = 24 // of them
	maxGathered  = 64 << 10
	gatheredPath = "small members"
)

// start keeps the start of what is read.
type start struct {
	io.Reader
	b []byte
}

func (s *start) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if len(s.b) <= smallMember {
		s.b = append(s.b, p[:min(n, smallMember+1-len(s.b))]...)
	}
	return n, err
}

// gather takes in what a very small member holds, to be inspected together with the
// others. Texts are lines, but what is cut amid a character is put together again.
func (s *Set) gather(first *start) error {
	if len(first.b) == 0 || len(first.b) > smallMember {
		return nil
	}
	s.small = append(s.small, first.b...)
	if utf8.Valid(first.b) {
		s.small = append(s.small, '\n')
	}
	if s.smalls++; len(s.small) < maxGathered {
		return nil
	}
	return s.handSmall()
}

func (s *Set) handSmall() error {
	all, n := s.small, s.smalls
	s.small, s.smalls = nil, 0
	if n < manySmall {
		return nil
	}
	return s.e.Child(part.Part{Path: gatheredPath, Body: bytes.NewReader(all), Size: int64(len(all))})
}

// Miss tells that a member is not read, and why: as a part of its own, so that
// it is counted and named, and in sum for the archive.
func (s *Set) Miss(name string, why part.Reason, detail string) error {
	known := false
	for i := range s.missed {
		if m := &s.missed[i]; m.reason == why && m.detail == detail {
			m.n++
			known = true
		}
	}
	if !known && len(s.missed) < 16 {
		s.missed = append(s.missed, miss{why, detail, 1})
	}
	f := &part.Fault{Reason: why, Detail: detail}
	return s.e.Child(part.Part{Path: step(name), Name: name, Body: failing{f}, Size: -1})
}

// Stop tells that the archive is not read further, or not whole. It returns an
// error only when the context is done.
func (s *Set) Stop(fault error) error {
	return part.Stop(s.ctx, s.e, part.Decoding(s.format, fault), s.any)
}

// Alive reports whether there is time left, and if not tells so.
func (s *Set) Alive() (bool, error) {
	if over := s.b.Spend(s.ctx, 0); over != nil {
		return false, s.Stop(over)
	}
	return true, nil
}

// Close hands on the names and tells what was not read; encrypted members come
// before others.
func (s *Set) Close() error {
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.handSmall(); err != nil {
		return err
	}
	for _, locked := range []bool{true, false} {
		for _, m := range s.missed {
			if (m.reason == part.Encrypted) == locked {
				detail := strconv.Itoa(m.n) + " members of " + s.format
				if m.detail != "" {
					detail += ": " + m.detail
				}
				s.e.Skip(m.reason, true, detail)
			}
		}
	}
	return nil
}

// step is the step of a member in the provenance.
func step(name string) string {
	if name == "" {
		return "unnamed member"
	}
	return name
}

// failing is a Body that cannot be had.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
