package ole

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

func FuzzRead(f *testing.F) {
	book := workbook8(cellFormats("000-0000")+sst(person, "x"), []string{"S"}, rec(recLabelSST, at(0, 0, 0)+le4(0))+
		rec(recMulRK, le2(1)+le2(0)+le2(0)+le4(7)+le2(0)+le4(9)+le2(1))+rec(recTXO, strings.Repeat("\x00", 10)+le2(2)+le4(0))+rec(recContinue, "\x01"+wide("ab")))
	f.Add([]byte(book))
	f.Add(compoundFile(files{"Workbook": book, "_VBA_PROJECT_CUR/VBA/m": "\x01\x05\xb0\x00Attribut"}))
	f.Add(compoundFile(word97File(0x1200, map[int]string{0x4c: person + "\r\x07\x07", 0x50: "note"})))
	stream, user := presentation([]string{box(ppt(pptTextChars, 0, 0, wide(person)))}, nil, ppt(pptObject, 0, 1, "\x00\x00\x00\x00\x78\x9c"))
	f.Add(compoundFile(files{"PowerPoint Document": stream, "Current User": user}))
	m := files{"__nameid_version1.0/__substg1.0_00030102": le4(0x8083) + le2(6) + le2(1)}
	item(m, "", topHeader, map[string]string{"0037001F": wide("s"), "10090102": strings.Repeat("\x00", 20)}, integer(0x3ffd, 932))
	item(m, "__attach_version1.0_#00000000/", otherHeader, map[string]string{"37010102": "data"}, "")
	f.Add(compoundFile(m))
	f.Add(compoundFile(files{"\x01Ole10Native": ole10("a.txt", "text"), "\x05SummaryInformation": "\xfe\xff\x00\x00" + strings.Repeat("\x00", 20) + le4(1) + strings.Repeat("\x00", 16) + le4(48) + le4(0)}))
	f.Add(append([]byte("\xdb\xa5\x2d\x00"), make([]byte, 0x90)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		start := time.Now()
		inspectWithin(t, bytes.Clone(b), part.Limits{Bytes: 4 << 20, Entries: 200, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(b), d)
		}
	})
}

// FuzzStreams goes straight to what stands in the streams, which changes to the
// bytes of a container seldom reach.
func FuzzStreams(f *testing.F) {
	word := word97File(0x1200, map[int]string{0x4c: person + "\r\x07\x07", 0x50: "note"})
	f.Add(byte(0), []byte(word["WordDocument"]), []byte(word["1Table"]))
	stream, user := presentation([]string{box(ppt(pptTextChars, 0, 0, wide(person)))}, []string{box("")}, ppt(pptObject, 0, 1, "\x00\x00\x00\x00\x78\x9c"))
	f.Add(byte(1), []byte(stream), []byte(user))
	f.Add(byte(2), []byte(workbook8(cellFormats("000-0000")+sst(person, "x"), []string{"S"}, rec(recLabelSST, at(0, 0, 0)+le4(0)))), []byte(rec(recCacheString, u16(2, person))))
	f.Add(byte(3), []byte(ole10("a.txt", "text")), []byte("\xfe\xff\x00\x00"+strings.Repeat("\x00", 20)+le4(1)+strings.Repeat("\x00", 16)+le4(48)+le4(0)+le4(2)+le4(2)+le4(24)+le4(1)+le4(32)+le4(0x101e)))
	f.Add(byte(4), []byte(strings.Repeat("\x00", 32)+integer(0x3ffd, 932)), []byte(le4(0x8083)+le2(6)+le2(1)))
	f.Add(byte(5), []byte("\x01\x05\xb0\x00Attribut"), []byte("\x01\x19\xb0\x00#aaabcde\x82f"))
	head := []byte(word["WordDocument"])
	put2(head, 0, word6)
	put2(head, 2, 0x65)
	f.Add(byte(0), head, []byte{})
	f.Fuzz(func(t *testing.T, which byte, a, b []byte) {
		names := [][2]string{{"WordDocument", "1Table"}, {"PowerPoint Document", "Current User"}, {"Workbook", "_SX_DB_CUR/1"},
			{"\x01Ole10Native", "\x05SummaryInformation"}, {propertyStream, "__nameid_version1.0/__substg1.0_00030102"}, {"VBA/m", "VBA/dir"}}[which%6]
		start := time.Now()
		inspectWithin(t, compoundFile(files{names[0]: string(a), names[1]: string(b)}), part.Limits{Bytes: 4 << 20, Entries: 200, Time: 5 * time.Second})
		if d := time.Since(start); d > 4*time.Second {
			t.Errorf("%d bytes took %v", len(a)+len(b), d)
		}
	})
}
