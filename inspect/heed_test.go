package inspect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// A long table answers the same whether its findings are told one by one, all of which
// are validated then, or counted only.
func TestHeeds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	var b strings.Builder
	b.WriteString("氏名,フリガナ,郵便番号,住所,電話番号,カード番号\n")
	for i := range 9000 {
		fmt.Fprintf(&b, "%s %s,ヤマダ タロウ,%s,東京都港区芝公園4-2-%d,090-%04d-%04d,%s\n",
			pick("山田", "佐藤", "鈴木", "凹凸", "丿乀"), pick("太郎", "花子", "〆丶"), pick("100-0014", "999-9998", "105-0011", "107-9999"),
			i, rng.IntN(10000), rng.IntN(10000), pick("", "", "4539578763621486", "4539578763621487"))
	}
	kinds := [][]detect.Type{{detect.Name}, {detect.Postal}, {detect.Card}, {detect.Phone}, nil}
	var q []Query
	for _, k := range kinds {
		for _, validated := range []bool{false, true} {
			q = append(q, Query{With: [][]Type{k}, Confidence: .5, Validated: validated},
				Query{With: [][]Type{{detect.Name}, k}, People: true, Confidence: .5, Validated: validated})
		}
	}
	for _, some := range [][]Query{q, {q[0], q[1], q[8], q[10]}, {q[2]}, {q[6]}, {q[3]}, {q[19]}} {
		s := realScanner(t, Spec{Queries: some})
		told := s.Scan(t.Context(), root(b.String()), ScanOptions{OnFinding: func(*PartReport, *Finding) {}})
		counted := s.Scan(t.Context(), root(b.String()), ScanOptions{})
		if !slices.Equal(told.Answers, counted.Answers) {
			t.Errorf("%v told, %v counted", told.Answers, counted.Answers)
		}
	}
}

// What a query asks for validated values of is heeded, and nothing else.
func TestQuestionHeeds(t *testing.T) {
	for _, c := range []struct {
		q     Query
		name  bool
		phone bool
	}{
		{Query{With: [][]Type{{detect.Name}}}, false, false},
		{Query{With: [][]Type{{detect.Name}}, Validated: true}, true, false},
		{Query{With: [][]Type{{detect.Card}, {detect.Phone}}, Validated: true}, false, true},
		{Query{With: [][]Type{nil}, Validated: true}, true, true},
		{Query{With: [][]Type{{detect.Phone}}, People: true, Validated: true}, true, true},
		{Query{People: true, With: [][]Type{nil}}, false, false},
	} {
		q := question{Query: c.q}
		if q.heeds(detect.Name) != c.name || q.heeds(detect.Phone) != c.phone {
			t.Errorf("%+v", c.q)
		}
	}
}
