package rules

import (
	"regexp"
	"strings"
	"testing"
)

// Ids and types have the shapes that these expressions say.
func TestShapes(t *testing.T) {
	id, kind := regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$`), regexp.MustCompile(`^[\p{L}][\p{L}\p{N}_.-]{0,63}$`)
	for _, s := range []string{
		"", "a", "1", "顧客名簿", "a-b_c.d", "-a", "_a", ".a", "a b", "a/b", "a\n", "Ⅳ", "½", "é", "e\u0301", "\xff", "a\xff", "\uFFFD",
		strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a", 100), strings.Repeat("a", 101), strings.Repeat("顧", 100), strings.Repeat("顧", 101),
	} {
		if got, want := isID(s), id.MatchString(s); got != want {
			t.Errorf("isID(%q) = %t, want %t", s, got, want)
		}
		if got, want := isType(s), kind.MatchString(s); got != want {
			t.Errorf("isType(%q) = %t, want %t", s, got, want)
		}
	}
}
