package data

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func TestVCard(t *testing.T) {
	const plain = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:門番;花子;;;\r\nFN:門番 花子\r\nX-PHONETIC-FIRST-NAME:ハナコ\r\nX-PHONETIC-LAST-NAME:モンバン\r\n" +
		"item1.TEL;TYPE=CELL,VOICE:090-0000-0001\r\nTEL;TYPE=WORK:03-0000-0002\r\nEMAIL;TYPE=INTERNET:hanako@exa\r\n mple.jp\r\n" +
		"ADR;TYPE=HOME:;101号;架空町1-2-3;千代田区;東京都;100-0000;日本\r\nBDAY:19800203\r\nORG:架空商事;営業部\r\nNOTE:甘党\\, 猫\\n二行目\r\nEND:VCARD\r\n" +
		"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:関守 太郎\r\nEND:VCARD\r\n"
	const row = "門番 花子\tモンバン ハナコ\t090-0000-0001\t03-0000-0002\t\thanako@example.jp\t\t\t〒100-0000 東京都千代田区架空町1-2-3 101号\t\t\t1980-02-03\t架空商事 営業部\t\t日本 甘党, 猫 二行目\n関守 太郎\t"
	sjis, _ := japanese.ShiftJIS.NewEncoder().String(plain)
	wide, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(plain)
	for name, body := range map[string]string{"UTF-8": plain, "byte order mark": "\xef\xbb\xbf" + plain, "CP932": sjis, "UTF-16": wide, "LF": strings.ReplaceAll(plain, "\r\n", "\n")} {
		x := inspect(t, "", body)
		if !strings.Contains(x.Parts[0].Text(), row) || x.Parts[0].Layout != part.Table || len(x.Skips()) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
	}
}

func TestVCard21(t *testing.T) {
	name, _ := japanese.ShiftJIS.NewEncoder().String("門番")
	var qp strings.Builder
	for i := range len(name) {
		const hex = "0123456789ABCDEF"
		qp.WriteString("=" + string(hex[name[i]>>4]) + string(hex[name[i]&15]))
	}
	x := inspect(t, "", "begin:vcard\nVERSION:2.1\nN;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:"+qp.String()+";=\n"+
		"=89=D4=8E=71;;;\nTEL;CELL:090-0000-0001\nPHOTO;JPEG;ENCODING=BASE64:\n R0lGODlhAQABAAAA\n ACwAAAAAAQABAAAC\n\nEND:VCARD\n")
	holds(t, x, "upload", "門番 花子\t\t090-0000-0001")
	x = inspect(t, "", "BEGIN:VCARD\nFN:門番")
	holds(t, x, "upload", "門番")
	if got := x.Skips(); len(got) != 1 || got[0] != "truncated" {
		t.Errorf("without end: %v", got)
	}
}

func TestCalendar(t *testing.T) {
	x := inspect(t, "", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nORGANIZER;CN=\"関守: 太郎\":mailto:taro@example.jp\r\n"+
		"ATTENDEE;ROLE=REQ-PARTICIPANT;CN=門番 花子;RSVP=TRUE:MAILTO:hanako@example.jp\r\nATTENDEE:mailto:x@example.jp\r\nSUMMARY:面談\\; 急ぎ\r\n"+
		"DESCRIPTION;LANGUAGE=ja:電話 090-0000\r\n -0001\\n以上\r\nATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:6ZaA55WqIOiKseWtkA==\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	holds(t, x, "upload", "ORGANIZER: 関守: 太郎 <taro@example.jp>\n", "ATTENDEE: 門番 花子 <hanako@example.jp>\n", "ATTENDEE: x@example.jp\n", "SUMMARY: 面談; 急ぎ\n", "090-0000-0001\n以上\n")
	holds(t, x, "upload » attach", person)
}

func TestLDIF(t *testing.T) {
	x := inspect(t, "", "version: 1\n# people\ndn: cn=x,dc=example\ncn:: 6ZaA55WqIOiKseWtkA==\nmail: hanako@\n example.jp\npostalAddress;lang-ja: 東京都$千代田区\njpegPhoto:: AAECAwQF\n\ndn: cn=y\ncn: 関守 太郎\n")
	holds(t, x, "upload", "氏名: 門番 花子\nメール: hanako@example.jp\n住所: 東京都 千代田区\n", "\n\ndn: cn=y\n氏名: 関守 太郎\n")
	holds(t, x, "upload » jpegPhoto", "")
}
