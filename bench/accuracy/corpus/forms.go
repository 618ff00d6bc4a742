package corpus

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

var forms = []kind{
	{"form-application", "ja_forms", "ja", 30, application},
	{"resume", "ja_forms", "ja", 20, resume},
	{"hospital", "ja_forms", "ja", 24, hospital},
	{"school", "ja_forms", "ja", 20, school},
	{"insurance", "ja_forms", "ja", 20, insurance},
	{"delivery-slip", "ja_forms", "ja", 24, delivery},
	{"year-end-tax", "ja_forms", "ja", 20, tax},
	{"bank-transfer", "ja_forms", "ja", 20, transfer},
	{"residence", "ja_forms", "ja", 16, residence},
	{"accident", "ja_forms", "ja", 16, accident},
	{"card-entry", "ja_forms", "ja", 16, cardEntry},
	{"labels", "ja_forms", "ja", 16, labels},
	{"care", "ja_forms", "ja", 12, care},
	{"line-order", "ja_forms", "ja", 12, lineOrder},
}

// field writes "label: value" as this form does it.
func (g *gen) fields() func(label, value string) string {
	mid := g.pick("：", ": ", " ", "　", "\t", "：　", "\n  ")
	before := g.pick("", "", "■", "・", "【")
	after := ""
	if before == "【" {
		after, mid = "】", g.pick("", " ", "　")
	}
	return func(label, value string) string { return before + label + after + mid + value + "\n" }
}

func application(g *gen) (draft, draft) {
	s, f, p := g.style(), g.fields(), g.person()
	text := g.pick("会員登録申込書\n", "資料請求フォーム\n", "お申し込み内容\n----------\n", "") +
		f("お名前", s.name(p)) + f("フリガナ", s.kana(p)) + f("生年月日", s.birth(p)) +
		f("ご住所", s.label(p.home)+g.pick(" ", "\n")+s.home(p)) + f("電話番号", s.tel(p)) + f("携帯電話", s.mobile(p)) + f("メールアドレス", s.email(p)) +
		f("申込日", g.recent("%d年%d月%d日")) + f("ご希望の商品", g.product())
	twin := "発注書\n" + f("品名", g.product()) + f("型番", g.sku()) + f("発注日", g.recent("%d年%d月%d日")) + f("納品書番号", g.order()) +
		f("数量", fmt.Sprint(g.n(1, 300))) + f("金額", g.amount()+"円") + f("見積番号", g.order()) + g.letterhead(s) + "\n"
	return draft{text: text, people: 1}, draft{text: twin}
}

func resume(g *gen) (draft, draft) {
	s, p := g.style(), g.person()
	y := p.birth.Year()
	text := "履 歴 書　　　" + g.recent("%d年%d月%d日") + "現在\nふりがな　" + s.hiragana(p) + "\n氏　名　" + s.name(p) + "\n生年月日　" + s.birth(p) +
		fmt.Sprintf("生（満%d歳）", 2026-y) + "　性別　" + map[bool]string{true: "女", false: "男"}[p.female] + "\n現住所　" + s.label(p.home) + "　" + s.home(p) +
		"\n電話　" + s.tel(p) + "　携帯　" + s.mobile(p) + "\nE-mail　" + s.email(p) +
		fmt.Sprintf("\n\n学歴・職歴\n%d年3月　%s高等学校 卒業\n%d年4月　%s大学 経済学部 入学\n%d年4月　%s 入社\n%d年9月　同社 退社\n資格　普通自動車第一種運転免許 取得\n",
			y+18, g.pick("松本", "川崎", "千葉"), y+18, g.pick("福岡", "山口", "和田"), y+22, g.company(), y+30)
	twin := fmt.Sprintf("会 社 沿 革　　　%s現在\n%d年3月　%s として創業\n%d年4月　%s に工場を新設\n%d年4月　%s と業務提携\n%d年10月　登記番号 %s\n資本金　%s円\n%s\n",
		g.recent("%d年%d月%d日"), y, g.company(), y+18, g.pick("松本市", "川崎市", "千葉市"), y+22, g.company(), y+30, g.digits(12), g.amount(), g.letterhead(s))
	return draft{text: text, people: 1}, draft{text: twin}
}

func hospital(g *gen) (draft, draft) {
	s, f := g.style(), g.fields()
	p, doctor := g.person(), g.person()
	text := g.pick("診療情報提供書\n", "問診票\n", "入院診療計画書\n") + f("患者ID", g.digits(8)) + f("患者氏名", s.name(p)+g.pick("", " 様")) + f("フリガナ", values(s.kana(p), halfKana)) +
		f("生年月日", s.birth(p)) + f("保険者番号", mark(detect.Insurance, g.insurer())) + f("記号・番号", mark(detect.Insurance, g.digits(4)+g.pick("-", "・", " ")+g.digits(g.n(3, 7)))) +
		f("住所", s.home(p)) + f("電話番号", s.tel(p)) + f("診断名", g.pick("川崎病", "橋本病", "高血圧症", "石灰沈着性腱板炎")) + f("診療日", g.recent("%d/%02d/%02d")) +
		f(g.pick("主治医", "担当医", "紹介元医師"), s.name(doctor)+g.pick("", " 医師"))
	twin := "検査成績表（精度管理用試料）\n" + f("検体番号", g.digits(10)) + f("ロット番号", g.digits(8)) + f("測定日", g.recent("%d/%02d/%02d")) + f("項目", "AST 23 ALT 18 γ-GTP 41 HbA1c 5.6") +
		f("試薬", g.product()) + f("装置", g.sku()) + f("基準値", "10-40 U/L 0.2-1.2 mg/dL 135-147") + f("対象疾患", g.pick("川崎病", "橋本病", "原田病", "高安動脈炎"))
	return draft{text: text, people: 2}, draft{text: twin}
}

func school(g *gen) (draft, draft) {
	s, f := g.style(), g.fields()
	n := g.n(5, 12)
	var b, twin strings.Builder
	class := g.pick("1年2組", "年長ひかり組", "3年A組")
	b.WriteString(class + " 緊急連絡網\n")
	twin.WriteString(class + " 時間割・教材一覧\n")
	for i, p := range g.people(n) {
		parent := givens[g.r.IntN(len(givens))]
		for plain(parent[0]) == p.given {
			parent = givens[g.r.IntN(len(givens))]
		}
		fmt.Fprintf(&b, "%d %s（保護者：%s） %s\n", i+1, s.name(p), mark(detect.Name, p.surname+s.gap+parent[0]), s.mobile(p))
		fmt.Fprintf(&twin, "%d %s（教材：%s） %s\n", i+1, g.pick("国語", "算数", "理科"), g.product(), g.isbn())
	}
	twin.WriteString(f("配布日", g.recent("%d年%d月%d日")))
	return draft{text: b.String(), people: 2 * n}, draft{text: twin.String()}
}

func insurance(g *gen) (draft, draft) {
	s, f := g.style(), g.fields()
	who := g.people(3)
	text := "保険契約申込書\n" + f("証券番号", g.digits(3)+"-"+g.digits(7)) + f("契約者", s.name(who[0])) + f("契約者住所", s.home(who[0])) + f("電話番号", s.tel(who[0])) +
		f("被保険者", s.name(who[1])) + f("被保険者生年月日", s.birth(who[1])) + f("死亡保険金受取人", s.name(who[2])) +
		f("口座番号", "普通 "+mark(detect.Bank, g.account())) + f("保険料", g.amount()+"円") + f("保険期間", g.recent("%d年%d月%d日")+"から1年間") + f("取扱代理店", g.company())
	twin := "保険商品一覧\n" + f("商品名", g.product()+"保険") + f("認可番号", g.digits(3)+"-"+g.digits(7)) + f("保険料率", "0.0123 0.0456") + f("約款番号", g.order()) +
		f("改定日", g.recent("%d年%d月%d日")) + f("引受会社", g.company()) + g.letterhead(s) + "\n"
	return draft{text: text, people: 3}, draft{text: twin}
}

func delivery(g *gen) (draft, draft) {
	s := g.style()
	a, b := g.person(), g.person()
	text := "お問い合わせ伝票番号 " + g.digits(4) + "-" + g.digits(4) + "-" + g.digits(4) + "\n【お届け先】\n" + s.label(a.home) + "\n" + s.home(a) + "\n" + s.name(a) + " 様\nTEL " + s.tel(a) +
		"\n【ご依頼主】\n" + s.label(b.home) + "\n" + s.home(b) + "\n" + s.name(b) + " 様\nTEL " + s.mobile(b) +
		"\n品名 " + g.product() + "\nお届け予定日 " + g.recent("%d/%d/%d") + " 14-16時\n"
	twin := "お問い合わせ伝票番号 " + g.digits(4) + "-" + g.digits(4) + "-" + g.digits(4) + "\n【荷受センター】\n" + g.pick("松本", "川崎", "福岡") + "ベース\n【仕分けコード】\n" + g.digits(3) + "-" + g.digits(4) + "-" + g.digits(2) +
		"\n荷物番号 " + g.digits(12) + "\n品名 " + g.product() + "\nサイズ 60-80-100\n重量 " + fmt.Sprint(g.n(1, 20)) + "kg\n出荷日 " + g.recent("%d/%d/%d") + "\nロット番号 0" + g.digits(2) + "-" + g.digits(3) + "-" + g.digits(4) + "\n"
	return draft{text: text, people: 2}, draft{text: twin}
}

func tax(g *gen) (draft, draft) {
	s, f := g.style(), g.fields()
	p, spouse := g.person(), g.person()
	sep := g.pick("", " ", "-")
	my := func() string {
		n := g.myNumber()
		return mark(detect.MyNumber, n[:4]+sep+n[4:8]+sep+n[8:])
	}
	text := "給与所得者の扶養控除等（異動）申告書\n" + f("あなたの氏名", s.name(p)) + f("フリガナ", s.kana(p)) + f("あなたの個人番号", my()) + f("あなたの生年月日", s.birth(p)) +
		f("あなたの住所又は居所", s.home(p)) + f("配偶者の氏名", s.name(spouse)) + f("配偶者の個人番号", my()) + f("基礎年金番号", mark(detect.Pension, g.pension())) +
		f("給与の支払者の法人番号", mark(detect.Corporate, g.corporate()))
	twin := "支払調書合計表\n" + f("給与の支払者の法人番号", mark(detect.Corporate, g.corporate())) + f("整理番号", g.digits(8)) + f("署番号", g.digits(5)) + f("支払金額", g.amount()) +
		f("源泉徴収税額", g.amount()) + f("提出日", g.recent("%d年%d月%d日")) + f("受付番号", g.digits(20)) + f("登録番号", mark(detect.Corporate, "T"+g.corporate()))
	return draft{text: text, people: 2}, draft{text: twin}
}

func transfer(g *gen) (draft, draft) {
	s, f, p := g.style(), g.fields(), g.person()
	var account string
	if g.chance(.3) {
		account = f("ゆうちょ銀行 記号番号", mark(detect.Bank, "1"+g.digits(3)+"0-"+g.digits(7)+"1"))
	} else {
		account = f("金融機関", g.pick("三井住友銀行（0009）", "八十二銀行", "千葉銀行 0134")) + f("支店", g.pick("松本支店（123）", "本店営業部")) + f("口座番号", g.pick("普通 ", "普通預金　", "")+mark(detect.Bank, g.account()))
	}
	text := "口座振替依頼書\n" + account + f("口座名義", values(s.kana(p), halfKana)) + f("お名前", s.name(p)) + f("電話番号", s.tel(p)) + f("お届け印", "㊞")
	twin := "振込手数料のご案内\n" + f("金融機関", g.pick("三井住友銀行", "千葉銀行")) + f("手数料", g.amount()+"円") + f("改定日", g.recent("%d年%d月%d日")) + f("整理番号", g.digits(7)) +
		f("文書番号", g.sku()) + g.letterhead(s) + "\n"
	return draft{text: text, people: 1}, draft{text: twin}
}

func residence(g *gen) (draft, draft) {
	s, f, p := g.style(), g.fields(), g.person()
	of := foreign[g.n(0, len(foreign)-1)]
	text := "外国人雇用状況届出\n" + f("氏名", mark(detect.Name, of[0])) + f("氏名（ローマ字）", mark(detect.Name, strings.ToUpper(of[1]))) + f("在留カード番号", mark(detect.Residence, g.residenceCard())) +
		f("旅券番号", mark(detect.Passport, g.passport())) + f("生年月日", s.birth(p)) + f("住居地", s.home(p)) + f("在留期間満了日", g.recent("%d年%d月%d日"))
	twin := "輸入貨物明細\n" + f("製品名", g.product()) + f("管理番号", g.letters(2)+g.digits(6)) + f("コンテナ番号", g.letters(4)+g.digits(7)) + f("インボイス番号", g.letters(2)+g.digits(8)) +
		f("原産国", g.pick("ベトナム", "ブラジル", "韓国")) + f("許可日", g.recent("%d年%d月%d日"))
	return draft{text: text, people: 1}, draft{text: twin}
}

func accident(g *gen) (draft, draft) {
	s, f, p := g.style(), g.fields(), g.person()
	text := "事故報告書\n" + f("運転者氏名", s.name(p)) + f("運転免許証番号", mark(detect.Driver, g.licence())) + f("車両番号", mark(detect.Plate, g.plate())) + f("連絡先", s.mobile(p)) +
		f("住所", s.home(p)) + f("発生日時", g.recent("%d年%d月%d日")+" "+g.clock()) + f("発生場所", g.pick("国道19号線 松本IC付近", "首都高速 川崎線"))
	twin := "車両点検記録\n" + f("型式", g.letters(3)+"-"+g.letters(2)+g.digits(2)) + f("車台番号", g.letters(3)+g.digits(2)+"-"+g.digits(7)) + f("走行距離", g.amount()+"km") +
		f("タイヤ", "195/65R15 91H 2.4kgf") + f("点検日", g.recent("%d年%d月%d日")) + f("部品番号", g.sku()) + f("整備指示書番号", g.digits(12))
	return draft{text: text, people: 1}, draft{text: twin}
}

func lineOrder(g *gen) (draft, draft) {
	s, f, p := g.style(), g.fields(), g.person()
	id := g.pick("CAF"+g.digits(10), "COP"+g.digits(8))
	text := "光回線 移転のお申し込み\n" + f(g.pick("お客さまID", "お客様ID", "回線ID"), mark(detect.Circuit, id)) + f("ご契約者名", s.name(p)) + f("フリガナ", s.kana(p)) +
		f("ご連絡先電話番号", s.tel(p)) + f("設置場所", s.home(p)) + f("工事希望日", g.recent("%d年%d月%d日"))
	twin := "通信機器の見積\n" + f("品番", "CAF"+g.digits(6)) + f("型番", g.sku()) + f("見積番号", g.order()) + f("金額", "COP"+g.digits(8)) + f("数量", fmt.Sprint(g.n(1, 300))) +
		f("納期", g.recent("%d年%d月%d日")) + g.letterhead(s) + "\n"
	return draft{text: text, people: 1}, draft{text: twin}
}

func cardEntry(g *gen) (draft, draft) {
	s, f, p := g.style(), g.fields(), g.person()
	text := "お支払い情報\n" + f("カード番号", mark(detect.Card, g.card(g.pick("-", " ", "", "　")))) + f("有効期限", fmt.Sprintf("%02d/%02d", g.n(1, 12), g.n(26, 31))) +
		f("セキュリティコード", g.digits(3)) + f("カード名義人", mark(detect.Name, strings.ToUpper(p.givenRomaji+" "+p.surnameRomaji))) + f("電話番号", s.mobile(p))
	twin := "決済端末情報\n" + f("端末識別番号", g.digits(13)) + f("承認番号", g.digits(6)) + f("取引番号", g.digits(16)) + f("伝票番号", g.digits(5)) + f("決済日時", g.stamp()) +
		f("テストカード", mark(detect.TestCard, g.pick("4111111111111111", "5555555555554444", "378282246310005"))) + f("金額", g.amount()+"円")
	return draft{text: text, people: 1}, draft{text: twin}
}

// labels are address labels, nothing named.
func labels(g *gen) (draft, draft) {
	s := g.style()
	n := g.n(5, 12)
	var b, twin strings.Builder
	for _, p := range g.people(n) {
		b.WriteString(s.label(p.home) + "\n" + s.home(p) + "\n" + s.name(p) + g.pick(" 様", "　様", "様", " 殿") + "\n\n")
		twin.WriteString("№" + g.digits(7) + "\n" + g.trap() + " " + g.sku() + "\n" + g.product() + " 1個\n\n")
	}
	return draft{text: b.String(), people: n}, draft{text: twin.String()}
}

func care(g *gen) (draft, draft) {
	s, f := g.style(), g.fields()
	p, manager := g.person(), g.person()
	text := "居宅サービス計画書\n" + f("利用者名", s.name(p)+" 殿") + f("生年月日", s.birth(p)) + f("被保険者番号", mark(detect.Insurance, g.digits(10))) + f("住所", s.home(p)) +
		f("介護支援専門員", s.name(manager)) + f("作成日", g.recent("%d年%d月%d日")) + f("要介護度", fmt.Sprintf("要介護%d", g.n(1, 5)))
	twin := "福祉用具カタログ\n" + f("商品名", g.product()) + f("TAISコード", g.digits(5)+"-"+g.digits(6)) + f("希望小売価格", g.amount()+"円") + f("届出番号", g.digits(10)) + f("改訂日", g.recent("%d年%d月%d日")) + f("事業者", g.company())
	return draft{text: text, people: 2}, draft{text: twin}
}
