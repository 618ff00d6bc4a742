package decode

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

func TestEBCDIC(t *testing.T) {
	s := strings.Repeat("James Miller, 415-555-0134, james.miller at example dot com, born in Boston\n", 80)
	x := inspect(t, part.Part{}, encode(t, charmap.CodePage037, s))
	x.Find("James Miller, 415-555-0134")
	for _, s := range []string{customers, encode(t, japanese.ShiftJIS, customers), encode(t, japanese.EUCJP, customers), strings.Repeat("@", 200)} {
		if (ebcdic{}).Match(&part.Part{}, []byte(s)) {
			t.Errorf("%.12q is taken for EBCDIC", s)
		}
	}
}
