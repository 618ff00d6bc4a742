package gate

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sekimori-dlp/sekimori/inspect"
)

// secrets remembers the passwords that people wrote in what they sent: in Japan
// a file often goes in an encrypted archive and its password in the next mail.
// They stay in memory, and only as long as somebody may go on with them. Safe
// for concurrent use.
type secrets struct {
	now func() time.Time

	mu  sync.Mutex
	who map[string][]secret // the newest last
}

type secret struct {
	value string
	at    time.Time
}

// Bounds of secrets: how long one is remembered, how many of a person, of how
// many people, and how many of one upload are looked at.
const (
	secretFor   = 24 * time.Hour
	maxSecrets  = 16
	maxPeople   = 4096
	maxPerScan  = 16
	minPassword = 4
)

func newSecrets() *secrets { return &secrets{now: time.Now, who: map[string][]secret{}} }

// of lists what is remembered of a person, the newest first.
func (s *secrets) of(who string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range slices.Backward(s.who[who]) {
		if s.now().Sub(k.at) < secretFor {
			all = append(all, k.value)
		}
	}
	return all
}

// add remembers passwords of a person.
func (s *secrets) add(who string, values []string) {
	if len(values) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.who[who] == nil && len(s.who) >= maxPeople {
		for name, all := range s.who {
			if len(all) == 0 || s.now().Sub(all[len(all)-1].at) >= secretFor {
				delete(s.who, name)
			}
		}
		if len(s.who) >= maxPeople {
			return
		}
	}
	all := s.who[who]
	for _, v := range values {
		all = slices.DeleteFunc(all, func(k secret) bool { return k.value == v })
		all = append(all, secret{v, s.now()})
	}
	s.who[who] = slices.Clone(all[max(0, len(all)-maxSecrets):])
}

// Words that stand before a password, and what may stand between.
var passwordShape = regexp.MustCompile(`(?i)(?:パスワード|ﾊﾟｽﾜｰﾄﾞ|暗証番号|解凍キー|解凍ｷｰ|パスコード|\bpass(?:word|code|phrase)?|\bpwd?|ＰＷ)[)）」】\]]?[\s　]*(?:は|が|:|：|=|＝|is\b|→|⇒|-)?[\s　]*[「『【"'“‘<＜(（]?([!-~]{4,64})`)

// passwordWords are what text must hold for that to be looked for.
var passwordWords = [][]byte{[]byte("パス"), []byte("暗証"), []byte("解凍"), []byte("ass"), []byte("ASS"), []byte("PW"), []byte("pw"), []byte("ＰＷ"), []byte("ﾊﾟｽ")}

// mayTellPassword is a quick look for them.
func mayTellPassword(text []byte) bool {
	return slices.ContainsFunc(passwordWords, func(w []byte) bool { return bytes.Contains(text, w) })
}

// trimmed are the signs behind a password that may be of the sentence.
const trimmed = `.,;:!?"')]}>`

// appendPasswords appends what text gives as passwords to all, each once, as it
// stands and without the signs that may be of the sentence.
func appendPasswords(all []string, text []byte) []string {
	if len(all) >= maxPerScan || !mayTellPassword(text) {
		return all
	}
	found := passwordShape.FindAllSubmatch(text, maxPerScan)
	if found == nil {
		found = passwordBelow.FindAllSubmatch(text, maxPerScan)
	}
	for _, m := range found {
		value := string(m[1])
		for _, v := range []string{value, strings.TrimRight(value, trimmed)} {
			if len(v) >= minPassword && len(all) < maxPerScan && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// sender is who the passwords belong to.
func (c *check) sender() string {
	if c.t.Principal.User != "" {
		return "user " + c.t.Principal.User
	}
	return "address " + c.t.Principal.Address.String()
}

// hear makes an inspection look for passwords, if they are to be tried or may be
// half of a pair.
func (c *check) hear(o *inspect.ScanOptions) {
	pairs := c.pairs()
	if c.secrets == nil && !pairs {
		return
	}
	o.OnText = func(_ *inspect.PartReport, text []byte) {
		if c.secrets != nil {
			c.heard = appendPasswords(c.heard, text)
		}
		c.keyed = c.keyed || pairs && tellsPassword(text)
	}
}

// passwords remembers what was heard and returns what is to be tried.
func (c *check) passwords() []string {
	if c.secrets == nil {
		return nil
	}
	who := c.sender()
	c.secrets.add(who, c.heard)
	return c.secrets.of(who)
}
