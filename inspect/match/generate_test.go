package match

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// The generators below make texts and literals of the kinds that the engines
// meet, the same ones for the same seed.

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 20261121)) }

// kanji picks from a few hundred characters, the first ones more often.
func kanji(r *rand.Rand) rune { return 0x4e00 + rune(r.IntN(1+r.IntN(700)))*29 }

func hiragana(r *rand.Rand) rune { return 0x3042 + rune(r.IntN(80)) }

func katakana(r *rand.Rand) rune { return 0x30a2 + rune(r.IntN(80)) }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// names makes n distinct literals of two to four kanji, a few in kana.
func names(r *rand.Rand, n int) []string {
	seen := map[string]bool{}
	out := make([]string, 0, n)
	for len(out) < n {
		script := kanji
		if r.IntN(50) == 0 {
			script = katakana
		}
		var b strings.Builder
		for range 2 + r.IntN(12)/9 + r.IntN(40)/39 {
			b.WriteRune(script(r))
		}
		if s := b.String(); !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// keywords are labels as detectors look for them.
var keywords = strings.Fields(`氏名 お名前 フリガナ 住所 電話番号 携帯電話 メールアドレス
	生年月日 口座番号 カード番号 有効期限 暗証番号 パスワード マイナンバー 個人番号 運転免許証
	社外秘 機密 取扱注意 顧客名簿 個人情報 従業員番号 給与明細 年収 様 殿
	confidential proprietary password passwd passphrase api_key secret_key access_token
	expiration ssn birthdate passport iban phone e-mail salary cvv tel surname account`)

var words = strings.Fields(`the of and to in is that for it as was with be by on not he his but at are
	this have from or had an they which one you were her all she there would their we him been has when
	who will more no if out so said what up its about into than them can only other new some could time
	these two may then do first any my now such like our over man me even most made after also did many
	function return const value string length index button href class width height data null true false`)

// corpora are the kinds of text, by name.
var corpora = []struct {
	name string
	make func(r *rand.Rand, b *strings.Builder, names []string)
}{
	{"japanese", japanese},
	{"csv", csv},
	{"english", english},
	{"json", json},
	{"random", func(r *rand.Rand, b *strings.Builder, _ []string) {
		for range 64 {
			b.WriteByte(byte(r.Uint32()))
		}
	}},
	{"base64", func(r *rand.Rand, b *strings.Builder, _ []string) {
		var raw [96]byte
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw[:]))
	}},
}

// corpus makes size bytes of a kind of text.
func corpus(make func(*rand.Rand, *strings.Builder, []string), size int, names []string) []byte {
	r := seeded(uint64(size))
	var b strings.Builder
	b.Grow(size + 1024)
	for b.Len() < size {
		make(r, &b, names)
	}
	return []byte(b.String()[:size])
}

func japanese(r *rand.Rand, b *strings.Builder, names []string) {
	for range 3 + r.IntN(12) {
		switch r.IntN(12) {
		case 0, 1, 2:
			for range 1 + r.IntN(3) {
				b.WriteRune(kanji(r))
			}
		case 3:
			for range 2 + r.IntN(5) {
				b.WriteRune(katakana(r))
			}
		case 4:
			fmt.Fprintf(b, "%d年", r.IntN(2000))
		default:
			for range 1 + r.IntN(4) {
				b.WriteRune(hiragana(r))
			}
		}
	}
	if r.IntN(40) == 0 {
		b.WriteString(pick(r, names))
	}
	b.WriteString("。\n")
}

func csv(r *rand.Rand, b *strings.Builder, names []string) {
	fmt.Fprintf(b, "%08d,%s %s,%s%s%d-%d-%d,0%d-%04d-%04d,user%d@example.com,19%02d/%02d/%02d\n",
		r.IntN(1e8), pick(r, names), pick(r, names), pick(r, names), pick(r, names), 1+r.IntN(9), 1+r.IntN(30),
		1+r.IntN(30), r.IntN(99), r.IntN(1e4), r.IntN(1e4), r.IntN(1e6), r.IntN(100), 1+r.IntN(12), 1+r.IntN(28))
}

func english(r *rand.Rand, b *strings.Builder, _ []string) {
	for range 4 + r.IntN(12) {
		b.WriteString(pick(r, words))
		b.WriteByte(' ')
	}
	switch r.IntN(8) {
	case 0:
		b.WriteString(pick(r, keywords))
	case 1:
		fmt.Fprintf(b, `<td width="%d%%">`, r.IntN(100))
	}
	b.WriteString(".\n")
}

func json(r *rand.Rand, b *strings.Builder, names []string) {
	fmt.Fprintf(b, `{"id":"%016x","ts":%d,"user":{"name":"%s"},"url":"https://api.example.com/v2/%s/%d","score":%.6f,"tags":["%s"]}`+"\n",
		r.Uint64(), 1700000000000+r.Int64N(1e11), pick(r, names), pick(r, words), r.IntN(1e6), r.Float64(), pick(r, words))
}
