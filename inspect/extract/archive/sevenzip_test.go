package archive

import (
	"hash/crc32"
	"runtime"
	"testing"
	"time"
)

// sevenFileOf makes a 7z file of packed streams and a header.
func sevenFileOf(packed, header string) []byte {
	b := append([]byte(sevenMagic), 0, 4)
	start := le.AppendUint64(nil, uint64(len(packed)))
	start = le.AppendUint64(start, uint64(len(header)))
	start = le.AppendUint32(start, crc32.ChecksumIEEE([]byte(header)))
	b = le.AppendUint32(b, crc32.ChecksumIEEE(start))
	b = append(b, start...)
	return append(append(b, packed...), header...)
}

// Counts in a header are no measure of memory, nor are sizes.
func TestSevenZipHeaders(t *testing.T) {
	const huge = "\xff\xff\xff\xff\xff\xff\xff\xff\x0f"
	const many = "\xf0\xff\xff\xff\x0f" // 2^28-1
	for name, header := range map[string]string{
		"files":       "\x01\x05" + many + "\x00\x00",
		"more files":  "\x01\x05" + huge + "\x00\x00",
		"streams":     "\x01\x04\x06\x00" + many + "\x09\x01\x00\x00",
		"sums":        "\x01\x04\x06\x00" + many + "\x0a\x01",
		"folders":     "\x01\x04\x07\x0b" + many + "\x00",
		"coders":      "\x01\x04\x07\x0b\x01\x00" + many,
		"inputs":      "\x01\x04\x07\x0b\x01\x00\x01\x13\x03\x01\x01" + many + "\x01",
		"properties":  "\x01\x04\x07\x0b\x01\x00\x01\x23\x03\x01\x01" + many,
		"circle":      "\x17\x07\x0b\x01\x00\x02\x01\x00\x01\x00\x00\x00\x01\x01\x00\x0c\x01\x01\x00\x00",
		"sub-streams": "\x01\x04\x07\x0b\x01\x00\x01\x01\x00\x0c\x01\x00\x08\x0d" + many,
		"window":      "\x17\x06\x00\x01\x09\x01\x00\x07\x0b\x01\x00\x01\x21\x21\x01\x28\x0c" + "\xf0\xff\xff\xff\x7f\x00\x00",
		"ends":        "\x01\x04\x06",
		"no header":   "\x02",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		x := inspectAt(t, sevenFileOf("\x00", header))
		runtime.ReadMemStats(&after)
		if n, d := after.TotalAlloc-before.TotalAlloc, time.Since(start); n > 8<<20 || d > 5*time.Second {
			t.Errorf("%s: %d bytes, %v", name, n, d)
		}
		if len(x.Skips()) == 0 {
			t.Errorf("%s passes:\n%s", name, x)
		}
	}
	if x := inspect(t, sevenFileOf("", "")); skips(x) != "" {
		t.Errorf("empty: %s", x)
	}
}
