package codepage

import (
	"testing"

	"golang.org/x/text/encoding/japanese"
)

func TestText(t *testing.T) {
	jis, _ := japanese.ISO2022JP.NewEncoder().String("門番")
	for _, c := range []struct {
		page int
		in   string
		want string
	}{
		{Japanese, "\x8a\xd6\x8e\xe7", "関守"},
		{50220, jis, "門番"},
		{51932, "\xb4\xd8\xbc\xe9", "関守"},
		{UTF16, "a\x00\xa2\x95", "a関"},
		{Western, "caf\xe9", "café"},
		{1251, "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{949, "\xc7\xd1\xb1\xb9", "한국"},
		{936, "\xd6\xd0\xb9\xfa", "中国"},
		{UTF8, "関", "関"},
		{Japanese, "090-0000-0001", "090-0000-0001"},
		// Said to be Western, as many tools do whatever the text is.
		{Western, "\x8a\xd6\x8e\xe7\x91\xbe\x98\x59\x82\xb3\x82\xf1", "関守太郎さん"},
		{Unknown, "\x8a\xd6\x8e\xe7\x91\xbe\x98\x59\x82\xb3\x82\xf1", "関守太郎さん"},
	} {
		if got := Text(c.page, []byte(c.in)); got != c.want {
			t.Errorf("page %d: %q, want %q", c.page, got, c.want)
		}
	}
}

func TestPages(t *testing.T) {
	for _, c := range []struct{ got, want int }{
		{OfLanguage(0x0411), Japanese}, {OfLanguage(0x0409), Western}, {OfLanguage(0x0419), 1251},
		{OfLanguage(0x0404), 950}, {OfLanguage(0x0804), 936},
		{OfFont(128), Japanese}, {OfFont(2), Unknown}, {OfFont(204), 1251},
	} {
		if c.got != c.want {
			t.Errorf("got %d, want %d", c.got, c.want)
		}
	}
}
