package decode

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// nobody takes nothing.
type nobody struct{ part.Emitter }

func (nobody) Child(part.Part) error { return nil }

// What looking for veins costs where there are none.
func BenchmarkVeins(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"prose", "来週までに見積もりの案をまとめ、部内で確認してください。\nPlease keep the doors closed while the pump is running, as on Monday.\n"},
		{"json", `{"id":1042,"state":"shipped","lines":[{"sku":"A-100-7","count":3,"price":1980}],"note":"左の棚, second row","ok":true},`},
		{"csv", "1042,出荷済み,A-100-7,3,1980,2026-11-22,left shelf,第二倉庫\n"},
	} {
		text := []byte(strings.Repeat(c.text, 10<<10/len(c.text)))
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := Veins(nobody{}, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
