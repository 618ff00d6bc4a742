// Package archive reads archives: zip, tar, 7z, RAR, LZH, cabinets, cpio and ar.
// A format is known by its content; each has its
// reader in a file of its name.
//
// Members become nested parts one after another, as their bytes are decoded;
// nothing is held but the windows of the decoders, at most codec.MaxWindow each.
// Archives with a directory at their end (7z) must be readable at any place: a
// nested one that is not is held in memory, up to part.HeldSize.
package archive

import "github.com/sekimori-dlp/sekimori/inspect/part"

// Readers returns the readers in order of trial.
func Readers() []part.Reader {
	return []part.Reader{Zip{}, tarArchive{}, sevenZip{}, rar{}, lzh{}, cab{}, cpio{}, ar{}}
}

// document reports whether p may be a file of any kind, not one value and not
// something encoded.
func document(p *part.Part) bool { return len(p.Encodings) == 0 && p.Role.Content() }
