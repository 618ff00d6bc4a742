package dict

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// Prefectures are the 47 in the order of their official numbers, 北海道 first.
var Prefectures = [47]string{
	"北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県",
	"茨城県", "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県",
	"新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県",
	"三重県", "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県",
	"鳥取県", "島根県", "岡山県", "広島県", "山口県",
	"徳島県", "香川県", "愛媛県", "高知県",
	"福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
}

// PrefectureSet is a set of prefectures, bit i for Prefectures[i].
type PrefectureSet uint64

// Has reports whether prefecture i is in the set.
func (s PrefectureSet) Has(i int) bool { return i >= 0 && s>>i&1 == 1 }

// City is a municipality, or a ward of a designated city.
type City struct {
	Prefecture int    // index into Prefectures
	County     string // 郡, "" if none
	Name       string // without county: 松本市, 札幌市中央区, 軽井沢町
}

// gazetteer is what places.zst holds.
type gazetteer struct {
	cities []City
	towns  *Table // keys: two bytes city index, then the folded town name
	codes  []uint32
	at     []uint16 // city index of codes[i]
	three  [1000]PrefectureSet
}

var places = sync.OnceValue(func() *gazetteer {
	g, err := decodePlaces(inflate("cities.zst"), inflate("postal.zst"))
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	g.towns = loadTable("towns.zst")
	return g
})

// Cities lists every municipality and ward, by prefecture and name. The caller must not
// change it.
func Cities() []City { return places().cities }

// Town returns how many bytes at the start of text name a town (大字, 町丁目
// without its number) of Cities()[city]; 0 if none. Variants (ヶ, ケ, が; 之,
// の, ノ; old forms) are taken as one.
func Town(city int, text []byte) int {
	g := places()
	var buf [2 + 96]byte
	binary.BigEndian.PutUint16(buf[:], uint16(city))
	var ends [32]cut
	key, n := foldInto(buf[:2], text, &ends)
	for ; n > 0; n-- {
		if g.towns.Lookup(key[:ends[n-1].folded]) != 0 {
			return int(ends[n-1].source)
		}
	}
	return 0
}

// Postal returns the cities that postal code (0 to 9999999) belongs to as
// indexes into Cities(), at most four, and their number; 0 if it is not
// listed, which large organisations' own codes are not.
func Postal(code int) (cities [4]int, n int) {
	g := places()
	i := sort.Search(len(g.codes), func(i int) bool { return g.codes[i] >= uint32(code) })
	for ; i < len(g.codes) && g.codes[i] == uint32(code) && n < len(cities); i++ {
		cities[n] = int(g.at[i])
		n++
	}
	return cities, n
}

// PostalPrefectures returns the prefectures in which codes with the first
// three digits of code lie; empty if there is no such code.
func PostalPrefectures(code int) PrefectureSet {
	if code < 0 || code > 9999999 {
		return 0
	}
	return places().three[code/10000]
}

// decodePlaces reads cities (lines of prefecture number, county and name, tab separated)
// and postal codes (uvarint pairs: step to the next code, city index).
func decodePlaces(cities, postal []byte) (*gazetteer, error) {
	g := &gazetteer{}
	for line := range strings.Lines(string(cities)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("damaged city %d", len(g.cities))
		}
		number, err := strconv.Atoi(f[0])
		if err != nil || number < 1 || number > len(Prefectures) {
			return nil, fmt.Errorf("damaged prefecture of city %d", len(g.cities))
		}
		g.cities = append(g.cities, City{Prefecture: number - 1, County: f[1], Name: f[2]})
	}
	last := uint64(0)
	for len(postal) > 0 {
		step, k := binary.Uvarint(postal)
		if k <= 0 {
			return nil, fmt.Errorf("damaged postal code after %07d", last)
		}
		city, l := binary.Uvarint(postal[k:])
		last += step
		if l <= 0 || last > 9999999 || city >= uint64(len(g.cities)) {
			return nil, fmt.Errorf("damaged postal code after %07d", last)
		}
		postal = postal[k+l:]
		g.codes = append(g.codes, uint32(last))
		g.at = append(g.at, uint16(city))
		g.three[last/10000] |= 1 << g.cities[city].Prefecture
	}
	return g, nil
}
