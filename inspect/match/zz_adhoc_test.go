package match

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

func lines(f string) []string {
	b, _ := os.ReadFile(f)
	var o []string
	for _, l := range strings.Split(string(b), "\n") {
		if l != "" {
			o = append(o, l)
		}
	}
	return o
}
func BenchmarkCorpora(b *testing.B) {
	for _, set := range []string{"P1", "P2", "P1P2", "P3", "ALL"} {
		var p []Pattern
		o := Options{}
		for _, s := range []string{"P1", "P2"} {
			if strings.Contains(set, s) || set == "ALL" {
				for _, l := range lines("/tmp/match/" + s + ".txt") {
					p = append(p, Pattern{l, false, 0})
				}
			}
		}
		if set == "P3" || set == "ALL" {
			o.Exprs = exprsOf(lines("/tmp/match/P3.txt")...)
		}
		for vi, v := range variants() {
			if vi < 1 || vi == 2 {
				continue
			}
			s := v.must(b, p, o)
			for _, c := range []string{"C1", "C2", "C3", "C4", "C5", "C6"} {
				txt, _ := os.ReadFile("/tmp/match/" + c)
				b.Run(set+"/"+c+"/"+v.name, func(b *testing.B) {
					var ev Evidence
					b.SetBytes(int64(len(txt)))
					n := 0
					m := 0
					c0 := cputime()
					for b.Loop() {
						n = 0
						m = 0
						for i := 0; i < len(txt); i += 65536 {
							s.Scan(txt[i:min(len(txt), i+65536)], &ev)
							n += len(ev.Hits)
							m += len(ev.Matches)
						}
					}
					b.ReportMetric(float64(b.N)*float64(len(txt))/1e6/(cputime()-c0), "cpuMB/s")
					b.ReportMetric(float64(n), "hits")
					b.ReportMetric(float64(m), "matches")
				})
			}
		}
	}
	_ = fmt.Sprint()
}

func cputime() float64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}
