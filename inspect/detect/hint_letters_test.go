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
				for _, text := range []string{word, strings.ToUpper(word), strings.Join(strings.Split(word, ""), "-"), "x (" + word + ")"} {
					b := Block{Text: []byte(text), context: &view{}}
					i, near := len(text), false
					if text[0] == 'x' {
						i, near = 0, true
					}
					if w.label == label && !b.announced(words, i, near) {
						t.Errorf("%s is passed over", text)
					}
				}
			}
		}
	}
	b := Block{Text: []byte("Timo Aaltonen <timo@example.jp> 2021-02-03"), context: &view{}}
	if b.announced(mailWords, 15, false) || b.announced(birthWords, len(b.Text)-10, true) {
		t.Error("nothing is announced")
	}
}
