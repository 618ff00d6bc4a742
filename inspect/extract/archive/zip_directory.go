package archive

import (
	"bufio"
	"io"
	"sort"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// directory reads the central directory and what belongs to it: for the
// comments, and to see whether it says the same as the local headers. It reports
// false if the archive ends within.
func (z *zipReader) directory() (whole bool, err error) {
	start := z.place()
	var listed []zipMember
	for {
		if alive, err := z.set.Alive(); !alive {
			return false, err
		}
		sig, _ := z.src.Peek(4)
		var skip, comment, flags int
		var head []byte
		ok := false
		switch string(sig) {
		case sigDirectory:
			if head, ok = z.take(46); !ok {
				return false, nil
			}
			m := zipMember{
				place: int64(le.Uint32(head[42:])), flags: int(le.Uint16(head[8:])), method: int(le.Uint16(head[10:])),
				compressed: int64(le.Uint32(head[20:])), size: int64(le.Uint32(head[24:])),
			}
			comment, flags = int(le.Uint16(head[32:])), m.flags
			if m.names(z.src, int(le.Uint16(head[28:])), int(le.Uint16(head[30:]))) != nil {
				return false, nil
			}
			if len(listed) < maxListed {
				listed = append(listed, m)
			}
		case sigEnd:
			if head, ok = z.take(22); !ok {
				return false, nil
			}
			comment = int(le.Uint16(head[20:]))
			disk := le.Uint16(head[4:])
			z.split = z.split || disk != 0 && disk != 1<<16-1
			if at := int64(le.Uint32(head[16:])); at != 1<<32-1 && len(listed) > 0 {
				start -= at // what stands before the archive, which places do not count
			} else {
				start = 0
			}
		case sigEnd64:
			if head, ok = z.take(12); !ok {
				return false, nil
			}
			skip = int(min(le.Uint64(head[4:]), 1<<20))
		case sigLocator64:
			skip = 20
		case sigArchive:
			if head, ok = z.take(8); !ok {
				return false, nil
			}
			skip = int(min(le.Uint32(head[4:]), 1<<20))
		case sigSignature:
			if head, ok = z.take(6); !ok {
				return false, nil
			}
			skip = int(le.Uint16(head[4:]))
		default:
			return false, nil
		}
		if n, _ := z.src.Discard(skip); n < skip {
			return false, nil
		}
		if comment > 0 {
			b := make([]byte, comment)
			if _, err := io.ReadFull(z.src, b); err != nil {
				return false, nil
			}
			if err := z.set.Name(zipText(b, flags)); err != nil {
				return false, err
			}
		}
		if string(sig) == sigEnd {
			return true, z.compare(listed, start)
		}
	}
}

// maxListed bounds how many members, and entries of the directory, are held
// against each other: more than the budget allows by default.
const maxListed = 1 << 17

// compare takes in the names that only the directory has, and notes the members
// that it describes otherwise than their own headers. shift is what stands
// before the archive.
func (z *zipReader) compare(listed []zipMember, shift int64) error {
	for i := range listed {
		d := &listed[i]
		m := z.find(d.place + shift)
		if m != nil {
			d.place += shift
		} else {
			m = z.find(d.place)
		}
		if m == nil || m.name != d.name || len(d.texts) > 0 {
			if err := z.name(d); err != nil {
				return err
			}
		}
		if m == nil || !m.same(d) && d.compressed > 0 {
			z.differ = append(z.differ, *d)
			if m != nil {
				m.unread = false
			}
		}
	}
	return nil
}

// find returns the member whose header is at that place, nil if none is.
func (z *zipReader) find(place int64) *zipMember {
	i := sort.Search(len(z.seen), func(i int) bool { return z.seen[i].place >= place })
	if i < len(z.seen) && z.seen[i].place == place {
		return &z.seen[i]
	}
	return nil
}

// again reads a member as the directory describes it.
func (z *zipReader) again(d *zipMember) error {
	var h [30]byte
	if z.at == nil || d.place < 0 || d.place+30 > z.size || d.compressed < 0 {
		return z.set.Miss(d.name, unfound.Reason, unfound.Detail)
	}
	if _, err := z.at.ReadAt(h[:], d.place); err != nil || string(h[:4]) != sigLocal {
		if z.named(d.name) {
			return nil // the directory is wrong, and no program finds more than was found
		}
		return z.set.Miss(d.name, unfound.Reason, unfound.Detail)
	}
	from := d.place + 30 + int64(le.Uint16(h[26:])) + int64(le.Uint16(h[28:]))
	if from+d.compressed > z.size {
		return z.set.Miss(d.name, part.Truncated, "zip ends early")
	}
	stored := memberBuffers.Get().(*bufio.Reader)
	stored.Reset(io.NewSectionReader(z.at, from, d.compressed))
	defer func() { stored.Reset(nil); memberBuffers.Put(stored) }()
	return z.contents(d, stored)
}

// named reports whether a member of that name has been met.
func (z *zipReader) named(name string) bool {
	if z.met == nil {
		z.met = map[string]bool{}
		for i := range z.seen {
			z.met[z.seen[i].name] = true
		}
	}
	return z.met[name]
}
