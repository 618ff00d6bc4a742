package match

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"
)

// FuzzAssemblyEqualsGo runs each vector kernel beside its specification.
func FuzzAssemblyEqualsGo(f *testing.F) {
	seedFuzz(f)
	f.Fuzz(func(t *testing.T, lits string, text []byte) { assemblyEqualsGo(t, fuzzPatterns(lits), text) })
}

func TestAssemblyEqualsGo(t *testing.T) {
	lits := append(names(seeded(3), 2000), keywords...)
	for _, c := range corpora {
		t.Run(c.name, func(t *testing.T) {
			assemblyEqualsGo(t, literals(c.name != "csv", lits...), corpus(c.make, 50_000, lits))
		})
	}
}

func assemblyEqualsGo(t *testing.T, p []Pattern, text []byte) {
	table := newTable(p)
	f := newFilter(table)
	f.deal(table)
	for _, k := range vectors {
		t.Run(fmt.Sprintf("%T", k), func(t *testing.T) {
			marks := func(text []byte, i int) bool { return f.marks.at(text, i) != 0 }
			if p, ok := k.(preparer); ok {
				p.prepare(f, table)
				marks = func(text []byte, i int) bool { return f.halves.at(text, i) != 0 }
			}
			var got, want scratch
			var gotEv, wantEv Evidence
			for base := 0; base+blockSize+slack <= len(text); {
				blocks := min((len(text)-base-slack)/blockSize, chunkSize/blockSize)
				part := text[base:]
				got.found, want.found = got.found[:0], want.found[:0]
				k.mark(&got, &gotEv, f, part, blocks, base)
				for i := range blocks * blockSize {
					if marks(part, i) {
						want.found = append(want.found, uint32(base+i))
					}
				}
				if !slices.Equal(got.found, want.found) {
					t.Fatalf("offsets marked from %d on: got %d, want %d of them", base, len(got.found), len(want.found))
				}
				got.found = got.found[:0]
				k.literals(&got, f, part, blocks, base)
				if !slices.Equal(got.found, want.found) {
					t.Fatalf("offsets alone from %d on: got %d, want %d of them", base, len(got.found), len(want.found))
				}
				k.sift(&got, f, part, base)
				if sifted := f.sift(want.found, part, base); !slices.Equal(got.found, sifted) {
					t.Fatalf("offsets sifted from %d on: got %v, want %v", base, got.found, sifted)
				}
				got.leads = k.leads(table, got.leads[:0], got.found, part, base)
				if leads := table.leads(nil, got.found, part, base); !slices.Equal(got.leads, leads) {
					t.Fatalf("leads from %d on: got %v, want %v", base, got.leads, leads)
				}
				hits := k.confirm(table, &got, nil, text, part, base)
				if all := table.confirmAll(nil, got.leads, text, part, base); !slices.Equal(hits, all) {
					t.Fatalf("hits from %d on: got %v, want %v", base, hits, all)
				}
				portable{}.mark(&want, &wantEv, f, part, blocks, base)
				if got.digit != want.digit {
					t.Fatalf("digit at the end of the chunk from %d: got %v", base, got.digit)
				}
				base += blocks * blockSize
			}
			if got.digit { // the end of an open run is not known yet
				gotEv.Runs[len(gotEv.Runs)-1].End = 0
			}
			if err := same(&gotEv, &wantEv); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The assembly knows these offsets; go_asm.h tells it the others.
func TestLayouts(t *testing.T) {
	var w walk
	var m marks
	var i item
	var f fine
	var half halfMarks
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"high", unsafe.Offsetof(m.high), 320},
		{"halves: high4", unsafe.Offsetof(half.high4), 64},
		{"halves: low6", unsafe.Offsetof(half.low6), 128},
		{"low4", unsafe.Offsetof(m.low4), 640},
		{"high4", unsafe.Offsetof(m.high4), 720},
		{"tables of a byte each", unsafe.Sizeof(f[0]), 1024},
		{"room for offsets", unsafe.Sizeof(w.at), 4 * (batchSize + 4*lanes)},
		{"room for rows", unsafe.Sizeof(w.row), 4 * (batchSize + 4*lanes)},
		{"room for slots", unsafe.Sizeof(w.slot), 4 * (batchSize + 4*lanes)},
		{"room for events", unsafe.Sizeof(w.event), 4 * (batchSize*walkFirst + lanes)},
		{"item", unsafe.Sizeof(item{}), 24},
		{"tail", unsafe.Offsetof(i.tail), 8},
		{"payload", unsafe.Offsetof(i.payload), 16},
		{"item's size", unsafe.Offsetof(i.size), 20},
		{"whole", unsafe.Offsetof(i.whole), 22},
		{"extra", unsafe.Offsetof(i.extra), 23},
		{"lead", unsafe.Sizeof(lead{}), 8},
		{"hit", unsafe.Sizeof(Hit{}), 12},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, the assembly has %d", c.name, c.got, c.want)
		}
	}
}
