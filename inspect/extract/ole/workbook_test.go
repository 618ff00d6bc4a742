package ole

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func rec(id int, body string) string { return le2(id) + le2(len(body)) + body }

func float(v float64) string {
	return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
}

func at(row, column, xf int) string { return le2(row) + le2(column) + le2(xf) }

// u16 is a string as BIFF8 has it, with a length of that width.
func u16(width int, s string) string {
	n := le2(len([]rune(s)))
	return n[:width] + "\x01" + wide(s)
}

// workbook8 puts sheets behind globals, with the places of the sheets filled in.
func workbook8(globals string, names []string, sheets ...string) string {
	head := rec(recBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12)) + globals
	size := len(head) + 4
	for _, n := range names {
		size += 4 + 6 + len(u16(1, n))
	}
	var bounds, all string
	for i, s := range sheets {
		s = rec(recBOF, "\x00\x06\x10\x00"+strings.Repeat("\x00", 12)) + s + rec(recEOF, "")
		bounds += rec(recBoundSheet, le4(size+len(all))+"\x00\x00"+u16(1, names[i]))
		all += s
	}
	return head + bounds + rec(recEOF, "") + all
}

// formats makes cell formats 0, 1, ... of these codes.
func cellFormats(codes ...string) string {
	var s string
	for i, c := range codes {
		s += rec(recFormat, le2(164+i)+u16(2, c))
	}
	for i := range codes {
		s += rec(recXF, "\x00\x00"+le2(164+i)+strings.Repeat("\x00", 16))
	}
	return s
}

func sst(strings ...string) string {
	s := le4(len(strings)) + le4(len(strings))
	for _, v := range strings {
		s += u16(2, v)
	}
	return rec(recSST, s)
}

func TestWorkbook(t *testing.T) {
	shared := sst("氏名", "電話", person, "使われない")
	sheet := rec(recLabelSST, at(0, 0, 0)+le4(0)) + rec(recLabelSST, at(0, 1, 0)+le4(1)) +
		rec(recLabelSST, at(1, 0, 0)+le4(2)) + rec(recNumber, at(1, 1, 1)+float(9000000001)) +
		rec(recMulRK, le2(2)+le2(0)+le2(0)+le4(7<<2|2)+le2(0)+le4(750<<2|3)+le2(1)) +
		rec(recRK, at(2, 2, 2)+le4(30000<<2|2)) +
		rec(recFormula2, at(3, 0, 0)+"\x00\x00\x00\x00\x00\x00\xff\xff"+strings.Repeat("\x00", 8)) + rec(recString, u16(2, "式の結果")) +
		rec(recFormula2, at(3, 1, 0)+float(1.25)+strings.Repeat("\x00", 8)) +
		rec(recBoolErr, at(3, 2, 0)+"\x01\x00") +
		rec(recLabel, at(5, 0, 0)+u16(2, "a\tb")) +
		rec(recHeader, u16(2, "&Lヘッダー")) +
		rec(recTXO, strings.Repeat("\x00", 10)+le2(4)+strings.Repeat("\x00", 6)) + rec(recContinue, "\x01"+wide("コメン")) + rec(recContinue, "\x01"+wide("ト")) +
		rec(recNote, at(0, 0, 0)+le2(1)+u16(2, "記入者")) +
		rec(0x1b8, "\x01\x00"+wide("mailto:x@example.com")+"\x00\x00")
	book := workbook8(cellFormats("General", "000-0000-0000", "yyyy\\-mm\\-dd")+shared, []string{"顧客"}, sheet)
	x := inspect(t, compoundFile(files{"Workbook": book}))
	want := "氏名\t電話\n" + person + "\t090-0000-0001\n7\t7.5\t1982-02-18\n式の結果\t1.25\tTRUE\n\na b\n"
	expect(t, x, "", map[string]string{want: "» 顧客", "使われない": "other strings", "ヘッダー": "顧客 notes",
		"コメント": "顧客 notes", "記入者": "顧客 notes", "x@example.com": "顧客 notes"})
	if x.Parts[0].Format != "xls" {
		t.Errorf("told as %s", x.Parts[0].Format)
	}
	bare := inspect(t, []byte(book))
	expect(t, bare, "", map[string]string{want: "» 顧客"})
}

// A string that goes on in the next record begins there with flags of its own.
func TestSharedStringsContinued(t *testing.T) {
	var body []byte
	text := strings.Repeat("あ", 30) + strings.Repeat("x", 30)
	body = append(body, le4(1)+le4(1)+le2(60)+"\x0d"+le2(1)+le4(22)+wide(text[:60])...)
	second := "\x01" + wide(text[60:90])
	third := "\x00" + text[90:] + "\x00\x00\x00\x00" // and one run of formats
	extra := "\x01\x00\x10\x00\x00\x00\x00\x00\x00\x00\x02\x00\x02\x00" + wide("アア") + "\x00\x00\x00\x00"
	shared := rec(recSST, string(body)) + rec(recContinue, second) + rec(recContinue, third) + rec(recContinue, extra)
	x := inspect(t, []byte(workbook8(shared, []string{"S"}, rec(recLabelSST, at(0, 0, 0)+le4(0)))))
	expect(t, x, "", map[string]string{text + "\n": "» S", "アア": "other strings"})
}

func TestOldWorkbooks(t *testing.T) {
	name, _ := japanese.ShiftJIS.NewEncoder().String(person)
	bof := strings.Repeat("\x00", 4)
	biff5 := rec(recBOF, "\x00\x05\x05\x00"+bof) + rec(recCodePage, le2(932)) + rec(recFormat, le2(164)+"\x08000-0000") +
		rec(recXF, "\x00\x00"+le2(164)+strings.Repeat("\x00", 12))
	biff5 += rec(recBoundSheet, le4(len(biff5)+16+4)+"\x00\x00"+"\x05sheet") + rec(recEOF, "") +
		rec(recBOF, "\x00\x05\x10\x00"+bof) + rec(recLabel, at(0, 0, 0)+le2(len(name))+name) +
		rec(recNumber, at(0, 1, 0)+float(12345)) + rec(recEOF, "")
	for version, book := range map[string]string{
		"5": biff5,
		"4": rec(0x409, "\x00\x00\x10\x00"+"\x00\x00") + rec(recCodePage, le2(932)) + rec(recFormat, "\x00\x00\x08000-0000") +
			rec(recXF4, "\x00\x00"+strings.Repeat("\x00", 10)) + rec(recLabel, at(0, 0, 0)+le2(len(name))+name) +
			rec(recNumber, at(0, 1, 0)+float(12345)) + rec(recEOF, ""),
		"3": rec(0x209, "\x00\x00\x10\x00"+"\x00\x00") + rec(recCodePage, le2(932)) + rec(recFormatOld, "\x08000-0000") +
			rec(recXF3, "\x00\x00"+strings.Repeat("\x00", 10)) + rec(recLabel, at(0, 0, 0)+le2(len(name))+name) +
			rec(recNumber, at(0, 1, 0)+float(12345)) + rec(recEOF, ""),
		"2": rec(0x009, "\x02\x00\x10\x00") + rec(recCodePage, le2(932)) + rec(recFormatOld, "\x08000-0000") +
			rec(recXF2, "\x00\x00\x00\x00") + rec(4, le2(0)+le2(0)+"\x00\x00\x00"+string([]byte{byte(len(name))})+name) +
			rec(3, le2(0)+le2(1)+"\x00\x00\x00"+float(12345)) + rec(recEOF, ""),
	} {
		x := inspect(t, []byte(book))
		if !x.Has(person+"\t001-2345\n") || len(x.Skips()) > 0 || x.Parts[0].Format != "xls" {
			t.Errorf("version %s:\n%s", version, x)
		}
	}
}

// Workbooks of version 4 have their sheets one behind the other.
func TestWorkspace(t *testing.T) {
	sheet := rec(0x409, "\x00\x00\x10\x00\x00\x00") + rec(recLabel, at(0, 0, 0)+le2(4)+"cell") + rec(recEOF, "")
	book := rec(0x409, "\x00\x00\x00\x01\x00\x00") + rec(recSheetHeader, le4(len(sheet))+"\x03one") + sheet +
		rec(recSheetHeader, le4(len(sheet))+"\x03two") + strings.Replace(sheet, "cell", "more", 1) + rec(recEOF, "")
	expect(t, inspect(t, []byte(book)), "", map[string]string{"cell": "» one", "more": "» two"})
}

func TestWorkbookOutOfOrder(t *testing.T) {
	var sheet string
	for column := range 3 {
		for row := range 4 {
			sheet += rec(recLabel, at(row, column, 0)+u16(2, fmt.Sprintf("%d.%d", row, column)))
		}
	}
	x := inspect(t, []byte(workbook8("", []string{"S"}, sheet)))
	x.Find("0.0\t0.1\t0.2\n1.0\t1.1\t1.2\n")
}

func TestWorkbookFaults(t *testing.T) {
	row := rec(recLabel, at(0, 0, 0)+u16(2, person))
	book := workbook8("", []string{"S"}, row)
	locked := rec(recBOF, "\x00\x06\x05\x00"+strings.Repeat("\x00", 12)) + rec(recFilePass, "\x01\x00\x01\x00\x01\x00"+strings.Repeat("\x07", 48))
	xor := rec(recBOF, "\x00\x05\x05\x00\x00\x00\x00\x00") + rec(recFilePass, "\x12\x34\x56\x78")
	for name, c := range map[string]struct{ book, want string }{
		"encrypted":      {locked, "encrypted"},
		"encrypted, old": {xor, "encrypted"},
		"cut off":        {book[:len(book)-2], "truncated"},
		"cut in a cell":  {book[:len(book)-6], "truncated"},
	} {
		x := inspect(t, compoundFile(files{"Workbook": c.book, "\x05SummaryInformation": ""}))
		if got := strings.Join(x.Skips(), " "); got != c.want {
			t.Errorf("%s: %q\n%s", name, got, x)
		}
	}
	// One string in a sixty thousand cells is a bomb.
	big := strings.Repeat("x", 8000)
	var cells bytes.Buffer
	for i := range 60000 {
		cells.WriteString(rec(recLabelSST, at(i, 0, 0)+le4(0)))
	}
	x := inspectWithin(t, []byte(workbook8(rec(recSST, le4(1)+le4(1)+le2(8000)+"\x00"+big), []string{"S"}, cells.String())), part.Limits{Bytes: 8 << 20})
	if got := strings.Join(x.Skips(), " "); !strings.Contains(got, "too-large") {
		t.Errorf("bomb: %q", got)
	}
}

func BenchmarkWorkbook(b *testing.B) {
	var cells bytes.Buffer
	for i := range 10000 {
		cells.WriteString(rec(recLabelSST, at(i, 0, 0)+le4(i%2)) + rec(recNumber, at(i, 1, 0)+float(9000000001)))
	}
	book := compoundFile(files{"Workbook": workbook8(cellFormats("000-0000-0000")+sst(person, "門番 花子"), []string{"S"}, cells.String())})
	b.SetBytes(int64(len(book)))
	for b.Loop() {
		inspect(b, book)
	}
}
