package corpus

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

var letters = []kind{
	{"mail-customer", "ja_letters", "ja", 30, mailCustomer},
	{"mail-quoted", "ja_letters", "ja", 20, mailQuoted},
	{"mail-signature", "ja_letters", "ja", 24, mailSignature},
	{"chat", "ja_letters", "ja", 24, chat},
	{"minutes", "ja_letters", "ja", 20, minutes},
	{"ticket", "ja_letters", "ja", 24, ticket},
	{"call-notes", "ja_letters", "ja", 24, callNotes},
	{"letter-vertical", "ja_letters", "ja", 12, formalLetter},
	{"daily-report", "ja_letters", "ja", 20, dailyReport},
	{"notice", "ja_letters", "ja", 16, notice},
}

// signature is a sender's own, one person's.
func (g *gen) signature(s style, p *person) string {
	a := p.home
	rule := g.pick("--\n", "━━━━━━━━━━━━━━\n", "-----------------------------\n", "＊＊＊＊＊＊＊＊\n")
	return rule + g.company() + "\n" + g.pick("営業部 ", "経理課　", "") + s.name(p) + g.pick("", "（"+plain(hiragana(p.surnameKana))+"）") + "\n" + s.label(a) + " " + s.home(p) +
		"\n" + g.pick("TEL: ", "電話 ", "Tel.") + s.tel(p) + g.pick("", "  FAX: "+mark(detect.Phone, g.landline().write(s.phone))) + "\n" + g.pick("Mail: ", "E-mail: ", "") + s.email(p) + "\n" + strings.TrimPrefix(rule, "--\n")
}

func mailCustomer(g *gen) (draft, draft) {
	s := g.style()
	to, from := g.person(), g.person()
	text := "From: " + s.name(from) + " <" + s.email(from) + ">\nTo: " + s.name(to) + " <" + s.email(to) + ">\nSubject: ご注文ありがとうございます（注文番号 " + g.order() + "）\nDate: Tue, 14 Oct 2025 " + g.clock() + ":00 +0900\n\n" +
		s.name(to) + g.pick(" 様", "様") + "\n\nいつもお世話になっております。" + g.company() + "の" + s.surname(from) + "です。\n下記の内容で承りました。\n\nお届け先: " + s.label(to.home) + " " + s.home(to) +
		"\nお電話: " + s.mobile(to) + "\n商品: " + g.product() + "\n合計: " + g.amount() + "円\n\n" + g.signature(s, from)
	twin := "Subject: 【" + g.trap() + "】定期便のお知らせ（管理番号 " + g.order() + "）\nDate: Tue, 14 Oct 2025 " + g.clock() + ":00 +0900\nMessage-ID: <" + g.hex(16) + "." + g.digits(8) + ">\n\nお客様各位\n\nいつも" + g.product() + "をご利用いただきありがとうございます。\n" +
		"新商品は" + g.product() + "（JAN " + g.jan() + "）です。" + g.trap() + "での販売は" + g.recent("%d年%d月%d日") + "からです。\n\n" + g.letterhead(s) + "\n"
	return draft{text: text, people: 2}, draft{text: twin}
}

func mailQuoted(g *gen) (draft, draft) {
	s := g.style()
	a, b := g.person(), g.person()
	text := s.surname(b) + "様\n\nお世話になっております。" + s.surname(a) + "です。\n住所変更の件、承知しました。\n\n2025年10月14日(火) " + g.clock() + " " + s.name(b) + " <" + s.email(b) + ">:\n> " + s.surname(a) + "さん\n> \n> 引っ越しましたので新住所をお送りします。\n> " +
		s.label(b.home) + "\n> " + s.home(b) + "\n> 携帯は変わらず " + s.mobile(b) + " です。\n>> 前回の住所をご確認ください。\n\n" + g.signature(s, a)
	twin := "各位\n\n障害の件、復旧しました。\n\n2025年10月14日(火) " + g.clock() + " 監視システム:\n> host: web-" + g.digits(2) + " " + g.ip() + "\n> 発生 " + g.stamp() + "\n> エラーコード " + g.digits(3) + "-" + g.digits(4) + "-" + g.digits(4) + "\n> 拠点: " + g.trap() + "\n> commit " + g.hex(40) + "\n"
	return draft{text: text, people: 2}, draft{text: twin}
}

// mailSignature has the sender's own signature and nobody else.
func mailSignature(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	return draft{text: "各位\n\n来週の" + g.trap() + "への出張は中止になりました。\n資料は" + g.recent("%d年%d月%d日") + "までに更新します（版 " + g.version() + "）。\n\n" + g.signature(s, p), people: 1},
		draft{text: "各位\n\n来週の" + g.trap() + "への出張は中止になりました。\n資料は" + g.recent("%d年%d月%d日") + "までに更新します（版 " + g.version() + "）。\n\n" + g.letterhead(s) + "\n"}
}

func chat(g *gen) (draft, draft) {
	s := g.style()
	who := g.people(3)
	a, b, c := who[0], who[1], who[2]
	return draft{text: fmt.Sprintf("[%s] %s: %sさん、例の件どうなりました？\n[%s] %s: 先方の%s様から電話ありました。折り返し%sまでお願いします\n[%s] %s: 了解です！%sの%sさんにも共有しときます\n[%s] %s: メアドは%sでしたっけ\n",
			g.clock(), s.surname(a), s.surname(b), g.clock(), s.surname(b), s.name(c), s.mobile(c), g.clock(), s.surname(a), g.company(), s.surname(c), g.clock(), s.surname(b), s.email(c)), people: 3},
		draft{text: fmt.Sprintf("[%s] bot: ビルド #%s が失敗しました\n[%s] bot: %sの在庫が%d個になりました\n[%s] bot: %sの予約番号は%sです\n[%s] bot: deploy %s → %s 完了\n",
			g.clock(), g.digits(5), g.clock(), g.product(), g.n(0, 90), g.clock(), g.trap(), g.order(), g.clock(), g.version(), g.version())}
}

func minutes(g *gen) (draft, draft) {
	s := g.style()
	s.gap = g.pick("", " ")
	n := g.n(4, 7)
	who := g.people(n)
	var names []string
	for _, p := range who {
		names = append(names, s.name(p))
	}
	a, b := who[0], who[1]
	text := "議事録\n日時：" + g.recent("%d年%d月%d日") + " " + g.clock() + "\n場所：" + g.pick("松本支社 第2会議室", "川崎工場 応接室", "本社（千代田区）") + "\n出席者：" + strings.Join(names, g.pick("、", "，", " / ", "・")) +
		"\n\n1. " + g.product() + "の販売状況\n" + s.surname(a) + g.pick("部長", "課長", "さん") + "より、前年比112.5%との報告があった。\n2. " + g.company() + "との契約\n" + s.surname(b) + g.pick("氏", "主任", "マネージャー") + "が" + g.recent("%d年%d月%d日") + "までに確認する。\n"
	twin := "仕様書\n改訂：" + g.recent("%d年%d月%d日") + " 版 " + g.version() + "\n適用範囲：" + g.trap() + "、" + g.trap() + "、" + g.trap() +
		"\n\n1. " + g.product() + "の寸法\n幅 123.4-567.8 mm、公差 0.05-0.10。\n2. " + g.company() + "製部品\n型番 " + g.sku() + " を" + g.recent("%d年%d月%d日") + "までに置き換える。\n"
	return draft{text: text, people: n}, draft{text: twin}
}

func ticket(g *gen) (draft, draft) {
	s := g.style()
	p, staff := g.person(), g.person()
	text := "チケット #" + g.digits(6) + "\n件名: 届いた商品が違う\n顧客: " + s.name(p) + "\n連絡先: " + s.mobile(p) + " / " + s.email(p) + "\n担当: " + s.surname(staff) + "\n内容: 注文番号 " + g.order() + " で" + g.product() + "を注文したが別の物が届いた。返送先は" + s.home(p) + "。" +
		s.surname(p) + "様は平日の午後なら電話に出られるとのこと。\n対応履歴:\n" + g.recent("%d/%02d/%02d") + " " + g.clock() + " " + s.surname(staff) + " 代品を発送（追跡番号 " + g.digits(12) + "）\n"
	twin := "チケット #" + g.digits(6) + "\n件名: 画面が真っ白になる\n環境: Chrome " + g.version() + " / Windows 11 10.0.22631\n端末: " + g.sku() + "\nアドレス: " + g.ip() + "\n内容: リクエストID " + g.uuid() + " で500エラー。サイズは1920-1080、時刻は" + g.stamp() + "。" +
		"\n対応履歴:\n" + g.recent("%d/%02d/%02d") + " " + g.clock() + " 修正版 " + g.version() + " を適用（コミット " + g.hex(12) + "）\n"
	return draft{text: text, people: 2}, draft{text: twin}
}

func callNotes(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	s.gap = ""
	text := g.pick(
		fmt.Sprintf("本日%sに%sにお住まいの%sさんという%sの方からお電話。生年月日は%s、折り返しは%sへとのこと。%sの契約を解約したい由。\n", g.clock(), s.home(p), s.name(p), g.pick("女性", "男性"), s.birth(p), s.mobile(p), g.company()),
		fmt.Sprintf("%sの%sと申します。先日%sで購入した%sが壊れました。連絡は%sか%sへお願いします。住所は%sです。\n", g.pick("千葉", "松本市", "会員"), s.name(p), g.company(), g.product(), s.mobile(p), s.email(p), s.home(p)),
		fmt.Sprintf("お客様の%sさま（%s生まれ）より問い合わせ。%sの件で%sに連絡済み。送付先は%s。\n", s.name(p), s.birth(p), g.product(), s.tel(p), s.home(p)),
	)
	twin := g.pick(
		fmt.Sprintf("本日%sに%sの自動検針で異常値。計器番号は%s、前回の検針は%s、値は%s。%sに点検を依頼。\n", g.clock(), g.trap(), g.digits(11), g.recent("%d年%d月%d日"), g.amount(), g.company()),
		fmt.Sprintf("%sの紹介記事。%sが%sに発売した%sは%s円（税込）。型番は%s、JANは%s。\n", g.trap(), g.company(), g.recent("%d年%d月%d日"), g.product(), g.amount(), g.sku(), g.jan()),
		fmt.Sprintf("%s線は%s発の列車から%s分の遅れ。振替は%sと%sを経由。運行番号%s。\n", g.trap(), g.clock(), g.digits(2), g.trap(), g.trap(), g.sku()),
	)
	return draft{text: text, people: 1}, draft{text: twin}
}

func formalLetter(g *gen) (draft, draft) {
	s := g.style()
	a, b := g.person(), g.person()
	return draft{text: "拝啓　秋冷の候、" + s.name(a) + "様におかれましてはますますご清祥のこととお慶び申し上げます。\n　さて、このたび長男" + mark(detect.Name, b.given) + "が結婚し、左記へ転居いたしましたのでご通知申し上げます。\n　新居　" + s.home(b) + "\n　電話　" + s.tel(b) + "\n敬具\n" + s.name(b) + "\n", people: 2},
		draft{text: "拝啓　秋冷の候、貴社ますますご清祥のこととお慶び申し上げます。\n　さて、このたび" + g.company() + "は" + g.product() + "の価格を改定いたします。\n　改定日　" + g.recent("%d年%d月%d日") + "\n　新価格　" + g.amount() + "円\n敬具\n" + g.company() + "\n"}
}

func dailyReport(g *gen) (draft, draft) {
	s := g.style()
	s.gap = ""
	who := g.people(3)
	a, b, c := who[0], who[1], who[2]
	return draft{text: "日報 " + g.recent("%d/%02d/%02d") + "\n午前　" + g.company() + "を訪問。" + s.name(a) + g.pick("部長", "社長", "常務") + "と面談し、" + g.product() + "の導入を提案。\n午後　" + s.surname(b) + g.pick("君", "さん", "先輩") + "と同行。" + g.trap() + "近くの" + s.name(c) + "様宅で現地調査。\n所感　" + s.surname(a) + g.pick("氏", "さん") + "は価格を気にしていた。\n", people: 3},
		draft{text: "日報 " + g.recent("%d/%02d/%02d") + "\n午前　" + g.company() + "の倉庫で棚卸し。" + g.product() + g.amount() + "個を確認。\n午後　" + g.trap() + "と" + g.trap() + "を巡回。気温 12.5-18.3 度。\n所感　" + g.product() + "の減りが早い。\n"}
}

func notice(g *gen) (draft, draft) {
	s := g.style()
	s.gap = g.pick("", " ", "　")
	n := g.n(5, 10)
	var b, twin strings.Builder
	b.WriteString("人事異動のお知らせ（" + g.recent("%d年%d月%d日") + "付）\n")
	twin.WriteString("拠点統廃合のお知らせ（" + g.recent("%d年%d月%d日") + "付）\n")
	for _, p := range g.people(n) {
		role := g.pick("営業部長", "総務課長", "経理部主任", "支店長", "執行役員")
		b.WriteString(g.pick(role+"　"+s.name(p)+"（旧 "+g.pick("松本支店", "川崎工場")+"）", s.name(p)+"　"+role+"を命ず") + "\n")
		twin.WriteString(g.pick(g.trap()+"　"+g.pick("閉鎖", "移転")+"（旧 "+g.pick("松本支店", "川崎工場")+"）", g.company()+"　統合") + "\n")
	}
	return draft{text: b.String(), people: n}, draft{text: twin.String()}
}
