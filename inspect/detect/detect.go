// Package detect turns folded text and the evidence found in it into findings
// (validated, scored) and records (the findings that belong to one person).
//
// A detector is one file and one type behind the Detector interface. It looks
// only where evidence is, judges with its label and neighbours, and never
// keeps a clear value.
package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// Type is a kind of information. The names are what rule authors write; types
// of their own ("STAFF_CODE") stand beside these.
type Type string

// The built-in types.
const (
	Name      Type = "NAME"
	Address   Type = "ADDRESS"
	Postal    Type = "POSTAL_CODE"
	Phone     Type = "PHONE"
	Card      Type = "CARD"
	TestCard  Type = "TEST_CARD" // published test numbers
	Email     Type = "EMAIL"
	Birthdate Type = "BIRTHDATE"
	MyNumber  Type = "MYNUMBER"
	Driver    Type = "DRIVER_LICENCE"
	Passport  Type = "PASSPORT"
	Residence Type = "RESIDENCE_CARD"
	Pension   Type = "PENSION_NUMBER"
	Insurance Type = "HEALTH_INSURANCE"
	Bank      Type = "BANK_ACCOUNT"
	Plate     Type = "VEHICLE_PLATE"
	SSN       Type = "US_SSN"
	IBAN      Type = "IBAN"
	Circuit   Type = "CIRCUIT_ID"       // NTT's lines and their customers
	Corporate Type = "CORPORATE_NUMBER" // known, not personal
	Service   Type = "SERVICE_PHONE"    // 0120, 0800, 0570: known, not personal
)

// Finding is one value that a detector recognised, in offsets of Block.Text.
type Finding struct {
	Type       Type
	Detector   string
	Start, End int
	Confidence float32 // 0..1: the share of such findings that are right
	Validated  bool    // a check digit, a numbering plan or a gazetteer agreed
	Canon      string  // canonical form for telling values apart; never stored
	Asked      bool    // by a rule author's own detector: nothing else takes its place
}

// Label is a set of kinds of label that govern a value: its column header, its
// JSON key or form field, or words close before it.
type Label uint64

// The kinds of label. Those from LOrder on speak against a personal value.
const (
	LName Label = 1 << iota // 氏名, name
	LSurname
	LGiven
	LKana // フリガナ
	LAddress
	LPrefecture
	LCity
	LStreet
	LPostal
	LPhone // 電話, tel, fax, mobile
	LEmail
	LBirth
	LCard
	LExpiry
	LCVV
	LMyNumber
	LCorporate
	LDriver
	LPassport
	LResidence
	LPension
	LInsurance
	LBank // 口座番号, 銀行, 支店
	LPlate
	LSSN
	LIBAN
	LCustomer // customer, member, circuit IDs
	LPerson   // 様, 顧客, 担当, other words around people
	LOrder    // 注文番号, 伝票, 請求, tracking, product, serial, version, …
	LAmount   // 金額, 数量, price
	LDate     // dates that are not birth dates: 登録日, 発行日, updated
	LCompany  // 会社名, organisation
)

// Detector recognises values of one family of types. Implementations are
// immutable and safe for concurrent use.
type Detector interface {
	// ID names the detector in findings and in rules.
	ID() string
	// Types lists what it can find.
	Types() []Type
	// Find looks at one block and emits what it recognises, in any order.
	Find(b *Block, emit func(Finding))
}

// Block is a stretch of folded text with its evidence and context. It belongs
// to one goroutine and is valid only during Find.
type Block struct {
	Text []byte
	match.Evidence

	context contextual
	windows []window // where names are looked for; nil: everywhere
	demand  Demand   // what is looked for at first; nil: everything
	// What is known of the evidence, once it was asked for.
	sizes  runSizes
	words  []runWord
	picked []uint64 // the runs that a detector chooses
	hinted Label
	// What the session remembers, nil until it is asked for.
	latin  *latinMemory
	canons *canonMemory
}

// contextual answers from the text's layout; a session implements it.
type contextual interface {
	label(i int) (own, near Label)
}

// Own returns the first labels that Label does, where the others are not asked for.
func (b *Block) Own(i int) Label {
	if v, ok := b.context.(*view); ok {
		return v.ownLabel(i)
	}
	own, _ := b.Label(i)
	return own
}

// Label returns the labels of the value at offset i: own are its column header,
// JSON key, form field or the "label:" right before it; near are label words
// within some forty characters, own included.
func (b *Block) Label(i int) (own, near Label) {
	if b.context == nil {
		return 0, 0
	}
	return b.context.label(i)
}
