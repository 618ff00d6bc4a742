package detect

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/match"
)

// placeSet holds the literals of names, addresses and postal codes, which see
// each other's hits in the engine too.
var placeSet = sync.OnceValue(func() *match.Set {
	var p []match.Pattern
	for _, v := range []Vocabulary{names{}, addresses{}, postals{}} {
		p = append(p, v.Patterns()...)
		if h, ok := v.(herald); ok {
			p = append(p, h.Heralds()...)
		}
	}
	set, err := match.Compile(p, match.Options{})
	if err != nil {
		panic(err)
	}
	return set
})

// marked parts a text with 【】 around what is to be found.
func marked(text string) (plain string, want []string) {
	for {
		before, rest, ok := strings.Cut(text, "【")
		plain += before
		if !ok {
			return plain, want
		}
		value, after, _ := strings.Cut(rest, "】")
		plain += value
		want = append(want, value)
		text = after
	}
}

// findAll returns the values that d finds in text with at least that
// confidence, in order.
func findAll(d Detector, text string, least float32) (got []string) {
	b := &Block{Text: []byte(text)}
	placeSet().Scan(b.Text, &b.Evidence)
	var found []Finding
	d.Find(b, func(f Finding) {
		if f.Confidence >= least {
			found = append(found, f)
		}
	})
	for len(found) > 0 {
		first := 0
		for i := range found {
			if found[i].Start < found[first].Start {
				first = i
			}
		}
		got = append(got, text[found[first].Start:found[first].End])
		found = append(found[:first], found[first+1:]...)
	}
	return got
}

// checkMarked runs d over marked texts.
func checkMarked(t *testing.T, d Detector, least float32, texts []string) {
	t.Helper()
	for i, text := range texts {
		plain, want := marked(text)
		if got := findAll(d, plain, least); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("case %d %q: found %q", i, text, got)
		}
	}
}

func TestNames(t *testing.T) {
	checkMarked(t, names{}, 0.5, []string{
		// Kanji, with and without space.
		"担当は【佐藤健一】です。",
		"【佐藤 健一】",
		"1,【長谷川 結衣】,2024-01-02",
		"【髙橋美咲】様",
		"【渡邊浩二】が出席した。",
		"【佐藤道子】と【小川町子】",
		"【佐々木希美子】、【五十嵐太郎】の両名",
		"俳優の【松島修一】は語った。",
		// A surname or given name alone.
		"【田中】さんから電話がありました。",
		"【林】氏によると",
		"次男の【翔太】くん",
		"その年、【李承元】は【趙文叔】とともに兵を挙げた。",
		"【司馬元】が継いだ。",
		"【佐藤健一】が着いた。【佐藤】は疲れていた。",
		// Kana readings and romaji.
		"【山本直樹】(【やまもとなおき】)",
		"【サトウ ケンイチ】",
		"Contact 【Taro Yamada】 or 【SUZUKI Hanako】",
		// Katakana from abroad.
		"【マイケル・スミス】が来日した。",
		"【ジョージ・W・ハリス】大統領",
		// English.
		"Please call 【John Smith】 tomorrow.",
		"Mr. 【Harrison】 and Dr. 【Emily O'Connor】 agreed.",
		"1042,【Maria van der Berg】,active",
		"\"We are done,\" 【Caldwell】 said.",
		// Honorifics and mailboxes behind a space, characters apart, talk.
		"【近藤 亮】 様",
		"【山 田 太 郎】 様",
		"氏名: 【星 誠】",
		"お名前\n  【金城 沙織】",
		"保護者: 【乾みどり】",
		"ふりがな 【はっとり まゆみ】",
		"INSERT INTO t VALUES (1, '【カネコユイ】', 'x')",
		"Dr. 【Diego Turner】 met 【Fatima Wright】.",
		"hey 【Mark】, did you hear?",
		"[05:10] 【Mark】: yes",
		// The family name first in a mailbox, one word for two, small letters.
		"From: 【Okabe, Rika】 <r.okabe@example.com>",
		"great show #【BrendaWalsh】 tonight",
		"so sad #RIP【BrendaWalsh】",
		"rt @ kim_doe : i hope 【brenda walsh】 does not mind",
		"hello, 【brenda walsh】 here, can you call me",
		"my name is 【Tuvanek】 and her maiden name is 【Orvanesku】.",
		"we need to add 【James Ruvanen】 as guardian",
		"They had three: 【Harry】, 【Michele】 and 【Amanda】.",
		"His teacher 【Wang Shiqian】 met 【Kang Hyojin】.",
		"my name is 【martin keller】 and I am new here",
		"ask mr. 【vaughn】 to call back",
		"【Brian Foster】 Tells All In New Book",
		"Months later 【Haskell】 enrolled at the academy.",
		// Behind what somebody is.
		"画家の【ロジャー・フライ】と",
		"【浜田】総務政務官を従えて",
	})
}

func TestNotNames(t *testing.T) {
	checkMarked(t, names{}, 0.5, []string{
		"She studied at the University of Chester.",
		"a mall in Cary, North Carolina",
		"thanks @ BrendaWalsh for the book",
		"Crazy Eddie's GUI library and Ben's Own Graphics",
		"type T struct { Max int32 }",
		"Al- Qaeda",
		"the menu item opens a file and the mark stays where it is",
		"三井住友銀行の口座",
		"松本市に本社を置く本田技研工業",
		"川崎病の症状",
		"鄭州の城、魏志倭人伝、陳述書、郭公と曹洞宗、孫の手",
		"令和6年",
		"江戸時代の終わり、明治時代の初め",
		"中山道と東海道",
		"越前国の歴史",
		"福岡と千葉の支店",
		"お客様、皆様、皆さん、お母さん",
		"株式会社松島の製品",
		"ホテル・レストラン・カフェの一覧",
		"アメリカ・イギリス・フランス",
		"システム・センター",
		"This is The Main Street of New York on Monday in May.",
		"Order Number, Customer Name, Phone",
		"func Parse(Reader io.Reader) (Value, error)",
		"class Grace extends Base.Mark { Will.Power() }",
		"SELECT * FROM Users WHERE Id = 1",
		"sha256:AbCdEfGhIjKlMnOpQrStUvWxYz",
		// Parts of compounds.
		"青木あすなろ建設と山口フィナンシャル",
		"商品: 松本家具、花子おにぎり、愛知みかん",
		"田中貴金属と岡本工作機械",
		"和田大学 経済学部",
		// Stations, branches, numbers.
		"松本\t17:02\tレ",
		"0143,ミズホ,784,マツモト,1",
		"九三,二三",
		// Companies, goods, eponyms, places, samples.
		"Morgan Stanley and J.P. Morgan reported sales.",
		"7,Jasmine tea,120\n8,Henry vacuum,80",
		"a patient with Parkinson's disease",
		"a shop of Dean & Sons in Madison, WI",
		"Lake Charles, Morgan Street",
		// Twins of mailboxes, hashtags, headlines and roles.
		"Chicago, Illinois <a@example.com>",
		"see #BrightFuture and #BlackFriday",
		"the command named sort and mr. bean cans",
		"Running Tells All In New Book",
		"大会2日目と10人目、2010年春",
		"Acme Corp apologised.",
		"render({ name: 'Hedy Lamarr' })",
		"const user = { name: 'Taylor', age: 42 };\nif (user == null) { return run(() => {}); }",
	})
}

// Labels make believable what the dictionaries do not know.
func TestNameLabels(t *testing.T) {
	b := &Block{Text: []byte("大成"), context: fixedLabel{LName, LName}}
	placeSet().Scan(b.Text, &b.Evidence)
	var with, without float32
	names{}.Find(b, func(f Finding) { with = max(with, f.Confidence) })
	b.context = fixedLabel{LAddress, LAddress}
	names{}.Find(b, func(f Finding) { without = max(without, f.Confidence) })
	if with < 0.8 || without >= 0.5 {
		t.Errorf("confidence %.2f under a name's label, %.2f under an address's", with, without)
	}
}

// fixedLabel gives every offset the same labels.
type fixedLabel struct{ own, near Label }

func (l fixedLabel) label(int) (own, near Label) { return l.own, l.near }

func TestNameCanon(t *testing.T) {
	for _, c := range [][2]string{{"髙橋 美咲", "高橋美咲"}, {"John Smith", "JOHN SMITH"}, {"ジョン・スミス", "ジョンスミス"}, {"Okabe, Rika", "RIKA OKABE"}, {"John F. Smith", "john smith"}} {
		if a, b := nameCanon([]byte(c[0])), nameCanon([]byte(c[1])); a != b {
			t.Errorf("canon %q and %q", a, b)
		}
	}
}

// FuzzNames: whatever the text, findings lie inside it, on character borders,
// and in order of the detector's own progress.
func FuzzNames(f *testing.F) {
	f.Add("担当 佐藤健一（さとうけんいち）様, John Smith ジョン・スミス")
	f.Add("〒100-0005 東京都千代田区丸の内1-1-1 山田ビル3F, 12 Main St., Springfield IL 62701")
	f.Fuzz(func(t *testing.T, text string) {
		b := &Block{Text: []byte(text)}
		placeSet().Scan(b.Text, &b.Evidence)
		for _, d := range []Detector{names{}, addresses{}, postals{}} {
			d.Find(b, func(f Finding) {
				if f.Start < 0 || f.End > len(text) || f.Start >= f.End {
					t.Fatalf("%s: finding %d to %d in %d bytes", d.ID(), f.Start, f.End, len(text))
				}
				if f.Confidence <= 0 || f.Confidence > 1 {
					t.Fatalf("%s: confidence %v", d.ID(), f.Confidence)
				}
			})
		}
	})
}

// What repeats without end costs no more than its length: nothing is read
// again from the start.
func TestNamesStayLinear(t *testing.T) {
	emit := func(Finding) {}
	for _, piece := range []string{"アア・", "アメリカ・", "1丁目", "佐藤", "John ", "A. ", "東京都", "林 ", "12 Main ", "さとう", "一", "Suite 1 ", "様", "カタカナ "} {
		cost := func(n int) time.Duration {
			b := &Block{Text: []byte(strings.Repeat(piece, n/len(piece)) + "駅")}
			placeSet().Scan(b.Text, &b.Evidence)
			best := time.Hour
			for range 3 {
				start := time.Now()
				for _, d := range []Detector{names{}, addresses{}, postals{}} {
					d.Find(b, emit)
				}
				best = min(best, time.Since(start))
			}
			return best
		}
		var few, many time.Duration
		for range 5 { // the machine may be busy
			few, many = cost(8<<10), cost(128<<10)
			if many <= 100*few+50*time.Millisecond {
				break
			}
		}
		if many > 100*few+50*time.Millisecond {
			t.Errorf("%d bytes of one piece repeated take %v, sixteen times fewer %v", 128<<10, many, few)
		}
	}
}

// Clean text costs no allocation.
func TestNamesDoNotAllocate(t *testing.T) {
	b := &Block{Text: []byte(strings.Repeat("設定を変更するには、メニューの「表示」を選びます。The options are read from the file once.\n", 50))}
	placeSet().Scan(b.Text, &b.Evidence)
	emit := func(Finding) {}
	for _, d := range []Detector{names{}, addresses{}, postals{}} {
		d.Find(b, emit)
		if n := testing.AllocsPerRun(20, func() { d.Find(b, emit) }); n != 0 {
			t.Errorf("%s: %v allocations", d.ID(), n)
		}
	}
}

func benchmarkFind(b *testing.B, d Detector, line string) {
	bl := &Block{Text: []byte(strings.Repeat(line, 128<<10/len(line)))}
	placeSet().Scan(bl.Text, &bl.Evidence)
	emit := func(Finding) {}
	d.Find(bl, emit)
	b.SetBytes(int64(len(bl.Text)))
	b.ReportAllocs()
	for b.Loop() {
		d.Find(bl, emit)
	}
}

func BenchmarkNamesCleanJapanese(b *testing.B) {
	benchmarkFind(b, names{}, "設定を変更するには、画面の上にあるメニューから「表示」を選び、次に一覧の中から項目を選択して確定ボタンを押します。\n")
}

func BenchmarkNamesCleanEnglish(b *testing.B) {
	benchmarkFind(b, names{}, "The options are read from the file once; After that, changes are seen only when the Server is started again by the user.\n")
}

func BenchmarkNamesRecords(b *testing.B) {
	benchmarkFind(b, names{}, "10234,佐藤 健一,東京都千代田区丸の内1-1-1,090-0000-0000,2024-01-02\n")
}
