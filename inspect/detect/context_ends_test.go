package detect

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Where no label word may end before a value, none is found there.
func TestEndings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var pieces []string
	for _, w := range labelWords {
		pieces = append(pieces, strings.Fields(w.words)...)
	}
	for _, s := range strings.Split(`| |  |: | : |=|-|. |, |;|(| (自宅)|)|[|] |"|'|#|1|20|+81|`+"\n|\n\n|\r\n|\t|、|。|は|が|の|「|」|【|】|・|→|■|〒|〒 |姓|名|氏|年|と|Smith |smith|SMITH|McCoy |is |no. |number|at|to |of |x|Is|NO|the |and |ein|é|б|　| ", "|") {
		for range 40 {
			pieces = append(pieces, s)
		}
	}
	asked, own := 0, 0
	v := &view{}
	for range 600 {
		var b strings.Builder
		for b.Len() < 150 {
			p := pieces[r.IntN(len(pieces))]
			switch r.IntN(8) {
			case 0:
				p = strings.ToUpper(p)
			case 1:
				p = strings.ToUpper(p[:min(1, len(p))]) + p[min(1, len(p)):]
			}
			b.WriteString(p)
		}
		v.text = []byte(strings.ToValidUTF8(b.String(), "?"))
		for i := range v.text {
			has, _ := v.proseLabel(i)
			may := theLexicon().endings.mayEnd(v.text, i)
			if has != 0 && !may {
				t.Fatalf("%q has label %x", v.text[max(0, i-60):i], has)
			}
			if may {
				asked++
			}
			if has != 0 {
				own++
			}
		}
	}
	if own == 0 || asked > 20*own {
		t.Errorf("%d places are asked about for %d labels", asked, own)
	}
}
