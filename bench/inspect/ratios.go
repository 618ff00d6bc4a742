package speed

import "strings"

// A lane is the speed of something in each of the rounds.
type lane struct {
	name   string
	rounds []float64
}

// ratios compares what was measured on one text, round by round: ours with the
// best of the others in the same round.
func (r *run) ratios(corpus string, jobs []*job) {
	pick := func(kind, set string, is func(engine string) bool) []lane {
		var l []lane
		for _, j := range jobs {
			if j.Kind == kind && j.Set == set && is(j.Engine) {
				l = append(l, lane{j.Engine, j.rounds})
			}
		}
		return l
	}
	add := func(what string, a, b lane) {
		if len(a.rounds) == 0 || len(b.rounds) == 0 {
			return
		}
		v := make([]float64, len(a.rounds))
		for i := range v {
			v[i] = a.rounds[i] / b.rounds[i]
		}
		x := Ratio{Kind: "ratio", Corpus: corpus, What: what, Than: b.name}
		x.Median, x.Min, x.Max = spread(v)
		r.result.Ratios = append(r.result.Ratios, x)
	}
	ours := func(set string) lane {
		return best(pick("matching", set, func(e string) bool { return strings.HasPrefix(e, "sekimori ") }))
	}
	peer := func(set string) lane { return best(pick("matching", set, isPeer)) }
	named := func(kind, set, name string) lane {
		return best(pick(kind, set, func(e string) bool { return e == name }))
	}

	split := harmonic(peer("P1"), peer("P2"), peer("P3"))
	sum := best(pick("limit", "", func(e string) bool { return strings.HasPrefix(e, "byte sum") }))
	exact, decided := named("whole", "", "exact"), named("whole", "", "until decided")
	add(ratioOneDatabase, ours("ALL"), peer("ALL"))
	add(ratioSplit, ours("ALL"), split)
	add(ratioCloudflare, ours("P1"), named("matching", "P1", "cloudflare/ahocorasick"))
	add(ratioRE2, ours("P3"), named("matching", "P3", "go-re2 find"))
	add(ratioGoRegexp, ours("P3"), named("matching", "P3", "Go regexp"))
	add(ratioWhole, exact, sum)
	add(ratioDecided, decided, sum)
	add(ratioWholePeer, exact, peer("ALL"))
}

// What the ratios compare.
const (
	ratioOneDatabase = "matching ALL / best peer, one database"
	ratioSplit       = "matching ALL / best peers, a database a set"
	ratioCloudflare  = "matching P1 / cloudflare"
	ratioRE2         = "matching P3 / go-re2 with offsets"
	ratioGoRegexp    = "matching P3 / Go regexp"
	ratioWhole       = "whole, exact / byte sum"
	ratioDecided     = "whole, until decided / byte sum"
	ratioWholePeer   = "whole, exact / best peer's matching ALL"
)

func isPeer(engine string) bool {
	return strings.HasPrefix(engine, "Hyperscan ") || strings.HasPrefix(engine, "Vectorscan ")
}

// best returns the lane with the highest median.
func best(lanes []lane) lane {
	var b lane
	top := 0.0
	for _, l := range lanes {
		if m, _, _ := spread(l.rounds); m > top {
			b, top = l, m
		}
	}
	return b
}

// harmonic is the speed of doing everything one after the other.
func harmonic(lanes ...lane) lane {
	var names []string
	for _, l := range lanes {
		if len(l.rounds) == 0 {
			return lane{}
		}
		names = append(names, l.name)
	}
	h := lane{strings.Join(names, " + "), make([]float64, len(lanes[0].rounds))}
	for i := range h.rounds {
		t := 0.0
		for _, l := range lanes {
			t += 1 / l.rounds[i]
		}
		h.rounds[i] = 1 / t
	}
	return h
}
