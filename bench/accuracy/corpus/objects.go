package corpus

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

var objects = []kind{
	{"json-object", "ja_objects", "ja", 30, records(1, 1, jsonArray(false))},
	{"json-array", "ja_objects", "ja", 30, records(5, 14, jsonArray(true))},
	{"json-compact", "ja_objects", "ja", 20, records(5, 14, jsonCompact)},
	{"json-lines", "ja_objects", "ja", 16, records(5, 14, jsonLines)},
	{"json-nested", "ja_objects", "ja", 20, nested},
	{"json-escaped", "ja_objects", "ja", 12, records(5, 14, jsonEscaped)},
	{"xml", "ja_objects", "ja", 16, records(5, 10, xml)},
	{"yaml", "ja_objects", "ja", 16, records(5, 10, yaml)},
	{"ini", "ja_objects", "ja", 12, records(1, 1, ini)},
	{"form-urlencoded", "ja_objects", "ja", 12, records(1, 1, urlencoded)},
	{"vcard", "ja_objects", "ja", 20, vcards},
	{"log-lines", "ja_objects", "ja", 20, records(5, 12, logLines)},
	{"html-list", "ja_objects", "ja", 12, records(5, 10, htmlList)},
}

// pair is a key with its value, which is a number if bare.
type pair struct {
	key, value string
	bare       bool
}

func (g *gen) customerPairs(s style) func(*person) []pair {
	keys := [][]string{
		{"name", "kana", "postal_code", "address", "tel", "email", "birthday"},
		{"fullName", "nameKana", "zipCode", "address1", "phoneNumber", "mailAddress", "dateOfBirth"},
		{"氏名", "フリガナ", "郵便番号", "住所", "電話番号", "メールアドレス", "生年月日"},
		{"customer_name", "furigana", "zip", "addr", "mobile", "mail", "birth_date"},
	}[g.n(0, 3)]
	leave := make([]bool, len(keys))
	for i := 1; i < len(keys); i++ {
		leave[i] = g.chance(.35)
	}
	id := g.n(1000, 9000)
	return func(p *person) []pair {
		id++
		all := []pair{{"id", strconv.Itoa(id), true}}
		for i, v := range []string{s.name(p), s.kana(p), s.code(p.home), s.home(p), s.tel(p), s.email(p), s.birth(p)} {
			if !leave[i] {
				all = append(all, pair{keys[i], v, false})
			}
		}
		return append(all, pair{"updated_at", g.stamp(), false}, pair{"plan", g.pick("basic", "gold", "三井"), false})
	}
}

func (g *gen) thingPairs() func(*person) []pair {
	keys := g.pick("name title displayName", "product_name item label", "商品名 名称 品名")
	name := g.word(keys)
	return func(*person) []pair {
		return []pair{
			{"id", strconv.Itoa(g.n(1, 90000)), true},
			{name, g.pick(g.product(), g.company(), g.trap()+g.pick("特集", "セット", "プラン")), false},
			{"sku", g.sku(), false},
			{"jan", g.jan(), false},
			{"price", strconv.Itoa(g.n(10, 90000)), true},
			{"order_no", g.order(), false},
			{"etag", g.hex(32), false},
			{"version", g.version(), false},
			{"updatedAt", g.stamp(), false},
			{"timestamp", strconv.Itoa(g.n(1500000000, 1799999999)), true},
			{"request_id", g.uuid(), false},
			{"client_ip", g.ip(), false},
			{"area", g.pick("松本市", "川崎", "千葉", "上野", "福島"), false},
		}[:g.n(6, 13)]
	}
}

// records makes from lo to hi objects of people and of things.
func records(lo, hi int, write func(g *gen, all [][]pair) string) func(*gen) (draft, draft) {
	return func(g *gen) (draft, draft) {
		n := g.n(lo, hi)
		of, thing := g.customerPairs(g.style()), g.thingPairs()
		var people, things [][]pair
		for _, p := range g.people(n) {
			people, things = append(people, of(p)), append(things, thing(nil))
		}
		return draft{text: write(g, people), people: n}, draft{text: write(g, things)}
	}
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// object writes one JSON object: on one line if indent is empty, else with its
// keys indented and its end half as far.
func object(p []pair, indent string) string {
	newline, colon := "", ":"
	if indent != "" {
		newline, colon = "\n", ": "
	}
	var lines []string
	for _, kv := range p {
		v := kv.value
		if !kv.bare {
			v = quote(v)
		}
		lines = append(lines, newline+indent+quote(kv.key)+colon+v)
	}
	return "{" + strings.Join(lines, ",") + newline + indent[:len(indent)/2] + "}"
}

func jsonArray(many bool) func(*gen, [][]pair) string {
	return func(g *gen, all [][]pair) string {
		if !many {
			return object(all[0], "  ") + "\n"
		}
		var out []string
		for _, p := range all {
			out = append(out, "    "+object(p, "        "))
		}
		return "{\n  \"" + g.pick("items", "data", "results", "rows") + "\": [\n" + strings.Join(out, ",\n") + "\n  ]\n}\n"
	}
}

func jsonCompact(g *gen, all [][]pair) string {
	var out []string
	for _, p := range all {
		out = append(out, object(p, ""))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func jsonLines(g *gen, all [][]pair) string {
	var b strings.Builder
	for _, p := range all {
		b.WriteString(object(p, "") + "\n")
	}
	return b.String()
}

// jsonEscaped writes everything beyond ASCII as \uXXXX.
func jsonEscaped(g *gen, all [][]pair) string {
	return outside(jsonCompact(g, all), func(s string) string {
		s = strconv.QuoteToASCII(s)
		return strings.ReplaceAll(s[1:len(s)-1], `\"`, `"`)
	})
}

func xml(g *gen, all [][]pair) string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<records>\n")
	for _, p := range all {
		b.WriteString("  <record>\n")
		for _, kv := range p {
			b.WriteString("    <" + kv.key + ">" + outside(kv.value, html.EscapeString) + "</" + kv.key + ">\n")
		}
		b.WriteString("  </record>\n")
	}
	return b.String() + "</records>\n"
}

func yaml(g *gen, all [][]pair) string {
	var b strings.Builder
	b.WriteString("records:\n")
	for _, p := range all {
		for i, kv := range p {
			b.WriteString(map[bool]string{true: "  - ", false: "    "}[i == 0] + kv.key + ": ")
			if kv.bare || g.chance(.7) {
				b.WriteString(kv.value + "\n")
			} else {
				b.WriteString(quote(kv.value) + "\n")
			}
		}
	}
	return b.String()
}

func ini(g *gen, all [][]pair) string {
	var b strings.Builder
	sep := g.pick("=", " = ", ": ")
	b.WriteString("[record]\n")
	for _, kv := range all[0] {
		b.WriteString(kv.key + sep + kv.value + "\n")
	}
	return b.String()
}

// urlencoded is the body of a form; keys are ASCII.
func urlencoded(g *gen, all [][]pair) string {
	var out []string
	for _, kv := range all[0] {
		out = append(out, url.QueryEscape(kv.key)+"="+outside(kv.value, url.QueryEscape))
	}
	return strings.Join(out, "&")
}

func logLines(g *gen, all [][]pair) string {
	var b strings.Builder
	for _, p := range all {
		b.WriteString(g.stamp() + " " + g.pick("INFO", "DEBUG", "WARN") + " [" + g.pick("api", "worker-3", "http-nio-8080-exec-1") + "] " +
			g.pick("record saved", "request", "更新しました") + " trace=" + g.hex(16))
		for _, kv := range p {
			if strings.Contains(plain(kv.value), " ") || strings.Contains(plain(kv.value), "　") {
				b.WriteString(" " + kv.key + "=" + quote(kv.value))
			} else {
				b.WriteString(" " + kv.key + "=" + kv.value)
			}
		}
		b.WriteString(" took=" + strconv.Itoa(g.n(1, 900)) + "ms\n")
	}
	return b.String()
}

func htmlList(g *gen, all [][]pair) string {
	var b strings.Builder
	for _, p := range all {
		b.WriteString("<dl class=\"card\" id=\"c" + g.hex(6) + "\">\n")
		for _, kv := range p {
			b.WriteString("  <dt>" + kv.key + "</dt><dd>" + outside(kv.value, html.EscapeString) + "</dd>\n")
		}
		b.WriteString("</dl>\n")
	}
	return b.String()
}

// nested has names and addresses as objects of their own.
func nested(g *gen) (draft, draft) {
	s := g.style()
	n := g.n(3, 8)
	var out, things []string
	for _, p := range g.people(n) {
		out = append(out, fmt.Sprintf(`{"user":{"id":%q,"name":{"family":"%s","given":"%s"},"contact":{"tel":"%s","email":"%s"},"address":{"zip":"%s","pref":"%s","city":"%s","line":"%s"}},"orders":[{"no":%q,"item":%q,"total":%d}]}`,
			g.uuid(), s.surname(p), mark(detect.Name, p.given), s.tel(p), s.email(p), s.code(p.home),
			optional(detect.Address, p.home.prefecture), optional(detect.Address, p.home.city), mark(detect.Address, p.home.street(s.address)), g.order(), g.product(), g.n(100, 90000)))
		things = append(things, fmt.Sprintf(`{"shop":{"id":%q,"name":{"ja":%q,"short":%q},"stock":{"jan":%q,"lot":%q},"place":{"shelf":%q,"area":%q}},"orders":[{"no":%q,"item":%q,"total":%d}]}`,
			g.uuid(), g.company(), g.trap(), g.jan(), g.digits(11), g.sku(), g.pick("松本", "川崎", "上野"), g.order(), g.product(), g.n(100, 90000)))
	}
	wrap := func(all []string) string { return `{"status":"ok","list":[` + strings.Join(all, ",\n") + "]}" }
	return draft{text: wrap(out), people: n}, draft{text: wrap(things)}
}

func vcards(g *gen) (draft, draft) {
	s := g.style()
	n := g.n(1, 8)
	var b, events strings.Builder
	for _, p := range g.people(n) {
		fmt.Fprintf(&b, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:%s;%s;;;\r\nFN:%s\r\nX-PHONETIC-LAST-NAME:%s\r\nX-PHONETIC-FIRST-NAME:%s\r\nORG:%s\r\nTEL;TYPE=CELL:%s\r\nEMAIL;TYPE=INTERNET:%s\r\nADR;TYPE=HOME:;;%s;%s;%s;%s;日本\r\nEND:VCARD\r\n",
			s.surname(p), mark(detect.Name, p.given), s.name(p), mark(detect.Name, p.surnameKana), mark(detect.Name, p.givenKana), g.company(), s.mobile(p), s.email(p),
			mark(detect.Address, p.home.street(s.address)), optional(detect.Address, p.home.city), optional(detect.Address, p.home.prefecture), s.code(p.home))
		fmt.Fprintf(&events, "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:%s\r\nSUMMARY:%s\r\nLOCATION:%s\r\nX-ALT:%s\r\nEND:VEVENT\r\n",
			g.uuid(), g.recent("%d%02d%02dT")+g.digits(6)+"Z", g.trap()+g.pick("見学", "会議", "展示会"), g.company(), base64.StdEncoding.EncodeToString([]byte(g.hex(24))))
	}
	return draft{text: b.String(), people: n}, draft{text: "BEGIN:VCALENDAR\r\n" + events.String() + "END:VCALENDAR\r\n"}
}
