package mapi

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestDecompress(t *testing.T) {
	// The example of [MS-OXRTFCP] 3.1.
	example := []byte{
		0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7,
		0x03, 0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20,
		0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
	}
	got, err := io.ReadAll(Decompress(example))
	if want := "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := io.ReadAll(Decompress(example[:40])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
	plain := append(append(bytes.Clone(example[:8]), "MELA\x00\x00\x00\x00"...), "{\\rtf1 x}"...)
	if got, err := io.ReadAll(Decompress(plain)); string(got) != "{\\rtf1 x}" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := io.ReadAll(Decompress(make([]byte, 20))); !errors.Is(err, errCompressedRTF) {
		t.Errorf("neither: %v", err)
	}
}
