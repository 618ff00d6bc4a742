package archive

import (
	"bytes"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
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

// unlocked reads an archive with passwords at hand.
func unlocked(t testing.TB, body []byte, passwords ...string) *parttest.Tree {
	t.Helper()
	return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body)), Passwords: passwords},
		part.Limits{Bytes: 64 << 20, Entries: 100, Time: 20 * time.Second})
}

func TestSevenZipPasswords(t *testing.T) {
	list := load(t, "list.csv")
	for _, name := range []string{"encrypted.7z", "encrypted-header.7z", "locked/copy.7z", "locked/ppmd.7z"} {
		body := load(t, name)
		x := unlocked(t, body, "wrong", "secret", "other")
		met := 0
		for _, p := range x.Parts {
			if strings.HasSuffix(p.Path, "list.csv") && bytes.Equal(p.Own, list) && len(p.Skips) == 0 {
				met++
			}
		}
		if met != 1 || len(x.Parts[0].Skips) > 0 {
			t.Errorf("%s: %v\n%s", name, x.Parts[0].Skips, x)
		}
		for _, none := range [][]string{nil, {"Secret", "", "関守"}} {
			x := unlocked(t, body, none...)
			if x.Parts[0].Skips == nil || x.Parts[0].Skips[0] != "encrypted" {
				t.Errorf("%s with %d others:\n%s", name, len(none), x)
			}
		}
	}
}

// TestDearSevenZip declares more rounds for a key than a password may cost.
func TestDearSevenZip(t *testing.T) {
	for _, power := range []byte{maxSevenPower + 1, 62} {
		// One folder of one coder with a salt and a vector of a byte each.
		header := "\x01\x04\x06\x00\x01\x09\x10\x00\x07\x0b\x01\x00\x01\x24\x06\xf1\x07\x01\x04" + string([]byte{power | 0xc0}) + "\x00s\x01" +
			"\x0c\x10\x00\x08\x0a\x01abcd\x00\x00\x05\x01\x11\x05\x00a\x00\x00\x00\x00\x00"
		start := time.Now()
		x := unlocked(t, []byte(sevenFileOf("0123456789abcdef", header)), "secret")
		if d := time.Since(start); skips(x) != "encrypted encrypted" || d > 5*time.Second {
			t.Errorf("2^%d: %v:\n%s", power, d, x)
		}
	}
}

func FuzzSevenZipPasswords(f *testing.F) {
	for _, name := range []string{"encrypted.7z", "encrypted-header.7z", "locked/copy.7z", "locked/ppmd.7z"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		start := time.Now()
		unlocked(t, body, "secret")
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%d bytes took %v", len(body), d)
		}
	})
}

// What a password costs with the rounds that 7-Zip asks for.
func BenchmarkSevenZipPassword(b *testing.B) {
	k := sevenKey{power: 19}
	for b.Loop() {
		k.derive("Sekimori-2026")
	}
}
