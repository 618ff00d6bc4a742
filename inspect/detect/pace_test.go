package detect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// contented is a Sink that wants nothing more as soon as it has a record.
type contented struct {
	records int
	hasty   bool
}

func (c *contented) Demand() Demand {
	if c.records > 0 {
		return Demand{}
	}
	return nil
}

func (c *contented) Record(*Record) { c.records++ }

func (c *contented) Hasty() bool { return c.hasty }

// Of a list no more is looked at than needed; of other texts a block.
func TestPaced(t *testing.T) {
	const head = "会員番号,氏名,電話番号\n"
	var list, quoted strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&list, "%d,山田太郎,090-1234-%04d\n", 10000000+i, i)
		fmt.Fprintf(&quoted, "\"%d\",\"山田\n太郎\",\"090-1234-%04d\"\n", 10000000+i, i)
	}
	for _, c := range []struct {
		name, text string
		hasty      bool
		lo, hi     int
	}{
		{"a list", head + list.String(), true, 300, 500},
		{"short", (head + list.String())[:50<<10], true, 300, 500},
		{"shorter", (head + list.String())[:20<<10], true, 450, 600},
		{"a list with quotes", head + quoted.String(), true, 250, 450},
		{"without haste", head + list.String(), false, 2500, 4500},
	} {
		w := &contented{hasty: c.hasty}
		s := builtinEngine().Session(w)
		s.Write(part.Text{Bytes: []byte(c.text), Layout: part.Auto})
		s.Close()
		if w.records < c.lo || w.records > c.hi {
			t.Errorf("%s: %d records", c.name, w.records)
		}
	}
}
