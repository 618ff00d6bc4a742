package match

import (
	"fmt"
	"testing"
)

// sets are the sets of literals that benchmarks look for.
func benchSets() map[string][]Pattern {
	r := seeded(7)
	places := names(r, 20_000)
	return map[string][]Pattern{
		"keywords": literals(true, keywords...),
		"names":    literals(false, places...),
		"both":     append(literals(true, keywords...), literals(false, places...)...),
	}
}

// BenchmarkScan is matching alone, by set, corpus and engine; its bytes are
// bytes of text. Cloudflare's automaton of the large sets would take most of
// a gigabyte: it runs on the keywords only.
func BenchmarkScan(b *testing.B) {
	sets := benchSets()
	for _, set := range []string{"keywords", "names", "both"} {
		var lits []string
		for _, p := range sets[set] {
			lits = append(lits, p.Literal)
		}
		for _, c := range corpora {
			text := corpus(c.make, 4<<20, lits)
			hits := -1
			for _, v := range variants()[1:] {
				if v.name == Cloudflare.String() && set != "keywords" {
					continue
				}
				b.Run(set+"/"+c.name+"/"+v.name, func(b *testing.B) {
					s := v.must(b, sets[set], Options{})
					var ev Evidence
					n := 0
					b.SetBytes(int64(len(text)))
					for b.Loop() {
						n = 0
						for i := 0; i < len(text); i += 64 << 10 {
							s.Scan(text[i:min(i+64<<10, len(text))], &ev)
							n += len(ev.Hits)
						}
					}
					b.ReportMetric(float64(n), "hits")
					if hits >= 0 && n != hits {
						b.Errorf("%d hits, the engine before had %d", n, hits)
					}
					hits = n
				})
			}
		}
	}
}

// BenchmarkLiterals shows how the cost of a byte grows with the set.
func BenchmarkLiterals(b *testing.B) {
	all := names(seeded(8), 100_000)
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		for _, kind := range []int{0, 2} {
			c := corpora[kind]
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				s, err := Compile(literals(false, all[:n]...), Options{})
				if err != nil {
					b.Fatal(err)
				}
				text := corpus(c.make, 1<<20, all[:n])
				var ev Evidence
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					s.Scan(text, &ev)
				}
			})
		}
	}
}

// BenchmarkLength shows the cost of short texts.
func BenchmarkLength(b *testing.B) {
	lits := append(names(seeded(9), 20_000), keywords...)
	s, err := Compile(literals(false, lits...), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{16, 128, 1 << 10, 16 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := corpus(japanese, n, lits)
			var ev Evidence
			b.SetBytes(int64(n))
			for b.Loop() {
				s.Scan(text, &ev)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	all := names(seeded(10), 100_000)
	for _, n := range []int{100, 20_000, 100_000} {
		p := literals(true, all[:n]...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				s, err := Compile(p, Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(s.Size())/(1<<20), "MiB")
			}
		})
	}
}
