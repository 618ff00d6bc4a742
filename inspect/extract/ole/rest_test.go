package ole

import (
	"strings"
	"testing"
)

func TestEncryptedPackage(t *testing.T) {
	f := files{"EncryptionInfo": "\x04\x00\x04\x00\x40\x00\x00\x00<encryption/>", "EncryptedPackage": strings.Repeat("x", 5000),
		"\x06DataSpaces/Version": "x"}
	x := inspect(t, compoundFile(f))
	if got := strings.Join(x.Skips(), " "); got != "encrypted" || x.Parts[0].Format != "office" {
		t.Errorf("%q\n%s", got, x)
	}
	// The same within a document is a part of its own.
	g := word97File(0x1200, map[int]string{0x4c: person})
	for name, data := range f {
		g["ObjectPool/_1/"+name] = data
	}
	x = inspect(t, compoundFile(g))
	if got := strings.Join(x.Skips(), " "); got != "encrypted" || !x.Has(person) {
		t.Errorf("%q\n%s", got, x)
	}
}

func TestProperties(t *testing.T) {
	value := func(s string) string { return le4(typeLPSTR) + le4(len(s)+1) + s + "\x00" }
	title := "\x8c\xda\x8b\x71\x96\xbc\x95\xeb" // 顧客名簿 in CP932
	page := le4(2) + le4(932)
	set := le4(0) + le4(3) + le4(1) + le4(32) + le4(2) + le4(32+len(page)) + le4(4) + le4(32+len(page)+len(value(title))) + page + value(title) + value("Kanmori")
	stream := "\xfe\xff\x00\x00" + strings.Repeat("\x00", 20) + le4(1) + "\xe0\x85\x9f\xf2" + strings.Repeat("\x00", 12) + le4(48) + set
	x := inspect(t, compoundFile(files{"\x05SummaryInformation": stream, "Package": "plain text 090-0000-0001"}))
	expect(t, x, "", map[string]string{"Title: 顧客名簿 \nAuthor: Kanmori": "SummaryInformation", "090-0000-0001": "Package"})
}

func TestMacros(t *testing.T) {
	// Literal tokens only, nine bytes for eight.
	source := "Attribute VB_Name = \"m\"\r\n' " + "owner 090-0000-0001\r\n"
	var chunk strings.Builder
	for s := source; s != ""; {
		n := min(8, len(s))
		chunk.WriteString("\x00" + s[:n])
		s = s[n:]
	}
	stream := "compiled\x00\x00" + "\x01" + le2(0xb000|(chunk.Len()+2-3)) + chunk.String()
	x := inspect(t, compoundFile(files{"VBA/Module1": stream, "VBA/dir": "\x01", "VBA/_VBA_PROJECT": "\xcc\x61", "PROJECT": "ID=\"{0}\"\r\n"}))
	expect(t, x, "", map[string]string{"owner 090-0000-0001": "VBA » Module1", "ID=": "other text"})
}

func TestExpand(t *testing.T) {
	// The example of [MS-OVBA] 3.2.2.
	in := "\x01\x2f\xb0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6a\x01\x38\x08\x61\x6b\x6c\x00\x30\x6d\x6e\x6f\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7a\x00\x3c"
	want := "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"
	if got := string(expand([]byte(in))); got != want {
		t.Errorf("%q", got)
	}
}

func TestUnknown(t *testing.T) {
	x := inspect(t, compoundFile(files{"Contents of it": "\x00\x01\x02" + strings.Repeat("関守 太郎と門番 花子の名簿です。", 20) + "\x00\x01", "Storage/Text": "090-0000-0001 plain"}))
	x.Find("門番 花子")
	if s := x.Find("090-0000-0001"); !strings.HasSuffix(s.Path, "Storage » Text") {
		t.Errorf("found in %s", s.Path)
	}
	if got := x.Parts[0].Skips; len(got) != 1 || got[0] != "unknown-format" {
		t.Errorf("told as %v", got)
	}
}

func TestIchitaro(t *testing.T) {
	var text strings.Builder
	text.WriteString("SsmgV.01\x00\x1c\x00\x01")
	for _, r := range "顧客の" + person + "さん" {
		text.WriteString(string([]byte{byte(r >> 8), byte(r)}))
	}
	text.WriteString("\x00\x1f\x00\x00")
	x := inspect(t, compoundFile(files{"DocumentText": text.String(), "DocumentTextPositionTables": "\x00\x01"}))
	if s := x.Find(person); !strings.HasSuffix(s.Path, "DocumentText") || !strings.HasPrefix(strings.Join(x.Skips(), " "), "unknown-format") {
		t.Errorf("%v\n%s", x.Skips(), x)
	}
}

func TestPivotCache(t *testing.T) {
	cache := rec(0xc6, strings.Repeat("\x00", 20)) + rec(recCacheString, u16(2, person)) + rec(recEOF, "")
	x := inspect(t, compoundFile(files{"Workbook": workbook8("", []string{"S"}, ""), "_SX_DB_CUR/0001": cache}))
	expect(t, x, "", map[string]string{person: "other text"})
}

// What stores custom XML is no unknown document.
func TestStore(t *testing.T) {
	x := inspect(t, compoundFile(files{"MsoDataStore/one/Item": "<a>" + person + "</a>", "MsoDataStore/one/Properties": "<?xml version=\"1.0\"?><b/>"}))
	expect(t, x, "", map[string]string{person: "MsoDataStore » one » Item"})
}

func TestRestricted(t *testing.T) {
	x := inspect(t, []byte("\x76\xe8\x04\x60\xc4\x11\xe3\x86"+strings.Repeat("\x01x\x9c", 200)))
	if got := strings.Join(x.Skips(), " "); got != "encrypted" || x.Parts[0].Format != "rpmsg" {
		t.Errorf("%q as %s", got, x.Parts[0].Format)
	}
	if got := inspect(t, compoundFile(files{"\x09DRMContent": "x"})).Skips(); len(got) != 1 || got[0] != "encrypted" {
		t.Errorf("a document: %v", got)
	}
}
