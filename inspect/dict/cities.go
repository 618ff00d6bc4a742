package dict

import "sync"

// cityIndex finds cities by name: with and without county, and designated
// cities without their ward.
type cityIndex struct {
	by      map[string][]uint16
	longest int
}

var cityNames = sync.OnceValue(func() *cityIndex {
	x := &cityIndex{by: map[string][]uint16{}}
	for i, c := range Cities() {
		names := []string{c.Name}
		if c.County != "" {
			names = append(names, c.County+c.Name)
		}
		if city, ward, ok := cutWard(c.Name); ok {
			names = append(names, city, ward)
		}
		for _, n := range names {
			key := foldString(n)
			x.by[key] = append(x.by[key], uint16(i))
			x.longest = max(x.longest, len(key))
		}
	}
	return x
})

// cutWard parts 札幌市中央区 into city and ward.
func cutWard(name string) (city, ward string, ok bool) {
	const mark = "市"
	for i := 3; i+len(mark) < len(name); i++ {
		if name[i:i+len(mark)] == mark && name[len(name)-3:] == "区" {
			return name[:i+len(mark)], name[i+len(mark):], true
		}
	}
	return "", "", false
}

func foldString(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		out = append(out, Fold(r))
	}
	return string(out)
}

// CityAt returns the cities that text begins with, as indexes into Cities(),
// and the length in bytes of the longest such name; nil, 0 if there is none.
// The name may stand with or without its county (郡), and a designated city
// without its ward: then all its wards are returned; a ward alone (中央区) gives
// the wards of that name in all cities. Variants of characters count as one.
// The caller must not change the slice.
func CityAt(text []byte) (cities []uint16, n int) {
	x := cityNames()
	var buf [64]byte
	var ends [32]cut
	key, k := foldInto(buf[:0], text, &ends)
	for ; k > 0; k-- {
		if int(ends[k-1].folded) > x.longest {
			continue
		}
		if c := x.by[string(key[:ends[k-1].folded])]; c != nil {
			return c, int(ends[k-1].source)
		}
	}
	return nil, 0
}

// CityNames lists every name that CityAt knows, as officially written, each
// once.
func CityNames() []string {
	seen := map[string]bool{}
	var out []string
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, c := range Cities() {
		add(c.Name)
		if c.County != "" {
			add(c.County + c.Name)
		}
		if city, ward, ok := cutWard(c.Name); ok {
			add(city)
			add(ward)
		}
	}
	return out
}
