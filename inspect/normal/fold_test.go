package normal

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"ascii", "plain text, 090-1234-5678\r\n\t", "plain text, 090-1234-5678\r\n\t"},
		{"japanese", "山田太郎は、東京都にいます。「はい」", "山田太郎は、東京都にいます。「はい」"},
		{"full width", "Ａｂｃ（０９０）１２３４－５６７８：＠．", "Abc(090)1234-5678:@."},
		{"half-width kana", "ﾔﾏﾀﾞ ﾊﾟﾘ ｳﾞ ｱﾞ ｰ｡｢｣", "ヤマダ パリ ヴ ア゛ ー。「」"},
		{"combining kana", "か\u3099は\u309aう\u309b\u3099", "がぱゔ゛"},
		{"mark through zero width", "か\u200b\u3099", "が"},
		{"hyphens", "03‐1‑2‒3–4—5―6−7－8﹣9", "03-1-2-3-4-5-6-7-8-9"},
		{"long vowel stays", "03ー1234 サーバー", "03ー1234 サーバー"},
		{"wave between digits", "03〜1234～5678", "03-1234-5678"},
		{"wave between full-width digits", "３〜\u200b４", "3-4"},
		{"wave elsewhere", "東京〜大阪 a～b 1〜", "東京〜大阪 a~b 1〜"},
		{"spaces", "山田　太郎\u00a0x\u2003y\u2028z", "山田 太郎 x y\nz"},
		{"invisible", "0\u200b9\u00ad0\ufeff1\ufe0f2\u2060", "09012"},
		{"variation selector", "葛\U000e0100城", "葛城"},
		{"lone control", "090\x001234\x7f", "0901234"},
		{"controls apart", "a\x00\x00b\x01c\x1cd\fe", "a b c d e"},
		{"circled", "⓪⑨⓪-①②③④-⑤⑥⑦⑧", "090-1234-5678"},
		{"list mark", "①090-1234-5678", "1 090-1234-5678"},
		{"list mark, full width", "⑩０９０", "10 090"},
		{"note", "03-1234-5678²", "03-1234-5678 2"},
		{"raised amid digits", "09⁰12", "09012"},
		{"mathematical", "𝟎𝟗𝟎-𝟙𝟚𝟛𝟜 𝐀𝐛", "090-1234 Ab"},
		{"other scripts", "٠٩٠ ०९ ۱۲", "090 09 12"},
		{"lookalike letter", "0О0-1Ο0 ОООО", "000-100 ОООО"},
		{"lookalike letter at an end", "О9О-12З, 1О мОО1 1Ом", "090-123, 10 мОО1 1Ом"},
		{"strike through", "0\u03369\u0336 q\u0301", "09 q\u0301"},
		{"accent on a digit", "0\u03019\u0301", "09"},
		{"accents", "Jose\u0301 Garci\u0301a Nguye\u0302\u0303n и\u0306 э\u200b\u0308", "José García Nguyễn й ӭ"},
		{"strike through all", "山\u0336田\u0338 0\u03363\u0336-\u03361\u0335 a\u0336@\u0336", "山田 03-1 a@"},
		{"key cap", "0\ufe0f\u20e39", "09"},
		{"compatible", "㈱ ㍻ ㋿ Ⅳ ℡ № ㌔", "(株) 平成 令和 IV TEL No キロ"},
		{"compatibility ideograph", "\ufa19\uf9dc", "神隆"},
		{"radical", "⼭⽥", "山田"},
		{"kanji variants stay", "髙﨑濵邊齋〇一二", "髙﨑濵邊齋〇一二"},
		{"quotes", "O’Brien “x”", `O'Brien "x"`},
		{"invalid bytes", "a\xffb\xe3\x81", "a\xffb\xe3\x81"},
	} {
		if got := String(c.in); got != c.want {
			t.Errorf("%s: %q folds to %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// A text folded in pieces leads back as the whole does.
func TestFoldGoesOn(t *testing.T) {
	lines := []string{"氏名,電話\n", "山田　太郎,０９０-1234-5678\n", strings.Repeat("同じ行の続き→", 20) + "、　１２\n", "ﾀﾞ㈱①\n"}
	src := []byte(strings.Join(lines, ""))
	var in, out, whole Map
	in.Reset(7)
	want := Fold(nil, src, &in, 0, &whole)
	var got []byte
	at := 0
	for _, line := range lines {
		got = Fold(got, []byte(line), &in, at, &out)
		at += len(line)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("in pieces %q, whole %q", got, want)
	}
	for i := range len(got) + 1 {
		if out.Origin(i) != whole.Origin(i) || i > 0 && out.End(i) != whole.End(i) {
			t.Errorf("offset %d leads to %d, as a whole to %d", i, out.Origin(i), whole.Origin(i))
		}
	}
}

// Runs of full-width characters lead back through maps that are not the identity.
func TestFoldThroughCharset(t *testing.T) {
	src := "名前：０９０　１２３４ａ山－５"
	var in, out Map
	for i, r := range []rune(src) { // two bytes each, with a byte dropped amid the digits
		n := len(string([]rune(src)[:i]))
		if in.Step(n, int64(2*i)+int64(n/17), len(string(r)), 2); r < 0x80 {
			t.Fatal("not of two bytes")
		}
	}
	got := Fold(nil, []byte(src), &in, 0, &out)
	if string(got) != "名前:090 1234a山-5" {
		t.Fatalf("folded to %q", got)
	}
	at := 0
	for i, r := range []rune(string(got)) {
		from := len(string([]rune(src)[:i]))
		if out.Origin(at) != in.Origin(from) || out.End(at+len(string(r))) != in.End(from+3) {
			t.Errorf("%q leads to %d-%d, want %d-%d", r, out.Origin(at), out.End(at+len(string(r))), in.Origin(from), in.End(from+3))
		}
		at += len(string(r))
	}
}

func TestFoldDoesNotAllocate(t *testing.T) {
	src := []byte(strings.Repeat("山田　太郎　０９０－１２３４ﾔﾏﾀﾞ", 100))
	var in, out Map
	dst := Fold(nil, src, &in, 0, &out)
	if n := testing.AllocsPerRun(10, func() { dst = Fold(dst[:0], src, &in, 0, &out) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestFoldMap follows each folded value back to what it stood for.
func TestFoldMap(t *testing.T) {
	src := "x　０９０－\u200b１２㈱ﾀﾞ山①9"
	var in, out Map
	in.Reset(100)
	got := string(Fold(nil, []byte(src), &in, 0, &out))
	if got != "x 090-12(株)ダ山1 9" {
		t.Fatalf("folded to %q", got)
	}
	for _, c := range []struct{ folded, source string }{
		{"x", "x"}, {" 090", "　０"}, {"090", "０"}, {"90", "９"}, {"-", "－"},
		{"12", "１"}, {"2(", "２"}, {"(", "㈱"}, {"株", "㈱"}, {")", "㈱"},
		{"ダ", "ﾀ"}, {"山", "山"}, {"1 9", "①"}, {" 9", "9"}, {"9", "0"},
	} {
		i := strings.Index(got, c.folded)
		if c.folded == "9" {
			i, c.source = len(got)-1, "9"
		}
		if o := out.Origin(i) - 100; !strings.HasPrefix(src[o:], c.source[:1]) || int(o) != originOf(src, c.source, c.folded, got, i) {
			t.Errorf("%q at %d leads to %d", c.folded, i, o)
		}
	}
	if o := out.End(strings.Index(got, "ダ")+len("ダ")) - 100; int(o) != strings.Index(src, "山") {
		t.Errorf("a voiced kana ends at %d, before its mark", o)
	}
	if o := out.Origin(len(got)) - 100; int(o) != len(src) {
		t.Errorf("the end leads to %d, want %d", o, len(src))
	}
}

// originOf finds source in src; the last one where the value stands last.
func originOf(src, source, folded, got string, i int) int {
	if i == len(got)-1 || folded == " 9" {
		return strings.LastIndex(src, source)
	}
	return strings.Index(src, source[:])
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"山田　ﾀﾞ", "①０９０〜\u200b１²", "か\u3099゛", "e\u0302\u0301ﬁ\u0301x", "О\u03019О-О", "1О\u03361\x00\x01\x02", "㈱ｱｲｳ\x7f０"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, cut int) {
		if !utf8.ValidString(s) {
			Fold(nil, []byte(s), nil, 0, nil) // must only end
			return
		}
		src := []byte(s)
		var in, out Map
		in.Reset(5)
		got := Fold(nil, src, &in, 0, &out)
		if again := String(string(got)); again != string(got) {
			t.Errorf("%q folds to %q, and that to %q", s, got, again)
		}
		last := int64(5)
		for i := 0; i <= len(got); i++ {
			o := out.Origin(i)
			if o < last || o > int64(5+len(src)) {
				t.Fatalf("%q: offset %d leads from %d to %d", s, i, last, o)
			}
			last = o
		}
		if len(src) == 0 {
			return
		}
		end := int(uint(cut)%uint(len(src))) + 1
		b := Border(src[:end])
		if b <= 0 || b > end {
			t.Fatalf("border %d of %d", b, end)
		}
		if safe(src[:end], b) {
			one, two := Fold(nil, src[:b], nil, 0, nil), Fold(nil, src[b:], nil, 0, nil)
			if !bytes.Equal(append(bytes.Clone(one), two...), got) {
				t.Errorf("%q cut at %d folds to %q and %q, whole to %q", s, b, one, two, got)
			}
		}
	})
}

// safe reports whether b is a border that Border promises something for.
func safe(src []byte, b int) bool { return b < len(src)-incomplete(src) }

func benchmark(b *testing.B, text string) {
	src := []byte(strings.Repeat(text, 64<<10/len(text)))
	var in, out Map
	dst := Fold(nil, src, &in, 0, &out)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		dst = Fold(dst[:0], src, &in, 0, &out)
	}
}

func BenchmarkFoldASCII(b *testing.B) {
	benchmark(b, "id,name,phone,amount\n1024,Taro Yamada,090-1234-5678,1200\n")
}

func BenchmarkFoldPlainJapanese(b *testing.B) {
	benchmark(b, "個人情報の取扱いについて、当社は次のとおり定めます。サービスをご利用のお客様は、必ずお読みください。\n")
}

func BenchmarkFoldPlainCSV(b *testing.B) {
	benchmark(b, "1024,山田太郎,ヤマダタロウ,東京都千代田区霞が関1-2-3,090-1234-5678\n")
}

func BenchmarkFoldSpaces(b *testing.B) {
	benchmark(b, "　個人情報の取扱いについて、当社は次のとおり定めます（２０２６年）。サービスをご利用のお客様は、必ずお読みください。\n")
}

func BenchmarkFoldFullWidth(b *testing.B) {
	benchmark(b, "１０２４，山田　太郎，ﾔﾏﾀﾞﾀﾛｳ，東京都千代田区１－２－３，０９０－１２３４－５６７８\n")
}
