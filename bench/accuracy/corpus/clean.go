package corpus

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// cleanKinds are texts of things and machines that hold nothing of a person,
// and in bulk, for the false findings per megabyte.
var cleanKinds = []kind{
	clean("log", "ja", 16, lines(120, accessLog)),
	clean("statistics", "ja", 16, lines(50, statistics)),
	clean("timetable", "ja", 12, lines(40, timetable)),
	clean("catalogue", "ja", 16, lines(60, catalogue)),
	clean("hashes", "ja", 12, lines(60, hashes)),
	clean("source", "ja", 12, lines(60, source)),
	clean("minified", "ja", 8, lines(60, minified)),
	clean("config", "ja", 12, lines(60, configuration)),
	clean("prose", "ja", 20, lines(40, (*gen).trapSentence)),
	clean("ids", "ja", 16, lines(100, identifiers)),
	clean("places", "ja", 12, lines(60, func(g *gen) string {
		a := g.address()
		return g.pick(a.prefecture+"\t"+a.city+"\t"+fmt.Sprint(g.n(900, 900000)), a.city+"の人口は"+g.amount()+"人", g.trap()+"から"+a.city+"まで"+fmt.Sprint(g.n(3, 400))+"km")
	})),
	clean("companies", "ja", 12, lines(60, func(g *gen) string {
		return g.company() + "," + g.digits(4) + "," + g.amount() + "," + g.pick("東証プライム", "スタンダード") + "," + g.month()
	})),
}

func clean(name, lang string, n int, text func(*gen) string) kind {
	return kind{"clean-" + name, "clean_things", lang, n, func(g *gen) (draft, draft) { return draft{}, draft{text: text(g)} }}
}

func lines(n int, line func(*gen) string) func(*gen) string {
	return func(g *gen) string {
		var b strings.Builder
		for range n {
			b.WriteString(strings.TrimSuffix(line(g), "\n") + "\n")
		}
		return b.String()
	}
}

func accessLog(g *gen) string {
	return g.pick(
		g.ip()+" - - [14/Oct/2025:"+g.clock()+":"+g.digits(2)+" +0900] \"GET /items/"+g.digits(8)+"?ref="+g.hex(12)+" HTTP/1.1\" 200 "+g.digits(5)+" \"-\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/"+fmt.Sprint(g.n(90, 140))+".0."+g.digits(4)+".60\"",
		g.stamp()+" INFO [pool-"+g.digits(1)+"-thread-"+g.digits(2)+"] c.e.shop.OrderService - order="+g.order()+" items="+g.digits(1)+" total="+g.digits(5)+" took="+g.digits(3)+"ms",
		g.stamp()+" ERROR batch 処理に失敗しました job="+g.uuid()+" 件数="+g.digits(4)+" ファイル=/data/"+g.recent("%d%02d%02d")+"/"+g.hex(8)+".csv",
		"Oct 14 "+g.clock()+":"+g.digits(2)+" web01 kernel: ["+g.digits(6)+"."+g.digits(6)+"] eth0: link up 0x"+g.hex(8)+" "+g.digits(10),
	)
}

func statistics(g *gen) string {
	row := []string{g.word("松本市 川崎市 千葉市 福岡市 山口市 宮崎市 福島市 前橋市 岡山市 石川県 長野県 総数 男 女 20～24歳 2025年度")}
	for range g.n(6, 12) {
		row = append(row, g.pick(g.amount(), g.digits(3)+"."+g.digits(2), "△"+g.digits(4), "-", g.digits(6)))
	}
	return strings.Join(row, g.pick("\t", ",", "  "))
}

func timetable(g *gen) string {
	row := []string{g.word("松本 上諏訪 茅野 甲府 大月 八王子 立川 新宿 千葉 川崎 上野 大宮 前橋 高崎 福島 山口 宮崎 岡山 福山 三原")}
	for range g.n(5, 14) {
		row = append(row, g.pick(g.clock(), strings.Replace(g.clock(), ":", "", 1), "レ", "||"))
	}
	return strings.Join(row, g.pick(" ", "\t"))
}

func catalogue(g *gen) string {
	return strings.Join([]string{g.sku(), g.product(), g.word(companies), g.amount() + "円", g.jan(), g.recent("%d.%02d.%02d"), fmt.Sprintf("W%d×D%d×H%d", g.n(100, 2000), g.n(100, 900), g.n(100, 2000)), g.pick("在庫あり", "取寄せ", "")}, "\t")
}

func hashes(g *gen) string {
	raw := []byte(g.hex(g.n(20, 50)))
	return g.pick(
		g.hex(64)+"  dist/app-"+g.version()+".tar.gz",
		"github.com/x/"+g.hex(6)+" v"+g.version()+" h1:"+base64.StdEncoding.EncodeToString(raw)+"=",
		"sha256:"+g.hex(64)+" "+g.digits(10),
		g.uuid()+" "+g.uuid(),
		base64.StdEncoding.EncodeToString(raw),
	)
}

func source(g *gen) string {
	return g.pick(
		"func (s *Server) handle"+g.letters(4)+"(w http.ResponseWriter, r *http.Request) { s.mu.Lock(); defer s.mu.Unlock() }",
		"const max"+g.letters(3)+" = 0x"+g.hex(8)+" // "+g.product()+"の上限は"+g.digits(4),
		"\t"+`{"`+g.word("Grace Mark Will Rose Summer Jordan Paris")+`", `+g.digits(3)+", "+g.digits(10)+"},",
		"// "+g.trap()+"のデータを読み込み、"+g.company()+"の形式に変換する。",
		"var table = []uint32{"+g.digits(10)+", "+g.digits(10)+", 0x"+g.hex(8)+"}",
		"phone := regexp.MustCompile(`^0\\d{1,4}-\\d{1,4}-\\d{4}$`)",
		"if err != nil { return fmt.Errorf(\"name %q: %w\", name, err) }",
	)
}

func minified(g *gen) string {
	var b strings.Builder
	for range g.n(4, 12) {
		fmt.Fprintf(&b, "function %s(%s,%s){return %s[%s]||(%s=%s.%s(%s),%s)}var %s=%q,%s=%s;", g.letters(1), "e", "t", "e", "t", "n", "Math", "max", g.digits(4), g.digits(3), g.hex(3), g.hex(6), g.letters(2), g.digits(11))
	}
	return b.String()
}

func configuration(g *gen) string {
	return g.pick(
		"server."+g.hex(4)+".address = "+g.ip()+":"+g.digits(4),
		"app.name = "+g.product(),
		"db.user = app_"+g.hex(4),
		"build.number="+g.recent("%d%02d%02d")+"."+g.digits(4),
		"timeout: "+g.digits(5)+"  # ミリ秒",
		"license.key="+g.letters(5)+"-"+g.digits(5)+"-"+g.letters(5)+"-"+g.digits(5),
		"region: "+g.pick("ap-northeast-1", "asia-northeast1-b"),
		"account_id: \""+g.digits(12)+"\"",
	)
}

func identifiers(g *gen) string {
	return g.pick(g.jan(), g.order(), g.isbn(), g.digits(g.n(7, 16)), g.sku(), g.uuid(), "T"+g.digits(13), ean(g.digits(12)), g.ip(), g.letters(2)+g.digits(8),
		g.digits(3)+"-"+g.digits(4), g.digits(4)+"-"+g.digits(6), fmt.Sprint(g.n(1500000000, 1799999999)), g.stamp(), g.recent("%d%02d%02d"), "BATCH"+g.digits(11))
}
