package rules

import (
	"time"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// What stands in a file, before it is checked. The tags name the keys; `doc`
// is what the JSON Schema says of them, `enum` the vocabulary they take. Slices
// take a single value as well.

// fileTOML is one rule file.
type fileTOML struct {
	Disable   []string        `toml:"disable" doc:"Ids of rules to leave out, such as built-in ones that do not fit." json:"-"`
	Rules     []tomlfile.Node `toml:"rule" json:"-"`
	Detectors []tomlfile.Node `toml:"detector" json:"-"`
	Keywords  []tomlfile.Node `toml:"keywords" json:"-"`
	Tests     []tomlfile.Node `toml:"test" json:"-"`
	Streams   []tomlfile.Node `toml:"stream" json:"-"`
}

// ruleTOML is a [[rule]].
type ruleTOML struct {
	At       tomlfile.Node `toml:",self" json:"-"`
	ID       string        `toml:"id" doc:"Name of the rule: letters, digits, - _ and dots. A rule with the id of a built-in one replaces it."`
	Title    textsTOML     `toml:"title" doc:"What the rule is about, in a few words."`
	Severity string        `toml:"severity" enum:"severity" doc:"How grave it is; info if not given."`
	Action   string        `toml:"action" enum:"action" doc:"What happens to the upload. The strictest rule that applies wins: block, hold, warn, log, allow."`
	Mode     string        `toml:"mode" enum:"mode" doc:"live, or shadow: only record what the rule would have done. live if not given."`
	What     []whatTOML    `toml:"what" doc:"What is in the upload. Keys together mean and; the table written twice means or."`
	Where    []whereTOML   `toml:"where" doc:"Where the upload goes."`
	Who      []whoTOML     `toml:"who" doc:"Who sends it."`
	When     []whenTOML    `toml:"when" doc:"When it is sent."`
	Over     []overTOML    `toml:"over" doc:"What has left over time, this upload included."`
	Say      textsTOML     `toml:"say" doc:"What the employee reads."`
	Release  *releaseTOML  `toml:"release" doc:"For action hold: who may let the upload out."`
	Mail     *mailTOML     `toml:"mail" json:",omitempty" doc:"What is done with a mail message before it goes on."`
	Evidence string        `toml:"evidence" enum:"evidence" json:",omitempty" doc:"What is kept of the upload, encrypted to the auditors' keys: matched (what was found, with some text around) or body (all of it). Nothing if not given."`
	Lifts    []string      `toml:"lifts" doc:"For action allow: the rules that lose their effect on this upload; * for all."`
	Tests    []testTOML    `toml:"test" doc:"Samples that must and must not match; run whenever the rules are loaded." json:"-"`
}

// releaseTOML is a [rule.release].
type releaseTOML struct {
	At     tomlfile.Node `toml:",self" json:"-"`
	By     []string      `toml:"by" doc:"Groups whose members may approve; \"manager\" is the sender's manager. Every approver if not given."`
	People *int          `toml:"people" doc:"How many different persons have to agree, 1 to 5; 1 if not given."`
	Hours  *int          `toml:"hours" doc:"How long it may leave once it is approved, in hours up to 720; 24 if not given."`
}

// textsTOML is a text by language, or one for all.
type textsTOML struct {
	Both string `toml:",short"`
	Ja   string `toml:"ja" doc:"In Japanese."`
	En   string `toml:"en" doc:"In English."`
}

// whatTOML is a [rule.what].
type whatTOML struct {
	At           tomlfile.Node `toml:",self" json:"-"`
	People       *peopleTOML   `toml:"people" doc:"So many different persons."`
	Findings     *findingsTOML `toml:"findings" doc:"So many different values of these types."`
	Keywords     *keywordsUse  `toml:"keywords" doc:"Words of these keyword lists: [\"list\"] or { lists = [\"list\"], at_least = 2 }."`
	NotInspected *notRead      `toml:"not_inspected" doc:"Something could not be read for one of these reasons."`
	FileNames    []string      `toml:"file_names" doc:"Keyword lists of which a word is in a file's name."`
	BytesOver    *sizeTOML     `toml:"bytes_over" doc:"The upload has more bytes than this: 1000000 or \"10 MB\"."`
}

// peopleTOML counts persons.
type peopleTOML struct {
	At         tomlfile.Node `toml:",self" json:"-"`
	AtLeast    *int          `toml:"at_least" doc:"The smallest number that matters; 1 if not given."`
	AtMost     *int          `toml:"at_most" doc:"The largest number that matters."`
	With       []string      `toml:"with" enum:"types" doc:"What must be known of each person; \"PHONE|EMAIL\" is either."`
	Confidence *float32      `toml:"confidence" doc:"How sure each finding must be, above 0 up to 1; 0.8 if not given."`
}

// findingsTOML counts values.
type findingsTOML struct {
	At         tomlfile.Node `toml:",self" json:"-"`
	Types      []string      `toml:"types" enum:"types" doc:"The types to count together."`
	AtLeast    *int          `toml:"at_least" doc:"The smallest number of different values that matters; 1 if not given."`
	AtMost     *int          `toml:"at_most" doc:"The largest number that matters."`
	Confidence *float32      `toml:"confidence" doc:"How sure each finding must be, above 0 up to 1; 0.8 if not given."`
	Validated  bool          `toml:"validated" doc:"Count only values whose check digit, numbering plan or place is right."`
}

// keywordsUse is the value of what.keywords.
type keywordsUse struct {
	At      tomlfile.Node `toml:",self" json:"-"`
	Lists   []string      `toml:"lists,short" doc:"Ids of keyword lists."`
	AtLeast *int          `toml:"at_least" doc:"How many different words; 1 if not given."`
}

// notRead is the value of what.not_inspected.
type notRead struct {
	At         tomlfile.Node `toml:",self" json:"-"`
	Reasons    []string      `toml:"reasons,short" enum:"reason" doc:"Why it could not be read; any for all reasons."`
	Formats    []string      `toml:"formats" doc:"Only parts of these formats, as sekimori extract names them."`
	NotFormats []string      `toml:"not_formats" doc:"Only parts of other formats."`
	BytesOver  sizeTOML      `toml:"bytes_over" doc:"Only parts with more bytes than this."`
}

// whereTOML is a [rule.where].
type whereTOML struct {
	At       tomlfile.Node `toml:",self" json:"-"`
	Class    []string      `toml:"class" enum:"class" doc:"Classes of destination."`
	NotClass []string      `toml:"not_class" enum:"class" doc:"Classes left out."`
	Hosts    []string      `toml:"hosts" doc:"Host names; *.example.com is every host below example.com."`
	NotHosts []string      `toml:"not_hosts" doc:"Host names left out."`
	Services []string      `toml:"services" doc:"Services by their name in the catalogue."`
	Methods  []string      `toml:"methods" doc:"HTTP methods."`
	Paths    []string      `toml:"paths" doc:"Paths; * is any run of characters."`
	Ports    []int         `toml:"ports" doc:"Ports."`

	Operation         []string `toml:"operation" enum:"operation" doc:"What is done at a service whose interface is known."`
	RecipientsOutside *bool    `toml:"recipients_outside" doc:"true: a recipient of the mail or share is outside company.domains, or not all are known; false: all are known and inside."`
	RecipientDomains  []string `toml:"recipient_domains" doc:"Mail domains of recipients outside; *.example.com is every domain below example.com."`
	PublicLink        *bool    `toml:"public_link" doc:"true: it is opened to anybody who has the link; false: it is not."`
}

// whoTOML is a [rule.who].
type whoTOML struct {
	At          tomlfile.Node `toml:",self" json:"-"`
	Users       []string      `toml:"users" doc:"User names; * is any run of characters."`
	NotUsers    []string      `toml:"not_users" doc:"Users left out."`
	Groups      []string      `toml:"groups" doc:"Groups of which the user is in one."`
	NotGroups   []string      `toml:"not_groups" doc:"Groups left out."`
	Networks    []string      `toml:"networks" doc:"Client networks, such as 10.1.0.0/16."`
	NotNetworks []string      `toml:"not_networks" doc:"Client networks left out."`
	Anonymous   *bool         `toml:"anonymous" doc:"true: only senders without a name; false: only those with one."`
}

// whenTOML is a [rule.when].
type whenTOML struct {
	At    tomlfile.Node `toml:",self" json:"-"`
	Days  []string      `toml:"days" doc:"mon to sun, or a span such as mon-fri."`
	Hours []string      `toml:"hours" doc:"Spans such as 09:00-18:00; 22:00-06:00 runs past midnight and belongs to the day it begins on."`
	TZ    string        `toml:"tz" doc:"Time zone of days, hours and dates, such as Asia/Tokyo."`
	From  *time.Time    `toml:"from" schema:"date" doc:"First day, such as 2026-04-01."`
	Until *time.Time    `toml:"until" schema:"date" doc:"Last day, included."`
}

// overTOML is a [rule.over].
type overTOML struct {
	At             tomlfile.Node `toml:",self" json:"-"`
	Hours          *int          `toml:"hours" doc:"How far to look back, in hours; up to 48."`
	Days           *int          `toml:"days" doc:"How far to look back, in days; up to 365."`
	By             string        `toml:"by" enum:"by" doc:"Whose uploads count together: user, group, destination or class; user if not given."`
	Class          []string      `toml:"class" enum:"class" doc:"Only what went to these classes; those of where if not given."`
	People         *int          `toml:"people" doc:"At least so many different persons have left."`
	Uploads        *int          `toml:"uploads" doc:"At least so many uploads have left."`
	Bytes          *sizeTOML     `toml:"bytes" doc:"More bytes than this have left: 1000000 or \"10 MB\"."`
	Stopped        *int          `toml:"stopped" doc:"At least so many uploads were stopped."`
	TimesUsual     *float64      `toml:"times_usual" doc:"So many times the persons that usually leave in such a time, by the four weeks before."`
	TimesPeers     *float64      `toml:"times_peers" doc:"So many times the persons that the others of the sender's groups send in such a time; by the median of those who send."`
	BytesUsual     *float64      `toml:"bytes_times_usual" doc:"Like times_usual, of bytes."`
	BytesPeers     *float64      `toml:"bytes_times_peers" doc:"Like times_peers, of bytes."`
	UnusualHour    bool          `toml:"unusual_hour" doc:"It is sent at an hour at which this seldom happened in the last four weeks: within an hour of it on fewer than one in ten of the days with uploads, of five at least; by group: nor did anybody of the sender's groups."`
	Accounts       *int          `toml:"accounts" doc:"At least so many accounts sent this very content within a month."`
	NewDestination bool          `toml:"new_destination" doc:"The user first sent to this host within the time."`
}

// testTOML is a [[rule.test]], and a [[test]] of the whole set.
type testTOML struct {
	At           tomlfile.Node `toml:",self" json:"-"`
	Name         string        `toml:"name" doc:"What the sample shows."`
	Text         *string       `toml:"text" doc:"The body as text."`
	File         *string       `toml:"file" doc:"The body in a file, named from the rule file's folder."`
	Base64       *string       `toml:"base64" doc:"The body in base64."`
	FileName     string        `toml:"file_name" doc:"The name the sender gave the file."`
	MediaType    string        `toml:"media_type" doc:"The Content-Type."`
	Bytes        *sizeTOML     `toml:"bytes" doc:"Taken for the upload's size."`
	NotInspected []string      `toml:"not_inspected" enum:"reason" doc:"As if something could not be read for these reasons."`
	Format       string        `toml:"format" doc:"With not_inspected: the format of what could not be read."`
	Class        []string      `toml:"class" enum:"class" doc:"Class of the destination."`
	Host         string        `toml:"host" doc:"Host it goes to."`
	Service      string        `toml:"service" doc:"Service it goes to."`
	Method       string        `toml:"method" doc:"HTTP method; POST if not given."`
	Path         string        `toml:"path" doc:"Path; / if not given."`
	Port         int           `toml:"port" doc:"Port; 443 if not given."`
	Operation    string        `toml:"operation" enum:"operation" doc:"What is done there."`
	Outside      []string      `toml:"outside" doc:"Domains of recipients outside, one each."`
	Inside       int           `toml:"inside" doc:"How many recipients are inside."`
	PublicLink   bool          `toml:"public_link" doc:"Whether it is opened to anybody who has the link."`
	User         string        `toml:"user" doc:"Who sends."`
	Groups       []string      `toml:"groups" doc:"The sender's groups."`
	Address      string        `toml:"address" doc:"The sender's network address."`
	Time         *time.Time    `toml:"time" schema:"date" doc:"When it is sent."`
	Expect       string        `toml:"expect" enum:"expect" doc:"The rule's action, or \"no match\"."`
	Rule         string        `toml:"rule" doc:"In a [[test]] of the whole set: the rule that must decide."`
}

// detectorTOML is a [[detector]].
type detectorTOML struct {
	At         tomlfile.Node   `toml:",self" json:"-"`
	ID         string          `toml:"id" doc:"Name of the detector."`
	Type       string          `toml:"type" doc:"Type that its findings have; the id if not given."`
	Pattern    string          `toml:"pattern" doc:"RE2 pattern. It never matches inside a longer word or number."`
	Words      []string        `toml:"words" doc:"Or words, in either case and width."`
	Near       *nearTOML       `toml:"near" doc:"Words close by that make it surer."`
	Check      string          `toml:"check" enum:"check" doc:"Check digit; none if not given."`
	Confidence *confidenceTOML `toml:"confidence" doc:"How sure a finding is."`
}

type nearTOML struct {
	Words  []string `toml:"words" doc:"The words."`
	Within *int     `toml:"within" doc:"How many characters away at most; 40 if not given."`
}

type confidenceTOML struct {
	Alone *float32 `toml:"alone" doc:"Without a word near it; 0.8, or 0.4 where near is given."`
	Near  *float32 `toml:"near" doc:"With one; 0.9 if not given."`
}

// keywordsTOML is a [[keywords]].
type keywordsTOML struct {
	At    tomlfile.Node `toml:",self" json:"-"`
	ID    string        `toml:"id" doc:"Name of the list."`
	Words []string      `toml:"words" doc:"The words, in either case and width."`
	File  string        `toml:"file" doc:"A file of further words, one a line; lines from # on are left out." json:"-"`
}

// sizeTOML is a number of bytes.
type sizeTOML = tomlfile.Size
