// Package parttest lets the tests of format readers read a part with everything
// in it and look at what came of it.
package parttest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Tree is an Emitter that reads all nested parts, as a scanner does, checks what
// an Emitter may rely on, and remembers what it was given.
type Tree struct {
	Parts []*Seen

	t       testing.TB
	ctx     context.Context
	readers []part.Reader
	budget  *part.Budget
	stack   []*Seen
}

// Seen is what came of one part.
type Seen struct {
	Path    string
	Role    part.Role
	Reader  string // that read it
	Format  string
	Charset string
	Layout  part.Layout
	Label   string
	Skips   []string // reasons
	Own     []byte   // its own bytes, as far as they were read

	text    strings.Builder
	origins []int64 // of each byte of text
	last    int64
}

// Read reads p, whose Path defaults to "upload", with the given readers.
func Read(t testing.TB, readers []part.Reader, p part.Part, l part.Limits) *Tree {
	t.Helper()
	x := &Tree{t: t, ctx: context.Background(), readers: readers, budget: part.NewBudget(l, max(p.Size, 1))}
	if p.Path == "" {
		p.Path = "upload"
	}
	if err := x.Child(p); err != nil {
		t.Fatalf("reading ended with %v", err)
	}
	return x
}

// capture remembers what is read through it.
type capture struct {
	r io.Reader
	s *Seen
}

func (c capture) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.s.Own = append(c.s.Own, p[:n]...)
	return n, err
}

func (x *Tree) top() *Seen { return x.stack[len(x.stack)-1] }

// Text implements part.Emitter.
func (x *Tree) Text(t part.Text) error {
	s := x.top()
	if len(t.Bytes) > 64<<10 || len(t.Bytes) == 0 {
		x.t.Errorf("%s: a piece of %d bytes", s.Path, len(t.Bytes))
	}
	if !utf8.Valid(t.Bytes) {
		x.t.Errorf("%s: a piece is not UTF-8", s.Path)
	}
	for i := range t.Bytes {
		o := t.Map.Origin(i)
		if o < s.last || s.Own != nil && o > int64(len(s.Own)) {
			x.t.Fatalf("%s: offset %d of a piece leads from %d to %d of %d", s.Path, i, s.last, o, len(s.Own))
		}
		s.last = o
		s.origins = append(s.origins, o)
	}
	s.text.Write(t.Bytes)
	s.Layout, s.Label = t.Layout, t.Label
	return nil
}

// Format implements part.Emitter.
func (x *Tree) Format(name, charset string) { x.top().Format, x.top().Charset = name, charset }

// Skip implements part.Emitter.
func (x *Tree) Skip(why part.Reason, _ bool, _ string) {
	x.top().Skips = append(x.top().Skips, string(why))
}

// Child implements part.Emitter.
func (x *Tree) Child(p part.Part) error {
	s := &Seen{Path: p.Path, Role: p.Role}
	if len(x.stack) > 0 {
		s.Path = x.top().Path + part.Separator + p.Path
	}
	p.Path, p.Depth = s.Path, len(x.stack)
	x.Parts = append(x.Parts, s)
	if err := x.budget.Enter(p.Depth); err != nil {
		var over *part.Exhausted
		errors.As(err, &over)
		s.Skips = append(s.Skips, string(over.Reason))
		return nil
	}
	x.stack = append(x.stack, s)
	defer func() { x.stack = x.stack[:len(x.stack)-1] }()
	var head []byte
	if at, ok := p.Body.(io.ReaderAt); ok && p.Size >= 0 {
		head = make([]byte, min(part.HeadSize, p.Size))
		n, _ := at.ReadAt(head, 0)
		head = head[:n]
		s.Own = make([]byte, p.Size)
		at.ReadAt(s.Own, 0)
	} else {
		body := bufio.NewReaderSize(capture{p.Body, s}, part.HeadSize)
		head, _ = body.Peek(part.HeadSize)
		p.Body = body
	}
	for _, r := range x.readers {
		if r.Match(&p, head) {
			s.Reader = r.Name()
			return r.Read(x.ctx, &p, x, x.budget)
		}
	}
	x.t.Errorf("%s: no reader", s.Path)
	return nil
}

// Text returns the text of the part.
func (s *Seen) Text() string { return s.text.String() }

// Bytes returns the part's own bytes that value, found in its text, stands for,
// nil if it is not there.
func (s *Seen) Bytes(value string) []byte {
	i := strings.Index(s.text.String(), value)
	if i < 0 {
		return nil
	}
	from, to := s.origins[i], int64(len(s.Own))
	if end := i + len(value); end < len(s.origins) {
		to = s.origins[end]
	}
	return s.Own[from:to]
}

// Find returns the first part that holds value, and fails the test if none does.
func (x *Tree) Find(value string) *Seen {
	x.t.Helper()
	for _, p := range x.Parts {
		if strings.Contains(p.text.String(), value) {
			return p
		}
	}
	x.t.Fatalf("no part holds what was put in:\n%s", x)
	return nil
}

// Has reports whether any part holds value.
func (x *Tree) Has(value string) bool {
	for _, p := range x.Parts {
		if strings.Contains(p.text.String(), value) {
			return true
		}
	}
	return false
}

// Skips lists the reasons that were told anywhere.
func (x *Tree) Skips() []string {
	var all []string
	for _, p := range x.Parts {
		all = append(all, p.Skips...)
	}
	return all
}

// String shows the tree, for messages about test data.
func (x *Tree) String() string {
	var b strings.Builder
	for _, p := range x.Parts[:min(len(x.Parts), 30)] {
		text := p.Text()
		fmt.Fprintf(&b, "%s [%s %s %s %v] %q\n", p.Path, p.Reader, p.Format, p.Charset, p.Skips, text[:min(len(text), 300)])
	}
	return b.String()
}
