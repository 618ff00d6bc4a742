package detect

import "github.com/sekimori-dlp/sekimori/inspect/match"

// Class says what kind of word a literal is. It stands in the top byte of a
// match payload; the rest is the class's own.
type Class uint8

// The classes. Labels carry the bit number of their Label; names and places
// carry what their dictionary says; keywords the index of a Custom.
const (
	ClassLabel Class = iota + 1
	ClassEra
	ClassPlace
	ClassSurname
	ClassGiven
	ClassHonorific // 様, さん, Mr.
	ClassTrap      // words that contain names but are none: 三井住友, 松本市
	ClassKeyword
	ClassEnglish // English given names and surnames
	ClassHint    // words that announce a number, with the bit number of their Label
	ClassNumeral // beginnings of numbers written in kanji
)

// Payload packs a class with a number below 1<<24 for match.Pattern.
func Payload(c Class, n uint32) uint32 { return uint32(c)<<24 | n&(1<<24-1) }

// Unpack is the inverse of Payload.
func Unpack(p uint32) (Class, uint32) { return Class(p >> 24), p & (1<<24 - 1) }

// Vocabulary is implemented by detectors that want literals looked for; the
// hits stand in Block.Hits under the class they were given.
type Vocabulary interface {
	Patterns() []match.Pattern
}
