package office

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"unicode/utf16"
)

// rec returns a record of xlsb.
func rec(kind int, fields ...[]byte) []byte {
	body := slices.Concat(fields...)
	b := []byte{byte(kind)}
	if kind >= 0x80 {
		b = []byte{byte(kind)&0x7f | 0x80, byte(kind >> 7)}
	}
	return append(binary.AppendUvarint(b, uint64(len(body))), body...)
}

func u32(n ...uint32) (b []byte) {
	for _, v := range n {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func text(s string) []byte {
	u := utf16.Encode([]rune(s))
	b := u32(uint32(len(u)))
	for _, c := range u {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

func sheetRecords() []byte {
	real8 := binary.LittleEndian.AppendUint64(nil, math.Float64bits(9000000001))
	formula := slices.Concat(u32(3, 0), text("結果"), []byte{0, 0}, u32(12), []byte{0x17, 3, 0}, text("式中文")[4:])
	return slices.Concat(
		rec(brtRow, u32(0, 0)),
		rec(brtCellShared, u32(0, 0, 0)), rec(brtCellText, u32(1, 0), text("電話番号")),
		rec(brtRow, u32(2, 0)),
		rec(brtCellShared, u32(0, 0, 1)), rec(brtCellReal, u32(1, 1), real8), rec(brtCellRk, u32(2, 2, 32874<<2|2)), rec(brtFmlaText, formula),
		rec(brtShortBlank+3, u32(0), []byte{1}), rec(brtShortBlank+2, u32(0), []byte{0x2a}),
		rec(494, make([]byte, 16), text("rId1"), text("場所"), text("ヒント")),
	)
}

func TestBinaryWorkbook(t *testing.T) {
	xf := func(id byte) []byte { return rec(brtXF, []byte{0, 0, id, 0}, make([]byte, 12)) }
	got := textsOf(read(t,
		"[Content_Types].xml", "<Types/>",
		"_rels/.rels", relation0+rel("a", "officeDocument", "xl/workbook.bin")+"</Relationships>",
		"xl/workbook.bin", string(slices.Concat(rec(brtWbProp, u32(0, 0), text("")), rec(brtBundleSh, u32(2, 1), text("r1"), text("顧客")))),
		"xl/_rels/workbook.bin.rels", relation0+rel("r1", "worksheet", "worksheets/sheet1.bin")+rel("r2", "styles", "styles.bin")+rel("r3", "sharedStrings", "sharedStrings.bin")+"</Relationships>",
		"xl/styles.bin", string(slices.Concat(rec(brtFmt, []byte{200, 0}, text("0##-####-####")), xf(14), rec(brtBeginXFs, u32(3)), xf(0), xf(200), xf(14), rec(brtEndXFs))),
		"xl/sharedStrings.bin", string(slices.Concat(rec(159, u32(2, 2)), rec(brtSSTItem, []byte{0}, text("氏名")), rec(brtSSTItem, []byte{2}, text("関守 太郎"), text("セキモリ"), u32(0)))),
		"xl/worksheets/sheet1.bin", string(sheetRecords()),
	))
	for path, want := range map[string]string{
		"顧客":            "氏名\t電話番号\n\n関守 太郎\t090-0000-0001\t1990/1/1\t結果\tTRUE\t#N/A\n",
		"顧客 notes":      "式中文\nrId1\n場所\nヒント\n",
		"other strings": "セキモリ\n",
	} {
		if got[path] != want {
			t.Errorf("%s: %q, not %q", path, got[path], want)
		}
	}
}

func TestRk(t *testing.T) {
	for n, want := range map[uint32]float64{32874<<2 | 2: 32874, 12345<<2 | 3: 123.45, 0x3ff00000: 1, 0xfffffffe: -1} {
		if got := rk(n); got != want {
			t.Errorf("%x: %v, not %v", n, got, want)
		}
	}
}
