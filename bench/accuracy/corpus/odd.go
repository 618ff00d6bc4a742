package corpus

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// Variants that need more than another way of writing.

// kyoto writes addresses by streets, as Kyoto does.
func kyoto(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	p.home.city, p.home.town = "", ""
	place := g.line(`
		京都市中京区寺町通御池上る上本能寺前町
		京都市中京区烏丸通二条下る秋野々町
		京都市下京区四条通烏丸東入長刀鉾町
		京都市下京区烏丸通塩小路下ル東塩小路町
		京都市上京区下立売通新町西入薮ノ内町
		京都市上京区今出川通烏丸東入玄武町
		京都市東山区大和大路通四条下る大和町
		京都市中京区河原町通三条上ル恵比須町
		京都市下京区室町通綾小路下る白楽天町`)
	where := g.pick("京都府", "") + place + fmt.Sprint(g.n(1, 700)) + g.pick("", "番地", "-"+fmt.Sprint(g.n(1, 9)))
	return draft{text: "住所：" + mark(detect.Address, where) + "\n氏名：" + s.name(p) + "\n", people: 1},
		draft{text: "運行経路：烏丸通と四条通の交差点から寺町通を北へ" + fmt.Sprint(g.n(1, 700)) + "メートル、" + g.trap() + "の西側\n"}
}

// smallKe writes the ke of place names in all its ways.
func smallKe(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	place := g.line(`
		東京都千代田区霞が関
		千葉県鎌ケ谷市道野辺
		茨城県龍ケ崎市野原町
		神奈川県茅ヶ崎市東海岸北
		埼玉県鶴ヶ島市脚折
		東京都杉並区阿佐ヶ谷南
		長野県駒ヶ根市赤穂
		岐阜県不破郡関ケ原町関ケ原
		神奈川県横浜市保土ケ谷区霞台
		千葉県袖ケ浦市蔵波`)
	for _, ke := range []string{"が", "ケ", "ヶ"} {
		if strings.Contains(place, ke) {
			place = strings.ReplaceAll(place, ke, g.pick("が", "ケ", "ヶ", "ｹ"))
			break
		}
	}
	return draft{text: g.pick("住所 ", "送付先：") + mark(detect.Address, place+p.home.numbers(g.n(0, 2))) + "\n" + s.name(p) + " 様\n", people: 1},
		draft{text: "路線図 " + g.pick("霞ヶ関", "阿佐ケ谷", "関ヶ原", "保土ヶ谷") + "駅から" + g.trap() + "まで " + fmt.Sprint(g.n(2, 40)) + "分\n"}
}

func oddCards(g *gen) (draft, draft) {
	number := g.pick(g.card("  "), g.card("."), fullWidth(g, detect.Card, g.card("-")), fullWidth(g, detect.Card, g.card("")), g.card(" - "), g.card("\u00a0"))
	return draft{text: g.pick("カード番号は", "クレジットカード: ", "VISAカード ") + mark(detect.Card, number) + g.pick(" 期限 11/28\n", "、有効期限2027年3月です。\n"), people: 1},
		draft{text: g.pick("伝票番号は", "IMEI: ", "取引番号 ") + luhnBroken(g) + g.pick("\n", " です。\n")}
}

// luhnBroken returns sixteen digits whose check digit is wrong.
func luhnBroken(g *gen) string {
	d := "4" + g.digits(14)
	return d + string('0'+(luhnDigit(d)[0]-'0'+byte(g.n(1, 9)))%10)
}

func oddMyNumbers(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	n := g.myNumber()
	written := g.pick(n[:4]+"　"+n[4:8]+"　"+n[8:], fullWidth(g, detect.Card, n), n[:4]+"－"+n[4:8]+"－"+n[8:], between(n, " ", 1), n[:4]+" - "+n[4:8]+" - "+n[8:], n[:3]+" "+n[3:6]+" "+n[6:9]+" "+n[9:])
	return draft{text: s.name(p) + g.pick("\nマイナンバー ", "の個人番号は", "　個人番号：") + mark(detect.MyNumber, written) + "\n", people: 1},
		draft{text: g.product() + g.pick("\n荷物番号 ", "の追跡番号は", "　資産番号：") + written + "\n"}
}

func oddEmails(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	odd := g.pick("taro＠example.jp", "taro.@example.ne.jp", "t..a@example.ne.jp", "山田@example.jp", "info@日本語.example", "MAILTO:x_y-z@sub.example.co.jp", `"taro yamada"@example.com`)
	clean := strings.TrimPrefix(odd, "MAILTO:")
	return draft{text: s.name(p) + "様 " + strings.TrimSuffix(odd, clean) + mark(detect.Email, clean) + g.pick("まで\n", "、折り返しお願いします\n", ">\n"), people: 1},
		draft{text: "npm install @scope/" + g.hex(5) + "@" + g.version() + "\ngit clone ssh://" + optional(detect.Email, "git@host.example") + ":22/x.git\n@media (min-width: 600px) @import foo@2x.png user@ a@b\n"}
}

// extension has telephones with an extension, which is no part of the number.
func extension(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	n := g.digits(3)
	return draft{text: s.name(p) + "様\n電話番号: " + mark(detect.Phone, p.phone.write(0)) + g.pick("（内線"+n+"）", " 内線"+n, " ext."+n) + "\n", people: 1},
		draft{text: g.product() + "\n品番: " + g.digits(2) + "-" + g.digits(4) + "-" + g.digits(4) + g.pick("（枝番"+n+"）", " 枝番"+n, " rev."+n) + "\n"}
}

// page is a web page whose letters are written as character references.
func page(g *gen) (draft, draft) {
	text, twin := g.entry(g.style(), g.person())
	wrap := func(s string) string {
		return "<!DOCTYPE html>\n<html><body>\n<p>" + strings.ReplaceAll(strings.TrimSpace(s), "\n", "</p>\n<p>") + "</p>\n</body></html>\n"
	}
	return draft{text: wrap(values(text, entities)), people: 1}, draft{text: wrap(twin)}
}
