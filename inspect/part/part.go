// Package part holds what the stages of an inspection hand to each other: a
// Part (bytes with provenance), the Emitter a format reader pushes into, the
// Reasons for which bytes were not read, and the Budget of one upload.
//
// It is a leaf: every stage imports it and it imports only normal's Map.
package part

import (
	"context"
	"io"

	"github.com/sekimori-dlp/sekimori/inspect/normal"
)

// Role says which piece of a transaction a part is.
type Role uint8

// The roles. Query, Header and FileName are short and are inspected like any
// other text.
const (
	Body Role = iota
	Query
	Header
	Field
	FileName
	Pixels // a picture that a reader made of what a document shows: nothing but what can be seen
)

// Separator stands between the steps of a provenance path, as in
// "mail.eml » a.zip » 顧客.xlsx » Sheet1".
const Separator = " » "

// Part is a run of bytes and where it came from.
type Part struct {
	Path      string    // provenance for people; steps joined by Separator
	Name      string    // file name the sender gave, "" if none
	MediaType string    // declared Content-Type with parameters, "" if none
	Encodings []string  // declared content encodings in the order applied, lower case
	Role      Role      //
	Body      io.Reader // read once; may also be an io.ReaderAt
	Size      int64     // bytes in Body, -1 if unknown
	Depth     int       // nesting: 0 for what the client sent
	Passwords []string  // to be tried where one is needed; of the parts in it, too
}

// Held is a Body that may lie in memory. Scanners give one to readers for parts
// of some ten kilobytes, so that those need not copy them.
type Held interface {
	// Bytes returns all that is left to be read, as Read would until io.EOF,
	// if it is in memory; later reads then give io.EOF. The bytes are valid
	// until the reader that has the Body returns, and are not to be changed.
	Bytes() ([]byte, bool)
}

// Lender is a Body that may lie in memory, however large it is. Its reader need
// not copy it, and still tells how far it got.
type Lender interface {
	// Lend returns what is left to be read, if it is in memory. It is valid until
	// the reader that has the Body returns, and is not to be changed.
	Lend() ([]byte, bool)
	// Skip says that the next n bytes of it have been read.
	Skip(n int)
}

// Layout says how a text is organised, so that labels and records can be found.
type Layout uint8

// The layouts. Auto lets the detector look (prose, delimited rows, key: value
// lines); the others are known from the format.
const (
	Auto   Layout = iota
	JSON          // escapes resolved, structural characters in place
	Form          // key=value lines, decoded, one field a line
	Table         // tab-separated cells, one row a line, written by an extractor
	Single        // one value (a header, a file name, a field)
)

// Text is one piece of a part's text in UTF-8 and the way back to the part's
// own bytes. Bytes and Map are valid only during the call that hands them on.
// Pieces of a part follow one another without a gap and are cut between
// characters.
type Text struct {
	Bytes  []byte
	Map    *normal.Map // Origin gives absolute byte offsets in the part
	Layout Layout
	Label  string // with Single: the field's or header's name
}

// Reason says why bytes were not inspected, or only partly. The values are
// what rule authors write under not_inspected.
type Reason string

// The reasons.
const (
	Encrypted     Reason = "encrypted"      // a password or key would be needed
	TooLarge      Reason = "too-large"      // over the byte limit
	TooDeep       Reason = "too-deep"       // nested over the depth limit
	TooMany       Reason = "too-many-parts" // over the entry limit
	Bomb          Reason = "bomb"           // expands beyond the allowed ratio
	Truncated     Reason = "truncated"      // ends before its format says so
	TimedOut      Reason = "timed-out"      // the time budget ran out
	UnknownFormat Reason = "unknown-format" // no reader for it
	DecodeError   Reason = "decode-error"   // its own format is violated
	ReadError     Reason = "read-error"     // the bytes could not be had
	EngineError   Reason = "engine-error"   // a reader or detector failed
)

// Reasons lists every Reason, for checks and documentation.
var Reasons = []Reason{Encrypted, TooLarge, TooDeep, TooMany, Bomb, Truncated,
	TimedOut, UnknownFormat, DecodeError, ReadError, EngineError}

// Emitter takes what a reader finds in a part. All calls come from one
// goroutine. A returned error ends the reading and is to be returned as it is.
type Emitter interface {
	// Text hands on the next piece of this part's own text.
	Text(t Text) error
	// Child hands on a nested part; its Body need only be valid during the
	// call. The emitter sets Depth and joins Path to the parent's, so the
	// reader gives only the last step.
	Child(p Part) error
	// Format names what the part was recognised as ("csv", "gzip", "json")
	// and, for text, the character encoding ("utf-8", "cp932", …).
	Format(name, charset string)
	// Skip says that the part, or the rest of it, is not inspected.
	// partly means that something of it was. detail is for people, without
	// any of the content.
	Skip(why Reason, partly bool, detail string)
}

// Reader reads one format. Implementations are stateless and safe for
// concurrent use; one file each, its test beside it.
type Reader interface {
	// Name is the format's name as rules and reports give it.
	Name() string
	// Match reports whether the part is this format, by content first.
	// head is up to HeadSize bytes from the start.
	Match(p *Part, head []byte) bool
	// Read emits the part's text and children, within the budget. It returns
	// an error only when the emitter did or ctx is done; faults in the data
	// are told by Skip.
	Read(ctx context.Context, p *Part, e Emitter, b *Budget) error
}

// Marked is a Reader whose format shows in the first byte: it is only asked about
// parts that begin with one of Starts. "" stands for any byte.
type Marked interface{ Starts() string }

// Blank holds what may stand before the first character of a text: the first bytes
// of byte order marks, and white space.
const Blank = "\xef\xff\xfe\x00 \t\r\n"

// HeadSize is how much of a part's start a Reader gets to see for Match.
const HeadSize = 4096
