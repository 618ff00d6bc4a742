package detect

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// TestRecordsAsPeopleWriteThem reads lists and forms in the layouts of spreadsheets,
// forms and programs: each case tells the beginnings of its records.
func TestRecordsAsPeopleWriteThem(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		layout     part.Layout
		want       []string
	}{
		{"spaces in the header", "氏　名,現 住 所\n鵞泉亜弩夫,東京都渋谷区神南1-2-3\n辻葵,大阪府大阪市北区梅田1-2-3\n", part.Auto, []string{
			"NAME=鵞泉亜弩夫 ADDRESS=東京都渋谷区神南1-2-3", "NAME=辻葵 ADDRESS=大阪府大阪市北区梅田1-2-3"}},
		{"romaji in quotes", "会員番号,ローマ字,電話\n1,\"Ganaha, Susumu\",090-1234-5678\n2,\"Koketsu, Noa\",080-2345-6789\n", part.Auto, []string{
			"NAME=Ganaha, Susumu PHONE=090-1234-5678", "NAME=Koketsu, Noa PHONE=080-2345-6789"}},
		{"a title above and a sum below", "連絡先一覧 070-9999-1111\nカナ,電話番号\nサトウ ツバサ,070-7322-1902\nキャンカオル,06-6056-5245\n合計,2\n", part.Auto, []string{
			"PHONE=070-9999-1111", "NAME=サトウ ツバサ PHONE=070-7322-1902", "NAME=キャンカオル PHONE=06-6056-5245"}},
		{"a header that says persons", "購入者,商品名,電話番号\n高橋花子,ノート,090-1234-5678\n鈴木次郎,鉛筆,080-2345-6789\n山田太郎,鉛筆,070-2345-6789\n槇豊,鉛筆,070-3345-6789\n", part.Auto, []string{
			"NAME=高橋花子 PHONE", "NAME=鈴木次郎 PHONE", "NAME=山田太郎 PHONE", "NAME=槇豊 PHONE"}},
		{"one column", "氏名\n山田太郎\n佐藤花子\n神宮寺潤\n林葵\n", part.Auto, []string{"NAME=山田太郎", "NAME=佐藤花子", "NAME=神宮寺潤", "NAME=林葵"}},
		{"narrow columns", "ID    NAME              PHONE          EMAIL\n11261 Kwame Mensah      090-1234-5678  a@example.jp\n51262 Mike Long         080-2345-6789  b@example.jp\n", part.Auto, []string{
			"NAME=Kwame Mensah PHONE=090-1234-5678", "NAME=Mike Long PHONE=080-2345-6789"}},
		{"given name first in a form", "First Name\tEmily\nLast Name\tCarter\nTel\t+1-415-555-0177\nDOB\t1980-02-03\n", part.Auto, []string{"NAME=Emily +NAME=Carter PHONE"}},
		{"one character for a label", "姓：原\n名：大翔\n携帯：090-1234-5678\n", part.Auto, []string{"NAME=原 +NAME=大翔 PHONE"}},
		{"arrows", "氏名 → 纐纈麻里亜\n電話 → 090-1234-5678\n", part.Auto, []string{"NAME=纐纈麻里亜 PHONE"}},
		{"Markdown", "- **Full Name**: April Young\n- **Phone**: 090-1234-5678\n", part.Auto, []string{"NAME=April Young PHONE"}},
		{"a form between bars", "| 顧客名 | 李 翔 |\n| カナ | リ ショウ |\n| 電話 | 090-1234-5678 |\n", part.Auto, []string{"NAME=李 翔"}},
		{"pairs of keys and values", `{"fields":[{"key":"氏名","value":"槇 麗"},{"key":"電話番号","value":"090-1234-5678"}]}`, part.JSON, []string{"NAME=槇 麗 PHONE=090-1234-5678"}},
		{"a name in an object of its own", `[{"id":1,"profile":{"name":{"family":"槇","given":"麗"},"birthday":"1980/01/02"},"contact":{"tel":"090-1234-5678"}},{"id":2,"profile":{"name":{"family":"辻","given":"葵"}},"contact":{"tel":"080-1234-5678"}}]`, part.JSON, []string{
			"BIRTHDATE=1980/01/02 NAME=槇 +NAME=麗 PHONE=090-1234-5678", "NAME=辻 +NAME=葵 PHONE=080-1234-5678"}},
		{"two persons in an object", `{"buyer":{"name":"槇 麗","tel":"090-1234-5678"},"seller":{"name":"辻 葵","tel":"080-1234-5678"}}`, part.JSON, []string{
			"NAME=辻 葵 PHONE=080-1234-5678", "NAME=槇 麗 PHONE=090-1234-5678"}},
		{"names as headings", "山田 太郎\n\nTEL: 090-1234-5678\nEmail: a@example.jp\n\n\n高橋 花子\n\nTEL: 080-1234-5678\n", part.Auto, []string{
			"NAME=山田 太郎 PHONE=090-1234-5678 EMAIL=a@example.jp", "NAME=高橋 花子 PHONE=080-1234-5678"}},
		{"characters set apart", "氏名: 山 田   太 郎\n電話: 090-1234-5678\n", part.Auto, []string{"NAME=山 田   太 郎 PHONE"}},
		{"mailboxes", "神宮寺 陽翔 <a@example.jp>, 営業部 <b@example.jp>\n", part.Auto, []string{"NAME=神宮寺 陽翔 EMAIL=a@example.jp EMAIL=b@example.jp"}},
		{"no header, postal codes", "山田太郎,150-0002,090-1234-5678\n佐藤花子,1600022,080-2345-6789\n東海林次郎,530-0001,070-2345-6789\n鈴木一郎,460-0008,070-3345-6789\n", part.Auto, []string{
			"NAME=山田太郎 POSTAL_CODE=150-0002 PHONE", "NAME=佐藤花子 POSTAL_CODE=1600022 PHONE", "NAME=東海林次郎 POSTAL_CODE=530-0001 PHONE", "NAME=鈴木一郎 POSTAL_CODE=460-0008 PHONE"}},
		{"no header, names in two columns", "山田,太郎,090-1234-5678\n佐藤,花子,080-2345-6789\n東海林,次郎,070-2345-6789\n鈴木,一郎,070-3345-6789\n", part.Auto, []string{
			"NAME=山田 +NAME=太郎", "NAME=佐藤 +NAME=花子", "NAME=東海林 +NAME=次郎", "NAME=鈴木 +NAME=一郎"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := shape(whole(tt.text, tt.layout))
			if len(got) != len(tt.want) {
				t.Fatalf("%d records, want %d:\n%s", len(got), len(tt.want), strings.Join(got, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("record %d is %q, want %q", i, got[i], tt.want[i])
				}
			}
		})
	}
}

// TestNothingSure holds texts in which nothing is found that is as sure as the
// default rules want it.
func TestNothingSure(t *testing.T) {
	for name, text := range map[string]string{
		"numbers behind towns":         "届先\t品名\t数\n松本市 442-3485-40\t冷凍うどん\t1\n中野区 051-6769-84\t六角レンチ\t2\n前橋市 104-3403-46\t真珠ボタン\t3\n",
		"statistics by prefecture":     "都道府県,人口,世帯数\n山梨県,805353,338853\n岡山県,1888432,800000\n",
		"places under name":            "[{\"code\":\"GB-LUT\",\"name\":\"Bradford\",\"type\":\"County\"},{\"code\":\"HR-18\",\"name\":\"Istarska Zupanija\",\"type\":\"County\"}]",
		"goods under name":             "{\"sku\":\"A-1\",\"name\":\"Test Order\",\"phone\":null,\"price\":100}",
		"titles":                       "ISBN\tTitle\tYear\n978-4-7856-2578-8\tObject Shard\t2003\n978-4-0238-1234-5\tShard Deploy\t2021\n978-4-0238-1235-5\tNode Deploy\t2021\n",
		"manual page":                  ".SH RETURN VALUE\n.PP\nIf x is a NaN, a NaN is returned.\n.TP\n.B Max\nMax is the most.\n.It Li \".Ad addr1\"\n",
		"program":                      "func f() {\n\t// CAs is set; Max = x\n\tif a == nil {\n\t\treturn Ada(x), nil\n\t}\n}\n",
		"numbers in four groups":       "8204-5507-1169-9586\n5063-3679-7669-5487\n4666-2424-0823-5468\n5277-2276-6566-1234\n9103-4423-1010-2231\n3341-9092-1110-2034\n",
		"numbers written like phones":  "51-6366-8561\n09-4380-9268\n64-6839-9405\n91-1751-7583\n06-3472-3358\n44-1329-4710\n78-4419-2041\n",
		"an account without a word":    "ES28 2104 0485 5390 6968 2983\n",
		"the characters of a dump":     "13e4 LHs.#@Rjw.DQ.eE\n13e5 QHyZdo@g.GLGA.io\n",
		"words that end in honorifics": "文書様式、長崎ちゃんぽん、作成済みだ。\n",
		"prose that begins like a row": "First, the client calls a procedure to send a packet to the server, which then\nto perform the requested service, sends it on to the client,\nFinally, the procedure returns to the client, and so on.\n",
		"a mailing list":               "翻訳に関するバグは <translation-ja@example.org> へ。\n",
	} {
		for _, r := range records(text, part.Auto, .8, func() int { return len(text) }) {
			if !strings.Contains(r, "EMAIL=translation-ja") {
				t.Errorf("%s: %s", name, r)
			}
		}
	}
}
