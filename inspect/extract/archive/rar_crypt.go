package archive

import (
	"bufio"
	"bytes"
	"context"
	"io"

	"github.com/nwaples/rardecode/v2"

	"github.com/sekimori-dlp/sekimori/inspect/decode/codec"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Encryption of RAR: AES in chained blocks, of members, or of all headers too. The
// key of version 5 is derived with PBKDF2 in as many rounds as the archive says, and
// there is a value by which a password is known to be right (RAR 5.0 archive format,
// encryption header). That of version 3 and 4 takes 2^18 rounds of SHA-1, and nothing
// tells the right one but that what is decrypted can be decoded and has its checksum.
const (
	rar4Rounds  = 1<<18/roundsToOne + provingRounds
	maxRarPower = 20 // 2^20 rounds for a key; RAR writes 2^15
)

// everywhere returns a reader of p and the same bytes to be read at any place, nil
// if they are too many to be held.
func everywhere(p *part.Part) (io.Reader, *io.SectionReader) {
	if at, ok := p.Body.(io.ReaderAt); ok && p.Size > 0 {
		return p.Body, io.NewSectionReader(at, 0, p.Size)
	}
	held, err := io.ReadAll(io.LimitReader(p.Body, part.HeldSize+1))
	src := io.Reader(bytes.NewReader(held))
	switch {
	case err != nil:
		src = io.MultiReader(src, failing{err})
	case len(held) > part.HeldSize:
		return io.MultiReader(src, p.Body), nil
	}
	return src, io.NewSectionReader(bytes.NewReader(held), 0, int64(len(held)))
}

// rarTrial is what became of trying a password.
type rarTrial int

const (
	rarWrong rarTrial = iota // or nothing is encrypted
	rarLocked
	rarRight
)

// unlockRar returns the first of the passwords that opens what is encrypted, "" if
// none does.
func unlockRar(ctx context.Context, b *part.Budget, archive *io.SectionReader, passwords []string) string {
	outcome, blocks := tryRar(ctx, b, archive, "")
	if outcome != rarLocked || blocks.five && (blocks.power < 0 || blocks.power > maxRarPower) {
		return ""
	}
	rounds := rar4Rounds
	if blocks.five {
		rounds = 1 << blocks.power
	}
	for password := range b.Tries(ctx, passwords, rounds) {
		if password == "" {
			continue
		}
		if outcome, _ := tryRar(ctx, b, archive, password); outcome == rarRight {
			return password
		}
	}
	return ""
}

// tryRar tries a password on the first thing that is encrypted. Without one it says
// whether there is any.
func tryRar(ctx context.Context, b *part.Budget, archive *io.SectionReader, password string) (rarTrial, *rarBlocks) {
	blocks := newRarBlocks(bufio.NewReaderSize(io.NewSectionReader(archive, 0, archive.Size()), 64<<10))
	blocks.bounded = true
	r, err := openRar(blocks, password)
	for err == nil && b.Spend(ctx, 0) == nil {
		var h *rardecode.FileHeader
		if h, err = r.Next(); err != nil {
			break
		}
		switch {
		case h.HeaderEncrypted && password != "":
			return rarRight, blocks // the header has its checksum
		case !h.Encrypted || h.IsDir || h.UnPackedSize == 0 && !h.UnKnownSize:
			continue
		case password == "":
			return rarLocked, blocks
		}
		most := int64(provenSize)
		if blocks.five {
			most = 1
		}
		if _, err = io.CopyN(io.Discard, codec.Guarded(r), most); err == nil || err == io.EOF {
			return rarRight, blocks
		}
		return rarWrong, blocks
	}
	if why, _ := part.ReasonOf(reasonRar(err)); err != nil && password == "" && why == part.Encrypted {
		return rarLocked, blocks
	}
	return rarWrong, blocks
}

// locked notes the rounds that the key of a block of RAR 5 takes, and reports
// whether they are more than are spent.
func (b *rarBlocks) locked(extra []byte) bool {
	for f := (fields{extra}); len(f.b) > 0; {
		record := fields{f.skip(int(min(f.next(), 1<<16)))}
		if record.next() == 1 && b.encryption(&record) {
			return true
		}
	}
	return false
}

// encryption reads the start of a record of encryption.
func (b *rarBlocks) encryption(f *fields) bool {
	f.next() // version
	f.next() // flags
	power := f.skip(1)
	if len(power) == 0 {
		return false
	}
	if b.power < 0 {
		b.power = int(power[0])
	}
	return power[0] > maxRarPower
}
