package decode

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestMarkup(t *testing.T) {
	x := inspect(t, part.Part{}, `<!DOCTYPE html><html><head><title>&#x9580;番&nbsp;&hearts;</title><script>var tel = "090-0000-0005" && 1<2;</script></head>
<body class="x"><!-- メモ 080-0000-0006 --><table><tr><th>氏名</th><th>電話</th></tr><tr><td>門<b>番</b> 花子</td><td>090<wbr>-0000-0001</td></tr></table>
<input name="tel" value="03&#45;0000-0003"><p>a &lt; b &amp; c &unknown; &</p></body></html>`)
	for _, want := range []string{"門番\u00a0♥", `tel = "090-0000-0005" && 1<2`, "080-0000-0006", "氏名\t電話\n", "\n門番 花子\t090-0000-0001", "name=tel  value=03-0000-0003", "a < b & c &unknown; &"} {
		x.Find(want)
	}
	// A row is a line however its source is laid out; tags of XML are keys even where HTML has them.
	inspect(t, part.Part{}, "<table>\n<tr>\n  <td>\n 門番\n </td>\n  <td>090-0000-0001</td>\n</tr>\n</table>").Find("門番  \t090-0000-0001")
	inspect(t, part.Part{}, "<person><title>Dr.</title><address>門番町</address></person>").Find("\naddress: 門番町")
	x = inspect(t, part.Part{}, `<?xml version="1.0" encoding="Shift_JIS"?><c:list xmlns:c="urn:x"><c:name>`+encode(t, japanese.ShiftJIS, person)+`</c:name><tel kind='home'>03-0000-0003</tel><![CDATA[<a>&amp;]]></c:list>`)
	for _, want := range []string{"\nname: " + person, "tel: ", "kind=home", "03-0000-0003", "<a>&"} {
		x.Find(want)
	}
	if s := x.Find(person); s.Charset != "cp932" || string(s.Bytes(person)) != encode(t, japanese.ShiftJIS, person) {
		t.Errorf("%s: % x", s.Charset, s.Bytes(person))
	}
	inspect(t, part.Part{}, encode(t, encodings["utf-16 bom"], "<?xml version=\"1.0\"?><a>"+person+"</a>")).Find(person)
	inspect(t, part.Part{}, "<a "+strings.Repeat("b='c' ", 100000)+">"+person).Find(person)
}
