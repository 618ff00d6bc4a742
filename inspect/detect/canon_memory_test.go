package detect

import "testing"

func TestCanonMemory(t *testing.T) {
	var b Block
	b.canons.forget() // nothing yet
	texts := []string{"", "Ann", "Ann Lee", "Hanako Yamada", "Yamada Hanako", "Hanako Yamadb", "HANAKO@example.jp", "hanako@Example.jp",
		"a name of more words than anybody has or writes down, ever"}
	for range 2 {
		for range 2 {
			for _, k := range []canonKind{canonName, canonMail} {
				for _, text := range texts {
					if got, want := b.canon(k, []byte(text)), k.of([]byte(text)); got != want {
						t.Errorf("%q of kind %d: %q, want %q", text, k, got, want)
					}
				}
			}
		}
		b.canons.forget()
		if b.canons.used || b.canons.forms != (canonMemory{}).forms {
			t.Error("what was to be forgotten is remembered")
		}
	}
}
