package ole

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"
)

// item adds the streams of a message's properties to f below prefix.
func item(f files, prefix string, head int, texts map[string]string, fixed string) {
	f[prefix+propertyStream] = strings.Repeat("\x00", head) + fixed
	for tag, v := range texts {
		f[prefix+valuePrefix+tag] = v
	}
}

func integer(id, v int) string { return le2(3) + le2(id) + le4(6) + le4(v) + le4(0) }

func TestMessage(t *testing.T) {
	sjis := func(s string) string {
		b, _ := japanese.ShiftJIS.NewEncoder().String(s)
		return b
	}
	jis, _ := japanese.ISO2022JP.NewEncoder().String("<p>本文のHTML</p>")
	f := files{}
	item(f, "", topHeader, map[string]string{
		"0037001E": sjis("件名 顧客名簿"), "0C1A001E": sjis("門番 花子"), "0C1F001E": "hanako@example.com",
		"1000001E": sjis("本文の" + person), "10130102": jis, "8001001F": wide("hanako2@example.com"),
	}, integer(0x3ffd, 932)+integer(0x3fde, 50220))
	f["__nameid_version1.0/__substg1.0_00020102"] = "\x04\x20\x06\x00" + strings.Repeat("\x00", 12)
	f["__nameid_version1.0/__substg1.0_00030102"] = le4(0x8083) + le2(3<<1) + le2(1)
	f["__nameid_version1.0/__substg1.0_00040102"] = ""
	item(f, "__recip_version1.0_#00000000/", otherHeader, map[string]string{"3001001E": sjis("受信 一郎"), "3003001E": "to@example.com"}, "")
	item(f, "__attach_version1.0_#00000000/", otherHeader, map[string]string{
		"37010102": "氏名,電話\n" + person + ",090-0000-0001\n", "3707001F": wide("名簿.csv"), "3704001F": wide("MEIBO~1.CSV")}, integer(0x3705, 1))
	inner := "__attach_version1.0_#00000001/__substg1.0_3701000D/"
	item(f, "__attach_version1.0_#00000001/", otherHeader, map[string]string{"3001001F": wide("転送")}, integer(0x3705, 5))
	item(f, inner, embeddedHeader, map[string]string{"0037001F": wide("中の件名"), "1000001F": wide("中の本文"), "8001001F": wide("inner@example.com")}, "")
	x := inspect(t, compoundFile(f))
	expect(t, x, "", map[string]string{
		"Subject: 件名 顧客名簿\nFrom: 門番 花子\nFrom address: hanako@example.com": "» properties",
		"本文の" + person: "» body", "本文のHTML": "HTML body", "E-mail: hanako2@example.com": "» properties",
		"Name: 受信 一郎\nE-mail: to@example.com": "recipients", "090-0000-0001": "» 名簿.csv",
		"中の件名": "転送 » properties", "中の本文": "転送 » body", "E-mail: inner@example.com": "転送 » properties",
	})
	if x.Parts[0].Format != "msg" {
		t.Errorf("told as %s", x.Parts[0].Format)
	}
}

func TestContact(t *testing.T) {
	f := files{}
	midnight := time.Date(1980, 5, 5, 0, 0, 0, 0, time.FixedZone("JST", 9*3600)).Unix() + 11644473600
	item(f, "", topHeader, map[string]string{"3001001F": wide(person), "3A1C001F": wide("090-0000-0001"), "3A2A001F": wide("100-0001")},
		le2(0x40)+le2(0x3a42)+le4(6)+string(binary.LittleEndian.AppendUint64(nil, uint64(midnight*1e7))))
	x := inspect(t, compoundFile(f))
	expect(t, x, "", map[string]string{"Name: " + person: "properties", "Mobile phone: 090-0000-0001": "properties", "Postal code: 100-0001": "properties",
		"Birthday: 1980-05-05\n": "properties"})
}
