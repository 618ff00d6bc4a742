package corpus

import (
	"fmt"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// column is one column of a list.
type column struct {
	header string
	cell   func(*person) string
}

// layout writes a table; head may be nil.
type layout func(g *gen, head []string, body [][]string) string

var tables = []kind{
	{"csv-header", "ja_tables", "ja", 40, list(csv, true, customerColumns)},
	{"csv-bare", "ja_tables", "ja", 40, list(csv, false, customerColumns)},
	{"csv-quoted", "ja_tables", "ja", 16, list(quoted, true, customerColumns)},
	{"csv-split", "ja_tables", "ja", 24, list(csv, true, splitColumns)},
	{"csv-kana", "ja_tables", "ja", 20, list(csv, true, kanaColumns)},
	{"csv-kana-bare", "ja_tables", "ja", 16, list(csv, false, kanaColumns)},
	{"csv-romaji", "ja_tables", "ja", 16, list(csv, true, romajiColumns)},
	{"csv-foreign", "ja_tables", "ja", 16, list(csv, true, foreignColumns)},
	{"csv-names", "ja_tables", "ja", 20, list(csv, true, nameColumns)},
	{"csv-payroll", "ja_tables", "ja", 20, list(csv, true, payrollColumns)},
	{"csv-cards", "ja_tables", "ja", 16, list(csv, true, cardColumns)},
	{"csv-vehicles", "ja_tables", "ja", 12, list(csv, true, vehicleColumns)},
	{"csv-orders", "ja_tables", "ja", 16, repeats},
	{"csv-system", "ja_tables", "ja", 16, list(csv, true, systemColumns)},
	{"tsv", "ja_tables", "ja", 20, list(tsv, true, customerColumns)},
	{"tsv-bare", "ja_tables", "ja", 16, list(tsv, false, customerColumns)},
	{"semicolons", "ja_tables", "ja", 8, list(semicolons, true, customerColumns)},
	{"fixed-width", "ja_tables", "ja", 20, list(fixed, true, customerColumns)},
	{"fixed-width-bare", "ja_tables", "ja", 12, list(fixed, false, customerColumns)},
	{"markdown-table", "ja_tables", "ja", 12, list(markdown, true, customerColumns)},
	{"html-table", "ja_tables", "ja", 16, list(htmlTable, true, customerColumns)},
	{"sql-insert", "ja_tables", "ja", 16, list(sqlInsert, true, systemColumns)},
	{"transfer-list", "ja_tables", "ja", 12, list(csv, false, transferColumns)},
	{"csv-cp932", "ja_tables", "ja", 12, encoded("shift_jis")},
	{"csv-euc", "ja_tables", "ja", 8, encoded("euc-jp")},
	{"csv-utf16", "ja_tables", "ja", 8, encoded("utf-16")},
}

// list makes a list of people and, in the same layout, a list of things.
func list(write layout, header bool, columns func(g *gen) []column) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		n := g.n(4, 24)
		return draft{text: table(g, write, header, columns(g), g.people(n)), people: n},
			draft{text: table(g, write, header, g.thingColumns(), make([]*person, n))}
	}
}

func table(g *gen, write layout, header bool, cols []column, who []*person) string {
	var head []string
	if header {
		for _, c := range cols {
			head = append(head, c.header)
		}
	}
	body := make([][]string, len(who))
	for i, p := range who {
		for _, c := range cols {
			body[i] = append(body[i], c.cell(p))
		}
	}
	return write(g, head, body)
}

// repeats is a list of orders in which customers come back.
func repeats(g *gen) (draft, draft) {
	s := g.style()
	who := g.people(g.n(5, 12))
	lines := make([]*person, 0, 40)
	for _, p := range who {
		for range g.n(1, 3) {
			lines = append(lines, p)
		}
	}
	g.shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	cols := []column{
		{"注文番号", func(*person) string { return g.order() }},
		{"注文日", func(*person) string { return g.recent("%d/%02d/%02d") }},
		{g.pick("注文者名", "お客様名"), s.name},
		{"電話番号", s.mobile},
		{"商品名", func(*person) string { return g.product() }},
		{"金額", func(*person) string { return fmt.Sprint(g.n(100, 90000)) }},
	}
	return draft{text: table(g, csv, true, cols, lines), people: len(who)},
		draft{text: table(g, csv, true, g.thingColumns(), lines)}
}

// encoded is a list in another character encoding, as older systems write it.
func encoded(charset string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		a, b := list(csv, true, customerColumns)(g)
		a.text = strings.NewReplacer("𠮷", "吉", "—", "－").Replace(a.text)
		a.charset, b.charset = charset, charset
		return a, b
	}
}

func customerColumns(g *gen) []column {
	s := g.style()
	serial := g.n(1, 90000)
	first := column{g.pick("会員番号", "顧客ID", "No.", "ID", "管理番号"), func(*person) string { serial++; return fmt.Sprintf("%06d", serial) }}
	all := []column{
		{g.pick("氏名", "お名前", "顧客名", "名前", "契約者名", "会員名"), s.name},
		{g.pick("郵便番号", "〒"), func(p *person) string { return s.code(p.home) }},
		{g.pick("住所", "ご住所", "送付先住所", "住所1"), s.home},
		{g.pick("電話番号", "TEL", "連絡先", "電話"), s.tel},
		{g.pick("携帯電話", "携帯番号", "携帯"), s.mobile},
		{g.pick("メールアドレス", "E-mail", "Email", "メール"), s.email},
		{g.pick("生年月日", "誕生日"), s.birth},
		{"性別", func(p *person) string { return map[bool]string{true: "女", false: "男"}[p.female] }},
		{g.pick("登録日", "入会日"), func(*person) string { return g.recent("%d-%02d-%02d") }},
		{g.pick("備考", "ステータス"), func(*person) string { return g.pick("", "有効", "要連絡", "DM不可", "VIP") }},
	}
	keep := all[:1]
	for _, c := range all[1:] {
		if g.chance(.62) {
			keep = append(keep, c)
		}
	}
	if len(keep) == 1 {
		keep = append(keep, column{"電話番号", s.tel})
	}
	if g.chance(.3) {
		g.shuffle(len(keep), func(i, j int) { keep[i], keep[j] = keep[j], keep[i] })
	}
	if g.chance(.7) {
		keep = append([]column{first}, keep...)
	}
	return keep
}

// splitColumns has names and addresses in pieces.
func splitColumns(g *gen) []column {
	s := g.style()
	part := func(t func(*person) string) func(*person) string {
		return func(p *person) string { return optional(detect.Address, t(p)) }
	}
	h := [][]string{{"姓", "名", "セイ", "メイ"}, {"氏", "名", "シ（カナ）", "メイ（カナ）"}, {"姓(漢字)", "名(漢字)", "姓(カナ)", "名(カナ)"}, {"last_name", "first_name", "last_name_kana", "first_name_kana"}}[g.n(0, 3)]
	return []column{
		{h[0], s.surname},
		{h[1], func(p *person) string { return mark(detect.Name, p.given) }},
		{h[2], func(p *person) string { return mark(detect.Name, p.surnameKana) }},
		{h[3], func(p *person) string { return mark(detect.Name, p.givenKana) }},
		{"郵便番号", func(p *person) string { return s.code(p.home) }},
		{"都道府県", part(func(p *person) string { return p.home.prefecture })},
		{"市区町村", part(func(p *person) string { return p.home.city })},
		{g.pick("番地", "町名・番地", "以降の住所"), func(p *person) string { return mark(detect.Address, p.home.street(s.address)) }},
		{"建物名", part(func(p *person) string { return p.home.home(s.address) })},
		{"電話番号", s.tel},
	}
}

// kanaColumns knows people by their reading only.
func kanaColumns(g *gen) []column {
	s := g.style()
	s.gap = g.pick(" ", "　", "")
	kana := s.kana
	if v := g.n(0, 2); v == 1 {
		kana = s.hiragana
	} else if v == 2 {
		kana = func(p *person) string { return values(s.kana(p), halfKana) }
	}
	return []column{
		{g.pick("フリガナ", "カナ氏名", "氏名カナ", "ヨミ"), kana},
		{g.pick("電話番号", "TEL"), s.mobile},
		{g.pick("来店回数", "ポイント"), func(*person) string { return fmt.Sprint(g.n(0, 400)) }},
	}
}

func romajiColumns(g *gen) []column {
	s := g.style()
	name := s.romaji
	switch g.n(0, 2) {
	case 1:
		name = func(p *person) string { return mark(detect.Name, strings.ToUpper(p.surnameRomaji+" "+p.givenRomaji)) }
	case 2:
		name = func(p *person) string { return mark(detect.Name, p.surnameRomaji+", "+p.givenRomaji) }
		if g.chance(.5) {
			name = func(p *person) string { return mark(detect.Name, p.surnameRomaji+" "+p.givenRomaji) }
		}
	}
	quote := func(p *person) string {
		if n := name(p); strings.Contains(n, ",") {
			return `"` + n + `"`
		} else {
			return n
		}
	}
	return []column{
		{g.pick("Name", "ローマ字氏名", "full_name", "Customer Name"), quote},
		{g.pick("Phone", "tel"), s.mobile},
		{g.pick("Email", "mail_address"), s.email},
	}
}

func foreignColumns(g *gen) []column {
	s := g.style()
	i := g.n(0, len(foreign)-1)
	var of [2]string
	return []column{
		{g.pick("氏名", "名前", "技能実習生氏名"), func(*person) string { i++; of = foreign[i%len(foreign)]; return mark(detect.Name, of[0]) }},
		{g.pick("氏名(英字)", "ローマ字"), func(*person) string { return mark(detect.Name, of[1]) }},
		{"国籍", func(*person) string {
			return g.pick("ベトナム", "ブラジル", "韓国", "インド", "フランス")
		}},
		{"在留カード番号", func(*person) string { return mark(detect.Residence, g.residenceCard()) }},
		{"旅券番号", func(*person) string { return mark(detect.Passport, g.passport()) }},
		{"生年月日", s.birth},
	}
}

// nameColumns has nothing of a person but the name.
func nameColumns(g *gen) []column {
	s := g.style()
	return []column{
		{g.pick("出席番号", "No"), func(*person) string { return fmt.Sprint(g.n(1, 40)) }},
		{g.pick("氏名", "生徒氏名", "選手名", "参加者"), s.name},
		{g.pick("国語", "得点"), func(*person) string { return fmt.Sprint(g.n(20, 100)) }},
		{g.pick("部署", "クラス"), func(*person) string { return g.pick("営業部", "1年A組", "総務課", "松本支店") }},
	}
}

func payrollColumns(g *gen) []column {
	s := g.style()
	my := func(*person) string {
		n := g.myNumber()
		if s.phone%2 == 1 {
			n = n[:4] + "-" + n[4:8] + "-" + n[8:]
		}
		return mark(detect.MyNumber, n)
	}
	return []column{
		{"社員番号", func(*person) string { return g.digits(6) }},
		{g.pick("氏名", "社員名"), s.name},
		{g.pick("個人番号", "マイナンバー"), my},
		{"基礎年金番号", func(*person) string { return mark(detect.Pension, g.pension()) }},
		{"銀行名", func(*person) string { return g.pick("みずほ銀行", "三井住友銀行", "八十二銀行") }},
		{"支店名", func(*person) string { return g.pick("松本支店", "本店", "川崎支店") }},
		{"口座番号", func(*person) string { return mark(detect.Bank, g.account()) }},
		{"入社年月日", func(*person) string { return g.recent("%d/%02d/%02d") }},
		{"生年月日", s.birth},
		{"基本給", func(*person) string { return fmt.Sprint(g.n(180, 600) * 1000) }},
	}
}

func cardColumns(g *gen) []column {
	s := g.style()
	sep := g.pick("-", " ", "")
	return []column{
		{g.pick("カード名義", "名義人"), func(p *person) string { return mark(detect.Name, strings.ToUpper(p.givenRomaji+" "+p.surnameRomaji)) }},
		{g.pick("カード番号", "クレジットカード番号", "card_no"), func(*person) string { return mark(detect.Card, g.card(sep)) }},
		{"有効期限", func(*person) string { return fmt.Sprintf("%02d/%02d", g.n(1, 12), g.n(26, 31)) }},
		{"請求額", func(*person) string { return fmt.Sprint(g.n(1, 90000)) }},
		{"電話番号", s.mobile},
	}
}

func vehicleColumns(g *gen) []column {
	s := g.style()
	return []column{
		{"契約番号", func(*person) string { return g.letters(1) + g.digits(9) }},
		{"契約者氏名", s.name},
		{g.pick("車両番号", "登録番号", "ナンバー"), func(*person) string { return mark(detect.Plate, g.plate()) }},
		{"免許証番号", func(*person) string { return mark(detect.Driver, g.licence()) }},
		{"車名", func(*person) string { return g.pick("プリウス", "フィット", "ヤリス", "ノート") }},
		{"満期日", func(*person) string { return g.recent("%d/%02d/%02d") }},
	}
}

// systemColumns is an export of a database, with the columns' own names.
func systemColumns(g *gen) []column {
	s := g.style()
	id := g.n(1, 90000)
	return []column{
		{"id", func(*person) string { id++; return fmt.Sprint(id) }},
		{g.pick("full_name", "customer_name", "name"), s.name},
		{g.pick("name_kana", "kana"), s.kana},
		{g.pick("postal_code", "zip"), func(p *person) string { return s.code(p.home) }},
		{g.pick("address", "address1"), s.home},
		{g.pick("tel", "phone_number"), s.tel},
		{g.pick("email", "mail"), s.email},
		{g.pick("birthday", "birth_date"), s.birth},
		{"created_at", func(*person) string { return g.recent("%d-%02d-%02d") + " " + g.clock() + ":00" }},
	}
}

// transferColumns are those of 全銀協 transfer lists, half width throughout.
func transferColumns(g *gen) []column {
	s := style{gap: " "}
	return []column{
		{"", func(*person) string { return g.pick("0005", "0009", "0143") }},
		{"", func(*person) string { return g.pick("ﾐﾂｲｽﾐﾄﾓ", "ﾊﾁｼﾞﾕｳﾆ", "ﾐｽﾞﾎ") }},
		{"", func(*person) string { return g.digits(3) }},
		{"", func(*person) string { return g.pick("ﾏﾂﾓﾄ", "ｶﾜｻｷ", "ﾎﾝﾃﾝ") }},
		{"", func(*person) string { return "1" }},
		{"", func(*person) string { return optional(detect.Bank, g.account()) }},
		{"", func(p *person) string { return values(s.kana(p), halfKana) }},
		{"", func(*person) string { return fmt.Sprint(g.n(1000, 900000)) }},
	}
}
