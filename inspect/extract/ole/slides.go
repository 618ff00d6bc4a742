package ole

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Records of PowerPoint ([MS-PPT] 2.13.24).
const (
	pptDocument        = 1000
	pptSlide           = 1006
	pptNotes           = 1008
	pptSlidePersist    = 1011
	pptMainMaster      = 1016
	pptTextChars       = 4000
	pptTextBytes       = 4008
	pptCString         = 4026
	pptHandout         = 4041
	pptUserEdit        = 4085
	pptSlideList       = 4080
	pptObject          = 4113
	pptPersists        = 6002
	pptCryptSession    = 12052
	pptEncrypted       = 0xf3d1c4df // in Current User
	pptMaxDepth        = 24
	pptNotEncryptedLen = 28 // of UserEditAtom
)

// show is a presentation that is being read.
type show struct {
	*scope
	data   []byte
	places map[uint32]uint32 // by identifier in the directory
	names  map[uint32]string // of records, by offset
	listed int               // entries of directories read
	out    []byte

	session uint32      // identifier of what describes the encryption, 0 if there is none
	objects []persisted // of all directories, if there is
}

// persisted is an entry of a directory.
type persisted struct{ id, at uint32 }

// slides reads a presentation of PowerPoint 97 to 2003.
func (s *scope) slides() error {
	b, err := s.bytes(s.dir.find("PowerPoint Document"))
	if b == nil && err != nil {
		return err
	}
	w := &show{scope: s, data: b, places: map[uint32]uint32{}, names: map[uint32]string{}}
	if user := s.dir.find("Current User"); user != nil {
		c, _ := s.bytes(user)
		user.taken = false
		w.edits(word(c, 16))
		if (w.session != 0 || word(c, 12) == pptEncrypted) && !w.unlock() {
			return errEncrypted
		}
	}
	if s.dir.find("EncryptedSummary") != nil && s.key == nil {
		return errEncrypted
	}
	w.order()
	if broken := w.read(); broken != nil {
		return broken
	}
	return err
}

// record is one of the stream's.
type record struct {
	version, instance, kind int
	body                    []byte
}

// recordOf returns the one at the start of b and its length with its header, 0 at
// the end. One that is cut off is given as far as it goes.
func recordOf(b []byte) (record, int) {
	if len(b) < 8 {
		return record{}, 0
	}
	size := min(int64(word(b, 4)), int64(len(b)-8))
	first := short(b, 0)
	return record{first & 15, first >> 4, short(b, 2), b[8 : 8+size]}, 8 + int(size)
}

// edits reads the directories of all saves, the latest first, from the one at
// offset at on.
func (w *show) edits(at uint32) {
	for range 1000 {
		if int64(at) >= int64(len(w.data)) {
			return
		}
		r, _ := recordOf(w.data[at:])
		if r.kind != pptUserEdit || len(r.body) < pptNotEncryptedLen {
			return
		}
		if w.session == 0 {
			w.session = word(r.body, pptNotEncryptedLen)
		}
		if dir := word(r.body, 12); int64(dir) < int64(len(w.data)) {
			w.directory(w.data[dir:])
		}
		last := word(r.body, 8)
		if last == 0 || last >= at {
			return
		}
		at = last
	}
}

// maxPersists bounds the entries of directories, all saves together.
const maxPersists = 1 << 20

func (w *show) directory(b []byte) {
	r, _ := recordOf(b)
	if r.kind != pptPersists {
		return
	}
	for b = r.body; len(b) >= 8 && w.listed < maxPersists; {
		id, n := word(b, 0)&0xfffff, word(b, 0)>>20
		b = b[4:]
		for ; n > 0 && len(b) >= 4; n-- {
			w.listed++
			if w.session != 0 {
				w.objects = append(w.objects, persisted{id, word(b, 0)})
			}
			if _, newer := w.places[id]; !newer {
				w.places[id] = word(b, 0)
			}
			id++
			b = b[4:]
		}
	}
}

// order names slides and their notes by the order in which the document lists
// them.
func (w *show) order() {
	names := []string{0: "slide %d", 1: "master %d", 2: "slide %d notes"}
	seen := map[uint32]bool{}
	for _, at := range w.places {
		if int64(at) >= int64(len(w.data)) || seen[at] || len(seen) == maxDocuments {
			continue
		}
		document, _ := recordOf(w.data[at:])
		if document.kind != pptDocument {
			continue
		}
		seen[at] = true
		for b := document.body; ; {
			list, n := recordOf(b)
			if n == 0 {
				break
			}
			b = b[n:]
			if list.kind != pptSlideList || list.instance >= len(names) {
				continue
			}
			number := 0
			for b := list.body; ; {
				r, n := recordOf(b)
				if n == 0 {
					break
				}
				b = b[n:]
				if r.kind == pptSlidePersist {
					number++
					if at, ok := w.places[word(r.body, 0)]; ok {
						w.names[at] = fmt.Sprintf(names[list.instance], number)
					}
				}
			}
		}
	}
}

// maxDocuments bounds the documents of one presentation that are looked at: there
// is one in force.
const maxDocuments = 8

// read goes through the stream, older states of the presentation included: what
// is not overwritten can be had by whoever gets the file.
func (w *show) read() error {
	slides, objects := 0, 0
	var broken error
	for at := 0; ; {
		r, n := recordOf(w.data[at:])
		if n == 0 {
			return broken
		}
		if int64(word(w.data, at+4)) > int64(len(r.body)) {
			broken = &part.Fault{Reason: part.Truncated, Detail: "presentation ends within a record"}
		}
		name := w.names[uint32(at)]
		switch {
		case name != "":
		case r.kind == pptSlide:
			slides++
			name = fmt.Sprintf("earlier slide %d", slides)
			if len(w.names) == 0 {
				name = fmt.Sprintf("slide %d", slides)
			}
		case r.kind == pptNotes:
			name = "notes"
		case r.kind == pptDocument:
			name = "presentation"
		case r.kind == pptMainMaster:
			name = "master"
		case r.kind == pptHandout:
			name = "handout"
		case r.kind == pptCryptSession && w.key != nil:
			at += n
			continue
		case r.kind == pptCryptSession:
			return errEncrypted
		case r.kind == pptObject:
			objects++
			if err := w.object(r, objects); err != nil {
				return err
			}
			at += n
			continue
		default:
			name = "other records"
		}
		w.out = w.out[:0]
		w.texts(r, 0)
		if err := w.b.Spend(w.ctx, 0); err != nil {
			return err
		}
		if err := w.text(name, w.out); err != nil {
			return err
		}
		at += n
	}
}

// texts appends the text in a record and those within.
func (w *show) texts(r record, depth int) {
	switch {
	case r.kind == pptTextChars || r.kind == pptCString:
		w.line(charset.Text(r.body[:len(r.body)&^1], charset.UTF16LE))
	case r.kind == pptTextBytes:
		w.line(latin(r.body))
	case r.version == 15 && depth < pptMaxDepth:
		for b := r.body; ; {
			inner, n := recordOf(b)
			if n == 0 {
				return
			}
			w.texts(inner, depth+1)
			b = b[n:]
		}
	}
}

func (w *show) line(s string) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\v':
			return '\n'
		case r < ' ' && r != '\t' && r != '\n':
			return -1
		}
		return r
	}, s)
	if strings.TrimSpace(s) != "" {
		w.out = append(append(w.out, s...), '\n')
	}
}

// object hands on an embedded object, or the macros, which are compound files of
// their own, compressed or not ([MS-PPT] 2.10.34).
func (w *show) object(r record, n int) error {
	name := fmt.Sprintf("object %d", n)
	if r.instance == 0 {
		return w.child(part.Part{Path: name, Body: bytes.NewReader(r.body), Size: int64(len(r.body))})
	}
	if len(r.body) < 4 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(r.body[4:]))
	if err != nil {
		return w.child(part.Part{Path: name, Body: failing{part.Decoding("zlib", err)}, Size: -1})
	}
	return w.child(part.Part{Path: name, Body: part.NewMeter(w.ctx, w.b, "zlib", z), Size: -1})
}
