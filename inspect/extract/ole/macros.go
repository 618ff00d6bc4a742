package ole

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/extract/codepage"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// macros reads the modules of a VBA project. Each begins with a cache of what
// was compiled; the compressed source that follows is found by what every source
// begins with.
func (s *scope) macros(dir *node, path string) error {
	for _, n := range dir.nodes {
		if n.storage {
			continue // rest comes to it
		}
		b, err := s.bytes(n)
		if b == nil && err != nil {
			return err
		}
		if isStructure(n.name) && !equalFold(n.name, "dir") {
			if err := s.strays(b, codepage.Unknown); err != nil {
				return err
			}
			continue
		}
		at := 0
		if !equalFold(n.name, "dir") {
			at = bytes.Index(b, []byte("\x00Attribut"))
			if at < 3 || b[at-3] != 1 {
				if err := s.strays(b, codepage.Unknown); err != nil {
					return err
				}
				continue
			}
			at -= 3
		}
		source := expand(b[at:])
		if err := s.b.Spend(s.ctx, len(source)); err != nil {
			return err
		}
		if equalFold(n.name, "dir") {
			if err := s.strays(source, codepage.Unknown); err != nil {
				return err
			}
			continue
		}
		text := codepage.Text(codepage.Unknown, source)
		if err := s.text(path+part.Separator+shown(n.name), []byte(strings.ReplaceAll(text, "\r\n", "\n"))); err != nil {
			return err
		}
	}
	return s.rest(dir, path)
}

// expand decompresses a container of [MS-OVBA] 2.4.1, as far as it goes.
func expand(b []byte) []byte {
	var out []byte
	if len(b) == 0 || b[0] != 1 {
		return nil
	}
	for b = b[1:]; len(b) > 2; {
		header := binary.LittleEndian.Uint16(b)
		size := min(int(header&0xfff)+3, len(b))
		chunk := b[2:size]
		b = b[size:]
		if header>>12&7 != 3 {
			break
		}
		if header&0x8000 == 0 {
			out = append(out, chunk...)
			continue
		}
		out = expandChunk(out, chunk)
	}
	return out
}

// expandChunk decompresses one chunk, which stands for at most 4096 bytes.
func expandChunk(out, chunk []byte) []byte {
	start := len(out)
	for len(chunk) > 0 {
		flags := chunk[0]
		chunk = chunk[1:]
		for range 8 {
			switch {
			case len(chunk) == 0 || len(out)-start >= 4096:
				return out
			case flags&1 == 0:
				out = append(out, chunk[0])
				chunk = chunk[1:]
			case len(chunk) < 2:
				return out
			default:
				token := int(binary.LittleEndian.Uint16(chunk))
				chunk = chunk[2:]
				done := len(out) - start
				bits := 4 // of the offset: as many as the offset may need
				for done > 1<<bits {
					bits++
				}
				length := token&(1<<(16-bits)-1) + 3
				from := len(out) - token>>(16-bits) - 1
				if from < start {
					return out
				}
				for i := range min(length, 4096-done) {
					out = append(out, out[from+i])
				}
			}
			flags >>= 1
		}
	}
	return out
}
