// Package corpus invents documents that hold personal information, in Japanese
// and English, with the exact place of every value, and for each a benign twin
// of the same form that holds none of a person: order numbers for telephones,
// statistics for a list of members, the names of companies and towns for the
// names of people.
//
// The corpus is made when it is needed, from a seed: the same seed gives the
// same texts. All texts are invented. Names are common ones put together at
// random, municipalities and postal codes are real, block numbers, telephones,
// and all other numbers are drawn by lot, with check digits that are right.
// The corpus, that is all texts that this package makes and all files in data/,
// is dedicated to the public domain under CC0 1.0.
//
// It tells whether a detector knows the forms in which values come; it does not
// tell how well a detector reads prose of the real world, which it does not
// contain.
package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/sekimori-dlp/sekimori/bench/accuracy"
)

// Options say how much to make. The zero value is the benchmark.
type Options struct {
	Seed   uint64 // 0: the seed of the benchmark
	Factor int    // times as many documents; 0 means 1
}

const benchmarkSeed = 20261121

// draft is a document in the making: its text with marks and how many persons
// are in it.
type draft struct {
	text    string
	people  int
	charset string
}

// kind makes documents of one form. Either draft may be without text.
type kind struct {
	name, set, lang string
	documents       int
	make            func(g *gen) (positive, twin draft)
}

// Sets makes the corpus.
func Sets(o Options) []accuracy.Set {
	if o.Seed == 0 {
		o.Seed = benchmarkSeed
	}
	var sets []accuracy.Set
	for _, k := range slices.Concat(tables, objects, forms, letters, variants, traps, cleanKinds, englishKinds) {
		i := slices.IndexFunc(sets, func(s accuracy.Set) bool { return s.Name == k.set })
		if i < 0 {
			i = len(sets)
			sets = append(sets, accuracy.Set{Name: k.set})
		}
		for n := range k.documents * max(1, o.Factor) {
			positive, twin := k.make(newGen(o.Seed, k.name, n))
			id := fmt.Sprintf("%s/%04d", k.name, n)
			if positive.text != "" {
				sets[i].Documents = append(sets[i].Documents, k.document(id, "", positive))
			}
			if twin.text != "" {
				sets[i].Documents = append(sets[i].Documents, k.document(id+"/twin", id, twin))
			}
		}
	}
	return sets
}

func (k kind) document(id, twin string, d draft) accuracy.Document {
	text, spans := strip(d.text)
	people := d.people
	return accuracy.Document{
		ID: id, Lang: k.lang, Source: "sekimori bench corpus, CC0 1.0", Kind: k.name, Gold: accuracy.GoldAll,
		Twin: twin, Charset: d.charset, Text: text, Spans: spans, People: &people,
	}
}

// Digest tells one corpus from another.
func Digest(sets []accuracy.Set) string {
	h := sha256.New()
	e := json.NewEncoder(h)
	for _, s := range sets {
		// Encoding strings and numbers into a hash does not fail.
		_ = e.Encode(s)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
