package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/decode/charset"
	"github.com/sekimori-dlp/sekimori/inspect/extract/member"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// tarArchive reads tar in its usual forms (POSIX.1-2001 pax, ustar, GNU, V7).
type tarArchive struct{}

func (tarArchive) Name() string { return "tar" }

// Match looks at the checksum of the first header, which all forms have.
func (tarArchive) Match(p *part.Part, head []byte) bool {
	if !document(p) || len(head) < 512 || head[0] == 0 {
		return false
	}
	field := string(bytes.Trim(head[148:156], " \x00"))
	if field == "" || field[0] < '0' || field[0] > '7' {
		return false
	}
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	var sum, signed int64 // old programs took the bytes for signed ones
	for i, c := range head[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
		signed += int64(int8(c))
	}
	return sum == want || signed == want
}

func (tarArchive) Read(ctx context.Context, p *part.Part, e part.Emitter, b *part.Budget) error {
	e.Format("tar", "")
	// Sparse members are larger than what is stored: the budget sees to them.
	r := tar.NewReader(p.Body)
	set := member.Open(ctx, e, b, "tar")
	var owner [2]string
	for {
		if alive, err := set.Alive(); !alive {
			return err
		}
		h, fault := r.Next()
		if fault == io.EOF {
			break
		}
		if fault != nil {
			if err := errors.Join(set.Stop(fault), set.Close()); err != nil || !errors.Is(fault, tar.ErrHeader) {
				return err
			}
			break // what comes is no member, but it may be text
		}
		name, err := tarNames(h, &owner, set)
		if err != nil {
			return err
		}
		if h.Size == 0 || strings.HasSuffix(name, "/") || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		fault, err = set.Hand(name, r, h.Size)
		if err != nil {
			return err
		}
		if fault != nil {
			return set.Close()
		}
	}
	if err := set.Close(); err != nil {
		return err
	}
	return member.Trailing(ctx, e, p.Body)
}

// tarNames takes in what people wrote into a header, and returns the name. The names
// of owner and group are taken in where they are not those of the member before.
func tarNames(h *tar.Header, owner *[2]string, set *member.Set) (string, error) {
	texts := []string{h.Name, h.Linkname}
	if o := [2]string{h.Uname, h.Gname}; o != *owner {
		*owner = o
		texts = append(texts, h.Uname, h.Gname)
	}
	sorted := len(texts)
	for k, v := range h.PAXRecords {
		switch k {
		case "path", "linkpath", "size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname":
		default:
			if charset.Detect([]byte(v), true, false, "").Sure > 0.5 {
				texts = append(texts, v)
			}
		}
	}
	sort.Strings(texts[sorted:])
	for i, t := range texts {
		texts[i] = member.DecodeName([]byte(t))
		if err := set.Name(texts[i]); err != nil {
			return "", err
		}
	}
	return texts[0], nil
}
