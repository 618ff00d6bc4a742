package audit

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// longLog makes a log of one big segment and a small one, and closes it.
func longLog(tb testing.TB, n int) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "audit")
	l := mustOpen(tb, dir, Options{SegmentBytes: 1 << 40})
	var wg sync.WaitGroup
	for k := range 64 {
		wg.Go(func() {
			for i := k; i < n; i += 64 {
				if _, err := l.Append(context.Background(), decision(i%60)); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// packIt packs the only segment.
func packIt(tb testing.TB, dir string) string {
	tb.Helper()
	segs, err := segments(dir)
	if err != nil || len(segs) != 1 {
		tb.Fatal(len(segs), err)
	}
	if err := pack(dir, segs[0]); err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(dir, segmentStem(segs[0].first)+packedSuffix)
}

// at reads one record as the console does.
func at(tb testing.TB, dir string, seq uint64) Record {
	tb.Helper()
	f := Follow(dir, seq)
	defer f.Close()
	r, ok, err := f.Next(seq)
	if err != nil || !ok || r.Seq != seq {
		tb.Fatalf("record %d: %d %v %v", seq, r.Seq, ok, err)
	}
	return r
}

// TestOneRecordIsFound reads records at any place of a long segment, plain and
// packed, and goes on from there; whatever stands where their places should
// stand, they are found, or the file is told to be damaged.
func TestOneRecordIsFound(t *testing.T) {
	const n = 12_000 // some ten megabytes
	dir := longLog(t, n)
	want := map[uint64]Record{}
	err := Read(dir, Filter{}, func(r Record) error {
		want[r.Seq] = Record{Segment: r.Segment, Line: r.Line, Seq: r.Seq, Hash: r.Hash}
		return nil
	})
	if err != nil || len(want) != n {
		t.Fatal(len(want), err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	look := func(what string, times int) {
		t.Helper()
		for i := range times {
			seq := 1 + r.Uint64N(n)
			switch i {
			case 0:
				seq = 1
			case 1:
				seq = n
			}
			got := at(t, dir, seq)
			if w := want[seq]; got.Hash != w.Hash || got.Line != w.Line {
				t.Fatalf("%s: record %d is %x at line %d, want %x at %d", what, seq, got.Hash[:4], got.Line, w.Hash[:4], w.Line)
			}
		}
	}
	look("plain", 200)
	file := packIt(t, dir)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if all := readIndex(opened(t, file), int64(len(b))-footerSize); len(all) < 4 || all[0] != (place{seq: 1}) {
		t.Fatalf("places: %+v", all)
	}
	look("packed", 200)
	if res := mustVerify(t, dir, n); res.Segments != 1 {
		t.Errorf("%+v", res)
	}
	// From the middle to the end, and no further.
	f := Follow(dir, n/2)
	for seq := uint64(n / 2); seq <= n; seq++ {
		if got, ok, err := f.Next(n); err != nil || !ok || got.Seq != seq || got.Hash != want[seq].Hash {
			t.Fatalf("following, at %d: %d %v %v", seq, got.Seq, ok, err)
		}
	}
	if _, ok, err := f.Next(n); ok || err != nil {
		t.Fatal("there is more:", err)
	}
	f.Close()
	// Places that are wrong: each number set to another's. What is read is right
	// all the same, and Verify tells.
	end := len(b) - footerSize
	size := int(binary.LittleEndian.Uint32(b[end-4:]))
	for range 60 {
		bad := append([]byte(nil), b...)
		for range 1 + r.IntN(3) {
			k := end - size + r.IntN(size)
			bad[k] = b[end-size+r.IntN(size)] ^ byte(r.IntN(2))
		}
		if string(bad) == string(b) {
			continue
		}
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		look("with wrong places", 4)
		if res, err := Verify(dir, nil); err != nil || res.Bad == nil {
			t.Fatal("Verify finds nothing:", err)
		}
	}
}

func opened(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// BenchmarkOneRecord reads single records out of segments of the usual size.
func BenchmarkOneRecord(b *testing.B) {
	dir := longLog(b, 70_000) // 64 MiB
	for _, form := range []string{"plain", "packed"} {
		if form == "packed" {
			packIt(b, dir)
		}
		b.Run(form, func(b *testing.B) {
			r := rand.New(rand.NewPCG(3, 4))
			for range b.N {
				at(b, dir, 1+r.Uint64N(70_000))
			}
		})
	}
}
