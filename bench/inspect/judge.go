package speed

import "fmt"

// judge knows what has to be found.
type judge struct {
	declared []countTOML
	known    map[asked]answer
}

type asked struct {
	corpus, set string
	bytes       int
	counts      Counting
}

type answer struct {
	count int
	by    string
}

// The ways in which a count was checked.
const (
	byDeclaration = "declared"  // counts.toml
	byReference   = "reference" // counted by reference.go in this run
	byAgreement   = "agreement" // with the other engines, and with the reference on a prefix
)

// cheap is the length of a text up to which the reference counts expressions.
const cheap = 1 << 20

// prefixSize is how much of a longer text it counts.
const prefixSize = 128 << 10

// check compares what an engine counted in the first n bytes of a text with
// what has to be found there, and says how that is known.
func (j *judge) check(t *subject, n int, s *set, k Counting, e engine, got int) (by string, err error) {
	a := asked{t.name, s.name, n, k}
	want, ok := j.known[a]
	if !ok {
		want = j.ask(a, t, s)
		if want.by == byAgreement {
			want.count = got
		}
		j.known[a] = want
	}
	if got != want.count {
		return "", fmt.Errorf("%d %s counted, want %d (%s)", got, k, want.count, want.by)
	}
	if want.by == byAgreement {
		err = j.checkPrefix(t, s, k, e)
	}
	return want.by, err
}

// ask finds out what an engine must find. Where it answers byAgreement, the
// first engine's count is what the others must come to.
func (j *judge) ask(a asked, t *subject, s *set) answer {
	if t.builtin && s.builtin {
		for i := range j.declared {
			c := &j.declared[i]
			if c.Corpus == t.name && c.Set == s.name && c.Bytes == a.bytes {
				return answer{c.of(a.counts), byDeclaration}
			}
		}
	}
	text := t.prefix(a.bytes)
	if len(s.expressions) > 0 && len(text) > cheap {
		return answer{by: byAgreement}
	}
	c := count(text, s.literals, s.expressions)
	return answer{c.of(a.counts), byReference}
}

// checkPrefix compares an engine with the reference on the start of a text.
func (j *judge) checkPrefix(t *subject, s *set, k Counting, e engine) error {
	text := t.prefix(prefixSize)
	a := asked{t.name, s.name, prefixSize, k}
	want, ok := j.known[a]
	if !ok {
		c := count(text, s.literals, s.expressions)
		want = answer{c.of(k), byReference}
		j.known[a] = want
	}
	got, err := e.scan(text, 1)
	if err != nil {
		return err
	}
	if got.count != want.count {
		return fmt.Errorf("%d %s counted in the first %d bytes, want %d (%s)", got.count, k, len(text), want.count, want.by)
	}
	return nil
}
