package rules

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekimori-dlp/sekimori/inspect/detect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// Types lists the built-in types of finding that rules may name.
var Types = []string{
	string(detect.Name), string(detect.Address), string(detect.Postal), string(detect.Phone),
	string(detect.Card), string(detect.TestCard), string(detect.Email), string(detect.Birthdate),
	string(detect.MyNumber), string(detect.Driver), string(detect.Passport), string(detect.Residence),
	string(detect.Pension), string(detect.Insurance), string(detect.Bank), string(detect.Plate),
	string(detect.SSN), string(detect.IBAN), string(detect.Circuit), string(detect.Corporate), string(detect.Service),
}

// Classes lists the classes of destination that are always known; a catalogue
// may add more through [Options].
var Classes = []string{
	"web-mail", "cloud-storage", "file-transfer", "social", "paste", "code-hosting", "chat",
	"ai-assistant", "video-meeting", "crm", "groupware", "dev-registry", "forms", "translation",
	"search", "update", "unknown", "internal", "mail", "mail-many", "mail-open", "mail-bcc", "mail-ppap",
}

// Operations lists what can be done at a service whose interface is known.
var Operations = []string{"send-mail", "create-draft", "upload-file", "upload-part", "complete-upload", "share", "post-message", "push", "prompt"}

// Severities lists the severities from the least to the gravest.
var Severities = []string{"info", "low", "medium", "high", "critical"}

// modes are how a rule can run.
var modes = []string{"live", "shadow"}

// noMatch is what a test expects where its rule must not apply.
const noMatch = "no match"

// anyReason stands for every reason under not_inspected.
const anyReason = "any"

func actionWords() []string { return actionNames[Allow:] }

func reasonWords() []string {
	words := make([]string, 0, len(part.Reasons)+1)
	for _, r := range part.Reasons {
		words = append(words, string(r))
	}
	return append(words, anyReason)
}

// parseAction is the inverse of Action.String; Invalid for no action.
func parseAction(s string) Action {
	return Action(max(0, slices.Index(actionNames[:], s)))
}

// grave orders severities: 0 for info and for none.
func grave(severity string) int { return max(0, slices.Index(Severities, severity)) }

// oneOf reports a word that is not known, at its place.
func oneOf(at tomlfile.Node, what, word string, known []string, report tomlfile.Report) bool {
	if slices.Contains(known, word) {
		return true
	}
	report(at.Pos(), "unknown %s %q%s", what, word, tomlfile.Instead(word, known))
	return false
}

// isID reports whether s has the shape of an id.
func isID(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return (unicode.IsLetter(r) || unicode.IsNumber(r)) && plainName(s, 100)
}

// plainName reports whether s has at most that many characters, all of them letters,
// numbers, dots, - and _.
func plainName(s string, most int) bool {
	for _, r := range s {
		if most--; most < 0 || !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("._-", r) {
			return false
		}
	}
	return true
}

// checkID reports an id that is missing or of the wrong shape.
func checkID(at tomlfile.Node, id string, report tomlfile.Report) bool {
	switch {
	case !at.Key("id").Found():
		report(at.Pos(), "it has no id; write id = \"a-short-name\"")
	case !isID(id):
		report(at.Key("id").Pos(), "this is no id; write up to 100 letters, digits, - _ and dots")
	default:
		return true
	}
	return false
}
