package inspect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// list is a list of customers, of whom few or many differ.
func list(rng *rand.Rand, people, size int) string {
	var b strings.Builder
	delim := [...]string{",", "\t", ";"}[rng.IntN(3)]
	quote := [...]string{"", "", `"`}[rng.IntN(3)]
	heads := []string{"会員番号", "氏名", "電話番号", "メールアドレス", "生年月日", "備考"}
	if rng.IntN(4) > 0 {
		b.WriteString(strings.Join(heads, delim) + "\n")
	}
	for i := 0; b.Len() < size; i++ {
		who := rng.IntN(people)
		name := [...]string{"山田", "佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤"}[who%7] + [...]string{"太郎", "花子", "健一", "美咲", "翔太"}[who/7%5]
		cells := []string{fmt.Sprint(10000000 + i), name, fmt.Sprintf("090-%04d-%04d", 1000+who, 7*who),
			fmt.Sprintf("user%d@example.jp", who), fmt.Sprintf("19%02d/05/%02d", 50+who%40, 1+who%28), ""}
		if quote != "" {
			cells[5] = "メモ\n" + strings.Repeat("会議の資料です。", rng.IntN(5))
		}
		for k, c := range cells {
			if k > 0 {
				b.WriteString(delim)
			}
			if quote != "" || c != "" {
				b.WriteString(quote + c + quote)
			}
		}
		b.WriteString("\n")
		if rng.IntN(2000) == 0 {
			b.WriteString("\n\n" + strings.Repeat("会議の資料です。\n", 50) + strings.Join(heads, delim) + "\n")
		}
	}
	return b.String()
}

// A list is looked at bit by bit until all is decided: that changes no decision, how
// many of its persons it may take.
func TestUntilDecidedLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	reached, asked := 0, 0
	for range 60 {
		people := 1 + rng.IntN(1<<rng.IntN(11))
		text := list(rng, people, 3000+rng.IntN(300000))
		var q []Query
		for range 1 + rng.IntN(4) {
			k := append(peopleQueries,
				Query{People: true, With: [][]Type{{detect.Name}, {detect.Phone, detect.Birthdate}}, Confidence: 0.8},
				Query{With: [][]Type{{detect.Phone}}, Confidence: 0.8})[rng.IntN(len(peopleQueries)+2)]
			k.AtLeast = max(1, people-3+rng.IntN(7))
			if rng.IntN(2) == 0 {
				k.AtLeast = 1 + rng.IntN(40)
			}
			q = append(q, k)
		}
		s := realScanner(t, Spec{Queries: q})
		all := s.Scan(t.Context(), root(text), ScanOptions{})
		some := s.Scan(t.Context(), root(text), ScanOptions{UntilDecided: true})
		if some.Again {
			continue
		}
		for i := range q {
			is := all.Answers[i] >= q[i].AtLeast
			if asked++; is {
				reached++
			}
			if is != (some.Answers[i] >= q[i].AtLeast) {
				t.Errorf("%d people in %d bytes, query %+v: %d against %d", people, len(text), q[i], all.Answers[i], some.Answers[i])
			}
		}
	}
	if reached < asked/4 || reached > asked*9/10 {
		t.Errorf("%d of %d answers reach what is asked for", reached, asked)
	}
}
