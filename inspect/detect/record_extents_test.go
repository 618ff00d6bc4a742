package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// jsonOf invents a value of JSON with names and more in it, at some depth.
func jsonOf(r *rand.Rand, depth int) string {
	pick := func(w ...string) string { return w[r.IntN(len(w))] }
	name := func() string {
		return pick("山田", "佐藤", "鈴木", "高橋", "田中", "渡辺") + pick("太郎", "花子", "健一", "美咲", "翔太", "陽子")
	}
	phone := func() string { return fmt.Sprintf("0%d0-%04d-%04d", 7+r.IntN(3), 1000+r.IntN(9000), r.IntN(10000)) }
	var list []string
	key := func(key, value string) { list = append(list, `"`+key+`":`+pick("", " ")+value) }
	quoted := func(s string) string { return `"` + s + `"` }
	switch r.IntN(8) {
	case 0:
		if depth > 1 {
			for range r.IntN(6) {
				list = append(list, pick(quoted(name()), quoted(phone()), "1", "null"))
			}
			return "[" + strings.Join(list, ", ") + "]"
		}
	case 1:
		if depth > 0 {
			for range 1 + r.IntN(3) {
				list = append(list, pick(`{"key":"氏名","value":"`+name()+`"}`, `{"label":"電話","answer":"`+phone()+`"}`, `{"key":"氏名", "note":"x", "value" : "`+name()+`"}`, `{"key":"色","value":"青"}`))
			}
			return "[" + strings.Join(list, ",") + "]"
		}
	case 2, 3:
		if depth < 5 {
			for range r.IntN(12) {
				list = append(list, jsonOf(r, depth+1))
			}
			return "[" + strings.Join(list, pick(",", ", ", ",\n  ")) + "]"
		}
	}
	for range 1 + r.IntN(5) {
		switch r.IntN(9) {
		case 0:
			key("name", quoted(name()))
		case 1:
			if r.IntN(4) == 0 {
				key("tel", quoted(phone()))
			}
		case 2:
			key("birthday", fmt.Sprintf(`"19%02d-02-03"`, r.IntN(100)))
		case 3:
			key("note", quoted(strings.Repeat("会議の資料です。", r.IntN(60))))
		case 4:
			key("text", quoted(name()+"さんは、{角} と ["))
		case 5, 6:
			if depth < 6 {
				key(pick("user", "contact", "items", "data"), jsonOf(r, depth+1))
			}
		default:
			key("id", fmt.Sprint(r.IntN(1000)))
		}
	}
	return "{" + strings.Join(list, ",") + "}"
}

// Leaving out names in objects that hold nothing else changes no record with
// company, whatever the objects are like, and whatever is beside JSON.
func TestExtents(t *testing.T) {
	left := 0
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 3))
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(jsonOf(r, r.IntN(3)))
			b.WriteString([]string{"\n", ",", "", "]"}[min(r.IntN(60), 3)*r.IntN(2)])
		}
		text := b.String()
		if seed%5 == 0 { // cut off
			text = text[:strings.LastIndexAny(text[:len(text)-len(text)/7], `",:`)+1]
		}
		run := func(sink Sink) {
			s := builtinEngine().Session(sink)
			s.size = 4 << 10
			s.Write(part.Text{Bytes: []byte(text), Layout: part.JSON})
			s.Close()
			s.size = blockSize
		}
		accompanied := func(lines []string) []string {
			lines = slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.Contains(l, "PHONE=") })
			slices.Sort(lines)
			return lines
		}
		every, some := &collector{least: 0.5}, &withCompany{collector{least: 0.5}}
		run(every)
		run(some)
		want, got := accompanied(every.lines), accompanied(some.lines)
		if i := firstDifference(got, want); i >= 0 {
			t.Errorf("seed %d, record %d of %d/%d differs:\n%s\n%s", seed, i, len(got), len(want), at(got, i), at(want, i))
		}
		left += len(every.lines) - len(some.lines)
	}
	if left < 20 {
		t.Errorf("only %d names were left out", left)
	}
}
