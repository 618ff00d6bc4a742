package corpus

import (
	"strconv"
	"strings"
)

// event appends a line of JSON as an API of web analytics takes it.
func event(r *random, b []byte) []byte {
	b = append(b, `{"id":"`...)
	for k, n := range []int{8, 4, 4, 4, 12} {
		if k > 0 {
			b = append(b, '-')
		}
		b = r.hex(b, n)
	}
	b = append(append(b, `","type":"`...), r.any(eventTypes)...)
	b = append(strconv.AppendInt(append(b, `","ts":`...), 1_700_000_000_000+r.Int64N(1e11), 10), `,"created_at":"2026-`...)
	for _, f := range []struct {
		n    int
		tail string
	}{{12, "-"}, {28, "T"}, {23, ":"}, {59, ":"}, {59, "."}} {
		n := 1 + r.IntN(f.n)
		b = append(append(b, byte('0'+n/10), byte('0'+n%10)), f.tail...)
	}
	b = append(r.zeros(b, 3), `Z","user":{"id":`...)
	b = append(append(r.digits(b, r.between(5, 7)), `,"role":"`...), r.any(roles)...)
	b = append(append(b, `","active":`...), r.any(booleans)...)
	if r.one(19) {
		b = append(append(b, `,"name":"`...), r.skewed(surnames)...)
		b = append(append(append(append(b, ' '), r.skewed(givenNames)...), '"'), `,"city":"`...)
		b = append(append(b, cityOf(r)...), '"')
	}
	b = append(b, `},"props":{`...)
	for k := range r.between(2, 6) {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), r.zipf(english)...), `":`...)
		switch r.IntN(7) {
		case 0:
			b = append(r.phrase(append(b, '"'), r.between(3, 8)), '"')
		case 1, 2:
			b = append(b, r.any(booleans)...)
		case 3:
			b = strconv.AppendFloat(b, r.Float64()*100, 'f', -1, 64)
		case 4:
			b = append(b, "null"...)
		default:
			b = r.digits(b, r.between(1, 3))
		}
	}
	b = append(b, `},"title":"`...)
	if r.one(4) {
		b = append(b, strings.TrimSpace(string(r.sentence(nil)))...)
	} else {
		b = r.phrase(b, r.between(5, 15))
	}
	b = append(b, `","tags":[`...)
	for k := range r.IntN(4) {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), r.zipf(english)...), '"')
	}
	b = append(append(b, `],"url":"https://api.example.com/v2/`...), r.zipf(english)...)
	b = append(r.digits(append(b, '/'), r.between(5, 6)), "?page="...)
	b = append(strconv.AppendInt(b, int64(r.IntN(50)), 10), `","score":0.`...)
	return append(r.zeros(b, 6), "}\n"...)
}

var (
	eventTypes = strings.Fields("click page_view login purchase search scroll impression api_call logout error")
	roles      = strings.Fields("user admin guest editor")
	booleans   = []string{"true", "false"}
)
