package archive

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

// locked are ZIP files with a list of invented people, made by Info-ZIP's zip -P
// and by pyzipper, with the password "Sekimori-2026".
var locked = map[string]string{
	"classic": `
UEsDBBQACQAIAIsbdl0iBmTWUwAAAOgAAAAIABwAbGlzdC5jc3ZVVAkAA1ZhAmtWYQJrdXgLAAEEAAAAAAQAAAAA8ZG/srn4b5mR
zs7oflowqiUsqq7+I8LySQWfl+d5ZYfUsjoBuyVJnyjoNw2/5gG+X6S6fd4Vb49GjiArMM/M50BRmRxHw5gXZtA0tDJ4xYLLEqRQ
SwcIIgZk1lMAAADoAAAAUEsBAh4DFAAJAAgAixt2XSIGZNZTAAAA6AAAAAgAGAAAAAAAAQAAAKSBAAAAAGxpc3QuY3N2VVQFAANW
YQJrdXgLAAEEAAAAAAQAAAAAUEsFBgAAAAABAAEATgAAAKUAAAAAAA==`,
	"stored": `
UEsDBAoACQAAAIsbdl0iBmTW9AAAAOgAAAAIABwAbGlzdC5jc3ZVVAkAA1ZhAmtWYQJrdXgLAAEEAAAAAAQAAAAA1khmjOY3vBwx
0AQvkzKygoTMl0HYDuTyqaTGZc2kR5Tsyrj/ImXh01BtLI+ZscCisxKkdpua0X8wNfszP4wh1M7WejV4Vgm/0pUQBrPIBGcWthQb
0cAXE7Gq+OK8UjBpYH6sbFqcnjWO6qonZ9uCx4nQIsapLmivyJU0/GEszgpolh7nJIdzzLi3RqCRdXtBh3pT0UrgZBrS2yyA3to9
ErlCd3BCfcQ4HyyMI+jJJCUFZ9UQPDkbAPbbzhAz398lRMyC8AZRi1RbgX1l0lqiGU1tBCd+gNMB24A23WIp8/nWOHP4CSaZ71Ll
4/vlTMxsbUR2AFBLBwgiBmTW9AAAAOgAAABQSwECHgMKAAkAAACLG3ZdIgZk1vQAAADoAAAACAAYAAAAAAAAAAAApIEAAAAAbGlz
dC5jc3ZVVAUAA1ZhAmt1eAsAAQQAAAAABAAAAABQSwUGAAAAAAEAAQBOAAAARgEAAAAA`,
	"aes128": `
UEsDBBQAAQBjAIwbdl0AAAAAWwAAAOgAAAAIAAsAbGlzdC5jc3YBmQcAAgBBRQEIAOnhREV18o0Sg+mZg2eGpeNN2YVLTrMkSEx4
ssMpGFtW300jEuWXfb3cXnOPVczUspbwrAHyZBbb4OZmv147nn9WKhr7RWnWXCJPofHP8KLIK5Yb+xDXuB5nXC1QSwECFAMUAAEA
YwCMG3ZdAAAAAFsAAADoAAAACAALAAAAAAAAAAAAgAEAAAAAbGlzdC5jc3YBmQcAAgBBRQEIAFBLBQYAAAAAAQABAEEAAACMAAAA
AAA=`,
	"aes256": `
UEsDBBQAAQBjAIwbdl0AAAAAYwAAAOgAAAAIAAsAbGlzdC5jc3YBmQcAAgBBRQMIAOF9UZltGGiQK6o8V+i4JHgWrqNVWuA5JGb+
fXDmbbrlzVyCYOSqKHEYQB+wGTbtaEqAhYsyT/x4H1Lc20p0YLBv0JMAQ2PMfoAwY9lLGqPyOnKdi/VjsMVAYJbCUXSzgC8Fo1BL
AQIUAxQAAQBjAIwbdl0AAAAAYwAAAOgAAAAIAAsAAAAAAAAAAACAAQAAAABsaXN0LmNzdgGZBwACAEFFAwgAUEsFBgAAAAABAAEA
QQAAAJQAAAAAAA==`,
}

func TestPasswords(t *testing.T) {
	for name, text := range locked {
		raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		open := func(passwords ...string) *parttest.Tree {
			return parttest.Read(t, readers(), part.Part{Body: strings.NewReader(string(raw)), Size: int64(len(raw)), Passwords: passwords}, part.Limits{})
		}
		if x := open("wrong", "Sekimori-2026", "other"); !x.Has("関守 太郎7,090-0000-0007") || len(x.Parts[0].Skips) > 0 {
			t.Errorf("%s:\n%s", name, x)
		}
		for _, none := range [][]string{nil, {"sekimori-2026", "", "x"}} {
			if x := open(none...); x.Has("関守") || !strings.Contains(x.String(), "encrypted") {
				t.Errorf("%s with %q:\n%s", name, none, x)
			}
		}
	}
}
