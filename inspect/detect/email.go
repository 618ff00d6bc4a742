package detect

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

// email finds e-mail addresses around each "@": a local part that people use
// (RFC 5321 dot-string, letters beyond ASCII as RFC 6531 allows, the double and
// final dots of old Japanese mobile addresses) and a domain under a public
// suffix. Things that only look alike are passed over: git@host:path,
// user@host:path, @scope/package, name@1.2.3, image@2x.png, Message-IDs.
type email struct{}

func (email) ID() string    { return "email" }
func (email) Types() []Type { return []Type{Email} }

// Bounds of RFC 5321, section 4.5.3.1.
const (
	maxLocal  = 64
	maxDomain = 253
)

func (e email) Find(b *Block, emit func(Finding)) {
	if len(b.Ats) == 0 {
		return
	}
	t, known := b.Text, &b.remembered().domains
	for _, at := range b.Ats {
		start, end, score := e.find(t, int(at), known)
		if score < .05 {
			continue
		}
		if b.announced(mailWords, start) && b.Own(start)&LEmail != 0 {
			score = max(score, min(.99, score+.2))
		}
		emit(Finding{Type: Email, Detector: e.ID(), Start: start, End: end, Confidence: score,
			Validated: true, Canon: b.canon(canonMail, t[start:end])})
	}
}

// around returns the address around the "@" at i and how sure it is; 0 if there
// is none.
func (e email) around(t []byte, i int) (start, end int, score float32) {
	return e.find(t, i, nil)
}

// find is around, with what is known of domains.
func (e email) find(t []byte, i int, known *mailDomains) (start, end int, score float32) {
	if i == 0 || i+3 >= len(t) || t[i-1] < '!' || t[i-1] == '@' {
		return 0, 0, 0
	}
	if start = localPart(t, i); start < 0 {
		return 0, 0, 0
	}
	if end, score = mailDomain(t, i+1, known); score == 0 {
		return 0, 0, 0
	}
	if start = dotted(t, start, i, t[i+1:end]); start < 0 {
		return 0, 0, 0
	}
	return start, end, score * e.doubt(t, start, i, end)
}

// isLocal reports the ASCII characters of a local part in practice. RFC 5322
// allows more, but "=", "/", "?", "|" and quotes stand between things.
func isLocal(c byte) bool {
	return localChars[c]
}

var localChars = func() (set [256]bool) {
	for i := range set {
		set[i] = isAlnum(byte(i)) || strings.IndexByte("._%+-'!#$&*~^", byte(i)) >= 0
	}
	return set
}()

// localPart returns where the local part of the address with "@" at i begins,
// -1 if there is none.
func localPart(t []byte, i int) int {
	if t[i-1] == '"' {
		return quotedLocal(t, i)
	}
	start := i
	for start > 0 && i-start <= maxLocal {
		if c := t[start-1]; c < utf8.RuneSelf {
			if !isLocal(c) {
				break
			}
			start--
			continue
		}
		// Accented Latin letters belong to names; Japanese before an address
		// is the sentence around it.
		r, size := utf8.DecodeLastRune(t[:start])
		if r < 0xC0 || r > 0x24F || r == '×' || r == '÷' {
			break
		}
		start -= size
	}
	for start < i && !isAlnum(t[start]) && t[start] < utf8.RuneSelf && t[start] != '_' && t[start] != '+' {
		start++
	}
	if start == i || i-start > maxLocal {
		return -1
	}
	return start
}

// quotedLocal reads "quoted"@host back from its closing quote.
func quotedLocal(t []byte, i int) int {
	for j := i - 2; j > 0 && i-j < maxLocal; j-- {
		switch c := t[j]; {
		case c == '"' && t[j-1] != '\\':
			if j == i-2 || j > 0 && (isAlnum(t[j-1]) || t[j-1] == '=') {
				return -1
			}
			return j
		case c < ' ':
			return -1
		}
	}
	if i > 2 && t[0] == '"' {
		return 0
	}
	return -1
}

// dotted cuts the local part behind two dots in a row ("see...taro@example.jp"),
// but for the mobile carriers that once gave such addresses out. A final dot
// leaves no local part: -1.
func dotted(t []byte, start, at int, domain []byte) int {
	if startsWith(domain, "docomo.ne.jp") || startsWith(domain, "ezweb.ne.jp") {
		return start
	}
	if t[at-1] == '.' {
		return -1
	}
	for i := at - 2; i > start; i-- {
		if t[i] == '.' && t[i-1] == '.' {
			return i + 1
		}
	}
	return start
}

// mailDomain reads the domain from offset i on: where it ends, and how sure it
// is that mail could go there (0: not at all).
func mailDomain(t []byte, i int, known *mailDomains) (end int, score float32) {
	limit := min(len(t), i+maxDomain)
	from, label, dots, ascii := i, i, 0, true
scan:
	for i < limit {
		switch c := t[i]; {
		case isAlnum(c) || c == '-' && i > label:
			i++
		case c == '.' && i > label && t[i-1] != '-':
			i++
			dots++
			label = i
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(t[i:])
			if !domainRune(r) || dots > 0 && isTopLevel(t[label:i]) {
				break scan
			}
			ascii = false
			i += size
		default:
			break scan
		}
	}
	for i > from && (t[i-1] == '.' || t[i-1] == '-') {
		i--
	}
	// A sentence that goes on without a space after the address' full stop is
	// cut off label by label.
	for domain := t[from:i]; len(domain) >= 4; {
		last := lastLabel(domain)
		if len(last) == len(domain) {
			break
		}
		if end, score = judgeDomain(from, domain, ascii, known); score > 0 {
			return end, score
		}
		if len(last) > 0 && !isUpper(last[0]) && last[0] < utf8.RuneSelf {
			break
		}
		domain = domain[:len(domain)-len(last)-1]
	}
	return 0, 0
}

// judgeDomain asks the public suffix list, shortening a domain that runs on
// into a following word.
func judgeDomain(from int, domain []byte, ascii bool, known *mailDomains) (end int, score float32) {
	last := lastLabel(domain)
	if !ascii && !isTopLevel(last) {
		// "user@例え.テスト": Japanese after the last dot is a top level only
		// if it is one; otherwise it may be text after "user@example.jp".
		if k := knownUnicodeTop(last); k > 0 {
			return from + len(domain) - len(last) + k, .9
		}
		cut := 0
		for cut < len(last) && last[cut] < utf8.RuneSelf {
			cut++
		}
		if cut < 2 || !isTopLevel(last[:cut]) {
			return 0, 0
		}
		domain = domain[:len(domain)-len(last)+cut]
	}
	last = lastLabel(domain)
	if !isTopLevel(last) || startsWith(domain, ".") {
		return 0, 0
	}
	if usualDomain(domain, last) {
		return from + len(domain), .97
	}
	if known == nil {
		score = listedDomain(domain, last)
	} else if d := known.of(domain); d.is(domain) {
		score = d.score
	} else {
		score = listedDomain(domain, last)
		d.set(domain, score)
	}
	if score == 0 {
		return 0, 0
	}
	return from + len(domain), score
}

// listedDomain asks the public suffix list how sure it is that mail could go to a
// domain with such a last label.
func listedDomain(domain, last []byte) float32 {
	lower := strings.ToLower(string(domain))
	suffix, icann := publicsuffix.PublicSuffix(lower)
	switch {
	case suffix == lower && icann:
		return 0 // user@co.jp
	case icann || strings.IndexByte(suffix, '.') >= 0:
		return .97
	case startsWith(last, "xn--"):
		return .9
	}
	switch suffix {
	case "example", "test", "invalid":
		return .9
	case "local", "internal", "localdomain", "lan", "corp", "home", "intra":
		return .7
	}
	return 0
}

// usualDomain knows the commonest domains without the public suffix list.
func usualDomain(domain, last []byte) bool {
	switch string(last) {
	case "com", "net", "org":
		return true
	case "jp":
		second := lastLabel(domain[:len(domain)-len(".jp")])
		return len(second) > 3 || len(second)+len(".jp") < len(domain) && isSecond(second)
	}
	return false
}

// isSecond reports the second-level domains that JPRS uses for kinds of owner.
func isSecond(l []byte) bool {
	switch string(l) {
	case "co", "ne", "or", "ac", "go", "ed", "ad", "gr", "lg":
		return true
	}
	return false
}

func lastLabel(domain []byte) []byte {
	for i := len(domain) - 1; i >= 0; i-- {
		if domain[i] == '.' {
			return domain[i+1:]
		}
	}
	return domain
}

// isTopLevel reports a label that can be a top-level domain by its letters.
func isTopLevel(l []byte) bool {
	if startsWith(l, "xn--") {
		return len(l) > 4
	}
	for _, c := range l {
		if !isLetter(c) {
			return false
		}
	}
	return len(l) >= 2 && len(l) <= 24
}

// domainRune reports letters that internationalised labels are made of.
func domainRune(r rune) bool {
	switch {
	case r >= 0xC0 && r <= 0x24F, r >= 0x370 && r <= 0x52F: // Latin, Greek, Cyrillic
		return true
	case r >= 0x3041 && r <= 0x3096, r >= 0x30A1 && r <= 0x30FC, r == '々':
		return true
	case r >= 0x4E00 && r <= 0x9FFF, r >= 0xAC00 && r <= 0xD7A3:
		return true
	}
	return false
}

// knownUnicodeTop returns how many bytes of l are a top-level domain in a
// script of its own.
func knownUnicodeTop(l []byte) int {
	for _, top := range [...]string{"みんな", "コム", "クラウド", "ストア", "セール", "ファッション", "ポイント",
		"グーグル", "アマゾン", "中国", "中國", "香港", "台湾", "台灣", "한국", "рф", "ком", "онлайн", "テスト"} {
		if startsWith(l, top) {
			return len(top)
		}
	}
	return 0
}

// doubt lowers the confidence in what has the form of an address but stands
// where programs put other things; 0 rules it out.
func (email) doubt(t []byte, start, at, end int) float32 {
	local, domain := t[start:at], t[at+1:end]
	p := float32(1)
	if start > 0 {
		switch c := t[start-1]; {
		case c == '@':
			p = .3 // @user@instance
		case c == '/' && start > 2 && t[start-2] == '/' && t[start-3] == ':':
			p = .2 // scheme://user@host
		case c == ':' && urlBefore(t[:start-1]):
			return 0 // scheme://user:password@host
		case c == '<' && messageID(t[:start-1]):
			return 0
		}
	}
	if remoteUser(local) {
		p *= .3
	} else if string(local) == "root" {
		p *= .6
	}
	// image@2x.png, name@1.2.zip: a first label of a number and little else.
	if isDigit(domain[0]) && len(domain) > 1 && (domain[1] == 'x' || domain[1] == '.') {
		p *= .3
	}
	if p > .5 && start > 0 && (irregular(domain) || len(local) == 1 && domain[1] == '.') {
		p *= .75 // random characters, as in the dump of a file
	}
	if end == len(t) {
		return p
	}
	next := byte(' ')
	if end+1 < len(t) {
		next = t[end+1]
	}
	switch c := t[end]; {
	case c == '@', c == '(' && !hasDigitOrDot(local):
		return 0
	case c == '/' || c == '_':
		p *= .4
	case c == ':' && (next == '/' || next == '~' || next == '.'):
		p *= .2
	case c == ':' && isAlnum(next) && remoteUser(local):
		return 0
	case c == ':' && isAlnum(next):
		p *= .85 // address:password in dumps
	}
	return p
}

// irregular reports capitals where nobody writes them: in a part of a top-level
// domain, or in all of another label and not there.
func irregular(domain []byte) bool {
	top := lastLabel(domain)
	capitals := 0
	for _, c := range top {
		if isUpper(c) {
			capitals++
		}
	}
	if capitals > 1 && capitals < len(top) || capitals == 1 && !isUpper(top[0]) {
		return true
	}
	all, from := true, 0
	for i, c := range domain[:len(domain)-len(top)] {
		switch {
		case c == '.':
			if all && i-from > 1 && capitals == 0 {
				return true
			}
			all, from = true, i+1
		case !isUpper(c):
			if capitals == len(top) && isLetter(c) {
				return true
			}
			all = false
		}
	}
	return false
}

func hasDigitOrDot(l []byte) bool {
	for _, c := range l {
		if isDigit(c) || c == '.' {
			return true
		}
	}
	return false
}

// remoteUser reports accounts that version control puts before a host.
func remoteUser(l []byte) bool {
	switch string(l) {
	case "git", "hg", "svn", "cvs", "anoncvs", "gitlab", "gitea":
		return true
	}
	return false
}

// urlBefore reports whether t ends in scheme://user.
func urlBefore(t []byte) bool {
	for i := len(t) - 1; i > 1 && len(t)-i < 80; i-- {
		switch c := t[i]; {
		case c == '/':
			return t[i-1] == '/' && t[i-2] == ':'
		case c <= ' ' || c == '"' || c == '@':
			return false
		}
	}
	return false
}

// messageID reports whether the line before "<" begins with a header that
// holds identifiers of messages, not addresses.
func messageID(t []byte) bool {
	line := t[max(0, len(t)-400):]
	for i := len(line); i > 0; {
		// Folded header lines begin with white space: look further back.
		if i = lastByte(line[:i], '\n'); i >= 0 && i+1 < len(line) && line[i+1] != ' ' && line[i+1] != '\t' {
			line = line[i+1:]
			break
		}
	}
	for _, h := range [...]string{"message-id:", "references:", "in-reply-to:", "content-id:", "resent-message-id:"} {
		if len(line) >= len(h) && line[0]|0x20 == h[0] && strings.EqualFold(string(line[:len(h)]), h) {
			return true
		}
	}
	return false
}
