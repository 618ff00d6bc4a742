package detect

import (
	"encoding/binary"
	"strings"
)

// nameParticles stand within names in small letters.
var nameParticles = nameSet(`van von der den de del della di da dos das du la le el al bin ibn ter ten zu y e st`)

var latinParticles = newLatinSet(nameParticles)

// latinSuffixes end a name and are part of it.
var latinSuffixes = newLatinSet(nameSet(`Jr Sr II III IV MD PhD DDS DVM V VI`))

// nameSaint is the weight of St., which stands before places more often.
const nameSaint = 0.1

// latinGeo stand before the names of places.
var latinGeo = newLatinSet(nameSet(`Old Lake Fort Mount Mt Mt. Port Cape Camp Glen Eau Corpus Point Cedar Rio Hotel Villa Castle Church Tower Building Team Club Casa Palazzo Chateau Notre Monte El Los Las Ft Santa Santo Sant Isla Islas Tierra Puerto Valle Mato Costa Sierra Sainte`))

// latinOrg follow the names of organisations and places.
var latinOrg = newLatinSet(nameSet(`Band Hotel Institute Center Centre House Show Society University Hospital Library School Cup Trophy Award Awards Prize Foundation Museum Park Street Avenue Road Building
 Club Company Corporation Inc Ltd LLC PLC Bank Stadium Arena Theatre Theater Church College Airport Station Bridge Island River Lake County Group Records Airlines Motors Brothers Project Orchestra Quartet Trio Gallery Academy Memorial Tower Mall Plaza Field Playfield Act Law Effect Theorem Disease Syndrome Day Dam`))

// latinTitles stand before a name, in the form of dict.FoldLatin.
var latinTitles = newLatinList(map[float32]string{
	3.2:       "mr mrs ms miss dr prof mme herr frau",
	nameSaint: "saint st",
	1.5: `professor sir lord lady dame president senator sen rep gov governor captain capt colonel col lt sgt judge justice minister rev reverend father queen king prince princess pope
 chancellor coach secretary ambassador detective officer inspector mayor actor actress singer director producer chairman ceo congressman congresswoman councilman emperor tsar duke baron count dj dear hi hello hey thanks`,
})

// wordTest tells most words that are not in a small set, by a bit for their length
// and first eight bytes. Such sets are asked for every name that may be one.
type wordTest [64]uint64

func (t *wordTest) add(word string) {
	h := wordHash([]byte(word))
	t[h>>6] |= 1 << (h & 63)
}

func (t *wordTest) may(word []byte) bool {
	h := wordHash(word)
	return t[h>>6]>>(h&63)&1 != 0
}

// wordHash is a hash of 12 bits.
func wordHash(word []byte) uint64 {
	var x uint64
	if n := len(word); n >= 8 {
		x = binary.LittleEndian.Uint64(word) ^ uint64(n)
	} else if cap(word) >= 8 { // a word of a text, most often
		x = binary.LittleEndian.Uint64(word[:8]) & (1<<(8*n) - 1)
	} else {
		for i, c := range word {
			x |= uint64(c) << (8 * i)
		}
	}
	return x * 0x9E3779B97F4A7C15 >> 52
}

// latinList is a small list of words with weights.
type latinList struct {
	test  wordTest
	words map[string]float32
}

func newLatinList(words map[float32]string) *latinList {
	l := &latinList{words: nameWeights(words)}
	for w := range l.words {
		l.test.add(w)
	}
	return l
}

func (l *latinList) weight(word []byte) float32 {
	if !l.test.may(word) {
		return 0
	}
	return l.words[string(word)]
}

// latinSet is a small set of words.
type latinSet struct {
	test  wordTest
	words map[string]bool
}

func newLatinSet(words map[string]bool) *latinSet {
	s := &latinSet{words: words}
	for w := range words {
		s.test.add(w)
	}
	return s
}

func (s *latinSet) has(word []byte) bool { return s.test.may(word) && s.words[string(word)] }

// latinRole is what small lists say of a word, in the form of dict.FoldLatin.
type latinRole struct {
	title     float32 // Mr, President
	elsewhere bool    // a place, month or nationality
	eastern   bool    // a surname of China, Korea or Vietnam
	brand     bool    // the first word of a brand
}

// latinRoles are those of latinTitles, latinElsewhere, eastSurnames and latinBrands,
// to be asked for in one go.
var latinRoles = func() (roles struct {
	test  wordTest
	words map[string]latinRole
}) {
	roles.words = map[string]latinRole{}
	set := func(word string, change func(r *latinRole)) {
		r := roles.words[word]
		change(&r)
		roles.words[word] = r
		roles.test.add(word)
	}
	for w, weight := range latinTitles.words {
		set(w, func(r *latinRole) { r.title = weight })
	}
	for w := range latinElsewhere.words {
		set(w, func(r *latinRole) { r.elsewhere = true })
	}
	for w := range eastSurnames {
		set(w, func(r *latinRole) { r.eastern = true })
	}
	for brand := range latinBrands.words {
		first, _, _ := strings.Cut(brand, " ")
		set(first, func(r *latinRole) { r.brand = true })
	}
	return roles
}()

// latinElsewhere are capitalised words that are names of something else:
// months, days, countries, states, cities, peoples.
var latinElsewhere = newLatinSet(nameSet(`jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday christmas easter
 alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada hampshire jersey mexico york carolina dakota ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming
 afghanistan albania algeria america andorra angola argentina armenia australia austria azerbaijan bahamas bahrain bangladesh barbados belarus belgium belize benin bhutan bolivia bosnia botswana brazil britain brunei bulgaria burma burundi cambodia cameroon canada chad chile china colombia congo croatia cuba cyprus denmark dominica ecuador egypt england eritrea estonia ethiopia fiji finland france gabon gambia germany ghana greece grenada guatemala guinea guyana haiti honduras hungary iceland india indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya korea kosovo kuwait laos latvia lebanon lesotho liberia libya lithuania luxembourg madagascar malawi malaysia maldives mali malta mauritius moldova monaco mongolia montenegro morocco mozambique myanmar namibia nepal netherlands nicaragua niger nigeria norway oman pakistan palau palestine panama paraguay peru philippines poland portugal qatar romania russia rwanda samoa scotland senegal serbia seychelles singapore slovakia slovenia somalia spain sudan suriname sweden switzerland syria taiwan tanzania thailand togo tonga trinidad tunisia turkey turkmenistan uganda ukraine uruguay uzbekistan venezuela vietnam wales yemen zambia zimbabwe
 africa asia europe oceania antarctica arctic atlantic pacific caribbean balkan siberia scandinavia
 london paris berlin madrid rome milan florence naples vienna prague dublin brussels amsterdam zurich geneva lisbon athens moscow istanbul cairo tokyo osaka kyoto beijing shanghai seoul bangkok manila jakarta delhi mumbai sydney melbourne brisbane perth adelaide auckland wellington toronto montreal vancouver ottawa boston chicago houston dallas austin phoenix denver detroit seattle philadelphia atlanta miami orlando tampa cleveland cincinnati columbus memphis nashville baltimore pittsburgh milwaukee minneapolis oakland sacramento portland tucson albuquerque omaha charlotte raleigh richmond norfolk buffalo rochester albany hartford providence francisco angeles diego antonio jose vegas hollywood brooklyn manhattan bronx queens
 manchester birmingham liverpool leeds sheffield bristol glasgow edinburgh cardiff belfast oxford cambridge brighton southampton portsmouth leicester nottingham kent essex sussex surrey devon cornwall yorkshire lancashire lancaster durham
 american british english scottish irish welsh french german italian spanish portuguese dutch belgian swiss austrian polish czech hungarian romanian bulgarian greek turkish russian ukrainian swedish norwegian danish finnish icelandic european asian african chinese japanese korean indian pakistani thai vietnamese filipino indonesian australian canadian mexican brazilian argentine chilean cuban colombian egyptian israeli iranian iraqi arab muslim jewish catholic protestant buddhist hindu islam islamic latin roman celtic gothic viking soviet
 hong kong saint san santa los las puerto rico monte costa sierra rio new south north east west great upper lower google apple microsoft amazon facebook twitter instagram windows linux android java python javascript perl ada sans serif mono toyota honda sony nintendo samsung mercedes bentley porsche ford tesla chevrolet cadillac harley disney bot`))

// pastVerbs are irregular verbs in the past.
var pastVerbs = nameSet(`went came ran took got made gave knew saw felt left kept thought found began became wrote sat stood met spoke sent lost won paid bought sold held led read grew drew flew threw fell rose wore chose drove ate sang swam fought taught caught brought built beat hit`)

// What people alone have behind and before them, with weights.
var (
	latinAfter = newLatinList(map[float32]string{
		2.2: "said says told tells explained explains added adds argued replied asked wrote writes recalled recalls thinks thought believes shouted laughed smiled nodded insisted tweeted",
		-4:  "int uint float string bool byte error func struct", // the field of a struct
		1.0: "who was is has had died married born joined moved began became retired played scored won himself herself met enrolled graduated starred directed co-wrote composed painted sang studied taught resigned insists claims admits tweets",
	})
	latinBeforeWords = newLatinList(map[float32]string{
		2.2:  "hey hi hello dear thanks explains adds named wife husband son daughter brother sister mother father nephew niece cousin uncle aunt grandson granddaughter grandfather grandmother boyfriend girlfriend fiancé rapper singer actress actor",
		1.2:  "by with told starring met whom married mr mrs name miss love feat featuring ft thx happy",
		-2:   "in near",
		-1.5: "at to via rue calle rua between outside around",
		-0.8: "from",
	})
)

// eastSurnames are frequent surnames of China, Korea and Vietnam as they are
// written in Latin letters; they stand first.
var eastSurnames = nameSet(`wang li zhang liu chen yang huang zhao wu zhou xu sun zhu hu guo lin gao luo zheng liang xie tang deng feng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lu ding ren shen yao cui zhong tan fan dou qian qin xiong meng qiu hou jia xia zou xue yan fu lei bai shi kong mao hao gong shao wan gu lai he ma song han
 kim lee park choi jung jeong kang cho yoon jang lim shin seo kwon hwang ahn yoo hong bae gwak baek moon heo nam noh nguyen tran pham hoang phan vu dang bui ngo duong`)
