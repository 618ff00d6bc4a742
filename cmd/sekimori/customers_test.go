package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// The lists of the tests are synthetic: common names and real municipalities
// put together at random with invented block numbers and telephone numbers.
var (
	surnames = []string{"佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田", "佐々木", "山口", "松本", "井上", "木村", "林", "斎藤", "清水"}
	givens   = []string{"太郎", "花子", "健太", "美咲", "翔太", "陽子", "大輔", "裕子", "誠", "恵美", "拓也", "由美子", "直樹", "智子", "和也", "久美子"}
	kanaS    = []string{"サトウ", "スズキ", "タカハシ", "タナカ", "イトウ", "ワタナベ", "ヤマモト", "ナカムラ", "コバヤシ", "カトウ", "ヨシダ", "ヤマダ", "ササキ", "ヤマグチ", "マツモト", "イノウエ", "キムラ", "ハヤシ", "サイトウ", "シミズ"}
	kanaG    = []string{"タロウ", "ハナコ", "ケンタ", "ミサキ", "ショウタ", "ヨウコ", "ダイスケ", "ユウコ", "マコト", "エミ", "タクヤ", "ユミコ", "ナオキ", "トモコ", "カズヤ", "クミコ"}
	places   = []struct{ postal, address string }{
		{"160-0022", "東京都新宿区新宿"}, {"530-0001", "大阪府大阪市北区梅田"}, {"460-0008", "愛知県名古屋市中区栄"},
		{"812-0011", "福岡県福岡市博多区博多駅前"}, {"060-0001", "北海道札幌市中央区北一条西"}, {"980-0021", "宮城県仙台市青葉区中央"},
		{"231-0023", "神奈川県横浜市中区山下町"}, {"650-0021", "兵庫県神戸市中央区三宮町"}, {"730-0031", "広島県広島市中区紙屋町"},
		{"604-8005", "京都府京都市中京区恵比須町"},
	}
)

// table is a list as rows of cells, the first being the header.
type table [][]string

// customers makes a customer list of n rows.
func customers(n int) table {
	r := rand.New(rand.NewPCG(1, 2))
	t := table{{"顧客番号", "氏名", "フリガナ", "郵便番号", "住所", "電話番号", "生年月日", "メールアドレス"}}
	for i := range n {
		s, g, p := r.IntN(len(surnames)), r.IntN(len(givens)), places[r.IntN(len(places))]
		t = append(t, []string{
			fmt.Sprintf("%06d", 100001+i), surnames[s] + " " + givens[g], kanaS[s] + " " + kanaG[g], p.postal,
			fmt.Sprintf("%s%d-%d-%d", p.address, r.IntN(4)+1, r.IntN(20)+1, r.IntN(30)+1),
			fmt.Sprintf("0%d0-%04d-%04d", 7+r.IntN(3), 1000+r.IntN(8999), r.IntN(10000)),
			fmt.Sprintf("%d/%02d/%02d", 1940+r.IntN(65), r.IntN(12)+1, r.IntN(28)+1),
			fmt.Sprintf("user%05d@example.jp", r.IntN(100000)),
		})
	}
	return t
}

// products makes the benign twin: the same shape with nothing personal in it.
func products(n int) table {
	r := rand.New(rand.NewPCG(3, 4))
	words := []string{"収納棚", "作業台", "温度計", "配線箱", "保護具", "計量器", "照明器具", "梱包材"}
	t := table{{"商品コード", "品名", "区分", "棚番", "備考", "ロット番号", "登録日", "型番"}}
	for i := range n {
		t = append(t, []string{
			fmt.Sprintf("%06d", 100001+i), words[r.IntN(len(words))] + " " + string(rune('A'+r.IntN(26))) + "型", "工場用品", fmt.Sprintf("%c-%02d", 'A'+r.IntN(8), r.IntN(40)),
			"在庫あり。出荷は翌営業日", fmt.Sprintf("LOT%08d", r.IntN(1e8)), fmt.Sprintf("2026/%02d/%02d", r.IntN(12)+1, r.IntN(28)+1), fmt.Sprintf("MX-%d-%c", 100+r.IntN(900), 'A'+r.IntN(26)),
		})
	}
	return t
}

func (t table) csv() string {
	var b strings.Builder
	for _, row := range t {
		b.WriteString(strings.Join(row, ",") + "\r\n")
	}
	return b.String()
}

// carrier is one way to send a list.
type carrier struct {
	name        string
	contentType string
	headers     []string
	pack        func(t *testing.T, list table) []byte
}

func carriers() []carrier {
	text := func(_ *testing.T, list table) []byte { return []byte(list.csv()) }
	form := func(t *testing.T, list table) (body []byte, boundary string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		check(t, w.SetBoundary("----boundary0123456789"))
		check(t, w.WriteField("comment", "今月分です"))
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", `form-data; name="file"; filename="list.csv"`)
		h.Set("Content-Type", "application/octet-stream")
		p, err := w.CreatePart(h)
		check(t, err)
		_, err = p.Write([]byte(list.csv()))
		check(t, err)
		check(t, w.Close())
		return b.Bytes(), w.Boundary()
	}
	zip := func(t *testing.T, in []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := w.Write(in)
		check(t, err)
		check(t, w.Close())
		return b.Bytes()
	}
	objects := func(list table) []map[string]string {
		var all []map[string]string
		for _, row := range list[1:] {
			o := map[string]string{}
			for i, cell := range row {
				o[list[0][i]] = cell
			}
			all = append(all, o)
		}
		return all
	}
	marshal := func(t *testing.T, v any) []byte {
		b, err := json.Marshal(v)
		check(t, err)
		return b
	}
	return []carrier{
		{"UTF-8", "text/csv; charset=utf-8", nil, text},
		{"UTF-8 with BOM", "text/csv", nil, func(_ *testing.T, l table) []byte { return append([]byte("\xef\xbb\xbf"), l.csv()...) }},
		{"CP932", "text/csv", nil, func(t *testing.T, l table) []byte {
			b, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(l.csv()))
			check(t, err)
			return b
		}},
		{"EUC-JP", "application/octet-stream", nil, func(t *testing.T, l table) []byte {
			b, err := japanese.EUCJP.NewEncoder().Bytes([]byte(l.csv()))
			check(t, err)
			return b
		}},
		{"ISO-2022-JP", "text/plain", nil, func(t *testing.T, l table) []byte {
			b, err := japanese.ISO2022JP.NewEncoder().Bytes([]byte(l.csv()))
			check(t, err)
			return b
		}},
		{"UTF-16LE with BOM", "application/octet-stream", nil, func(t *testing.T, l table) []byte {
			b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(l.csv()))
			check(t, err)
			return b
		}},
		{"UTF-16BE without BOM", "application/octet-stream", nil, func(t *testing.T, l table) []byte {
			b, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(l.csv()))
			check(t, err)
			return b
		}},
		{"gzip declared", "text/csv", []string{"Content-Encoding: gzip"}, func(t *testing.T, l table) []byte { return zip(t, []byte(l.csv())) }},
		{"gzip not declared", "application/octet-stream", nil, func(t *testing.T, l table) []byte { return zip(t, []byte(l.csv())) }},
		{"gzip twice", "text/csv", []string{"Content-Encoding: gzip, gzip"}, func(t *testing.T, l table) []byte { return zip(t, zip(t, []byte(l.csv()))) }},
		{"multipart", "multipart/form-data; boundary=----boundary0123456789", nil, func(t *testing.T, l table) []byte { b, _ := form(t, l); return b }},
		{"JSON objects", "application/json", nil, func(t *testing.T, l table) []byte { return marshal(t, objects(l)) }},
		{"JSON with a CSV string", "application/json", nil, func(t *testing.T, l table) []byte {
			return marshal(t, map[string]any{"path": "/list.csv", "content": l.csv()})
		}},
		{"base64 in JSON", "application/json", nil, func(t *testing.T, l table) []byte {
			return marshal(t, map[string]any{"name": "list", "data": base64.StdEncoding.EncodeToString([]byte(l.csv()))})
		}},
		{"base64url in JSON", "application/json", nil, func(t *testing.T, l table) []byte {
			return marshal(t, map[string]any{"raw": base64.RawURLEncoding.EncodeToString([]byte(l.csv()))})
		}},
		{"full width", "text/plain", nil, func(_ *testing.T, l table) []byte { return []byte(wide(l.csv())) }},
	}
}

// wide turns ASCII letters, digits and signs within the cells into their
// full-width forms.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f && r != ',' {
			return r + 0xfee0
		}
		return r
	}, s)
}
