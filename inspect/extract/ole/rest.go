package ole

import (
	"bytes"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/extract/runs"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// structure lists the streams that describe their document, by their name in
// lower case or the start of it. Of these only text is of interest.
var structure = map[string]bool{
	"\x01compobj": true, "\x01ole": true, "\x03objinfo": true, "\x03linkinfo": true, "\x03ocxname": true, "\x01ole10itemname": true, "\x03pic": true, "equation native": true, "\x03ocxdata": true,
	"\x03print": true, "\x03eprint": true, "\x03accessobjsitedata": true, "\x03meta": true,
	"current user": true, "0table": true, "1table": true, "data": true, "pictures": true, "ctls": true,
	"user names": true, "revision log": true, "project": true, "projectwm": true, "projectlk": true, "_vba_project": true, "dir": true,
	"\x03vbframe": true, "f": true, "o": true,
}

func isStructure(name string) bool {
	name = strings.ToLower(name)
	return structure[name] || strings.HasPrefix(name, "\x02olepres") || strings.HasPrefix(name, "__srp_")
}

// maxStructure bounds what is taken for structure. Pictures are cut out of larger
// streams, too.
const maxStructure = 32 << 20

// rest goes through what no reader has made use of.
func (s *scope) rest(dir *node, path string) error {
	for _, n := range dir.nodes {
		if n.taken {
			continue
		}
		step := shown(n.name)
		if path != "" {
			step = path + part.Separator + step
		}
		if err := s.b.Spend(s.ctx, 0); err != nil {
			return err
		}
		if err := s.member(n, step); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) member(n *node, path string) error {
	name := strings.ToLower(n.name)
	switch {
	case n.storage && name == "vba":
		n.taken = true
		return s.macros(n, path)
	case n.storage && strings.HasPrefix(name, "_sx_db"):
		n.taken = true
		if err := s.pivots(n); err != nil {
			return err
		}
		return s.rest(n, path)
	case n.storage:
		if n.kind() != "" && n.find("VBA") == nil && s.depth < maxNesting {
			return s.nested(n, path).document()
		}
		n.taken = true
		return s.rest(n, path)
	case n.size == 0:
		n.taken = true
		return nil
	case strings.HasSuffix(name, "summaryinformation"):
		return s.summary(n, path)
	case name == "documenttext" && s.dir == s.c.root:
		s.dark = true
		return s.ichitaro(n, path)
	case name == "\x01ole10native":
		return s.native(n, path)
	case isStructure(n.name) && n.size <= maxStructure:
		if s.locked {
			n.taken = true
			return nil
		}
		b, err := s.bytes(n)
		if b == nil && err != nil {
			return err
		}
		if err := s.pictures(b, path); err != nil {
			return err
		}
		return s.strays(b, codepage.Unknown)
	}
	if s.unknown && n.size <= maxStructure {
		b, err := s.bytes(n)
		if b == nil && err != nil {
			return err
		}
		if err := s.strays(b, codepage.Unknown); err != nil {
			return err
		}
	}
	s.dark = s.dark || s.unknown && !s.tells(n)
	return s.child(part.Part{Path: path, Name: shown(n.name), Body: s.open(n), Size: n.size})
}

// tells reports whether a stream is a file of its own that shows what it is: XML,
// a package, a compound file. Stores of custom XML hold nothing else.
func (f *file) tells(n *node) bool {
	var head [8]byte
	k, _ := f.c.stream(n).ReadAt(head[:], 0)
	b := bytes.TrimLeft(head[:k], "\xef\xbb\xbf\xff\xfe \t\r\n")
	return bytes.HasPrefix(b, []byte("<")) || bytes.HasPrefix(b, []byte("PK\x03\x04")) || string(head[:]) == signature
}

// unused hands on text in sectors that belong to nothing, where older states of
// documents remain, and what stands behind the last sector that the tables know
// of.
func (f *file) unused(s *scope) error {
	c := f.c
	var free []byte
	buf := make([]byte, 1<<c.shift)
	known := min(len(c.fat), len(c.used))
	for i := 0; i < known && len(free) < maxFree; i++ {
		if c.used[i] || c.fat[i] != freeSector {
			continue
		}
		if over := f.b.Spend(f.ctx, 0); over != nil {
			return over
		}
		free = append(free, c.sector(uint32(i), buf)...)
	}
	var text []byte
	if len(bytes.Trim(free, "\x00\xff")) > 0 {
		text = runs.Append(nil, free, codepage.Unknown)
	}
	if err := s.text("unused sectors", text); err != nil {
		return err
	}
	from := (int64(known) + 1) << c.shift
	if c.damage != nil || from >= c.size {
		return nil
	}
	return f.behind(s, from)
}

const (
	freeSector = 0xffffffff
	maxFree    = 16 << 20
)
