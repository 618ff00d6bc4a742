package detect

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		label Label
		keys  string
	}{
		{LName, "氏名|お名前|＊お名前（必須）|fullName|full_name|FULL NAME|full-name|contact_name|顧客名|カード名義人|name_kanji|customer.name|employee name"},
		{LName | weak, "name|Name|名称"},
		{LSurname, "姓|lastName|last_name|Last Name|family-name"},
		{LGiven, "名|firstName|FIRST_NAME|given name"},
		{LKana, "フリガナ|ﾌﾘｶﾞﾅ|ふりがな|name_kana|氏名（カナ）"},
		{LKana | LSurname, "セイ|姓（カナ）|last_name_kana"},
		{LAddress, "住所|ご住所|住所１|address|address2|shipping_address_line_1|billingAddress|Add1"},
		{LPrefecture, "都道府県|prefecture|state"},
		{LPostal, "郵便番号|〒|zip|zipCode|postal_code|shipping-zip|address[zip]"},
		{LPhone, "電話番号|TEL|Tel.|携帯電話|電話番号（自宅）|phone|phoneNumber|venue_phone|mobile no|fax"},
		{LPhone | LPerson, "customer_phone"},
		{LEmail, "メールアドレス|e-mail|E-Mail|emailAddress|work_email|mail"},
		{LBirth, "生年月日|dob|dateOfBirth|date_of_birth|birthday"},
		{LCard, "カード番号|cardNumber|credit card number|ccnum"},
		{LCVV, "セキュリティコード|cvv|CVC"},
		{LMyNumber, "マイナンバー|個人番号|my_number"},
		{LCorporate, "法人番号|登録番号"},
		{LCustomer, "会員番号|顧客ID|回線ID|お客様番号|customerId|user_id|id"},
		{LOrder, "注文番号|伝票番号|商品名|productName|product.name|order_id|trackingNumber|ip_address|fileName|hostname|requestId|sku"},
		{LAmount, "金額|数量|price|total"},
		{LDate, "登録日|更新日時|created_at|updatedAt|event_date"},
		{LCompany, "会社名|company|company_name|法人名"},
		{0, "備考|foo|node|listing|filenames|telescope|xyz"},
	}
	for _, tt := range tests {
		for _, k := range strings.Split(tt.keys, "|") {
			if got := classify([]byte(normal.String(k))); got != tt.label {
				t.Errorf("%q is %b, want %b", k, got, tt.label)
			}
		}
	}
}

// labelOf asks a session's view for the label of the value that follows "^".
func labelOf(text string, l part.Layout) (own, near Label) {
	i := strings.Index(text, "^")
	b := []byte(normal.String(strings.Replace(text, "^", "", 1)))
	at := len(normal.String(text[:i]))
	var v view
	v.reset()
	v.begin(l, 0)
	v.set(b, 0)
	v.cut = len(b)
	return v.label(at)
}

func TestLabelOfAPlace(t *testing.T) {
	tests := []struct {
		name, text string
		layout     part.Layout
		own, near  Label
	}{
		{"csv column", "氏名,電話番号,備考\n山田,^090-1234-5678,a\n佐藤,080-1111-2222,b\n", part.Auto, LPhone, LPhone},
		{"csv column, later row", "氏名,電話番号,備考\n山田,090-1234-5678,\"a,\nb\"\n佐藤,^080-1111-2222,b\n", part.Auto, LPhone, LPhone},
		{"csv column without a label", "氏名,電話番号,備考\n山田,090-1234-5678,^1\n佐藤,080-1111-2222,b\n", part.Auto, 0, 0},
		{"tsv", "name\tzip\tphone\nJohn\t10001\t^212\nMary\t10002\t213\n", part.Auto, LPhone, LPhone},
		{"table of an extractor", "名簿\n\n氏名\tメール\n山田\t^a@b\n", part.Table, LEmail, LEmail},
		{"form in a table", "氏名\t山田\t電話\t^03\n住所\t東京\t\t\n", part.Table, LPhone, LPhone},
		{"json key", `{"id":1,"phone":"^090"}`, part.JSON, LPhone, LPhone},
		{"json number", `{"order_id":"7","phone": ^9012345678}`, part.JSON, LPhone, LPhone},
		{"json nested key", `{"address":{"zip":"^100-0001"}}`, part.JSON, LPostal, LPostal},
		{"json parent", `{"product":{"name":"^Desk"}}`, part.JSON, LOrder, LOrder},
		{"json array", `{"phones":["03","^06"]}`, part.JSON, LPhone, LPhone},
		{"json rows", `{"columns":["氏名","電話"],"rows":[["山田","03"],["佐藤","^06"]]}`, part.JSON, LPhone, LPhone},
		{"json text", `{"note":"連絡先は電話: ^03"}`, part.JSON, LPhone, LPhone},
		{"form", "tel=03\nmail=^a@b\n", part.Form, LEmail, LEmail},
		{"label: value", "電話番号：^03", part.Auto, LPhone, LPhone},
		{"label　value", "電話　^03", part.Auto, LPhone, LPhone},
		{"label (remark): value", "電話番号（自宅）: ^03", part.Auto, LPhone, LPhone},
		{"bracketed label", "【氏名】^山田", part.Auto, LName, LName},
		{"label on the line above", "住所\n^東京都", part.Auto, LAddress, LAddress},
		{"English label", "Phone number: ^(212)", part.Auto, LPhone, LPhone},
		{"source text", "phoneNumber = '^212'", part.Auto, LPhone, LPhone},
		{"near, not own", "電話で問い合わせたところ ^03", part.Auto, 0, LPhone},
		{"remark behind", "^090-1234-5678（携帯）", part.Auto, 0, LPhone},
		{"not on another line", "電話番号\n\n^03", part.Auto, 0, 0},
		{"too far", "電話" + strings.Repeat("あ", 45) + "^03", part.Auto, 0, 0},
		{"inside another word", "the telescope ^03", part.Auto, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			own, near := labelOf(tt.text, tt.layout)
			if own != tt.own || near&tt.near != tt.near || tt.near == 0 && near != 0 {
				t.Errorf("own %b, near %b; want %b, %b", own, near, tt.own, tt.near)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	var r resolver
	f := func(typ Type, start, end int, c float32, ok bool) Finding {
		return Finding{Type: typ, Start: start, End: end, Confidence: c, Validated: ok}
	}
	tests := []struct {
		name string
		in   []Finding
		want []Type
	}{
		{"a card is no telephone", []Finding{f(Phone, 0, 11, 0.5, false), f(Card, 0, 16, 0.9, true)}, []Type{Card}},
		{"an e-mail address holds nothing else", []Finding{f(Phone, 0, 11, 0.9, true), f(Email, 0, 25, 0.8, false), f(Name, 12, 18, 0.9, true)}, []Type{Email}},
		{"a place is no name", []Finding{f(Name, 3, 9, 0.6, true), f(Address, 0, 40, 0.9, true)}, []Type{Address}},
		{"an address holds its postal code", []Finding{f(Postal, 0, 8, 0.9, true), f(Address, 0, 40, 0.9, true)}, []Type{Address, Postal}},
		{"side by side", []Finding{f(Phone, 20, 30, 0.9, true), f(Name, 0, 12, 0.9, true)}, []Type{Name, Phone}},
		{"a chain", []Finding{f(Phone, 0, 10, 0.5, false), f(MyNumber, 5, 17, 0.9, true), f(Card, 15, 31, 0.3, true)}, []Type{MyNumber}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []Type
			for _, f := range r.resolve(tt.in) {
				got = append(got, f.Type)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("left are %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("left are %v, want %v", got, tt.want)
				}
			}
		})
	}
}
