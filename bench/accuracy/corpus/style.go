package corpus

import (
	"strings"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
)

// style is how one author writes: a document keeps to one.
type style struct {
	gap                          string // between surname and given name
	phone, born, address, postal int
}

func (g *gen) style() style {
	return style{
		gap:   g.pick("", " ", "　"),
		phone: g.pickInt(0, 0, 0, 0, 1, 2, 3, 4, 5), born: g.n(0, 7), address: g.n(0, 7), postal: g.n(0, 2),
	}
}

func (g *gen) pickInt(from ...int) int { return from[g.r.IntN(len(from))] }

func (s style) name(p *person) string { return mark(detect.Name, p.surname+s.gap+p.given) }

func (s style) surname(p *person) string { return mark(detect.Name, p.surname) }

func (s style) kana(p *person) string { return mark(detect.Name, p.surnameKana+s.gap+p.givenKana) }

func (s style) hiragana(p *person) string {
	return mark(detect.Name, hiragana(p.surnameKana)+s.gap+hiragana(p.givenKana))
}

func (s style) romaji(p *person) string {
	return mark(detect.Name, p.givenRomaji+" "+p.surnameRomaji)
}

func (s style) tel(p *person) string    { return mark(detect.Phone, p.phone.write(s.phone)) }
func (s style) mobile(p *person) string { return mark(detect.Phone, p.mobile.write(s.phone)) }
func (s style) email(p *person) string  { return mark(detect.Email, p.email) }
func (s style) birth(p *person) string {
	return mark(detect.Birthdate, birthdate(p.birth, s.born))
}
func (s style) home(p *person) string { return mark(detect.Address, p.home.full(s.address)) }

func (s style) code(a address) string {
	c := a.postal[:3] + "-" + a.postal[3:]
	if s.postal == 2 {
		c = a.postal
	}
	return mark(detect.Postal, c)
}

// label is the postal code as it stands before an address.
func (s style) label(a address) string {
	if s.postal == 1 {
		return "〒 " + s.code(a)
	}
	return "〒" + s.code(a)
}

// hiragana turns katakana into hiragana.
func hiragana(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ァ' && r <= 'ヶ' {
			return r - 0x60
		}
		return r
	}, s)
}
