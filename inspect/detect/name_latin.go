package detect

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/dict"
)

// latinWord is one word of a name in Latin letters.
type latinWord struct {
	start, end int
	given      dict.Info
	family     dict.Info
	jaGiven    dict.Info
	jaFamily   dict.Info
	title      float32 // Mr, President
	ordinary   bool    // an English word when in lower case
	elsewhere  bool    // a place, month or nationality
	initial    bool    // J or J.
	particle   bool    // van, de la
	upper      bool    // all capitals
}

// maxLatin is the most words in a name.
const maxLatin = 7

// latinWords reads the words of a name from at on: capitalised words, initials
// and particles, one space apart.
func (s *nameSearch) latinWords(at int, w *[maxLatin]latinWord) int {
	t := s.text
	n := 0
	for n < maxLatin && at < len(t) {
		x := latinWord{start: at}
		r, size := utf8.DecodeRune(t[at:])
		if scriptOf(r) != scriptLatin {
			break
		}
		end := at + size
		lower := 0
		for end < len(t) && end-at < 32 {
			r2, n2 := utf8.DecodeRune(t[end:])
			if r2 == '\'' || r2 == '-' || r2 == '’' {
				if end+n2 >= len(t) || !isLatinLetter(t, end+n2) || r2 != '-' && contraction(t[end+n2:]) {
					break
				}
			} else if scriptOf(r2) != scriptLatin {
				break
			}
			if r2 >= 'a' && (r2 <= 'z' || unicode.IsLower(r2)) {
				lower++
			} else if lower > 0 && r2 >= 'A' && r2 <= 'Z' && !(camelName(t[at:end]) && (wordAt(t, end+1) > end+2 || latinSuffixes[string(t[at:wordAt(t, end)])])) {
				return latinTrim(w, n) // an identifier: parseName, NaN
			}
			end += n2
		}
		if end < len(t) && (t[end] >= '0' && t[end] <= '9' || t[end] == '_' || t[end] == '@') {
			break
		}
		x.end = end
		stop := false
		switch {
		case !unicode.IsUpper(r):
			if n == 0 || !nameParticles[string(t[at:end])] {
				return latinTrim(w, n)
			}
			x.particle = true
		case end-at == size:
			x.initial = true
			if end < len(t) && t[end] == '.' {
				x.end++
			}
		default:
			x.upper = lower == 0
			if lower == 1 && end-at == 3 && isUpper(t[at+1]) {
				return latinTrim(w, n) // CAs, PCs
			}
			s.latinLookup(&x)
			if end < len(t) && t[end] == '.' {
				if x.title > 0 || latinSuffixes[string(t[at:end])] {
					x.end++
				} else {
					stop = true
				}
			}
		}
		w[n] = x
		n++
		at = x.end
		if stop || at >= len(t) || t[at] != ' ' {
			break
		}
		at++
	}
	return latinTrim(w, n)
}

// contraction reports whether what follows an apostrophe is the end of a
// contraction or a genitive (I'm, Don't, Smith's) and not of a name (O'Neil).
func contraction(t []byte) bool {
	n := 0
	for n < len(t) && n < 3 && t[n]|0x20 >= 'a' && t[n]|0x20 <= 'z' {
		n++
	}
	switch string(t[:n]) {
	case "m", "d", "s", "t", "ll", "ve", "re":
		return true
	}
	return false
}

// camelName reports whether a capital may follow t in a name: McDonald, LeRoi,
// O'Neil, Smith-Jones.
func camelName(t []byte) bool {
	last := t[len(t)-1]
	return len(t) <= 4 || last == '-' || last == '\'' || last >= utf8.RuneSelf
}

// latinTrim drops particles and bare initials from the end of the words.
func latinTrim(w *[maxLatin]latinWord, n int) int {
	for n > 0 && (w[n-1].particle || w[n-1].initial && n > 1 && w[n-1].end-w[n-1].start == 1) {
		n--
	}
	return n
}

var nameParticles = nameSet(`van von der den de del della di da dos das du la le el al bin ibn ter ten zu y e st`)

// latinSuffixes end a name and are part of it.
var latinSuffixes = nameSet(`Jr Sr II III IV MD PhD DDS DVM V VI`)

// nameSaint is the weight of St., which stands before places more often.
const nameSaint = 0.1

// latinGeo stand before the names of places.
var latinGeo = nameSet(`Lake Fort Mount Mt Mt. Port Cape Camp Glen Eau Corpus Point Cedar Rio Hotel Villa Castle Church Tower Building Team Club Casa Palazzo Chateau Notre Monte El Los Las Ft Santa Santo Sant Isla Islas Tierra Puerto Valle Mato Costa Sierra Sainte`)

// latinOrg follow the names of organisations and places.
var latinOrg = nameSet(`Band Hotel Institute Center Centre House Show Society University Hospital Library School Cup Trophy Award Awards Prize Foundation Museum Park Street Avenue Road Building
 Club Company Corporation Inc Ltd LLC PLC Bank Stadium Arena Theatre Theater Church College Airport Station Bridge Island River Lake County Group Records Airlines Motors Brothers Project Orchestra Quartet Trio Gallery Academy Memorial Tower Mall Plaza Field Playfield Act Law Effect Theorem Disease Syndrome Day Dam`)

// latinTitles stand before a name, in the form of dict.FoldLatin.
var latinTitles = newLatinList(map[float32]string{
	3.2:       "mr mrs ms miss dr prof mme herr frau",
	nameSaint: "saint st",
	1.5: `professor sir lord lady dame president senator sen rep gov governor captain capt colonel col lt sgt judge justice minister rev reverend father queen king prince princess pope
 chancellor coach secretary ambassador detective officer inspector mayor actor actress singer director producer chairman ceo congressman congresswoman councilman emperor tsar duke baron count dear hi hello hey thanks`,
})

// latinList is a small list of lower-case words with weights, asked for every
// capitalised word: first letter and length turn most of them away.
type latinList struct {
	words   map[string]float32
	lengths [26]uint32
}

func newLatinList(words map[float32]string) *latinList {
	l := &latinList{words: nameWeights(words)}
	for w := range l.words {
		l.lengths[w[0]-'a'] |= 1 << len(w)
	}
	return l
}

func (l *latinList) weight(word []byte) float32 {
	if len(word) == 0 || len(word) > 31 || word[0] < 'a' || word[0] > 'z' || l.lengths[word[0]-'a']>>len(word)&1 == 0 {
		return 0
	}
	return l.words[string(word)]
}

// latinElsewhere are capitalised words that are names of something else:
// months, days, countries, states, cities, peoples.
var latinElsewhere = nameSet(`jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday christmas easter
 alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada hampshire jersey mexico york carolina dakota ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming
 afghanistan albania algeria america andorra angola argentina armenia australia austria azerbaijan bahamas bahrain bangladesh barbados belarus belgium belize benin bhutan bolivia bosnia botswana brazil britain brunei bulgaria burma burundi cambodia cameroon canada chad chile china colombia congo croatia cuba cyprus denmark dominica ecuador egypt england eritrea estonia ethiopia fiji finland france gabon gambia germany ghana greece grenada guatemala guinea guyana haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya korea kosovo kuwait laos latvia lebanon lesotho liberia libya lithuania luxembourg madagascar malawi malaysia maldives mali malta mauritius moldova monaco mongolia montenegro morocco mozambique myanmar namibia nepal netherlands nicaragua niger nigeria norway oman pakistan palau palestine panama paraguay peru philippines poland portugal qatar romania russia rwanda samoa scotland senegal serbia seychelles singapore slovakia slovenia somalia spain sudan suriname sweden switzerland syria taiwan tanzania thailand togo tonga trinidad tunisia turkey turkmenistan uganda ukraine uruguay uzbekistan venezuela vietnam wales yemen zambia zimbabwe
 africa asia europe oceania antarctica arctic atlantic pacific caribbean balkan siberia scandinavia
 london paris berlin madrid rome milan florence naples vienna prague dublin brussels amsterdam zurich geneva lisbon athens moscow istanbul cairo tokyo osaka kyoto beijing shanghai seoul bangkok manila jakarta delhi mumbai sydney melbourne brisbane perth adelaide auckland wellington toronto montreal vancouver ottawa boston chicago houston dallas austin phoenix denver detroit seattle philadelphia atlanta miami orlando tampa cleveland cincinnati columbus memphis nashville baltimore pittsburgh milwaukee minneapolis oakland sacramento portland tucson albuquerque omaha charlotte raleigh richmond norfolk buffalo rochester albany hartford providence francisco angeles diego antonio jose vegas hollywood brooklyn manhattan bronx queens
 manchester birmingham liverpool leeds sheffield bristol glasgow edinburgh cardiff belfast oxford cambridge brighton southampton portsmouth leicester nottingham kent essex sussex surrey devon cornwall yorkshire lancashire lancaster durham
 american british english scottish irish welsh french german italian spanish portuguese dutch belgian swiss austrian polish czech hungarian romanian bulgarian greek turkish russian ukrainian swedish norwegian danish finnish icelandic european asian african chinese japanese korean indian pakistani thai vietnamese filipino indonesian australian canadian mexican brazilian argentine chilean cuban colombian egyptian israeli iranian iraqi arab muslim jewish catholic protestant buddhist hindu islam islamic latin roman celtic gothic viking soviet
 hong kong saint san santa los las puerto rico monte costa sierra rio new south north east west great upper lower google apple microsoft amazon facebook twitter instagram windows linux android java python javascript toyota honda sony nintendo samsung mercedes bentley porsche ford tesla chevrolet cadillac harley disney bot`)

func (s *nameSearch) latinLookup(x *latinWord) {
	var buf [48]byte
	low := dict.AppendFoldLatin(buf[:0], s.text[x.start:x.end])
	is := dict.LookupLatin(low)
	x.given, x.family, x.ordinary = is.Given, is.Surname, is.Word
	x.jaGiven, x.jaFamily = is.RomajiGiven, is.RomajiSurname
	x.elsewhere = latinElsewhere[string(low)]
	x.title = latinTitles.weight(low)
}

// latinName weighs the words of a possible name and reports them.
func (s *nameSearch) latinName(w []latinWord) {
	t := s.text
	// What stands before the name: titles, and words that begin a sentence
	// (The Robert Petersen version, On Monday John Smith).
	var title, part float32 // part: it is a part of another name
	if n := len(w); n > 1 && n < 5 {
		// A whole cell is not trimmed: Paris Miller, Willow Smith, Lilian Beer.
		left, right := s.cellBorder(w[0].start, w[n-1].end)
		first, last := &w[0], &w[n-1]
		if end := trimStop(t[last.start:last.end]); latinOrg[end] || latinLegal[end] || latinGeo[string(t[first.start:first.end])] {
			right = false
		}
		if left && right && last.family != 0 && !last.elsewhere && first.title == 0 && (first.given != 0 || first.family != 0) {
			switch {
			case !last.ordinary && (first.ordinary || first.elsewhere):
				s.latinScore(w, 0, 2.5)
				return
			case !last.ordinary, first.given != 0 && !first.ordinary && !first.elsewhere:
				s.latinScore(w, 0, 0.6)
				return
			}
		}
	}
	for len(w) > 0 {
		x := &w[0]
		if len(w) > 1 {
			switch word := string(t[x.start:x.end]); {
			case x.elsewhere && !x.ordinary && title < 3, x.title == nameSaint, latinGeo[word]:
				part = -2.5 // San Mateo, New York, St. John, Lake Charles
			case word == "The":
				part = -1.2
			}
		}
		switch {
		case x.title > 0 && (len(w) > 1 || x.given == 0):
			title = max(title, x.title)
		case x.particle, x.elsewhere && x.given.Weight() < 10 && len(w) > 1 && !(title >= 3 && x.given != 0), x.elsewhere && x.given == 0,
			!x.initial && x.ordinary && x.given.Weight() < 10 && title < 3:
			title = 0
		case x.initial && len(w) == 1:
			return
		default:
			goto found
		}
		w = w[1:]
	}
	return
found:
	n := len(w)
	for n > 1 && (latinSuffixes[trimStop(t[w[n-1].start:w[n-1].end])] || w[n-1].initial) {
		n--
	}
	for n > 1 { // Robert Petersen Street, John Smith University
		last := &w[n-1]
		if (last.ordinary || last.elsewhere) && (n > 2 || last.family.Weight() < 6) || last.title > 0 && n > 2 || latinLegal[trimStop(t[last.start:last.end])] {
			n--
			w = w[:n]
			part = min(part, -1.5)
			if end := trimStop(t[last.start:last.end]); n == 1 || latinOrg[end] || latinLegal[end] {
				part = -3 // Stanley Cup, Robert Petersen Hotel
			}
			continue
		}
		break
	}
	s.latinScore(w, title, part)
}

// latinScore sums the evidence for the words w, behind a title of that weight;
// part is below 0 if they are a part of another name, above it if they are a
// cell of their own.
func (s *nameSearch) latinScore(w []latinWord, title, part float32) {
	t := s.text
	n := len(w)
	for n > 1 && (latinSuffixes[trimStop(t[w[n-1].start:w[n-1].end])] || w[n-1].initial) {
		n--
	}
	first, last := &w[0], &w[n-1]
	if first.start < s.taken {
		return
	}
	start, end := first.start, w[len(w)-1].end
	if t[end-1] == '.' && !first.initial && !latinSuffixes[trimStop(t[w[len(w)-1].start:end])] {
		end--
	}
	odds, listed := title+part, false
	if n == 1 && first.given == 0 && latinLegal[trimStop(t[first.start:first.end])] {
		return // Acme Corp
	}
	if n == 1 {
		odds += latinAlone(first, title)
		if len(w) > 1 {
			odds -= 2 // Mark IV
		}
		if start > 0 && (t[start-1] == '"' || t[start-1] == '\'') && title == 0 {
			odds-- // a string in a program, the title of a work
		}
		if s.knows(t[first.start:first.end]) {
			odds += 2.5
		}
	} else {
		listed = first.given != 0 && last.family != 0
		odds += latinPair(first, last, title)
		if ja := max(min(first.jaFamily.Weight(), last.jaGiven.Weight()), min(first.jaGiven.Weight(), last.jaFamily.Weight())); ja > 2 && n == 2 {
			o := -2 + 0.35*float32(ja) + title
			if first.ordinary || last.ordinary || first.elsewhere || last.elsewhere {
				o -= 2
			}
			if o > odds {
				odds, listed = o, true
			}
		}
		if bytes.Equal(t[first.start:first.end], t[last.start:last.end]) {
			odds -= 2
		}
		for _, x := range w[1 : n-1] {
			switch {
			case x.initial, x.particle, x.given != 0:
				odds += 0.6
			case x.ordinary, x.elsewhere:
				odds -= 1.5
			}
		}
	}
	if n > 1 && branded(t[first.start:last.end]) {
		odds -= 5
	}
	label, _ := s.labelled(start, end)
	if part < -1 {
		label = min(label, 0) // name="Lake Charles"
	}
	odds += label + s.latinAround(start, end) + s.thing(start, end, n)
	code := odds > -0.5 && inCode(t, start, end)
	if code {
		// The samples of programs: name: 'Taylor'.
		if n == 1 {
			odds -= max(label, 0) + 2.5
		} else {
			odds -= 0.8 * max(label, 0)
		}
	}
	if g := first.given.Weight(); (g >= 10 || g > 4 && !first.ordinary) && s.speaks(start, end) {
		odds += 1.8
	}
	if left, right := s.cellBorder(start, end); left && right && n > 1 {
		odds += 1.2
	} else if n == 1 {
		odds += s.latinSpeech(start, end)
		if odds < 1.5 && !first.ordinary && !first.elsewhere && (first.family != 0 || first.given != 0) {
			odds += s.latinActs(start, end)
		}
		if first.given == 0 && first.family != 0 && sentenceStart(t, start) {
			odds += 0.7
		}
	}
	if odds > 0 && literal(t, start, end) {
		odds = -0.1
	} else if !code && inSentence(t, start, end) {
		odds += max(0, 0.4-0.2*max(0, odds)) // more of these are right than the rest says
	}
	if n == 1 && odds > technicalMost && title < 3 && label < 3 && technical(t, start, end) {
		odds = technicalMost // Max, Perl, Cyrus: what is set apart here is as likely a thing
	}
	if s.report(start, end, odds, listed) && n > 1 && odds > 0.5 {
		s.remember(last.start, last.end)
		if !first.initial {
			s.remember(first.start, first.end)
		}
	}
}

// inSentence reports whether a word in small Latin letters stands beside
// [start,end), one space or a comma apart.
func inSentence(t []byte, start, end int) bool {
	if start > 1 && t[start-1] == ' ' && t[start-2] >= 'a' && t[start-2] <= 'z' {
		return true
	}
	if start > 0 && t[start-1] != ' ' && t[start-1] != '\n' {
		return false // the start of a cell
	}
	if end < len(t) && t[end] == ',' {
		end++
	}
	return end+1 < len(t) && t[end] == ' ' && t[end+1] >= 'a' && t[end+1] <= 'z'
}

// speaks reports whether [start,end) is the speaker of a line of talk: Mark: yes.
func (s *nameSearch) speaks(start, end int) bool {
	t := s.text
	if end+2 >= len(t) || t[end] != ':' || t[end+1] != ' ' || t[end+2] <= '9' {
		return false
	}
	return start == 0 || t[start-1] == '\n' || start > 1 && t[start-1] == ' ' && (t[start-2] == ']' || t[start-2] == '>')
}

func trimStop(t []byte) string {
	if n := len(t); n > 0 && t[n-1] == '.' {
		t = t[:n-1]
	}
	return string(t)
}

// latinAlone weighs a single capitalised word as a name.
func latinAlone(x *latinWord, title float32) (odds float32) {
	g := x.given.Weight()
	switch {
	case title >= 3:
		if x.ordinary {
			return -1.5
		}
		return -0.6
	case x.elsewhere:
		odds = -4
		if g >= 12 {
			odds = -1.5
		}
		return odds
	case g >= 13:
		odds = 2.6
	case g >= 10:
		odds = 1.7
	case g >= 7:
		odds = 0.6
	case g > 0:
		odds = -0.1
	case title > 0 && !x.ordinary:
		odds = -1
	case x.family.Weight() > 9:
		odds = 0.1
	case x.family.Weight() > 3:
		odds = -0.2
	case x.family != 0:
		odds = -0.7
	case max(x.jaFamily.Weight(), x.jaGiven.Weight()) >= 10:
		odds = -1
	case x.ordinary:
		return -4
	default:
		return -2.2
	}
	if x.ordinary {
		odds -= 3.5
	}
	if x.upper {
		odds -= 2
	}
	if x.end-x.start < 3 {
		odds--
	}
	return odds
}

// latinPair weighs the first and last word of a name of several words.
func latinPair(first, last *latinWord, title float32) (odds float32) {
	g, f := first.given.Weight(), last.family.Weight()
	switch {
	case first.initial:
		odds = 0.2
	case g >= 13:
		odds = 3.4
	case g >= 10:
		odds = 2.5
	case g >= 7:
		odds = 1.1
	case g > 0:
		odds = 0.3
	case first.family != 0:
		odds = -1.3
	default:
		odds = -1.7
	}
	switch {
	case first.elsewhere && g >= 9 && f >= 9:
		odds -= 1.8 // Diego Turner
	case first.elsewhere:
		odds -= 2.5
	case first.ordinary && first.upper:
		odds -= 5 // WILL ENCRYPT
	case first.ordinary && g >= 10:
		odds -= 1.2
	case first.ordinary:
		odds -= 4
	}
	switch {
	case last.elsewhere:
		odds -= 2.5
	case last.ordinary && f >= 9 && (title >= 3 || first.given != 0 && !first.ordinary && !first.elsewhere && !first.upper):
		odds -= 0.6 // Fatima Wright
	case last.ordinary && f >= 9:
		odds -= 1.5
	case last.ordinary:
		odds -= 3
	case f > 0:
		odds += 0.3 + 0.08*float32(f)
	case last.given != 0:
		odds += 0.2
	}
	switch {
	case first.upper && last.upper && first.end-first.start <= 3 && last.end-last.start <= 4:
		odds -= 3 // MIN MAX
	case first.upper && last.upper && (g < 10 || f == 0):
		odds -= 1.5 // DOM API
	case last.upper && !first.upper && !first.initial && f == 0 && last.jaFamily == 0 && last.jaGiven == 0:
		odds -= 3 // Taylor UUCP, Min CPU
	case first.upper && !last.upper && !last.initial:
		odds--
	}
	return odds
}

// latinActs weighs a verb in the past behind a single name, which persons have
// more often than what else is named so.
func (s *nameSearch) latinActs(start, end int) float32 {
	rest := s.text[end:]
	if len(rest) < 4 || rest[0] != ' ' {
		return 0
	}
	e := wordAt(rest, 1)
	if word := rest[1:e]; len(word) > 4 && word[0] >= 'a' && bytes.HasSuffix(word, []byte("ed")) || pastVerbs[string(word)] {
		return 0.6
	}
	return 0
}

var pastVerbs = nameSet(`went came ran took got made gave knew saw felt left kept thought found began became wrote sat stood met spoke sent lost won paid bought sold held led read grew drew flew threw fell rose wore chose drove ate sang swam fought taught caught brought built beat hit`)

// latinSpeech weighs the words around a single name that only people have:
// said Smith, Smith told us, Smith's.
func (s *nameSearch) latinSpeech(start, end int) (odds float32) {
	t := s.text
	rest := t[end:]
	for i, c := range rest {
		if c == ' ' || c == ',' {
			continue
		}
		n := i
		for n < len(rest) && n-i < 12 && rest[n] >= 'a' && rest[n] <= 'z' {
			n++
		}
		odds += latinAfter[string(rest[i:n])]
		break
	}
	if bytes.HasPrefix(rest, []byte("'s ")) || bytes.HasPrefix(rest, []byte("’s ")) {
		odds += 0.5
	}
	i := start
	for i > 0 && (t[i-1] == ' ' || t[i-1] == ',') {
		i--
	}
	n := i
	for n > 0 && i-n < 12 && t[n-1] >= 'a' && t[n-1] <= 'z' {
		n--
	}
	return odds + latinBeforeWords[string(t[n:i])]
}

var (
	latinAfter = nameWeights(map[float32]string{
		2.2: "said says told tells explained explains added adds argued replied asked wrote writes recalled recalls thinks thought believes shouted laughed smiled nodded insisted tweeted",
		1.0: "who was is has had died married born joined moved began became retired played scored won himself herself met enrolled graduated starred directed co-wrote composed painted sang studied taught resigned argued insists claims admits tweets",
	})
	latinBeforeWords = nameWeights(map[float32]string{
		2.2:  "hey hi hello dear thanks says said explains adds named wife husband son daughter brother sister mother father nephew niece cousin uncle aunt grandson granddaughter grandfather grandmother boyfriend girlfriend fiancé rapper singer actress actor",
		1.2:  "by with told starring met whom married mr mrs name miss love feat featuring ft thx happy",
		-1.5: "in near at to via rue calle rua between outside around",
		-0.8: "from",
	})
)

// sentenceStart reports whether a sentence begins at i: a capitalised word
// there that is no ordinary one is more often a person than inside.
func sentenceStart(t []byte, i int) bool {
	for i > 0 && (t[i-1] == ' ' || t[i-1] == '"' || t[i-1] == '(') {
		i--
	}
	if i == 0 || t[i-1] == '\n' {
		return true
	}
	return i > 2 && (t[i-1] == '.' || t[i-1] == '!' || t[i-1] == '?') && t[i-3] != ' '
}

// latinAround weighs what stands beside a name in Latin letters.
func (s *nameSearch) latinAround(start, end int) (odds float32) {
	t := s.text
	if end < len(t) {
		switch c := t[end]; c {
		case '(', '[', '{', '=', '/', '*', '\\', '<', '`', '#':
			odds -= 1.2
		case '.', ':':
			if end+1 < len(t) && (isLatinLetter(t, end+1) || t[end+1] == ':') {
				odds -= 3 // a qualified name
			}
		case '-', '_', '@':
			odds--
		}
	}
	if start > 0 {
		switch t[start-1] {
		case '`', '<', '(', '[', '{', '*', ':', '"', '\'':
			odds -= 0.4
		case ' ':
			if start > 1 && t[start-2] >= '0' && t[start-2] <= '9' {
				odds -= 1.5 // a house number
			}
		}
	}
	return odds
}
