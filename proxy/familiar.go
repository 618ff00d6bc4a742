package proxy

import (
	"hash/maphash"
	"net/http"
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

// minFamiliar is the length from which such values are inspected: a list of
// people is longer, and most fields are shorter.
const minFamiliar = 64

// fresh lists the fields that no list names and that have values which were not
// seen at that host under these rules, with a sum of each.
func (f *familiar) fresh(host string, h http.Header, named func(string) bool, p *gate.Policy) (out []gate.Header, sums []uint64) {
	if f.policy.Load() != p && f.policy.Swap(p) != p {
		for i := range f.sums {
			f.sums[i].Store(0)
		}
	}
	for name, values := range h {
		for _, v := range values {
			if len(v) < minFamiliar || named(name) {
				continue
			}
			var m maphash.Hash
			m.SetSeed(f.seed)
			m.WriteString(host)
			m.WriteByte(0)
			m.WriteString(name)
			m.WriteByte(0)
			m.WriteString(v)
			sum := m.Sum64() | 1
			if f.sums[sum>>1%uint64(len(f.sums))].Load() == sum {
				continue
			}
			out = append(out, gate.Header{Name: name, Value: v})
			sums = append(sums, sum)
		}
	}
	return out, sums
}

// met remembers values.
func (f *familiar) met(sums []uint64) {
	for _, sum := range sums {
		f.sums[sum>>1%uint64(len(f.sums))].Store(sum)
	}
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
