package rules

import (
	"net/netip"
	"time"

	"github.com/sekimori-dlp/sekimori/history"
	"github.com/sekimori-dlp/sekimori/inspect"
)

// Action is what happens to an upload. The order is the order of strictness.
// The zero Action is invalid and is treated as Block by everything that acts.
type Action uint8

// The actions.
const (
	Invalid Action = iota
	Allow
	Log
	Warn
	Hold
	Block
)

// actionNames are the words authors write, by Action.
var actionNames = [...]string{"invalid", "allow", "log", "warn", "hold", "block"}

// String returns the word that authors write for a, "invalid" for anything
// that is no action.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return actionNames[Invalid]
}

// MarshalText writes the word that authors write.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Principal is who sends: always somebody, if only "anonymous" at an address.
type Principal struct {
	User    string     // "" when anonymous
	Groups  []string   //
	Address netip.Addr // the client's, after trusted forwarders
	How     string     // "basic", "network", "anonymous", …
}

// Destination is where an upload goes.
type Destination struct {
	Scheme  string
	Host    string // lower case, no port
	Port    int
	Method  string
	Path    string
	Service string   // catalogue name ("Dropbox"), "" if unknown
	Classes []string // catalogue classes; ["unknown"] if none
}

// Transaction is one upload as the rules see it.
type Transaction struct {
	Report      *inspect.Report
	Principal   Principal
	Destination Destination
	FileNames   []string
	Bytes       int64
	Time        time.Time
	Confirmed   func(rule string) bool // whether the sender confirmed this rule's warning for this very content; nil: never
	Released    func(rule string) bool // whether a release was given for this rule's hold and this very content; nil: never
	Persons     []uint64               // digests of the persons in it, for History
	Content     uint64                 // digest of what is sent, for History
	History     History                // nil: rules over time do not match
	Use         Use                    // what it does at a known service

	sender string // of Principal, once a rule over time has asked
}

// who names the sender for History.
func (t *Transaction) who() string {
	if t.sender == "" {
		t.sender = t.Principal.Sender()
	}
	return t.sender
}

// Use is what an upload does at a service whose interface is known. The zero
// Use says that nothing is known of it.
type Use struct {
	Operation      string // one of Operations, "" if not known
	Recipients     int    // that are known
	Outside        int    // of them, those outside the company
	OutsideDomains []string
	Unclear        bool // there are, or may be, other recipients
	Public         bool // anybody who has a link may read
}

// Sender names the principal for History: the account, or the address of who
// has none.
func (p *Principal) Sender() string {
	if p.User != "" {
		return p.User
	}
	return p.Address.String()
}

// History answers what has left over time; *history.History in production.
type History interface {
	Count(history.Query) history.Sums
	Usual(history.Query) (mean history.Amount, ok bool)
	Peers(q history.Query, user string, groups []string) (median history.Amount, ok bool)
	UnusualHour(history.Query) (unusual, ok bool)
	NewHost(user, host string, window time.Duration, now time.Time) bool
	Accounts(content uint64, user string) int
}

// Match is one rule that applied.
type Match struct {
	Rule     string `json:"rule"`
	Action   Action `json:"action"`
	Severity string `json:"severity,omitempty"`
	Shadow   bool   `json:"shadow,omitempty"`
	LiftedBy string `json:"lifted_by,omitempty"` // the allow rule that took its effect away
	Clause   string `json:"clause"`              // the clause in words, with its counts; never a value
}

// Verdict is what is to happen and why. The zero Verdict is invalid and blocks.
type Verdict struct {
	Action   Action
	Rule     string // the id of the rule that decided, "" for the default
	Severity string
	Clause   string            // the clause that decided, in words
	Title    map[string]string // by language: "ja", "en"
	Say      map[string]string // the author's message by language
	Matches  []Match           // every rule that applied, shadow ones too
	Release  *Release          // with Hold: what it takes to let it out
	Mail     Mail              // what is to be done with a message before it goes on
	Evidence string            // what is to be kept of the upload: EvidenceMatched, EvidenceBody, or "" for nothing
}

// Release is what a rule that holds asks for before the upload may leave.
type Release struct {
	By     []string      // groups whose members may approve, "manager" among them; empty: every approver
	People int           // different persons that have to agree, from 1
	For    time.Duration // how long it may leave once it is approved
}
