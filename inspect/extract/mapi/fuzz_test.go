package mapi

import (
	"bytes"
	"io"
	"testing"
)

// FuzzBag: compressed RTF and properties of any kind are read to an end, within
// bounds.
func FuzzBag(f *testing.F) {
	f.Add([]byte("\x2d\x00\x00\x00\x2b\x00\x00\x00LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125\x42\x32\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0"), uint16(0x1009), uint16(0x102))
	f.Add([]byte("\x0c\x00\x00\x00\x04\x00\x00\x00MELAtext"), uint16(0x1009), uint16(0x102))
	f.Add([]byte("\x80\x96\x98\x00\x00\x00\x00\x00"), uint16(0x3007), uint16(0x40))
	f.Add([]byte("\x82\xd6\x82\xcc"), uint16(0x1000), uint16(0x1e))
	f.Fuzz(func(t *testing.T, value []byte, id, kind uint16) {
		most := int64(len(value))*32 + 1<<12 // a reference of two bytes is seventeen
		if n, _ := io.Copy(io.Discard, io.LimitReader(Decompress(value), most+1)); n > most {
			t.Errorf("%d bytes become more than %d", len(value), n)
		}
		var b Bag
		b.Add(id, kind, "name", value)
		b.Add(0x3fde, 3, "", value)
		if lines := b.Lines(); bytes.IndexByte(lines, 0) >= 0 {
			t.Errorf("NUL in %q", lines)
		}
		_, _, _ = b.Text(id), b.Number(id), b.CodePage()
	})
}
