package gate

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/proxy/service"
)

// ClassPair is the class of a mail that brings together an encrypted file and its
// password for the same people: both in it, or one in it and the other in another
// mail of the same sender's within a day, whichever came first. Whoever reads one
// mail reads the other, and nobody on the way can look into the file. In Japan the
// habit has a name, PPAP.
const ClassPair = "mail-ppap"

// Bounds of pairs: how long one half is remembered, how many halves, and of how
// many recipients of one mail.
const (
	pairFor         = 24 * time.Hour
	maxHalves       = 100_000
	maxPairedPeople = 100
)

// half is one of the two.
type half string

const (
	lockedHalf half = "encrypted file"
	keyHalf    half = "password"
)

// pairs tells whether a transaction may be half of a pair: mail to somebody
// outside.
func (c *check) pairs() bool {
	return c.use != nil && c.use.Operation == service.SendMail && c.use.count > 0
}

// pair adds the class to a mail that completes a pair, and remembers the half
// that another one completes.
func (c *check) pair(r *inspect.Report) {
	locked := r.Coverage.Reasons[part.Encrypted] > 0
	if !locked && !c.keyed {
		return
	}
	found, people := locked && c.keyed, 0
	who := sender(c.t.Principal)
	for _, to := range c.use.Recipients {
		if c.Company.Inside(to) {
			continue
		}
		if people++; people > maxPairedPeople {
			break
		}
		found = found || locked && c.noted(keyHalf, who, to) || c.keyed && c.noted(lockedHalf, who, to)
		if locked {
			c.note(lockedHalf, who, to)
		}
		if c.keyed {
			c.note(keyHalf, who, to)
		}
	}
	if d := &c.t.Destination; found && !slices.Contains(d.Classes, ClassPair) {
		d.Classes = append(slices.Clip(d.Classes), ClassPair)
	}
}

// halfSum identifies what was sent of a pair; nobody without the key can tell by
// whom or to whom.
func (c *Confirmations) halfSum(h half, who, to string) [32]byte {
	return c.sum(claim{sender: who, host: to, rule: "half of a pair: " + string(h)})
}

// note remembers a half, here and on other nodes.
func (c *Confirmations) note(h half, who, to string) {
	sum, now := c.halfSum(h, who, to), c.now()
	c.mu.Lock()
	fresh := now.Add(pairFor - time.Hour).After(c.halves[sum]) // or the other nodes know it well enough
	c.keepHalf(sum, now.Add(pairFor))
	c.mu.Unlock()
	if fresh && c.told != nil {
		c.told(sum, now.Add(pairFor))
	}
}

// keepHalf wants the lock. Where there are too many the oldest half of them goes.
func (c *Confirmations) keepHalf(sum [32]byte, end time.Time) {
	if c.halves == nil {
		c.halves = map[[32]byte]time.Time{}
	}
	if len(c.halves) >= maxHalves {
		ends := slices.SortedFunc(maps.Values(c.halves), time.Time.Compare)
		middle := ends[len(ends)/2]
		maps.DeleteFunc(c.halves, func(_ [32]byte, end time.Time) bool { return !end.After(middle) })
	}
	c.halves[sum] = end
	c.write(entryHalf, sum, end)
}

func (c *Confirmations) noted(h half, who, to string) bool {
	sum, now := c.halfSum(h, who, to), c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	end, ok := c.halves[sum]
	return ok && now.Before(end) && end.Sub(now) <= pairFor+maxAhead
}

// isHalf tells what another node has told: a confirmation never holds for so long.
func (c *Confirmations) isHalf(end time.Time) bool {
	return end.Sub(c.now()) > c.ttl+maxAhead
}

// How people tell a password: behind a word for it, or in a line of its own below
// one with such a word.
const passwordLabel = `(?:パスワード|ﾊﾟｽﾜｰﾄﾞ|暗証番号|解凍キー|解凍ｷｰ|パスコード|\bpass(?:word|code|phrase)\b|\bpwd?\b|ＰＷ)`

var (
	passwordBehind = regexp.MustCompile(`(?im)` + passwordLabel + `[)）」】\]]?[\s　]*(?:(?:は|が|:|：|=|＝|→|⇒|is\b)[\s　]*[「『【"'“‘<＜(（]?|[「『【])([!-~]{4,64})(?:([\s　]*(?:$|[\r」』】。]|です))|)`)
	passwordBelow  = regexp.MustCompile(`(?im)` + passwordLabel + `[^\r\n]{0,80}\r?\n(?:[ \t　]*\r?\n){0,2}[ \t　「『【]*([!-~]{4,64})[ \t　」』】]*\r?$`)
)

// tellsPassword tells whether a text gives a password. It is to know the habit of
// sending one, not to find every word that could be one.
func tellsPassword(text []byte) bool {
	if !mayTellPassword(text) {
		return false
	}
	for _, m := range passwordBehind.FindAllSubmatchIndex(text, maxPerScan) {
		if v := string(text[m[2]:m[3]]); !strings.Contains(v, "://") && (m[4] >= 0 || chosen(v)) {
			return true
		}
	}
	for _, m := range passwordBelow.FindAllSubmatch(text, maxPerScan) {
		if chosen(string(m[1])) {
			return true
		}
	}
	return false
}

// chosen tells whether something is no ordinary word, but may be a password: it has
// a digit, a sign amid it, or letters of both kinds amid it.
func chosen(v string) bool {
	v = strings.Trim(v, trimmed)
	if len(v) < minPassword || strings.Contains(v, "://") || !strings.ContainsFunc(v, letterOrDigit) {
		return false
	}
	return strings.ContainsFunc(v, func(r rune) bool { return r < 'A' || r > 'Z' && r < 'a' || r > 'z' }) ||
		strings.ToLower(v) != v && strings.ToUpper(v) != v && strings.ToLower(v[1:]) != v[1:]
}

func letterOrDigit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
