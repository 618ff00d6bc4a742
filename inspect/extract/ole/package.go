package ole

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Of the packages of Office 2007 and later ([MS-OFFCRYPTO] 2.3.4): the size that
// is encrypted at a time, and the rounds of hashing that a password may cost.
// Office takes 50,000 or 100,000 and lets administrators ask for more.
const (
	packageSegment   = 4096
	maxPackageRounds = 1 << 20
	maxPackageInfo   = 64 << 10
)

// packageLock is how a package is locked: open returns what decrypts segment n in
// place, whole blocks of it, nil if the password is another.
type packageLock struct {
	rounds int
	open   func(password string) func(n uint32, b []byte)
}

// encrypted reads documents that are encrypted as a whole, if one of the
// passwords opens them.
func (s *scope) encrypted() error {
	for _, name := range []string{"EncryptedPackage", "EncryptionInfo", "\x09DRMContent", "\x06DRMContent", "\x06DataSpaces"} {
		if n := s.dir.find(name); n != nil {
			n.taken = true
		}
	}
	info, content := s.dir.find("EncryptionInfo"), s.dir.find("EncryptedPackage")
	detail := "a password or a licence is needed"
	if info != nil && content != nil && info.size <= maxPackageInfo {
		b, err := s.bytes(info)
		if err != nil {
			return err
		}
		lock := lockOf(b)
		if lock.rounds > maxPackageRounds {
			lock.open, detail = nil, fmt.Sprintf("a password is needed whose key takes more than %d rounds", maxPackageRounds)
		}
		if lock.open != nil {
			for password := range s.b.Tries(s.ctx, s.passwords(), lock.rounds) {
				if decrypt := lock.open(password); decrypt != nil {
					p := &packageReader{src: s.c.stream(content), decrypt: decrypt}
					if err := s.child(part.Part{Path: "content", Body: io.NewSectionReader(p, 0, p.length()), Size: p.length()}); err != nil {
						return err
					}
					if password == everybody && !slices.Contains(s.given, password) && !p.workbook() {
						s.e.Skip(part.Encrypted, true, "a password is needed, though it is the one that Excel tries by itself")
					}
					return p.src.err
				}
			}
		}
	}
	s.e.Skip(part.Encrypted, false, detail)
	return nil
}

// lockOf reads the stream that describes the encryption.
func lockOf(b []byte) (l packageLock) {
	switch major, minor := short(b, 0), short(b, 2); {
	case len(b) < 8:
	case major == 4 && minor == 4:
		l = agileLock(b[8:])
	case major >= 2 && major <= 4 && minor == 2:
		l = standardLock(b[4:])
	}
	return l
}

// packageReader decrypts a package wherever it is read. It belongs to one
// goroutine.
type packageReader struct {
	src     *stream
	decrypt func(n uint32, b []byte)
	held    [packageSegment]byte
	have    []byte // of held
	n       int64  // the segment in it, counted from 1
	err     error  // how it ends, if early
}

// length is the size of the package: the number of bytes that stands before it,
// unless less is there, or much more.
func (r *packageReader) length() int64 {
	var head [8]byte
	r.src.ReadAt(head[:], 0)
	said, there := int64(binary.LittleEndian.Uint64(head[:])), r.src.size-int64(len(head))
	if said < there-packageSegment || said > there {
		return max(there, 0)
	}
	return said
}

// workbook reports whether the package is one of Excel, by the names at its end.
func (r *packageReader) workbook() bool {
	const most = 64 << 10
	size := r.length()
	end := make([]byte, min(size, most))
	n, _ := r.ReadAt(end, size-int64(len(end)))
	return bytes.Contains(end[:n], []byte("xl/"))
}

// ReadAt implements io.ReaderAt.
func (r *packageReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if k := off/packageSegment + 1; k != r.n {
			size, err := r.src.ReadAt(r.held[:], 8+(k-1)*packageSegment)
			if r.n, r.err = k, nil; size < len(r.held) {
				r.err = err
			}
			r.have = r.held[:size&^15]
			r.decrypt(uint32(k-1), r.have)
		}
		k := copy(p[n:], r.have[min(off%packageSegment, int64(len(r.have))):])
		if n, off = n+k, off+int64(k); k == 0 {
			if r.err == io.EOF || r.err == nil {
				return n, io.ErrUnexpectedEOF
			}
			return n, r.err
		}
	}
	return n, nil
}
