package proxy

import (
	"cmp"
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sekimori-dlp/sekimori/proxy/gate"
)

// familiar remembers values of header fields in which nothing was found that a
// rule wanted to know of. Cookies, credentials and the names of browsers come
// with every request, the same each time, and need be inspected only when they
// are new at a host. It forgets at random what it has no room for, and all when
// rules change. Safe for concurrent use.
type familiar struct {
	seed   maphash.Seed
	policy atomic.Pointer[gate.Policy]
	sums   [1 << 13]atomic.Uint64
}

func newFamiliar() *familiar { return &familiar{seed: maphash.MakeSeed()} }

// minFamiliar is the length from which such values are inspected each by itself:
// a list of people is longer, and most fields are shorter.
const minFamiliar = 64

// shortFields is the name under which the short ones are inspected, all together
// and with their names: many of them make a list too.
const shortFields = "fields"

// fresh lists the fields that no list names and that have values which were not
// seen at that host under these rules, with a sum of each; and the short ones, if
// they were not seen together.
func (f *familiar) fresh(host string, h http.Header, named func(string) bool, p *gate.Policy) (out []gate.Header, sums []uint64) {
	if f.policy.Load() != p && f.policy.Swap(p) != p {
		for i := range f.sums {
			f.sums[i].Store(0)
		}
	}
	size, together := 0, f.sum(host, shortFields, "")
	for name, values := range h {
		for _, v := range values {
			if short(name, v) {
				size += len(name) + len(v)
				together += f.sum("", name, v) // in any order
			}
			if len(v) < minFamiliar || named(name) {
				continue
			}
			if sum := f.sum(host, name, v); !f.known(sum) {
				out, sums = append(out, gate.Header{Name: name, Value: v}), append(sums, sum)
			}
		}
	}
	if size >= minFamiliar && !f.known(together) {
		out, sums = append(out, shortOnes(h)...), append(sums, together)
	}
	return out, sums
}

// short tells whether a field is one of those that are inspected together. The length
// is digits, and others each time.
func short(name, value string) bool { return len(value) < minFamiliar && name != "Content-Length" }

// trailers lists the fields behind a body to be inspected: each, and the short ones
// together too.
func trailers(h http.Header) []gate.Header {
	out := chosen(h, all)
	if list := shortOnes(h); len(list[0].Value) >= minFamiliar {
		out = append(out, list...)
	}
	return out
}

func (f *familiar) sum(host, name, value string) uint64 {
	var m maphash.Hash
	m.SetSeed(f.seed)
	m.WriteString(host)
	m.WriteByte(0)
	m.WriteString(name)
	m.WriteByte(0)
	m.WriteString(value)
	return m.Sum64()
}

// place is where a sum is remembered, if it is; 0 stands for none.
func (f *familiar) place(sum uint64) (*atomic.Uint64, uint64) {
	sum |= 1
	return &f.sums[sum>>1%uint64(len(f.sums))], sum
}

func (f *familiar) known(sum uint64) bool {
	at, sum := f.place(sum)
	return at.Load() == sum
}

// met remembers values.
func (f *familiar) met(sums []uint64) {
	for _, sum := range sums {
		at, sum := f.place(sum)
		at.Store(sum)
	}
}

// shortOnes writes the short fields, one a line in the order of their names; and, where
// some are of what is not written in fields by itself, what they say alone: a list whose
// cells have one each.
func shortOnes(h http.Header) []gate.Header {
	var b, plain strings.Builder
	other := false
	for _, name := range slices.SortedFunc(maps.Keys(h), natural) {
		for _, v := range h[name] {
			if !short(name, v) {
				continue
			}
			for i := range len(v) {
				other = other || v[i] == '%' || v[i] >= 0x80
			}
			if decoded, err := url.PathUnescape(v); err == nil {
				v = decoded
			}
			b.WriteString(name)
			b.WriteString(": ")
			b.WriteString(v)
			b.WriteByte('\n')
			plain.WriteString(v)
			plain.WriteByte('\n')
		}
	}
	out := []gate.Header{{Name: shortFields, Value: b.String()}}
	if other {
		out = append(out, gate.Header{Name: shortFields, Value: plain.String()})
	}
	return out
}

// natural compares names, shorter ones first where they differ in a number only:
// X-2 stands before X-10.
func natural(a, b string) int {
	if x, y := strings.TrimRight(a, "0123456789"), strings.TrimRight(b, "0123456789"); x == y {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	}
	return cmp.Compare(a, b)
}

// otherHeaders adds to what is inspected the fields that are on no list, when
// the configuration names none either.
func (x *exchange) otherHeaders(r *http.Request) {
	if f := x.s.familiar; f != nil {
		var more []gate.Header
		more, x.unmet = f.fresh(x.host, r.Header, x.s.inspects, x.s.deps.Policy())
		x.asked.Headers = append(x.asked.Headers, more...)
	}
}

// rememberHeaders notes that the other fields need not be inspected again.
func (x *exchange) rememberHeaders() {
	if o := &x.outcome; len(x.unmet) > 0 && o.Passes() && o.Verdict.Rule == "" && (o.Report == nil || len(o.Report.Coverage.Reasons) == 0) {
		x.s.familiar.met(x.unmet)
	}
}
