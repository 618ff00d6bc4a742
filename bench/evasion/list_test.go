package evasion

import (
	"fmt"
	"strings"
)

// list is what is carried out: a table with its header.
type list struct {
	head []string
	rows [][]string
	// prose tells a row in a sentence, line as somebody would note it.
	prose func(row []string) string
	// title is the name that a file with it would have, without extension.
	title string
}

// people makes the list of customers, all of them invented.
func people() list {
	family := []string{"佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤",
		"吉田", "山田", "佐々木", "山口", "松本", "井上", "木村", "清水", "山崎", "阿部",
		"池田", "橋本", "石川", "中島", "前田", "藤田", "小川", "岡田", "後藤", "長谷川"}
	given := []string{"健太", "美咲", "翔太", "陽子", "大輔", "由美", "拓也", "恵子", "直樹", "真理",
		"隆", "裕子", "誠", "智子", "浩二", "明美", "和也", "久美子", "雄一", "愛"}
	roman := []string{"sato", "suzuki", "takahashi", "tanaka", "ito", "watanabe", "yamamoto", "nakamura", "kobayashi", "kato",
		"yoshida", "yamada", "sasaki", "yamaguchi", "matsumoto", "inoue", "kimura", "shimizu", "yamazaki", "abe",
		"ikeda", "hashimoto", "ishikawa", "nakajima", "maeda", "fujita", "ogawa", "okada", "goto", "hasegawa"}
	place := []string{"東京都新宿区西新宿", "大阪府大阪市北区梅田", "愛知県名古屋市中区栄", "福岡県福岡市博多区博多駅前",
		"北海道札幌市中央区北一条西", "宮城県仙台市青葉区中央", "広島県広島市中区紙屋町", "神奈川県横浜市西区高島"}
	l := list{head: []string{"氏名", "電話番号", "住所", "メールアドレス", "生年月日"}, title: "顧客名簿"}
	for i := range family {
		l.rows = append(l.rows, []string{
			family[i] + " " + given[i*7%len(given)],
			fmt.Sprintf("0%d0-%04d-%04d", 7+i%3, 2100+i*137, 1203+i*211),
			fmt.Sprintf("%s%d-%d-%d", place[i%len(place)], 1+i%4, 1+i%9, 2+i%7),
			fmt.Sprintf("%s%02d@mail.example.jp", roman[i], 10+i),
			fmt.Sprintf("%d/%02d/%02d", 1955+i, 1+i%12, 1+i%28),
		})
	}
	l.prose = func(r []string) string {
		return fmt.Sprintf("%s様のお電話は%s、ご住所は%s、メールは%sです。", r[0], r[1], r[2], r[3])
	}
	return l
}

// goods makes the twin: a price list of as many rows and columns.
func goods() list {
	what := []string{"ボールペン", "ノート", "消しゴム", "付箋", "封筒", "ファイル", "電卓", "定規", "はさみ", "のり"}
	colour := []string{"赤", "青", "緑"}
	l := list{head: []string{"品名", "型番", "分類", "単価", "在庫"}, title: "価格表"}
	for i := range 30 {
		l.rows = append(l.rows, []string{
			what[i%10] + "（" + colour[i/10] + "）",
			fmt.Sprintf("AB-%02d", 10+i),
			"文房具",
			fmt.Sprintf("%d円", 80+i*10),
			fmt.Sprintf("%d個", 3+i),
		})
	}
	l.prose = func(r []string) string {
		return fmt.Sprintf("%sの型番は%s、分類は%s、単価は%sです。", r[0], r[1], r[2], r[3])
	}
	return l
}

// joined writes the table with a separator between the cells.
func (l list) joined(sep string) string {
	var b strings.Builder
	b.WriteString(strings.Join(l.head, sep))
	for _, r := range l.rows {
		b.WriteString("\n" + strings.Join(r, sep))
	}
	b.WriteString("\n")
	return b.String()
}

func (l list) csv() string { return l.joined(",") }

// each writes one text a row.
func (l list) each(f func(i int, row []string) string) string {
	var b strings.Builder
	for i, r := range l.rows {
		b.WriteString(f(i, r))
	}
	return b.String()
}

// fields writes a row as "label: value" with what is given around each.
func (l list) fields(row []string, before, between, after string) string {
	var b strings.Builder
	for i, v := range row {
		b.WriteString(before + l.head[i] + between + v + after)
	}
	return b.String()
}

// table is the header and the rows together.
func (l list) table() [][]string { return append([][]string{l.head}, l.rows...) }

// cut gives the rows from i on, up to k, as a list of their own.
func (l list) cut(i, k int) list {
	l.rows = l.rows[i:min(k, len(l.rows))]
	return l
}
