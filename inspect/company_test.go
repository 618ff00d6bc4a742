package inspect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// Stopping when all is decided changes no decision.
func TestUntilDecided(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	asked := append(slices.Clone(peopleQueries),
		Query{People: true, With: [][]Type{{detect.Name}, {detect.Phone, detect.Birthdate}}, Confidence: 0.8},
		Query{People: true, With: [][]Type{{detect.Name}, {detect.Phone}}, Confidence: 0.8})
	for range 40 {
		var b strings.Builder
		people := 1 + rng.IntN(20)
		for b.Len() < 1000+rng.IntN(150000<<rng.IntN(3)) {
			switch rng.IntN(7) {
			case 0:
				if rng.IntN(people) > 0 {
					continue
				}
				fmt.Fprintf(&b, "%s%s様 090-%04d-%04d\n\n", [...]string{"山田", "佐藤", "鈴木"}[rng.IntN(3)], [...]string{"太郎", "花子"}[rng.IntN(2)], rng.IntN(10000), rng.IntN(10000))
			case 1:
				fmt.Fprintf(&b, "mail%d@example.com, ", rng.IntN(30))
			case 2:
				if rng.IntN(40) == 0 {
					b.WriteString("カード番号 4111 1111 1111 1111 / 5555-5555-5555-4444, 4539 5787 6362 1486\n")
				}
			case 3:
				fmt.Fprintf(&b, "山田花子 hanako%d@example.com, ", rng.IntN(60))
				if rng.IntN(4) == 0 { // no card, but an address
					fmt.Fprintf(&b, "4111111111111111@card%d.example.com ", rng.IntN(60))
				}
			default:
				b.WriteString(strings.Repeat("会議の資料です。", rng.IntN(300)) + "\n")
			}
		}
		var q []Query
		for range 1 + rng.IntN(3) {
			k := asked[rng.IntN(len(asked))]
			k.AtLeast = 1 + rng.IntN(40)
			q = append(q, k)
		}
		s := realScanner(t, Spec{Queries: q})
		all := s.Scan(t.Context(), root(b.String()), ScanOptions{})
		some := s.Scan(t.Context(), root(b.String()), ScanOptions{UntilDecided: true})
		if some.Again {
			continue
		}
		for i := range q {
			if (all.Answers[i] >= q[i].AtLeast) != (some.Answers[i] >= q[i].AtLeast) {
				t.Fatalf("query %+v: %d against %d", q[i], all.Answers[i], some.Answers[i])
			}
			if some.Answers[i] > all.Answers[i] {
				t.Fatalf("query %+v: %d, more than %d", q[i], some.Answers[i], all.Answers[i])
			}
		}
	}
}

// Numbers that hardly any text holds are found wherever they stand, though all else is
// decided.
func TestUntilDecidedNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	q := []Query{
		{People: true, With: [][]Type{{detect.Name}, {detect.Phone, detect.Birthdate}}, Confidence: 0.8, AtLeast: 10},
		{With: [][]Type{{detect.Card}}, Confidence: 0.8, AtLeast: 1, Validated: true},
		{With: [][]Type{{detect.MyNumber}}, Confidence: 0.8, AtLeast: 1},
		{With: [][]Type{{detect.Driver, detect.Passport, detect.Residence, detect.Pension, detect.Insurance, detect.SSN}}, Confidence: 0.8, AtLeast: 1},
		{With: [][]Type{{detect.Bank, detect.IBAN}}, Confidence: 0.8, AtLeast: 1},
		{With: [][]Type{{"MARK"}}, Confidence: 0.8, AtLeast: 1},
	}
	e, err := detect.NewEngine(detect.Builtin(), []Custom{{ID: "mark", Type: "MARK", Words: []string{"社外秘"}, Alone: 1}})
	if err != nil {
		t.Fatal(err)
	}
	s := newScanner(Spec{Queries: q}, []part.Reader{plain{}}, e)
	rare := [...]string{"カード番号 4980-1273-4561-2094", "4980127345612094,有効期限 12/28", "マイナンバー：1234 5678 9018", "個人番号 〇二三四五六七八九〇一二",
		"免許証 305012345670", "passport TK1234567", "在留カード AB12345678CD", "基礎年金番号 1234-567890", "SSN 123-45-6789", "普通 1234567",
		"IBAN: DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "社外秘", "0001-002-1234567", "1234567890123456"}
	reached := make([]int, len(q))
	for range 30 {
		var b strings.Builder
		table := rng.IntN(2) == 0
		if table {
			b.WriteString("会員番号,氏名,電話番号,生年月日,備考\n")
		}
		some := rare[:rng.IntN(len(rare)+1)]
		for i := 0; b.Len() < 300000; i++ {
			note := ""
			if len(some) > 0 && rng.IntN(900) == 0 {
				note = some[rng.IntN(len(some))]
			}
			who := fmt.Sprintf("%s%s", [...]string{"山田", "佐藤", "鈴木", "高橋", "田中"}[rng.IntN(5)], [...]string{"太郎", "花子", "健一", "美咲", "翔太"}[rng.IntN(5)])
			if table || i < 60 {
				fmt.Fprintf(&b, "%d,%s,090-%04d-%04d,1980/05/%02d,%s\n", 10000000+i, who, rng.IntN(10000), rng.IntN(10000), 1+rng.IntN(28), note)
				continue
			}
			b.WriteString("会議の資料です。2024-05-17 13:00 ABC-1234 " + note + "\n")
		}
		all := s.Scan(t.Context(), root(b.String()), ScanOptions{})
		less := s.Scan(t.Context(), root(b.String()), ScanOptions{UntilDecided: true})
		for i := range q {
			is := all.Answers[i] >= q[i].AtLeast
			if is {
				reached[i]++
			}
			if is != (less.Answers[i] >= q[i].AtLeast) && !less.Again {
				t.Errorf("%v, query %d: %d against %d", some, i, all.Answers[i], less.Answers[i])
			}
		}
	}
	for i, n := range reached {
		if n == 0 || n == 30 && i > 0 {
			t.Errorf("query %d is answered in %d of 30 texts", i, n)
		}
	}
}

// What is looked for only near what may still change a decision: persons of whom
// there are about as many as are asked for, far apart in a long text.
func TestUntilDecidedFarApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	q := []Query{
		{People: true, With: [][]Type{{detect.Name}, {detect.Phone, detect.Birthdate}}, Confidence: 0.8, AtLeast: 20},
		{With: [][]Type{{detect.Phone}}, Confidence: 0.5, AtLeast: 25},
	}
	s := realScanner(t, Spec{Queries: q})
	reached := 0
	for range 20 {
		var b strings.Builder
		for n := 24 + rng.IntN(8); n > 0; {
			who := rng.IntN(42) // each with one mail address and telephone number
			person := fmt.Sprintf("%s%s mail%d@example.com", [...]string{"山田", "佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤"}[who/6],
				[...]string{"太郎", "花子", "健一", "美咲", "翔太", "恵子"}[who%6], who)
			switch rng.IntN(4) {
			case 0:
				fmt.Fprintf(&b, "%s, 090-1234-%04d\n", person, 1000+who)
				n--
			case 1:
				b.WriteString(strings.Repeat(person+"\n", rng.IntN(20)))
			case 2:
				fmt.Fprintf(&b, "連絡先 090%08d@docomo.example.jp\n", 12340000+rng.IntN(9000)) // no telephone number
			}
			b.WriteString(strings.Repeat("会議の資料です。", rng.IntN(1000)) + "\n")
		}
		all := s.Scan(t.Context(), root(b.String()), ScanOptions{})
		some := s.Scan(t.Context(), root(b.String()), ScanOptions{UntilDecided: true})
		for i := range q {
			is := all.Answers[i] >= q[i].AtLeast
			if is {
				reached++
			}
			if is != (some.Answers[i] >= q[i].AtLeast) && !some.Again {
				t.Errorf("%d bytes, query %d: %d against %d", b.Len(), i, all.Answers[i], some.Answers[i])
			}
		}
		if all.Total[detect.Email] > 0 && some.Total[detect.Email] == all.Total[detect.Email] {
			t.Error("no mail address was left out")
		}
	}
	if reached == 0 || reached == 40 {
		t.Errorf("%d of 40 answers reach what is asked for", reached)
	}
}

// Leaving out names that stand alone changes no answer, wherever names and numbers
// stand in the text.
func TestInCompany(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	q := []Query{
		{People: true, With: [][]Type{{detect.Name}, {detect.Phone, detect.Email}}, Confidence: 0.5, AtLeast: 10},
		{People: true, With: [][]Type{{detect.Name}, {detect.Phone}}, Confidence: 0.8, AtLeast: 3},
	}
	s := realScanner(t, Spec{Queries: q})
	left := 0
	for range 60 {
		var b strings.Builder
		lines := []int{0, 3, 40}[rng.IntN(3)] // one line's end in so many pieces
		for b.Len() < 2000+rng.IntN(300000) {
			switch rng.IntN(5) {
			case 0:
				fmt.Fprintf(&b, "担当の%s %sさん、", [...]string{"山田", "佐藤", "鈴木", "高橋", "田中"}[rng.IntN(5)], [...]string{"太郎", "花子", "健一", "美咲", "翔太"}[rng.IntN(5)])
			case 1:
				fmt.Fprintf(&b, "電話 090-%04d-%04d、", 1000+rng.IntN(9000), rng.IntN(10000))
			case 2:
				fmt.Fprintf(&b, "Contact: Taro Yamada <mail%d@example.com> ", rng.IntN(90))
			default:
				b.WriteString(strings.Repeat("会議の資料です。", 1<<rng.IntN(9)))
			}
			if lines > 0 && rng.IntN(lines) == 0 {
				b.WriteString("\n")
			}
		}
		all := s.Scan(t.Context(), root(b.String()), ScanOptions{})
		some := s.Scan(t.Context(), root(b.String()), ScanOptions{InCompany: true})
		if !some.Again && !slices.Equal(some.Answers, all.Answers) {
			t.Errorf("%d bytes: %d in company, %d in all", b.Len(), some.Answers, all.Answers)
		}
		left += all.Total[detect.Name] - some.Total[detect.Name]
	}
	if left == 0 {
		t.Error("no name was left out")
	}
}

// What stands behind a short table is running text again.
func TestInCompanyBehindATable(t *testing.T) {
	text := "品目,数量,単価\nねじ,10,20\nばね,5,80\nくぎ,300,2\n\n\n" +
		strings.Repeat("担当の山田太郎さんが会議の資料を配りました。\n", 5000) + "佐藤花子 090-1234-5678\n"
	s := realScanner(t, Spec{Queries: []Query{{People: true, With: [][]Type{{detect.Name}, {detect.Phone}}, Confidence: 0.5, AtLeast: 1}}})
	all, some := s.Scan(t.Context(), root(text), ScanOptions{}), s.Scan(t.Context(), root(text), ScanOptions{InCompany: true})
	if all.Answers[0] != 1 || some.Answers[0] != 1 || all.Total[detect.Name] < 5000 || some.Total[detect.Name] > 500 {
		t.Errorf("%d persons and %d names in company, %d and %d in all", some.Answers[0], some.Total[detect.Name], all.Answers[0], all.Total[detect.Name])
	}
}

// Who is known by a name with a birth date, or by a mail address, is told of, though
// no query asks for either.
func TestInCompanyPersons(t *testing.T) {
	text := strings.Repeat("会議の資料です。\n", 500) + "氏名 山田太郎\n生年月日 1980年5月5日\n\n" + strings.Repeat("会議の資料です。\n", 500) + "hanako@example.com\n"
	s := realScanner(t, Spec{Queries: []Query{{People: true, With: [][]Type{{detect.Name}, {detect.Card}}, Confidence: 0.5, AtLeast: 1}}})
	for _, o := range []ScanOptions{{}, {InCompany: true}, {UntilDecided: true}} {
		told := 0
		o.OnPerson = func(uint64) { told++ }
		s.Scan(t.Context(), root(text), o)
		if told != 2 {
			t.Errorf("in company %v, until decided %v: told of %d persons, want 2", o.InCompany, o.UntilDecided, told)
		}
	}
}

// Names that stand alone count with a list of numbers elsewhere: where they were
// left out, the report says so.
func TestUntilDecidedColumnsApart(t *testing.T) {
	var names, numbers strings.Builder
	for i := range 30 {
		fmt.Fprintf(&names, "%s%sさんが出席しました。\n\n%s\n\n", [...]string{"山田", "佐藤", "鈴木", "高橋", "田中", "渡辺"}[i%6], [...]string{"太郎", "花子", "健一", "美咲", "翔太"}[i/6], strings.Repeat("会議の資料です。", 20))
		fmt.Fprintf(&numbers, "090-1234-%04d\n\n", 1000+37*i)
	}
	q := Query{People: true, With: [][]Type{{detect.Name}, {detect.Phone}}, Confidence: 0.5, AtLeast: 10}
	s := realScanner(t, Spec{Queries: []Query{q}})
	needed := false
	for _, text := range []string{names.String(), numbers.String(), names.String() + strings.Repeat("会議の資料です。\n", 20000) + numbers.String()} {
		for _, second := range []string{"", names.String(), numbers.String()} {
			scan := func(o ScanOptions) *Report {
				roots := []part.Part{{Path: "a", Body: strings.NewReader(text), Size: int64(len(text))}, {Path: "b", Body: strings.NewReader(second), Size: int64(len(second))}}
				return s.Scan(t.Context(), roots, o)
			}
			all, some := scan(ScanOptions{}), scan(ScanOptions{UntilDecided: true})
			if all.Again {
				t.Error("again, though all was looked at")
			}
			differ := (all.Answers[0] >= q.AtLeast) != (some.Answers[0] >= q.AtLeast)
			if needed = needed || differ; differ && !some.Again {
				t.Errorf("%d bytes and %d: %d persons, until decided %d", len(text), len(second), all.Answers[0], some.Answers[0])
			}
		}
	}
	if !needed {
		t.Error("no answer needed a second scan")
	}
}
