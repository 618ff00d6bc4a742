package match_test

import (
	"fmt"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

func Example() {
	set, err := match.Compile([]match.Pattern{
		{Literal: "氏名", Payload: 1},
		{Literal: "tel", Fold: true, Payload: 2},
	}, match.Options{
		Exprs: []match.Expr{{Pattern: `\b0\d{1,3}-\d{1,4}-\d{4}\b`, Payload: 3}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	text := []byte("氏名 関守 TEL 03-0000-0000 m@example.jp")
	var ev match.Evidence // kept for the next text
	set.Scan(text, &ev)
	for _, h := range ev.Hits {
		fmt.Println("literal", h.Payload, string(text[h.Start:h.End]))
	}
	for _, h := range ev.Matches {
		fmt.Println("expression", h.Payload, string(text[h.Start:h.End]))
	}
	fmt.Println(len(ev.Runs), "runs of digits, @ at", ev.Ats)
	// Output:
	// literal 1 氏名
	// literal 2 TEL
	// expression 3 03-0000-0000
	// 3 runs of digits, @ at [32]
}
