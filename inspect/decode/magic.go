package decode

import "bytes"

// format is a file format known by the bytes it has at a fixed place.
type format struct {
	name   string
	magic  string
	offset int
	text   bool // its bytes are text, to be read as such
}

// formats lists what is told apart, the longer before the shorter. Sources:
// the formats' own specifications, and the list of file(1).
var formats = []format{
	{name: "7z", magic: "7z\xbc\xaf\x27\x1c"},
	{name: "rar", magic: "Rar!\x1a\x07"},
	{name: "zip", magic: "PK\x03\x04"},
	{name: "zip", magic: "PK\x05\x06"},
	{name: "zip", magic: "PK\x07\x08"},
	{name: "xz", magic: "\xfd7zXZ\x00"},
	{name: "bzip2", magic: "BZh"},
	{name: "lz4", magic: "\x04\x22\x4d\x18"},
	{name: "lzip", magic: "LZIP"},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd"},
	{name: "gzip", magic: "\x1f\x8b\x08"},
	{name: "compress", magic: "\x1f\x9d"},
	{name: "lzh", magic: "-lh", offset: 2},
	{name: "lzh", magic: "-lz", offset: 2},
	{name: "cab", magic: "MSCF\x00\x00\x00\x00"},
	{name: "arj", magic: "\x60\xea"},
	{name: "ace", magic: "**ACE**", offset: 7},
	{name: "tar", magic: "ustar", offset: 257},
	{name: "ar", magic: "!<arch>\n"},
	{name: "rpm", magic: "\xed\xab\xee\xdb"},
	{name: "iso9660", magic: "CD001", offset: 0x8001},
	{name: "vhd", magic: "conectix"},
	{name: "vmdk", magic: "KDMV"},
	{name: "ole", magic: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	{name: "xls", magic: "\x09\x04\x06\x00"}, // BIFF4 without a container
	{name: "xls", magic: "\x09\x02\x06\x00"},
	{name: "tnef", magic: "\x78\x9f\x3e\x22"},
	{name: "pst", magic: "!BDN"},
	{name: "access", magic: "\x00\x01\x00\x00Standard "},
	{name: "pdf", magic: "%PDF-"},
	{name: "postscript", magic: "%!PS", text: true},
	{name: "rtf", magic: "{\\rtf", text: true},
	{name: "djvu", magic: "AT&TFORM"},
	{name: "jtd", magic: "JustSystem"},
	{name: "dwg", magic: "AC10"},
	{name: "sqlite", magic: "SQLite format 3\x00"},
	{name: "parquet", magic: "PAR1"},
	{name: "avro", magic: "Obj\x01"},
	{name: "hdf5", magic: "\x89HDF\r\n\x1a\n"},
	{name: "pcap", magic: "\xd4\xc3\xb2\xa1"},
	{name: "pcapng", magic: "\x0a\x0d\x0d\x0a"},
	{name: "git-pack", magic: "PACK\x00\x00\x00"},
	{name: "png", magic: "\x89PNG\r\n\x1a\n"},
	{name: "jpeg", magic: "\xff\xd8\xff"},
	{name: "gif", magic: "GIF8"},
	{name: "bmp", magic: "BM"},
	{name: "webp", magic: "WEBP", offset: 8},
	{name: "wav", magic: "WAVE", offset: 8},
	{name: "avi", magic: "AVI ", offset: 8},
	{name: "tiff", magic: "II*\x00"},
	{name: "tiff", magic: "MM\x00*"},
	{name: "jpeg2000", magic: "\x00\x00\x00\x0cjP  \r\n\x87\n"},
	{name: "jbig2", magic: "\x97JB2\r\n\x1a\n"},
	{name: "psd", magic: "8BPS"},
	{name: "emf", magic: " EMF", offset: 40},
	{name: "wmf", magic: "\xd7\xcd\xc6\x9a"},
	{name: "wmf", magic: "\x01\x00\x09\x00\x00\x03"},
	{name: "ico", magic: "\x00\x00\x01\x00"},
	{name: "heif", magic: "ftyphei", offset: 4},
	{name: "heif", magic: "ftypmif", offset: 4},
	{name: "avif", magic: "ftypavif", offset: 4},
	{name: "mp4", magic: "ftyp", offset: 4},
	{name: "quicktime", magic: "moov", offset: 4},
	{name: "matroska", magic: "\x1a\x45\xdf\xa3"},
	{name: "ogg", magic: "OggS"},
	{name: "flac", magic: "fLaC"},
	{name: "mp3", magic: "ID3"},
	{name: "mp3", magic: "\xff\xfb"},
	{name: "midi", magic: "MThd"},
	{name: "flv", magic: "FLV\x01"},
	{name: "asf", magic: "\x30\x26\xb2\x75\x8e\x66\xcf\x11"},
	{name: "mpeg", magic: "\x00\x00\x01\xba"},
	{name: "woff", magic: "wOFF"},
	{name: "woff2", magic: "wOF2"},
	{name: "truetype", magic: "\x00\x01\x00\x00\x00"},
	{name: "opentype", magic: "OTTO\x00"},
	{name: "elf", magic: "\x7fELF"},
	{name: "java-class", magic: "\xca\xfe\xba\xbe"},
	{name: "macho", magic: "\xcf\xfa\xed\xfe"},
	{name: "wasm", magic: "\x00asm"},
	{name: "pe", magic: "MZ\x90\x00"},
	{name: "pgp", magic: "-----BEGIN PGP MESSAGE", text: true},
	{name: "age", magic: "age-encryption.org/"},
	{name: "openssl-salted", magic: "Salted__"},
}

// byFirst holds the formats whose magic is at the start, by its first byte.
var byFirst = func() (t [256][]*format) {
	for i := range formats {
		if f := &formats[i]; f.offset == 0 {
			t[f.magic[0]] = append(t[f.magic[0]], f)
		}
	}
	return t
}()

// byOffset holds the others, those at one offset together.
var byOffset = func() (t []formatsAt) {
	for i := range formats {
		f := &formats[i]
		if f.offset == 0 {
			continue
		}
		if n := len(t); n == 0 || t[n-1].offset != f.offset {
			t = append(t, formatsAt{offset: f.offset})
		}
		t[len(t)-1].formats = append(t[len(t)-1].formats, f)
	}
	return t
}()

// formatsAt are the formats whose magic is at an offset.
type formatsAt struct {
	offset  int
	formats []*format
}

// magicLeads has a bit for each of byOffset at which a magic begins with a byte.
var magicLeads = func() (t [256]uint32) {
	for i, at := range byOffset {
		for _, f := range at.formats {
			t[f.magic[0]] |= 1 << i
		}
	}
	return t
}()

// sniff returns the format that head begins like, nil if none is known.
func sniff(head []byte) *format {
	if len(head) == 0 {
		return nil
	}
	for _, f := range byFirst[head[0]] {
		if len(head) >= len(f.magic) && string(head[:len(f.magic)]) == f.magic && f.confirmed(head) {
			return f
		}
	}
	for i := range byOffset {
		at := &byOffset[i]
		if len(head) <= at.offset || magicLeads[head[at.offset]]>>i&1 == 0 {
			continue
		}
		for _, f := range at.formats {
			if len(head) >= f.offset+len(f.magic) && string(head[f.offset:f.offset+len(f.magic)]) == f.magic && f.confirmed(head) {
				return f
			}
		}
	}
	return nil
}

// confirmed looks further where the magic is so short, or so much like text,
// that text may begin with it.
func (f *format) confirmed(head []byte) bool {
	if f.text || len(f.magic) > 7 {
		return true
	}
	switch f.name {
	case "bzip2":
		return len(head) >= 10 && head[3]-'1' < 9 && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
	case "pdf", "7z", "rar", "zip":
		return true
	case "lzh":
		return len(head) > 6 && head[6] == '-'
	case "tar":
		return true
	case "bmp": // four reserved bytes are zero
		return len(head) > 18 && string(head[6:10]) == "\x00\x00\x00\x00" && head[14] > 0 && head[15] == 0
	case "dwg":
		return len(head) > 6 && head[4]-'0' < 10 && head[6] == 0
	}
	// Text holds no NUL and no other control characters.
	return bytes.ContainsFunc(head[:min(len(head), 512)], func(r rune) bool {
		return r < '\t' || r > '\r' && r < ' ' && r != 0x1b || r == 0xfffd
	})
}
