package release

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Link is an offer to one approver to decide on one request without a log-in.
// Signed, it is what a letter to that approver holds: whoever has the letter
// decides as them, so it goes to them alone, for a bounded time, and for one
// decision. It gives no right that the approver has not got when it is used.
type Link struct {
	Case    string    `json:"c"`
	By      string    `json:"b"` // the account, as whoever takes the decision knows it
	Approve bool      `json:"a"`
	Until   time.Time `json:"u"`
}

// LinkFor is how long a link is good for at most.
const LinkFor = 72 * time.Hour

// ErrLink says that a link is not one of this store's, or over.
var ErrLink = errors.New("the link is not valid, or its time is over")

// linkTag keeps these signatures apart from other uses of the key.
const linkTag = "sekimori decision link v1\n"

// maxToken bounds what is looked at.
const maxToken = 2000

// Sign makes the token of a link. Its time ends with the request's own.
func (s *Store) Sign(l Link) (token string, err error) {
	k, err := s.Get(l.Case)
	if err != nil {
		return "", err
	}
	now := s.Now()
	if !k.Open(now) {
		return "", ErrClosed
	}
	if end := now.Add(LinkFor); l.Until.IsZero() || l.Until.After(end) {
		l.Until = end
	}
	if k.Ends.Before(l.Until) {
		l.Until = k.Ends
	}
	l.Until = l.Until.UTC().Truncate(time.Second)
	b, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(b)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.Digest([]byte(linkTag+text))), nil
}

// ReadLink gives the link of a token that this store signed, unless its time is
// over. Whether it can still be used is for [Store.Decide] to say: who has
// decided, in whichever way, cannot decide again, so it works once.
func (s *Store) ReadLink(token string) (l Link, err error) {
	text, sum, _ := strings.Cut(token, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || len(token) > maxToken || !hmac.Equal(mac, s.Digest([]byte(linkTag+text))) {
		return Link{}, ErrLink
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &l) != nil || !s.Now().Before(l.Until) {
		return Link{}, ErrLink
	}
	return l, nil
}
