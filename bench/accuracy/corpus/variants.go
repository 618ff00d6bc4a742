package corpus

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// variants write values in unusual ways: each kind is one way, so that a fault
// has a name. The twins write things that are no person's in the same way.
var variants = []kind{
	{"full-width", "ja_variants", "ja", 16, variant(fullWidth)},
	{"half-kana", "ja_variants", "ja", 16, variantNames(halfKanaName)},
	{"spaced-name", "ja_variants", "ja", 16, variantNames(spaced)},
	{"line-break-address", "ja_variants", "ja", 16, variantOf(detect.Address, brokenAddress)},
	{"line-break-name", "ja_variants", "ja", 12, variantOf(detect.Name, brokenName)},
	{"hyphen-u2010", "ja_variants", "ja", 10, hyphen("‐")},
	{"hyphen-u2011", "ja_variants", "ja", 10, hyphen("‑")},
	{"hyphen-full", "ja_variants", "ja", 10, hyphen("－")},
	{"hyphen-minus", "ja_variants", "ja", 10, hyphen("−")},
	{"hyphen-long-vowel", "ja_variants", "ja", 10, hyphen("ー")},
	{"hyphen-half-vowel", "ja_variants", "ja", 10, hyphen("ｰ")},
	{"hyphen-en-dash", "ja_variants", "ja", 10, hyphen("–")},
	{"hyphen-em-dash", "ja_variants", "ja", 10, hyphen("—")},
	{"hyphen-bar", "ja_variants", "ja", 10, hyphen("―")},
	{"hyphen-small", "ja_variants", "ja", 10, hyphen("﹣")},
	{"plus-81", "ja_variants", "ja", 16, phones(func(g *gen, p phone) string {
		return g.pick("+81", "＋81", "0081") + g.pick("-", " ", "") + g.pick("", "(0)") + p[0][1:] + "-" + p[1] + "-" + p[2]
	})},
	{"phone-spaces", "ja_variants", "ja", 12, phones(func(g *gen, p phone) string {
		return p[0] + g.pick(" - ", " ", "　") + p[1] + g.pick(" - ", " ") + p[2]
	})},
	{"phone-dots", "ja_variants", "ja", 10, phones(func(_ *gen, p phone) string { return p[0] + "." + p[1] + "." + p[2] })},
	{"phone-brackets", "ja_variants", "ja", 12, phones(func(g *gen, p phone) string {
		return g.pick("（"+p[0]+"）"+p[1]+"－"+p[2], p[0]+"（"+p[1]+"）"+p[2], "("+p[0]+") "+p[1]+"-"+p[2])
	})},
	{"phone-words", "ja_variants", "ja", 10, phones(func(_ *gen, p phone) string { return p[0] + "の" + p[1] + "の" + p[2] })},
	{"phone-extension", "ja_variants", "ja", 12, extension},
	{"digits-kanji", "ja_variants", "ja", 12, variantOf(detect.Phone, kanjiDigits)},
	{"digits-circled", "ja_variants", "ja", 10, variantOf(detect.Phone, circled)},
	{"digits-letters", "ja_variants", "ja", 10, variantOf(detect.Phone, letterDigits)},
	{"address-kanji", "ja_variants", "ja", 16, addresses(func(_ *gen, a address) string {
		if a.block[0] == 0 {
			return a.prefecture + a.city + a.town + kanji(a.block[1]) + "番地" + kanji(a.block[2])
		}
		return a.prefecture + a.city + a.town + kanji(a.block[0]) + "丁目" + kanji(a.block[1]) + "番" + kanji(a.block[2]) + "号"
	})},
	{"address-no", "ja_variants", "ja", 12, addresses(func(g *gen, a address) string {
		return a.prefecture + a.city + a.town + fmt.Sprintf("%dの%d", a.block[1], a.block[2])
	})},
	{"address-banchi", "ja_variants", "ja", 12, addresses(func(g *gen, a address) string {
		return a.prefecture + a.city + g.pick("大字", "字", "") + a.town + g.pick("字中原", "") + fmt.Sprintf("%d番地の%d", a.block[1], a.block[2])
	})},
	{"address-city", "ja_variants", "ja", 12, addresses(func(_ *gen, a address) string { return a.city + a.street(0) })},
	{"address-spaces", "ja_variants", "ja", 12, addresses(func(g *gen, a address) string {
		return a.prefecture + g.pick(" ", "　") + a.city + " " + a.town + g.pick(" ", "　") + a.numbers(0)
	})},
	{"address-kyoto", "ja_variants", "ja", 16, kyoto},
	{"address-ke", "ja_variants", "ja", 16, smallKe},
	{"address-building", "ja_variants", "ja", 12, addresses(func(g *gen, a address) string {
		return a.prefecture + a.city + a.street(0) + g.pick("　", " ") + g.pick("ＡＢＣマンション", "ベルエア青山II", "第3山田ビル", "プラザ21 B棟") + g.pick(" 3F", "-1203", "　四〇二号室", "2階")
	})},
	{"birth-kanji", "ja_variants", "ja", 12, birthdays(func(_ *gen, p *person) string {
		name, _, y := era(p.birth)
		return name + kanji(y) + "年" + kanji(int(p.birth.Month())) + "月" + kanji(p.birth.Day()) + "日"
	})},
	{"birth-first-year", "ja_variants", "ja", 12, birthdays(func(g *gen, _ *person) string {
		return g.pick("平成元年", "令和元年", "昭和元年") + g.pick("12月28日", "12月30日")
	})},
	{"birth-letter", "ja_variants", "ja", 12, birthdays(func(g *gen, p *person) string {
		_, l, y := era(p.birth)
		sep := g.pick(".", "/", "-")
		return fmt.Sprintf("%s%d%s%d%s%d", l, y, sep, p.birth.Month(), sep, p.birth.Day())
	})},
	{"birth-spaces", "ja_variants", "ja", 10, birthdays(func(_ *gen, p *person) string {
		name, _, y := era(p.birth)
		return fmt.Sprintf("%s %d年 %d月 %d日", name, y, p.birth.Month(), p.birth.Day())
	})},
	{"zero-width", "ja_variants", "ja", 16, variant(func(g *gen, _ inspect.Type, v string) string {
		return between(v, g.pick("\u200b", "\u2060", "\u00ad", "\ufeff"), g.n(1, 3))
	})},
	{"combining-marks", "ja_variants", "ja", 12, variantNames(decomposed)},
	{"markup-entities", "ja_variants", "ja", 10, page},
	{"cards-odd", "ja_variants", "ja", 12, oddCards},
	{"mynumber-odd", "ja_variants", "ja", 12, oddMyNumbers},
	{"email-odd", "ja_variants", "ja", 12, oddEmails},
}

// entry is a short entry about one person, and about a thing.
func (g *gen) entry(s style, p *person) (string, string) {
	text := "お名前：" + s.name(p) + "\nご住所：" + s.label(p.home) + " " + s.home(p) + "\n電話番号：" + s.tel(p) + "\n生年月日：" + s.birth(p) + "\n"
	twin := "品名：" + g.product() + "\n品番：" + g.digits(3) + "-" + g.digits(4) + "-" + g.digits(4) + "\n伝票番号：" + g.order() + "\n出荷日：" + g.recent("%d-%02d-%02d") + "\n金額：" + g.amount() + "円\n"
	return text, twin
}

// variant writes every value by f.
func variant(f func(*gen, inspect.Type, string) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		text, twin := g.entry(g.style(), g.person())
		text = values(text, func(t inspect.Type, v string) string { return f(g, t, v) })
		return draft{text: text, people: 1}, draft{text: f(g, detect.Name, twin)}
	}
}

// variantOf writes values of one type by f.
func variantOf(t inspect.Type, f func(*gen, string) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		text, twin := g.entry(style{phone: 0, address: g.n(0, 5), gap: g.pick("", " ")}, g.person())
		text = values(text, func(of inspect.Type, v string) string {
			if of != t {
				return v
			}
			return f(g, v)
		})
		if t == detect.Address || t == detect.Name {
			return draft{text: text, people: 1}, draft{text: twin}
		}
		return draft{text: text, people: 1}, draft{text: f(g, twin)}
	}
}

// variantNames writes names, or their readings, by f: in a form, before an
// honorific, and in a list.
func variantNames(f func(g *gen, p *person) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		s := g.style()
		a, b := g.person(), g.person()
		name := func(p *person) string { return mark(detect.Name, f(g, p)) }
		return draft{text: "氏名：" + name(a) + "\n電話番号：" + s.tel(a) + "\n\n" + name(b) + " 様\n" + s.label(b.home) + " " + s.home(b) + "\n", people: 2},
			draft{text: "品名：" + g.product() + "\n品番：" + g.sku() + "\n\n" + g.company() + " 御中\n管理番号 " + g.order() + "\n"}
	}
}

// hyphen writes every hyphen as another character that looks like it.
func hyphen(as string) func(*gen) (draft, draft) {
	swap := func(s string) string { return strings.ReplaceAll(s, "-", as) }
	return func(g *gen) (draft, draft) {
		text, twin := g.entry(style{gap: g.pick("", " ")}, g.person())
		if g.chance(.5) {
			text += "個人番号：" + mark(detect.MyNumber, func() string { n := g.myNumber(); return n[:4] + "-" + n[4:8] + "-" + n[8:] }()) + "\n"
		} else {
			text += "カード番号：" + mark(detect.Card, g.card("-")) + "\n"
		}
		return draft{text: swap(text), people: 1}, draft{text: swap(twin)}
	}
}

func phones(f func(*gen, phone) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		s, p := g.style(), g.person()
		number := p.mobile
		if g.chance(.5) {
			number = p.phone
		}
		return draft{text: s.name(p) + "様\n" + g.pick("電話番号: ", "TEL ", "ご連絡は", "電話は") + mark(detect.Phone, f(g, number)) + g.pick("\n", " まで\n", "へお願いします。\n"), people: 1},
			draft{text: g.product() + "\n" + g.pick("品番: ", "規格 ", "寸法は") + strings.Join([]string{g.digits(3), g.digits(4), g.digits(4)}, g.pick(".", "×", " x ", "/")) + "\n"}
	}
}

func addresses(f func(*gen, address) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		s, p := g.style(), g.person()
		return draft{text: g.pick("住所　", "お届け先: ", "現在の住まいは") + mark(detect.Address, f(g, p.home)) + g.pick("\n", "です。\n", "、") + s.name(p) + "様\n", people: 1},
			draft{text: g.pick("会場　", "区間: ", "現在の気温は") + p.home.prefecture + p.home.city + g.pick("の各所", "全域で18.3度", "周辺3箇所") + g.pick("\n", "です。\n") + g.trap() + "\n"}
	}
}

func birthdays(f func(*gen, *person) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		s, p := g.style(), g.person()
		d := f(g, p)
		return draft{text: s.name(p) + g.pick("\n生年月日 ", "（誕生日: ", "さんは") + mark(detect.Birthdate, d) + g.pick("生まれ\n", "生\n"), people: 1},
			draft{text: g.company() + g.pick("\n設立 ", "（改定日: ", "は") + d + g.pick("創業\n", "施行\n")}
	}
}
