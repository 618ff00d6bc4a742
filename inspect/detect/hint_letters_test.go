package detect

import (
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// No label word is passed over, in whatever way it is written.
func TestAnnounced(t *testing.T) {
	for label, words := range map[Label]*letters{LEmail: mailWords, LBirth: birthWords} {
		for _, w := range labelWords {
			for word := range strings.FieldsSeq(w.words) {
				word = normal.String(word)
				for _, text := range []string{word, strings.ToUpper(word), strings.Join(strings.Split(word, ""), "-")} {
					b := Block{Text: []byte(text), context: &view{}}
					if w.label == label && !b.announced(words, len(text)) {
						t.Errorf("%s is passed over", text)
					}
				}
			}
		}
	}
	b := Block{Text: []byte("Timo Aaltonen <timo@example.jp> 3.2.65"), context: &view{}}
	if b.announced(mailWords, 15) || b.announced(birthWords, len(b.Text)-6) {
		t.Error("nothing is announced")
	}
}
