package corpus

import (
	"fmt"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// What benign twins are made of: values that look like a person's and are none.

// companies contain surnames, given names and places.
const companies = `三井住友銀行 本田技研工業 松下電工 高島屋 野村総合研究所 伊藤忠商事 佐川急便 豊田自動織機 鈴木商店 小林製薬 中村屋 大塚商会 久保田鉄工 川崎重工 石川島播磨 清水建設 竹中工務店 前田道路 長谷工 安藤ハザマ 山崎製パン 森永乳業 松屋フーズ 吉野家 原信 池田泉州銀行 千葉銀行 山口フィナンシャル 福岡地所 宮崎銀行 東海林組 西村書店 三浦工業 村田製作所 山本海苔店 岡本工作機械 藤田観光 田中貴金属 渡辺パイプ 和田興産 井上工務店 上野動物園 青木あすなろ建設`

// company returns a company by one of its full names.
func (g *gen) company() string {
	c := g.word(companies)
	switch g.n(0, 4) {
	case 0:
		return "株式会社" + c
	case 1:
		return c + "株式会社"
	case 2:
		return c + g.pick("東京支店", "大阪営業所", "松本工場", "横浜支社", "川崎事業所")
	case 3:
		return "(株)" + c
	}
	return c
}

// products contain words that are names elsewhere.
const productWords = `山崎ランチパック 小林漢方錠 さくら色ブラウス みどりのお茶 ひかり味噌 花子おにぎり 大和芋 富士りんご 松本家具 南アルプス天然水 森の石けん 星のランプ 葵の御紋タオル 桃太郎トマト 金太郎飴 一郎丸ラーメン 八木アンテナ 千代紙セット 愛知みかん 光ケーブル 清水白桃 真珠ボタン 桜でんぶ 泉州タオル 伊予柑ゼリー 誠実ノート 正宗包丁 昇降デスク 学習机 茂木びわ 電気ケトル 折りたたみ椅子 コピー用紙A4 単三電池 加湿器 延長コード 液体洗剤 冷凍うどん 乾燥わかめ 収納ボックス 体温計 六角レンチ 蛍光ペン`

// traps are words that contain a name and are none, for sentences.
const trapWords = `松本市 山口県 川崎病 令和 平成 昭和 福岡空港 千葉大学 宮崎県庁 井上杯 橋本病 原田橋 高橋貨物線 三井住友カード 本田技研 渡辺橋 森林公園 青木ヶ原 中島公園 佐野サービスエリア 前橋市 上野駅 大宮 久保田城址 木村屋 太田川 福島県 小川町 和田倉噴水公園 松山城 池田山 長谷寺 岡山大学 中野区 三浦半島 龍馬空港 藤田美術館 金子ゴルフ場 西村賞`

func (g *gen) trap() string { return g.word(trapWords) }

func (g *gen) product() string { return g.word(productWords) }

// sku returns a part or product number.
func (g *gen) sku() string {
	switch g.n(0, 3) {
	case 0:
		return g.letters(2) + "-" + g.digits(4) + g.pick("A", "B", "", "-R2")
	case 1:
		return g.digits(3) + "-" + g.digits(4) + "-" + g.digits(2)
	case 2:
		return g.letters(3) + g.digits(5)
	}
	return g.digits(2) + g.letters(1) + "-" + g.digits(3) + "-" + g.digits(3)
}

func (g *gen) version() string {
	return fmt.Sprintf("%d.%d.%d", g.n(0, 24), g.n(0, 40), g.n(0, 120))
}

// letterhead is how an organisation names itself: nothing on it is a person's.
func (g *gen) letterhead(s style) string {
	a, p := g.address(), g.landline()
	a.building = ""
	return g.company() + "\n" + s.label(a) + " " + mark(detect.Address, a.full(g.n(0, 5))) + "\nTEL " + mark(detect.Phone, p.write(0)) +
		"\n" + g.pick("フリーダイヤル", "お客様相談室", "お問い合わせ") + " " + mark(detect.Service, g.serviceLine()) +
		"\n登録番号 " + mark(detect.Corporate, "T"+g.corporate())
}

// serviceLine returns a number that its owner pays for.
func (g *gen) serviceLine() string {
	return g.pick("0120", "0120", "0570") + "-" + g.digits(3) + "-" + g.digits(3)
}

// thingColumns are the columns of a list of things.
func (g *gen) thingColumns() []column {
	plainly := func(f func() string) func(*person) string { return func(*person) string { return f() } }
	all := []column{
		{g.pick("商品名", "品名", "製品名"), plainly(g.product)},
		{g.pick("JANコード", "JAN", "バーコード"), plainly(g.jan)},
		{g.pick("注文番号", "伝票番号", "お問い合わせ番号", "追跡番号"), plainly(g.order)},
		{g.pick("単価", "金額", "税込価格"), plainly(func() string { return fmt.Sprint(g.n(1, 90000)) })},
		{g.pick("更新日", "発売日", "納期"), plainly(func() string { return g.recent("%d-%02d-%02d") })},
		{g.pick("型番", "品番", "部品番号"), plainly(g.sku)},
		{g.pick("仕入先", "メーカー", "取引先名"), plainly(func() string { return g.word(companies) })},
		{g.pick("ロット番号", "シリアル番号"), plainly(func() string { return g.digits(g.pickInt(8, 10, 11, 12, 14)) })},
		{g.pick("在庫数", "数量"), plainly(func() string { return fmt.Sprint(g.n(0, 2400)) })},
		{g.pick("店舗名", "倉庫"), plainly(func() string {
			return g.pick("松本", "川崎", "千葉", "福岡", "山口", "宮崎", "上野", "大宮") + g.pick("店", "倉庫", "センター", "駅前店")
		})},
		{"UUID", plainly(g.uuid)},
		{"ISBN", plainly(g.isbn)},
		{g.pick("版", "バージョン"), plainly(g.version)},
		{"IPアドレス", plainly(g.ip)},
	}
	g.shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:g.n(4, 8)]
}
