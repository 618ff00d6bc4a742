package corpus

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// traps are sentences in which people stand beside words that contain names;
// the twins have the words alone.
var traps = []kind{
	{"trap-prose", "ja_traps", "ja", 120, trapProse},
	{"trap-compounds", "ja_traps", "ja", 60, trapCompounds},
	{"trap-numbers", "ja_traps", "ja", 60, trapNumbers},
}

const trapSentences = `
	{place}の近くで{product}を買い、{company}に届けた。
	{place}と{other}が共同で{product}を開発した。
	令和{n}年度、{place}への来場者は{amount}人を超えた。
	{company}は{place}で{product}の実演を行った。
	本日の{place}は晴れ、{other}は雨の予報です。
	{product}は{company}の登録商標です。
	患者は川崎病の既往があり、{place}から紹介された。
	{place}発{other}行きの特急は{n}番線から出ます。
	平成{n}年に{company}が{place}を寄贈した。
	{place}の学習塾では光の性質と茂みの観察を学ぶ。
	桜が咲き、森の泉のそばに鶴が舞い、星が光る。誠に美しい。
	小林漢方錠と山崎ランチパックと{product}を各{n}個お願いします。
	正しい手順で昇降し、勝利の鍵は清潔な水だと学んだ。
	南の島の岸から東の原まで、関所は三つ、辻は四つある。
	千代田区から{place}まで、一郎橋と太郎坂を経由する。`

func (g *gen) trapSentence() string {
	return strings.NewReplacer("{place}", g.trap(), "{product}", g.product(), "{company}", g.company(), "{other}", g.trap(),
		"{n}", fmt.Sprint(g.n(2, 30)), "{amount}", g.amount()).Replace(g.line(trapSentences))
}

func trapProse(g *gen) (draft, draft) {
	s := g.style()
	s.gap = g.pick("", " ", "　")
	a, b := g.person(), g.person()
	people := g.pick(
		s.name(a)+"さんは"+g.trap()+"の出身で、"+s.name(b)+"さんと"+g.company()+"に勤めている。",
		"講師は"+s.name(a)+"氏（"+g.company()+"）、司会は"+s.name(b)+"氏。",
		g.company()+"の"+s.name(a)+"社長は、"+g.trap()+"で"+s.name(b)+"容疑者と会ったことを否定した。",
		"作曲："+s.name(a)+"、作詞："+s.name(b)+"。初演は"+g.trap()+"。",
		g.trap()+"在住の主婦、"+s.name(a)+"さん（"+fmt.Sprint(g.n(20, 80))+"）と夫の"+mark(detect.Name, b.given)+"さんが訪れた。",
	)
	return draft{text: g.trapSentence() + people + g.trapSentence() + "\n", people: 2}, draft{text: g.trapSentence() + g.trapSentence() + g.trapSentence() + "\n"}
}

// trapCompounds are the words in lists, where nothing tells what they are but
// themselves and a header.
func trapCompounds(g *gen) (draft, draft) {
	s := g.style()
	n := g.n(5, 10)
	var b, twin strings.Builder
	b.WriteString(g.pick("担当者一覧\n", "参加者\n", "名簿\n"))
	twin.WriteString(g.pick("取扱店一覧\n", "行き先\n", "商品\n"))
	for _, p := range g.people(n) {
		bullet := g.pick("・", "- ", "")
		b.WriteString(bullet + s.name(p) + "\n")
		twin.WriteString(bullet + g.pick(g.trap(), g.product(), g.company()) + "\n")
	}
	return draft{text: b.String(), people: n}, draft{text: twin.String()}
}

// trapNumbers puts numbers of things right beside numbers of people.
func trapNumbers(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	things := func() string {
		return g.pick(
			"注文番号 "+g.order()+"、追跡番号 "+g.digits(12)+"。",
			"JAN "+g.jan()+"、型番 "+g.sku()+"、ロット "+g.digits(10)+"。",
			"適格請求書発行事業者登録番号 "+mark(detect.Corporate, "T"+g.corporate())+"。",
			"問い合わせは "+mark(detect.Service, g.serviceLine())+" まで。",
			"ISBN "+g.isbn()+"、版 "+g.version()+"。",
			"受付 "+g.recent("%d年%d月%d日")+" "+g.clock()+"、リクエスト "+g.uuid()+"。",
			"接続元 "+g.ip()+":"+fmt.Sprint(g.n(1024, 65000))+"、エポック "+fmt.Sprint(g.n(1500000000, 1799999999))+"。",
			"前年比 103.4%、"+g.digits(3)+"-"+g.digits(4)+"-"+g.digits(4)+" 型の在庫は"+g.amount()+"。",
			"座標 35."+g.digits(6)+", 139."+g.digits(6)+"。",
			"製造番号 0"+g.digits(9)+"、検査 "+g.recent("%d%02d%02d")+"。",
			"図面 "+g.digits(4)+"-"+g.digits(2)+"-"+g.digits(4)+"、縮尺 1/200。",
			"承認番号 "+g.digits(6)+"、端末 "+g.digits(13)+"、伝票 "+g.digits(5)+"。",
		)
	}
	person := g.pick(
		s.name(p)+"様の電話番号は"+s.tel(p)+"、",
		"契約者 "+s.name(p)+" "+s.birth(p)+"生、携帯 "+s.mobile(p)+"、",
		"送り先 "+s.home(p)+" "+s.name(p)+"様、",
	)
	return draft{text: things() + person + things() + "\n", people: 1}, draft{text: things() + things() + things() + "\n"}
}
