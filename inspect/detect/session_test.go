package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

var builtinEngine = sync.OnceValue(func() *Engine {
	e, err := NewEngine(Builtin(), nil)
	if err != nil {
		panic(err)
	}
	return e
})

// collector is a Sink that writes records down as lines.
type collector struct {
	lines []string
	least float32
}

func (c *collector) Demand() Demand { return nil }

func (c *collector) Record(r *Record) {
	var b strings.Builder
	for i := range r.Found {
		f := &r.Found[i]
		if f.Confidence < c.least {
			continue
		}
		piece := ""
		if f.Piece {
			piece = "+"
		}
		fmt.Fprintf(&b, "%s%s=%s@%d-%d:%d ", piece, f.Type, f.Text, f.From, f.To, f.Line)
	}
	if b.Len() > 0 {
		c.lines = append(c.lines, b.String())
	}
}

// records runs text through a session in pieces of the sizes that cut gives.
func records(text string, layout part.Layout, least float32, cut func() int) []string {
	c := &collector{least: least}
	s := builtinEngine().Session(c)
	b := []byte(text)
	for at := 0; at < len(b); {
		n := max(1, cut())
		n = min(n, len(b)-at)
		for at+n < len(b) && !utf8.RuneStart(b[at+n]) {
			n++
		}
		var m normal.Map
		m.Reset(int64(at))
		// The piece's bytes are gone after the call.
		piece := bytes.Clone(b[at : at+n])
		s.Write(part.Text{Bytes: piece, Map: &m, Layout: layout, Label: "お名前"})
		clear(piece)
		at += n
	}
	s.Close()
	return c.lines
}

func whole(text string, layout part.Layout) []string {
	return records(text, layout, 0.5, func() int { return len(text) })
}

// shape reduces records to their types and values.
func shape(lines []string) []string {
	var out []string
	for _, l := range lines {
		var b strings.Builder
		for _, f := range strings.Split(strings.TrimSpace(l), " ") {
			if k := strings.LastIndexByte(f, '@'); k > 0 {
				f = f[:k]
			}
			b.WriteString(f + " ")
		}
		out = append(out, strings.TrimSpace(b.String()))
	}
	return out
}

func TestRecordsByLayout(t *testing.T) {
	tests := []struct {
		name, text string
		layout     part.Layout
		want       []string
	}{
		{"csv with header", "会員番号,氏名,フリガナ,電話番号,メール\n1001,山田太郎,ヤマダタロウ,090-1234-5678,taro@example.jp\n1002,佐藤花子,サトウハナコ,080-2345-6789,hanako@example.jp\n", part.Auto, []string{
			"NAME=山田太郎 NAME=ヤマダタロウ PHONE=090-1234-5678 EMAIL=taro@example.jp",
			"NAME=佐藤花子 NAME=サトウハナコ PHONE=080-2345-6789 EMAIL=hanako@example.jp",
		}},
		{"split name columns, unknown to any dictionary", "id,姓,名,tel\n1,蓬莱谷,弩乃助,03-3123-4567\n2,鵞泉,亜弩夫,06-6312-3456\n", part.Auto, []string{
			"NAME=蓬莱谷 +NAME=弩乃助 PHONE=03-3123-4567",
			"NAME=鵞泉 +NAME=亜弩夫 PHONE=06-6312-3456",
		}},
		{"quotes and line ends in cells", "\"氏名\",\"住所\",\"TEL\"\r\n\"山田太郎\",\"東京都千代田区\n永田町1-7-1\",\"03-3581-5111\"\r\n\"佐藤花子\",\"大阪府大阪市北区\n梅田3-1-3\",\"06-6312-3456\"\r\n", part.Auto, nil},
		{"tsv", "name\temail\tphone\nJohn Smith\tjohn@example.com\t(212) 555-0123\nMary Jones\tmary@example.com\t(213) 555-0145\n", part.Auto, []string{
			"NAME=John", "NAME=Mary",
		}},
		{"json array of objects", `[{"name":"山田太郎","contact":{"tel":"090-1234-5678","mail":"taro@example.jp"}},{"name":"佐藤花子","contact":{"tel":"080-2345-6789","mail":"hanako@example.jp"}}]`, part.JSON, []string{
			"NAME=山田太郎 PHONE=090-1234-5678 EMAIL=taro@example.jp",
			"NAME=佐藤花子 PHONE=080-2345-6789 EMAIL=hanako@example.jp",
		}},
		{"json with a nested name", `{"users":[{"name":{"last":"鵞泉","first":"亜弩夫"},"phones":[{"type":"home","number":"03-3123-4567"}]}]}`, part.JSON, []string{
			"NAME=鵞泉 +NAME=亜弩夫 PHONE=03-3123-4567",
		}},
		{"json with a nested address", `[{"name":"山田太郎","address":{"city":"印旛郡酒々井町","line":"尾上3-26-21"}},{"name":"第2会議室","floor":{"line":"赤線3-26-21"}}]`, part.JSON, []string{
			"NAME=山田太郎 ADDRESS=印旛郡酒々井町 +ADDRESS=尾上3-26-21",
		}},
		{"stanzas", "氏名: 山田太郎\n電話: 090-1234-5678\n\n氏名: 佐藤花子\n電話: 080-2345-6789\n", part.Auto, []string{
			"NAME=山田太郎 PHONE=090-1234-5678", "NAME=佐藤花子 PHONE=080-2345-6789",
		}},
		{"form", "fullName=鵞泉亜弩夫\ntel=0312345678\nmail=a@example.jp\n", part.Form, []string{
			"NAME=鵞泉亜弩夫 PHONE=0312345678 EMAIL=a@example.jp",
		}},
		{"label, tab, value", "氏名\t鵞泉亜弩夫\nフリガナ\tガセンアドオ\n電話番号\t090-1234-5678\n\n氏名\t蓬莱谷弩乃助\n電話番号\t080-2345-6789\n", part.Auto, []string{
			"NAME=鵞泉亜弩夫 NAME=ガセンアドオ PHONE=090-1234-5678", "NAME=蓬莱谷弩乃助 PHONE=080-2345-6789",
		}},
		{"label, tab, a value with a label's word", "金融機関\t三井住友銀行\n手数料\t77,590円\n改定日\t2020年9月16日\n整理番号\t9756542\n", part.Auto, []string{}},
		{"labels above their indented values", "金融機関\n  三井住友銀行\n\n整理番号\n  8862802\n", part.Auto, []string{}},
		{"label, comma, value", "氏名,鵞泉亜弩夫\n電話番号,090-1234-5678\nメール,a@example.jp\n", part.Auto, []string{
			"NAME=鵞泉亜弩夫 PHONE=090-1234-5678 EMAIL=a@example.jp",
		}},
		{"two columns with a header", "氏名\t電話番号\n山田太郎\t090-1234-5678\n佐藤花子\t080-2345-6789\n", part.Auto, []string{
			"NAME=山田太郎 PHONE=090-1234-5678", "NAME=佐藤花子 PHONE=080-2345-6789",
		}},
		{"a form with empty lines", "氏名: 山田太郎\n\nフリガナ: ヤマダタロウ\n\n電話: 090-1234-5678\n\nメール: taro@example.jp\n\n氏名: 佐藤花子\n\n電話: 080-2345-6789\n", part.Auto, []string{
			"NAME=山田太郎 NAME=ヤマダタロウ PHONE=090-1234-5678 EMAIL=taro@example.jp", "NAME=佐藤花子 PHONE=080-2345-6789",
		}},
		{"fixed width with empty columns", "氏名          会員番号   口座番号   電話\n山田太郎                 1234567    090-1234-5678\n佐藤花子      7654321               080-2345-6789\n鈴木次郎      7654322    2345678    070-2345-6789\n", part.Auto, []string{
			"NAME=山田太郎 BANK_ACCOUNT=1234567 PHONE=090-1234-5678",
			"NAME=佐藤花子 PHONE=080-2345-6789",
			"NAME=鈴木次郎 BANK_ACCOUNT=2345678 PHONE=070-2345-6789",
		}},
		{"paragraphs", "山田太郎が来た。\n\n090-1234-5678に電話した。\n", part.Auto, []string{"PHONE=090-1234-5678", "NAME=山田太郎"}},
		{"a name in three writings", "お名前：木村拓海\nローマ字：KIMURA Takumi\n携帯：090-1234-5678\n", part.Auto, []string{
			"NAME=木村拓海 NAME=KIMURA",
		}},
		{"two names in two writings", "木村拓海\nJohn Smith\n", part.Auto, []string{"NAME=木村拓海", "NAME=John"}},
		{"no header", "1,山田太郎,0312345678,1500041,東京都渋谷区神南1-2-3,1985-03-12\n2,佐藤花子,0663456789,5300001,大阪府大阪市北区梅田1-2-3,1990-11-02\n3,鈴木次郎,0522345678,4600008,愛知県名古屋市中区栄1-2-3,1978-07-30\n", part.Auto, []string{
			"NAME=山田太郎 PHONE=0312345678 POSTAL_CODE=1500041 ADDRESS=東京都渋谷区神南1-2-3 BIRTHDATE=1985-03-12",
			"NAME=佐藤花子 PHONE=0663456789 POSTAL_CODE=5300001 ADDRESS=大阪府大阪市北区梅田1-2-3 BIRTHDATE=1990-11-02",
			"NAME=鈴木次郎 PHONE=0522345678 POSTAL_CODE=4600008 ADDRESS=愛知県名古屋市中区栄1-2-3 BIRTHDATE=1978-07-30",
		}},
		{"no header, no persons", "1,ねじ,0312345678,2021-03-12\n2,くぎ,0663456789,2022-11-02\n3,びょう,0522345678,2023-07-30\n", part.Auto, []string{}},
		{"a field", "鵞泉亜弩夫", part.Single, []string{"NAME=鵞泉亜弩夫"}},
		{"table", "名簿\n\n氏名\t電話番号\n山田太郎\t090-1234-5678\n佐藤花子\t080-2345-6789\n", part.Table, []string{
			"NAME=山田太郎 PHONE=090-1234-5678", "NAME=佐藤花子 PHONE=080-2345-6789",
		}},
		{"signature", "先日はありがとうございました。\n\n山田 太郎\n株式会社サンプル\n〒100-0014 東京都千代田区永田町1-7-1\nTEL: 03-3581-5111\nFAX: 03-3581-5112\nE-mail: taro@example.jp\n", part.Auto, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := shape(whole(tt.text, tt.layout))
			t.Log(strings.Join(got, "\n"))
			if tt.want == nil {
				return
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%d records, want %d", len(got), len(tt.want))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("record %d is %q, want %q", i, got[i], tt.want[i])
				}
			}
		})
	}
}

// corpus invents a text of one kind, about n bytes, the same for the same seed.
func corpus(kind string, n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(w ...string) string { return w[r.IntN(len(w))] }
	name := func() (string, string) {
		return pick("山田", "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "中村"), pick("太郎", "花子", "健一", "美咲", "翔太", "陽子", "大輔", "由美")
	}
	phone := func() string { return fmt.Sprintf("0%d0-%04d-%04d", 7+r.IntN(3), 1000+r.IntN(9000), r.IntN(10000)) }
	mail := func() string {
		return fmt.Sprintf("%s%d@%s", pick("taro", "hanako", "info", "k.sato"), r.IntN(100000), pick("example.jp", "example.com"))
	}
	place := func() string {
		return fmt.Sprintf("%s%d-%d-%d", pick("東京都千代田区永田町", "大阪府大阪市北区梅田", "北海道札幌市中央区北一条西", "福岡県福岡市博多区博多駅前"), 1+r.IntN(9), 1+r.IntN(30), 1+r.IntN(20))
	}
	var b strings.Builder
	if kind == "csv" {
		b.WriteString("会員番号,氏名,フリガナ,住所,電話番号,メールアドレス,生年月日\n")
	}
	if kind == "json" {
		b.WriteString("[")
	}
	for i := 0; b.Len() < n; i++ {
		sei, mei := name()
		switch kind {
		case "csv":
			fmt.Fprintf(&b, "%06d,%s %s,\"ヤマダ タロウ\",\"%s\n%d号室\",%s,%s,19%02d-%02d-%02d\n", i, sei, mei, place(), r.IntN(900), phone(), mail(), r.IntN(100), 1+r.IntN(12), 1+r.IntN(28))
		case "json":
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, `{"id":%d,"name":"%s%s","contact":{"tel":"%s","mail":"%s"},"address":{"line":"%s"},"note":"%s"}`, i, sei, mei, phone(), mail(), place(), strings.Repeat("あいう", r.IntN(40)))
		case "prose":
			b.WriteString(pick("本日は晴天なり。", "会議の資料を添付します。", "ご確認のほどよろしくお願いいたします。", "在庫の数量は1,234個です。", "注文番号 2024-0001-5678 の件。", "The quick brown fox jumps over 13 lazy dogs.\n", "\n\n", "ﾊﾝｶｸ ｶﾞｷﾞｸﾞ１２３"))
			if r.IntN(12) == 0 {
				fmt.Fprintf(&b, "担当は%s%s様、電話は%s、メールは%sです。", sei, mei, phone(), mail())
			}
			if r.IntN(6) == 0 {
				b.WriteString("\n")
			}
		case "english":
			b.WriteString(pick("function render(node) { return node.value; }\n", "The committee met on 2024-03-01 to discuss the budget. ", "<div class=\"item\">price: 1,200</div>\n", "var version = '10.4.2-beta.7';\n", "export const fileName = path.join(root, name);\n"))
			if r.IntN(200) == 0 {
				fmt.Fprintf(&b, "Contact John Smith at %s or (212) 555-%04d. ", mail(), r.IntN(10000))
			}
		case "base64":
			const abc = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
			b.WriteByte(abc[r.IntN(64)])
		case "api":
			fmt.Fprintf(&b, `{"id":"%08x-%04x","createdAt":"2024-%02d-%02dT%02d:00:00Z","status":"%s","amount":%d.%02d,"items":[{"sku":"A-%06d","qty":%d,"title":"%s"}],"trackingNumber":"%012d"}`+"\n",
				r.Uint32(), r.IntN(1<<16), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), pick("open", "closed", "pending"), r.IntN(10000), r.IntN(100), r.IntN(1000000), r.IntN(50), pick("Blue shirt", "Desk lamp", "水筒 500ml", "ノート A5"), r.IntN(1<<31))
		}
	}
	if kind == "json" {
		b.WriteString("]")
	}
	return b.String()
}

func layoutOf(kind string) part.Layout {
	if kind == "json" || kind == "api" {
		return part.JSON
	}
	return part.Auto
}

// However a text is cut into pieces, the same is found in it.
func TestPiecesDoNotMatter(t *testing.T) {
	for _, kind := range []string{"csv", "json", "prose", "english"} {
		text := corpus(kind, 300<<10, 7)
		want := records(text, layoutOf(kind), 0, func() int { return len(text) })
		if len(want) < 10 {
			t.Fatalf("%s: only %d records", kind, len(want))
		}
		r := rand.New(rand.NewPCG(1, 2))
		for name, cut := range map[string]func() int{
			"one character": func() int { return 1 },
			"small":         func() int { return 1 + r.IntN(50) },
			"mixed":         func() int { return 1 + r.IntN(1<<(1+r.IntN(18))) },
		} {
			got := records(text, layoutOf(kind), 0, cut)
			if i := firstDifference(got, want); i >= 0 {
				t.Errorf("%s, %s pieces: record %d of %d/%d differs:\n%s\n%s", kind, name, i, len(got), len(want), at(got, i), at(want, i))
			}
		}
	}
}

// Where blocks end does not matter either.
func TestBlocksDoNotMatter(t *testing.T) {
	e, err := NewEngine(Builtin(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"csv", "json", "prose", "english"} {
		text := corpus(kind, 60<<10, 11)
		want := records(text, layoutOf(kind), 0.5, func() int { return len(text) })
		for _, size := range []int{4 << 10, 5000, 16 << 10} {
			c := &collector{least: 0.5}
			s := e.Session(c)
			s.size = size
			s.Write(part.Text{Bytes: []byte(text), Layout: layoutOf(kind)})
			s.Close()
			if i := firstDifference(c.lines, want); i >= 0 {
				t.Errorf("%s, blocks of %d: record %d of %d/%d differs:\n%s\n%s", kind, size, i, len(c.lines), len(want), at(c.lines, i), at(want, i))
			}
		}
	}
}

func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if at(a, i) != at(b, i) {
			return i
		}
	}
	return -1
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}

// Clean text costs no allocation once a session has grown.
func TestCleanTextAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	text := []byte(strings.Repeat("本日は晴天なり。会議の資料を添付します。\nreturn node.value\n", 20000))
	c := &collector{}
	s := builtinEngine().Session(c)
	s.Write(part.Text{Bytes: text})
	n := testing.AllocsPerRun(5, func() { s.Write(part.Text{Bytes: text}) })
	s.Close()
	if n > 2 {
		t.Errorf("%.0f allocations for %d KiB of clean text", n, len(text)>>10)
	}
}

func BenchmarkSession(b *testing.B) {
	for _, kind := range []string{"prose", "csv", "english", "base64", "api", "json"} {
		b.Run(kind, func(b *testing.B) {
			text := []byte(corpus(kind, 4<<20, 3))
			layout := layoutOf(kind)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				s := builtinEngine().Session(discard{})
				for at := 0; at < len(text); at += 256 << 10 {
					s.Write(part.Text{Bytes: text[at:min(len(text), at+256<<10)], Layout: layout})
				}
				s.Close()
			}
		})
	}
}

type discard struct{}

func (discard) Record(*Record) {}
func (discard) Demand() Demand { return nil }
