package office

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// isPrinter reports whether head begins like the settings of a printer, which
// Office puts into most files: as Windows keeps them (DEVMODEW, [MS-RPRN]
// 2.2.2.1), or property lists from macOS.
func isPrinter(head []byte) bool {
	if len(head) < 220 {
		return false
	}
	if bytes.HasPrefix(head[12:], []byte("<?xml")) && bytes.Contains(head, []byte("com.apple.print")) {
		return true
	}
	le := binary.LittleEndian
	version, size := le.Uint16(head[64:]), le.Uint16(head[68:])
	return (version == 0x400 || version == 0x401) && size >= 188 && size <= 240 && printable(bytes.TrimRight(head[:64], "\x00"))
}

// maxPrinter bounds the settings of one printer.
const maxPrinter = 1 << 20

// printer turns such settings into the texts that are in them: the names of the
// printer, its paper, its user.
func printer(p part.Part) part.Part {
	b, err := io.ReadAll(io.LimitReader(p.Body, maxPrinter))
	if err != nil || len(b) == maxPrinter {
		p.Body, p.Size = io.MultiReader(bytes.NewReader(b), p.Body), -1
		return p
	}
	var out []byte
	for i := 0; i < len(b); {
		n, wide := 0, false
		for i+n < len(b) && b[i+n] >= ' ' && b[i+n] < 0x7f {
			n++
		}
		if n < 2 {
			n, wide = 0, i%2 == 0
			for wide && i+n+1 < len(b) && printable(b[i+n:i+n+2]) {
				n += 2
			}
		}
		switch {
		case wide && n >= 8 && written16(b[i:i+n]):
			out = append(appendUTF16(out, b[i:i+n]), '\n')
		case !wide && n >= 4:
			out = append(append(out, b[i:i+n]...), '\n')
		}
		i += max(n, 1)
	}
	return prose(p.Path, bytes.NewReader(out), int64(len(out)))
}

// written16 reports whether UTF-16LE is more likely text than other bytes that
// happen to be characters: half of it is ASCII or kana.
func written16(b []byte) bool {
	n := 0
	for i := 0; i+1 < len(b); i += 2 {
		if c := binary.LittleEndian.Uint16(b[i:]); c < 0x80 || c >= 0x3000 && c < 0x3100 || c >= 0xff00 {
			n++
		}
	}
	return n*4 >= len(b)
}
