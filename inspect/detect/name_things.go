package detect

import (
	"bytes"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// This file tells what bears the name of a person and is none: companies,
// goods, streets, eponyms, and the samples in programs.

// latinBrands are companies, makes and breeds called like a person's whole
// name, words joined by a space, in the form of dict.FoldLatin.
var latinBrands = newLatinSet(barred(`morgan stanley|wells fargo|charles schwab|merrill lynch|grant thornton|baker hughes|baker mckenzie|martin marietta|lockheed martin|johnson controls|harley davidson|louis vuitton|ralph lauren|calvin klein|tommy hilfiger
 |hugo boss|michael kors|kate spade|marc jacobs|christian dior|paul smith|jack daniels|jack daniel|johnnie walker|jim beam|jack russell|king charles|eli lilly|dean witter|edward jones|raymond james|piper sandler|stanley black|smith wesson
 |aston martin|mary kay|estee lauder|elizabeth arden|sara lee|betty crocker|uncle ben|aunt jemima|papa john|papa johns|jimmy choo|perry ellis|kenneth cole|vera wang|donna karan|jenny craig|john deere|john lewis|john hancock
 |charles river|jones lang|morgan lewis|baker tilly|thomas cook|henry schein|oscar mayer|jimmy johns|jimmy dean|ben jerry|ben jerrys|johnson johnson|johnson matthey|jackson hole|ryan air|kelly services|robert half|robert walters|michael page
 |cooper industries|parker hannifin|emerson electric|tiffany co|marie curie|barnes noble|rolls royce|allen overy|allen bradley|thomson reuters|ernst young|sherwin williams|benjamin moore|franklin templeton|vanessa bruno|agnes b|j.p. morgan|p. morgan|jp morgan|marks spencer|tom ford|tory burch|alexander mcqueen|alexander wang|stella mccartney|stella artois|samuel adams|captain morgan|george foreman|dr martens|doc martens|burt bees|jo malone|laura ashley|laura mercier|bobbi brown|charlotte tilbury|max mara|max factor|helena rubinstein|hunter douglas|herman miller|russell athletic|russell hobbs|morphy richards|black decker|fisher price|fisher paykel|fisher scientific|thermo fisher|perkin elmer|bell helicopter|bell labs|cook medical|abbott laboratories|taylor wimpey|les paul`))

// ownedThings follow the genitive of a name in eponyms: Halley's comet.
var ownedThings = newLatinSet(barred(`disease|syndrome|law|laws|comet|theorem|lemma|paradox|constant|equation|equations|inequality|palsy|chorea|sarcoma|lymphoma|principle|rule|rules|method|test|thyroiditis|conjecture|formula|ratio|razor|dilemma|triangle|square|College|Hospital|School|Church|Cathedral|University|Academy|Day|Park|Court|Square|Street|Island|Peak|Creek|Restaurant|Pizza`))

// latinLegal are the forms of companies: what they end is no person.
var latinLegal = newLatinSet(barred(`Inc|Ltd|LLC|LLP|PLC|GmbH|AG|SA|SAS|SARL|BV|NV|Corp|Corporation|Co|Company|Limited|Holdings|KK|Pty|SpA|Srl|Oy|AB|AS|Industries|Logistics|Partners|Associates|Bros|Brothers|Sons|Bancorp|Enterprises|Systems|Technologies|Solutions|Services|Foods|Motors|Group|Bank|Museum|Hospital|Foundation|Institute|University|College|Stadium|Airport|Street|Avenue|Road|Boulevard|Garden|Gardens`))

// barred are the words, or words joined by a space, between bars.
func barred(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range bytes.Split([]byte(words), []byte("|")) {
		set[string(bytes.TrimSpace(w))] = true
	}
	return set
}

// goods are things to buy whose plural looks like a verb.
var goods = newLatinSet(barred(`boots|shoes|jeans|socks|gloves|trousers|shorts|pants|shirts|jackets|coats|hats|bags|rings|watches|lamps|chairs|tables|desks|sofas|tiles|blinds|curtains|plates|mugs|pens|cards|frames|beans|buns|biscuits|cakes|rolls|apples|pears|grapes|plums|tomatoes|potatoes|sausages|candles|roses`))

// branded reports whether the two words t, one space apart, are a brand.
func branded(t []byte) bool {
	var buf [48]byte
	return latinBrands.has(dict.AppendFoldLatin(buf[:0], t))
}

// wordAt returns the end of the run of Latin letters that begins at i.
func wordAt(t []byte, i int) int {
	for i < len(t) && t[i]|0x20 >= 'a' && t[i]|0x20 <= 'z' {
		i++
	}
	return i
}

// thing weighs what stands around the name [start,end), one of n words, that
// makes it a part of the name of a thing.
func (s *nameSearch) thing(start, end, n int) (odds float32) {
	t := s.text
	rest := t[end:]
	if genitive(rest) {
		at := bytes.IndexByte(rest, ' ') + 1
		if ownedThings.has(rest[at:wordAt(rest, at)]) {
			return -5
		}
		if n == 1 && s.cellTail(start, end+at, 3) {
			return -3.5 // Carter's baby wipes
		}
	}
	if startsWith(rest, " & ") || startsWith(rest, " and ") {
		at := bytes.IndexByte(rest[1:], ' ') + 2
		if e := wordAt(rest, at); latinLegal.has(rest[at:e]) {
			return -4 // Dean & Sons
		}
	}
	if n == 1 {
		odds += s.thingBefore(start, end)
		if townOfState(rest) {
			odds -= 3 // Madison, WI
		}
	}
	if len(rest) > 1 && rest[0] == ' ' {
		e := wordAt(rest, 1)
		word := rest[1:e]
		switch {
		case e == 1:
		case word[0] < 'a':
			if latinLegal.has(word) || latinOrg.has(word) {
				odds -= 3.5
			} else if e < len(rest) && rest[e] == ' ' && latinLegal.has(rest[e+1:wordAt(rest, e+1)]) {
				odds -= 3 // Umbrella Food Inc
			}
		case latinAfter.weight(word) > 0:
		case s.cellTail(start, end+1, 4-min(n, 2)):
			odds -= 3.5 // Jasmine tea
		case n == 1 && determined(t[:start]) && dict.LookupLatin(word).Word:
			odds -= 2.5 // the Taylor acoustic guitar
		case n == 1 && goods.has(word):
			odds -= 2.5 // Chelsea boots, which otherwise reads as he boots
		case n == 1 && !verbLike(word):
			odds -= 1.6 // Chelsea coat
		}
	}
	return odds
}

// genitive reports whether t begins with the end of one: 's.
func genitive(t []byte) bool { return startsWith(t, "'s ") || startsWith(t, "’s ") }

// thingBefore weighs the word before the single name [start,end) that makes
// both the name of a company or place: J.P. Morgan, Lake Charles, Marks &
// Spencer.
func (s *nameSearch) thingBefore(start, end int) float32 {
	t := s.text
	if start < 3 || t[start-1] != ' ' {
		return 0
	}
	at := start - 1
	for at > 0 && (t[at-1]|0x20 >= 'a' && t[at-1]|0x20 <= 'z' || t[at-1] == '.') {
		at--
	}
	switch word := t[at : start-1]; {
	case len(word) == 0:
		if t[start-2] == '&' && start > 4 && isLatinLetter(t, start-4) {
			return -2.5
		}
	case word[0] >= 'a':
	case branded(t[at:end]):
		return -6
	case string(word) == "MS", string(word) == "Microsoft":
		return -4
	case latinGeo.has(word), string(word) == "St.", string(word) == "St", string(word) == "Saint":
		return -3.2
	}
	return 0
}

// townOfState reports whether t, what follows a name, is the code of a state.
func townOfState(t []byte) bool {
	if len(t) < 4 || t[0] != ',' && t[0] != ';' && t[0] != '|' && t[0] != '\t' {
		return false
	}
	i := 1
	if t[1] == ' ' {
		i = 2
	}
	return wordAt(t, i) == i+2 && stateCodes[string(t[i:i+2])]
}

// verbLike reports whether word, which follows a single name, may go on with a
// sentence about a person.
func verbLike(word []byte) bool {
	n := len(word)
	return word[n-1] == 's' || bytes.HasSuffix(word, []byte("ed")) || bytes.HasSuffix(word, []byte("ing")) || bytes.HasSuffix(word, []byte("ly")) || sentenceGoesOn.has(word)
}

var sentenceGoesOn = newLatinSet(nameSet(`is was will can could would should may might must had did do does to and or but who whom that this in on at for from with by of as has have went came said ran took got made gave
 knew saw felt left kept thought told found began became wrote sat stood let put set cut then now just also always never still not here there if because when where while than too both after before about into onto up
 out over off down back around again please let lets am are were be been came come go get give meet met spoke sent lost won paid bought sold held led read grew drew flew threw fell rose broke slept wept swept crept spent lent bent dealt dreamt learnt meant hid rang rode shook stole stuck struck swore tore woke wore work works chose drove ate sang swam shot fought taught caught brought built
 almost says tells shows gets wins wants says dies talks reveals returns opens joins calls takes makes leaves goes signs meets hits warns denies faces turns plays
 so yet though although until since during through against between among under near per via plus vs even only once soon later today yesterday tomorrow tonight`))

// determined reports whether t ends with an article or the like, which stands
// before things and not before persons.
func determined(t []byte) bool {
	for _, w := range [...]string{"the ", "The ", " a ", " an ", " A ", " this ", " our ", " your ", " some "} {
		if bytes.HasSuffix(t, []byte(w)) {
			return true
		}
	}
	return false
}

// cellTail reports whether the cell that begins at start goes on at i with
// nothing but a few words in lower case: the name of a thing, not of a person.
func (s *nameSearch) cellTail(start, i, most int) bool {
	t := s.text
	if start > 0 && !thingMark[t[start-1]] && !(t[start-1] == ' ' && start > 1 && (t[start-2] == ' ' || t[start-2] == ':' || t[start-2] == '-' || t[start-2] == '|')) {
		return false
	}
	n, words := 0, 1
	for j := i; j < len(t) && j-i < 40; j++ {
		c := t[j]
		switch {
		case c >= 'a' && c <= 'z':
			n++
		case c == ' ' && j+1 < len(t) && t[j+1] == ' ':
			return n > 1
		case c == ' ':
			if words++; words > most {
				return false
			}
		case c == '-':
		case c == ',':
			return n > 1 && (j+1 == len(t) || t[j+1] != ' ')
		case thingMark[c]:
			return n > 1
		default:
			return false
		}
	}
	return n > 1 && len(t)-i < 40
}

// thingMark are the bytes that border a cell or value with names of things.
var thingMark = [256]bool{'\n': true, '\r': true, '\t': true, ',': true, '"': true, '|': true, ';': true, '<': true, '>': true, '\'': true, '`': true}

// sampled reports whether the value [start,end) of a key for names is one word
// in Latin letters within a program: name: 'Taylor'.
func sampled(text []byte, start, end int) bool {
	return text[start] < utf8.RuneSelf && (wordAt(text, start) == end && inCode(text, start, end) || literal(text, start, end))
}

// literal reports whether [start,end) is the string under a key without quotes in
// an object of a program, {name: 'Ann Lee'}, that says nothing else of a person.
func literal(text []byte, start, end int) bool {
	if start < 4 || end >= len(text) || text[end] != text[start-1] || text[start-1] != '\'' && text[start-1] != '"' {
		return false
	}
	at := start - 2
	for at > 0 && text[at] == ' ' {
		at--
	}
	if text[at] != ':' || !isLetter(text[at-1]) {
		return false
	}
	for at > 0 && isAlnum(text[at-1]) {
		at--
	}
	for at > 0 && space(text[at-1]) {
		at--
	}
	return at > 0 && (text[at-1] == '{' || text[at-1] == ',') && !personal(text, start, end, LPhone|LEmail|LAddress|LStreet|LPostal|LBirth)
}

// namelessThing reports whether v, which stands where a name is expected, is
// the name of a company, a place or goods by its own words.
func namelessThing(v []byte) bool {
	for _, w := range companyWords {
		if bytes.Contains(v, []byte(w)) {
			return true
		}
	}
	if v[0] >= utf8.RuneSelf {
		_, n := nameThingEnds.ends(v)
		return n > 0 && n < len(v) && utf8.RuneCount(v) > 2
	}
	// Running socks: a person's words are capitals all or none.
	i := bytes.IndexByte(v, ' ')
	if i < 0 || v[0] < 'A' || v[0] > 'Z' {
		return false
	}
	last := v[bytes.LastIndexByte(v, ' ')+1:]
	return len(last) > 1 && last[0] >= 'a' && last[0] <= 'z' || latinLegal.has(trimStop(last)) || latinOrg.has(trimStop(last))
}

// companyWords stand in the names of companies and nowhere else.
var companyWords = [...]string{"株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "(株)", "(有)", "㈱", "㈲", "法人"}

// nameThingEnds end the names of what is no person.
var nameThingEnds = newWordEnds(`銀行 製作所 商店 商会 工業 産業 大学 高校 学校 学園 学院 病院 医院 電機 電器 電鉄 製薬 建設 不動産 証券 生命 自動車 重工 化学 食品 鉄道 新聞 放送 書店 出版 物産 商事 運輸 交通 観光 市場 空港 公園 球場
 機械 織機 鉄工 金属 紡績 製鉄 製鋼 製紙 製菓 製パン 製粉 酒造 醸造 工務店 支店 本店 営業所 出張所 事業所 工場 倉庫 研究所 事務所 センター 協会 組合 連合会 協議会 委員会 特集 セット プラン コース シリーズ ブランド ラーメン うどん そば カレー タオル ノート パイプ フーズ グループ
 ホールディングス フィナンシャル ホテル 旅館 温泉 神社 寺院 城址 城跡 遺跡 記念館 博物館 美術館 図書館 会館 公民館 保育園 幼稚園 薬局 クリニック 歯科 内科 外科 ビル タワー マンション ハイツ アパート ゴルフ場 競馬場 サービスエリア 店 社 駅 線 県`)
