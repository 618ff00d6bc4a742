package gate

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestAppendPasswords(t *testing.T) {
	for text, want := range map[string][]string{
		"先ほどのファイルのパスワードは Seki-2026! です。":              {"Seki-2026!", "Seki-2026"},
		"パスワード：\r\n  a1b2c3d4\r\n":                    {"a1b2c3d4"},
		"解凍パスワード「Xy7#kk9」をご利用ください":                    {"Xy7#kk9"},
		"PW: hello123\nPass=other456":                 {"hello123", "other456"},
		"Password is \"correct-horse\".":              {`correct-horse".`, "correct-horse"},
		"パスワードは以下のとおりです。\r\n\r\n　aB3xYz9q\r\n":        {"aB3xYz9q"},
		"来週の会議は10時からです。":                              nil,
		"パスワードは別途お送りします。":                             nil,
		"The passage is long; a compass points north": nil,
	} {
		if got := appendPasswords(nil, []byte(text)); !slices.Equal(got, want) {
			t.Errorf("%d bytes: %d passwords, %d wanted", len(text), len(got), len(want))
		}
	}
}

func TestSecretsAreBounded(t *testing.T) {
	s := newSecrets()
	at := time.Unix(1e9, 0)
	s.now = func() time.Time { return at }
	for i := range 3 * maxSecrets {
		s.add("a", []string{fmt.Sprint("password", i)})
	}
	all := s.of("a")
	if len(all) != maxSecrets || all[0] != fmt.Sprint("password", 3*maxSecrets-1) || s.of("b") != nil {
		t.Errorf("%d are remembered", len(all))
	}
	at = at.Add(secretFor)
	if len(s.of("a")) > 0 {
		t.Error("they are remembered for too long")
	}
	for i := range 2 * maxPeople {
		s.add(fmt.Sprint(i), []string{"x"})
	}
	if len(s.who) > maxPeople+1 {
		t.Errorf("of %d people", len(s.who))
	}
}
