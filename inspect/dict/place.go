package dict

import (
	_ "embed" // the data
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/sekimori-dlp/sekimori/inspect/dict/internal/lists"
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

// Cities lists every municipality and ward, by prefecture and name. The caller must not
// change it.
func Cities() []City { return cities() }

var (
	//go:embed data/cities.tsv
	citiesData string
	//go:embed data/towns.lists
	townsData string
	//go:embed data/postal.zst
	postalData []byte
)

var cities = sync.OnceValue(func() []City {
	c, err := decodeCities(citiesData)
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	return c
})

// towns holds two bytes of city index with the folded name of a town behind.
var towns = open(townsData)

// postal is what postal.zst holds.
type postal struct {
	tails []uint16 // of the codes, ascending: their last three digits
	at    []uint16 // city index of code i
	three [1000]PrefectureSet
	first [10001]uint32 // index of the first code with these four digits, or above
}

var postals = sync.OnceValue(func() *postal {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	defer z.Close()
	b, err := z.DecodeAll(postalData, nil)
	if err != nil {
		panic(fmt.Sprintf("dict: unpack postal codes: %v", err))
	}
	p, err := decodePostal(b, cities())
	if err != nil {
		panic(fmt.Sprintf("dict: %v", err))
	}
	return p
})

// Town returns how many bytes at the start of text name a town (大字, 町丁目
// without its number) of Cities()[city]; 0 if none. Variants (ヶ, ケ, が; 之,
// の, ノ; old forms) are taken as one.
func Town(city int, text []byte) int {
	var buf [2 + 96]byte
	binary.BigEndian.PutUint16(buf[:], uint16(city))
	var ends [32]cut
	key, n := foldInto(buf[:2], text, &ends)
	for ; n > 0; n-- {
		if towns.Row(lists.Hash(key[:ends[n-1].folded])) != nil {
			return int(ends[n-1].source)
		}
	}
	return 0
}

// Postal returns the cities that postal code (0 to 9999999) belongs to as
// indexes into Cities(), at most four, and their number; 0 if it is not
// listed, which large organisations' own codes are not.
func Postal(code int) (cities [4]int, n int) {
	p := postals()
	if code < 0 || code > 9999999 {
		return cities, 0
	}
	tail, i := uint16(code%1000), p.first[code/1000]
	end := p.first[code/1000+1]
	for i < end && p.tails[i] < tail { // there are a dozen
		i++
	}
	for ; i < end && p.tails[i] == tail && n < len(cities); i++ {
		cities[n] = int(p.at[i])
		n++
	}
	return cities, n
}

// PostalListed reports whether Postal knows cities of code.
func PostalListed(code int) bool {
	if code < 0 || code > 9999999 {
		return false
	}
	p := postals()
	found := false
	for _, tail := range p.tails[:p.first[code/1000+1]][p.first[code/1000]:] {
		found = found || tail == uint16(code%1000)
	}
	return found
}

// PostalPrefectures returns the prefectures in which codes with the first
// three digits of code lie; empty if there is no such code.
func PostalPrefectures(code int) PrefectureSet {
	if code < 0 || code > 9999999 {
		return 0
	}
	return postals().three[code/10000]
}

// decodeCities reads lines of prefecture number, county and name, tab separated.
func decodeCities(data string) ([]City, error) {
	var cities []City
	for line := range strings.Lines(data) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("damaged city %d", len(cities))
		}
		number, err := strconv.Atoi(f[0])
		if err != nil || number < 1 || number > len(Prefectures) {
			return nil, fmt.Errorf("damaged prefecture of city %d", len(cities))
		}
		cities = append(cities, City{Prefecture: number - 1, County: f[1], Name: f[2]})
	}
	return cities, nil
}

// decodePostal reads uvarint pairs: step to the next code, city index.
func decodePostal(data []byte, cities []City) (*postal, error) {
	p := &postal{}
	last := uint64(0)
	for len(data) > 0 {
		step, k := binary.Uvarint(data)
		if k <= 0 {
			return nil, fmt.Errorf("damaged postal code after %07d", last)
		}
		city, l := binary.Uvarint(data[k:])
		last += step
		if l <= 0 || last > 9999999 || city >= uint64(len(cities)) {
			return nil, fmt.Errorf("damaged postal code after %07d", last)
		}
		data = data[k+l:]
		p.tails = append(p.tails, uint16(last%1000))
		p.at = append(p.at, uint16(city))
		p.three[last/10000] |= 1 << cities[city].Prefecture
		p.first[last/1000+1]++
	}
	for i := range len(p.first) - 1 {
		p.first[i+1] += p.first[i]
	}
	return p, nil
}
