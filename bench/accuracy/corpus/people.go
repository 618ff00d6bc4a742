package corpus

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
	"unicode"
)

//go:embed data/surnames.txt
var surnameList string

//go:embed data/given.txt
var givenList string

//go:embed data/foreign.txt
var foreignList string

//go:embed data/places.tsv
var placeList string

// rows splits a data file into lines of fields.
func rows(text string, sep string) [][]string {
	var all [][]string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != '#' {
			all = append(all, strings.Split(line, sep))
		}
	}
	return all
}

var (
	surnames = rows(surnameList, " ")
	givens   = rows(givenList, " ")
	places   = rows(placeList, "\t")
	foreign  = func() (all [][2]string) {
		for _, f := range rows(foreignList, " ") {
			all = append(all, [2]string{f[0], strings.Join(f[1:], " ")})
		}
		return all
	}()
)

// person is somebody who does not exist.
type person struct {
	surname, given             string
	surnameKana, givenKana     string // katakana
	surnameRomaji, givenRomaji string
	female                     bool
	birth                      time.Time
	home                       address
	phone                      phone
	mobile                     phone
	email                      string
}

// address is a real municipality and town with an invented block.
type address struct {
	postal                 string // seven digits
	prefecture, city, town string
	block                  [3]int // 丁目, 番, 号; the first 0 if the town has none
	building               string
	room                   int
}

// person invents somebody whose name nobody else in the document has.
func (g *gen) person() *person {
	for {
		s, v := surnames[g.r.IntN(len(surnames))], givens[g.r.IntN(len(givens))]
		if g.used[s[0]+v[0]] || g.used[s[0]] && g.chance(.7) {
			continue
		}
		g.used[s[0]+v[0]], g.used[s[0]] = true, true
		p := &person{
			surname: s[0], surnameKana: s[1], surnameRomaji: s[2],
			given: v[0], givenKana: v[1], givenRomaji: v[2], female: v[3] == "f",
			birth: time.Date(g.n(1931, 2016), time.Month(g.n(1, 12)), g.n(1, 28), 0, 0, 0, 0, time.UTC),
			home:  g.address(), phone: g.landline(), mobile: g.mobile(),
		}
		if len(s) > 3 && g.chance(.35) {
			p.surname = s[3]
		}
		p.email = g.email(p.givenRomaji, p.surnameRomaji)
		return p
	}
}

func (g *gen) people(n int) []*person {
	all := make([]*person, n)
	for i := range all {
		all[i] = g.person()
	}
	return all
}

func (g *gen) email(given, surname string) string {
	clean := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > 127 || !unicode.IsLetter(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	given, surname = clean(given), clean(surname)
	host := g.pick("example.com", "example.jp", "mail.example.ne.jp", "example.co.jp", "post.example.org", "example.net", "kaisya.example", "u.example.ac.jp")
	switch g.n(0, 5) {
	case 0:
		return given + "." + surname + "@" + host
	case 1:
		return given[:1] + "-" + surname + g.digits(2) + "@" + host
	case 2:
		return surname + "_" + given + "@" + host
	case 3:
		return surname + "+shop" + g.digits(1) + "@" + host
	case 4:
		return given + g.digits(4) + "@" + host
	default:
		return given + surname + "@" + host
	}
}

func (g *gen) address() address {
	p := places[g.r.IntN(len(places))]
	a := address{postal: p[0], prefecture: p[1], city: p[2], town: p[3], block: [3]int{g.n(1, 6), g.n(1, 38), g.n(1, 29)}}
	if g.chance(.25) {
		a.block[0] = 0
		a.block[1] += g.n(0, 2400)
	}
	if g.chance(.4) {
		a.building = g.pick("コーポ", "メゾン", "グランドハイツ", "サンライズ", "パークサイド", "第二", "レジデンス", "ハイム") +
			g.pick("青葉", "みどり", "カトレア", "南", "中央", "桜", "ひまわり", "ベルウッド")
		a.room = g.n(1, 12)*100 + g.n(1, 9)
	}
	return a
}

// numbers writes block numbers in one of the usual ways.
func (a address) numbers(style int) string {
	b := a.block
	if b[0] == 0 {
		switch style % 3 {
		case 0:
			return fmt.Sprintf("%d-%d", b[1], b[2])
		case 1:
			return fmt.Sprintf("%d番地%d", b[1], b[2])
		}
		return fmt.Sprintf("%d番地", b[1])
	}
	switch style % 3 {
	case 0:
		return fmt.Sprintf("%d-%d-%d", b[0], b[1], b[2])
	case 1:
		return fmt.Sprintf("%d丁目%d番%d号", b[0], b[1], b[2])
	}
	return fmt.Sprintf("%d丁目%d-%d", b[0], b[1], b[2])
}

func (a address) street(style int) string { return a.town + a.numbers(style) }

func (a address) home(style int) string {
	if a.building == "" {
		return ""
	}
	switch style % 3 {
	case 0:
		return fmt.Sprintf("%s%d号室", a.building, a.room)
	case 1:
		return fmt.Sprintf("%s %d", a.building, a.room)
	}
	return fmt.Sprintf("%s%d", a.building, a.room)
}

// full writes the whole address; from style 6 on without the prefecture.
func (a address) full(style int) string {
	s := a.city + a.street(style)
	if style < 6 {
		s = a.prefecture + s
	}
	if h := a.home(style); h != "" {
		if style%2 == 0 {
			s += " "
		} else {
			s += "　"
		}
		s += h
	}
	return s
}

// phone is a number in its parts: area code, exchange, subscriber.
type phone [3]string

func (g *gen) landline() phone {
	area := g.word("03 03 06 06 011 022 025 043 045 045 048 052 052 075 075 078 082 092 092 098 0263 0422 042 0467 0798 0957 0985 0126 0277 0538 0736 0866")
	exchange := fmt.Sprint(g.n(2, 8)) + g.digits(5-len(area))
	return phone{area, exchange, g.digits(4)}
}

func (g *gen) mobile() phone {
	return phone{g.pick("090", "080", "070"), fmt.Sprint(g.n(1, 9)) + g.digits(3), g.digits(4)}
}

// write puts the parts together in one of the usual ways.
func (p phone) write(style int) string {
	switch style % 8 {
	case 1:
		return p[0] + "(" + p[1] + ")" + p[2]
	case 2:
		return p[0] + p[1] + p[2]
	case 3:
		return "+81-" + p[0][1:] + "-" + p[1] + "-" + p[2]
	case 4:
		return "(" + p[0] + ")" + p[1] + "-" + p[2]
	case 5:
		return p[0] + " " + p[1] + " " + p[2]
	}
	return p[0] + "-" + p[1] + "-" + p[2]
}

// era returns the Japanese era of a day, its letter and the year in it.
func era(t time.Time) (name, letter string, year int) {
	for _, e := range []struct {
		name, letter string
		from         string
		zero         int
	}{{"令和", "R", "2019-05-01", 2018}, {"平成", "H", "1989-01-08", 1988}, {"昭和", "S", "1926-12-25", 1925}, {"大正", "T", "1912-07-30", 1911}} {
		if t.Format(time.DateOnly) >= e.from {
			return e.name, e.letter, t.Year() - e.zero
		}
	}
	return "明治", "M", t.Year() - 1867
}

// birthdate writes a day in one of the usual ways.
func birthdate(t time.Time, style int) string {
	name, letter, year := era(t)
	y, m, d := t.Year(), int(t.Month()), t.Day()
	switch style % 8 {
	case 1:
		return fmt.Sprintf("%d/%d/%d", y, m, d)
	case 2:
		return fmt.Sprintf("%d年%d月%d日", y, m, d)
	case 3:
		if year == 1 {
			return fmt.Sprintf("%s元年%d月%d日", name, m, d)
		}
		return fmt.Sprintf("%s%d年%d月%d日", name, year, m, d)
	case 4:
		return fmt.Sprintf("%s%d.%d.%d", letter, year, m, d)
	case 5:
		return t.Format("20060102")
	case 6:
		return t.Format("2006.01.02")
	case 7:
		return fmt.Sprintf("%s%02d/%02d/%02d", letter, year, m, d)
	}
	return t.Format(time.DateOnly)
}
