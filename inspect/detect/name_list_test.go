package detect

import "testing"

// Beginnings and ends: the longest word counts, and words of one first (or
// last) character do not hide those of another.
func TestWordList(t *testing.T) {
	begins := newWordList(map[string]float32{"様": 3, "先生": 2, "先生方": 1, "氏": 4})
	for text, want := range map[string]float32{"様へ": 3, "先生は": 2, "先生方は": 1, "氏": 4, "先": 0, "": 0, "x様": 0, "\xE6": 0} {
		if w, n := begins.begins([]byte(text)); w != want || (n > 0) != (want > 0) {
			t.Errorf("%q begins with a word of weight %v, %d bytes; want %v", text, w, n, want)
		}
	}
	ends := newWordEnds("建設 設 銀行")
	for text, want := range map[string]int{"青木建設": 6, "仮設": 3, "銀行": 6, "行": 0, "": 0} {
		if _, n := ends.ends([]byte(text)); n != want {
			t.Errorf("%q ends with a word of %d bytes, want %d", text, n, want)
		}
	}
}

func TestNamelessThing(t *testing.T) {
	for v, want := range map[string]bool{
		"株式会社豊田自動織機": true, "千葉大学特集": true, "泉州タオル": true, "Running socks": true, "Acme Ltd": true,
		"佐藤健一": false, "John Smith": false, "john smith": false, "銀行": false, "Ludwig van Beethoven": false,
	} {
		if got := namelessThing([]byte(v)); got != want {
			t.Errorf("%q a thing: %v", v, got)
		}
	}
}

func TestMailboxBegins(t *testing.T) {
	for text, want := range map[string]bool{" <a@example.jp>": true, "\" <a@b>": true, " <b>x@y</b>": false, " a@b": false, "": false, " <@x>": false} {
		if got := mailboxBegins([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
