package archive

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"
)

func padded(s string, align int) string {
	return s + strings.Repeat("\x00", (align-len(s)%align)%align)
}

func cpioNew(name, body string, mode int) string {
	head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		1, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name)+1, 0)
	return padded(head+name+"\x00", 4) + padded(body, 4)
}

func cpioOld(name, body string, _ int) string {
	return fmt.Sprintf("070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o", 0, 1, 0o100600, 0, 0, 1, 0, 0, len(name)+1, len(body)) + name + "\x00" + body
}

func cpioBinary(order binary.AppendByteOrder) func(name, body string, mode int) string {
	return func(name, body string, _ int) string {
		var b []byte
		for _, v := range []int{0o070707, 0, 1, 0o100600, 0, 0, 1, 0, 0, 0, len(name) + 1, len(body) >> 16, len(body) & 0xffff} {
			b = order.AppendUint16(b, uint16(v))
		}
		return padded(string(b)+name+"\x00", 2) + padded(body, 2)
	}
}

func TestCpio(t *testing.T) {
	cp932, _ := japanese.ShiftJIS.NewEncoder().String("名簿/表.csv")
	for form, member := range map[string]func(name, body string, mode int) string{
		"new": cpioNew, "old": cpioOld, "binary": cpioBinary(binary.LittleEndian), "swapped": cpioBinary(binary.BigEndian),
	} {
		end := member("TRAILER!!!", "", 0)
		whole := member("a", "odd", 0o100600) + member(cp932, customers, 0o100600) + end
		x := inspect(t, []byte(whole))
		if s := x.Find(person); s.Path != "upload » 名簿/表.csv" || skips(x) != "" || x.Parts[0].Format != "cpio" {
			t.Errorf("%s: found in %s:\n%s", form, s.Path, x)
		}
		if x := inspect(t, []byte(whole+customers)); x.Parts[len(x.Parts)-1].Path != "upload » trailing data" {
			t.Errorf("%s, with text behind:\n%s", form, x)
		}
		if x := inspect(t, []byte(whole[:len(whole)-len(end)-20])); !x.Has("関守 太郎") || !strings.Contains(skips(x), "truncated") {
			t.Errorf("%s, cut off:\n%s", form, x)
		}
	}
	x := inspect(t, []byte(cpioNew("l", "/home/門番", 0o120777)+cpioNew("TRAILER!!!", "", 0)))
	x.Find("/home/門番")
}
