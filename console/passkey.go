package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/sekimori-dlp/sekimori/audit"
	"github.com/sekimori-dlp/sekimori/console/account"
)

// ceremony is what a page hands to the browser to make or use a passkey.
type ceremony struct {
	Options string // JSON, for navigator.credentials
	Session string // what the answer is held against, signed
}

// ceremonyTime is how long a page's offer is good for.
const ceremonyTime = 5 * time.Minute

// ceremonies sign what pages hand out, so that nothing is kept for who never
// answers, and keep which ones were used. Safe for concurrent use.
type ceremonies struct {
	key [32]byte

	mu   sync.Mutex
	used map[string]time.Time // challenges, until they are over anyway
}

func newCeremonies() *ceremonies {
	c := &ceremonies{used: map[string]time.Time{}}
	rand.Read(c.key[:])
	return c
}

func (c *ceremonies) mac(text string) []byte {
	h := hmac.New(sha256.New, c.key[:])
	h.Write([]byte(text))
	return h.Sum(nil)
}

var errCeremony = errors.New("the page is too old; load it again")

// sign puts a session into a form. what tells making from using, and for whom.
func (c *ceremonies) sign(what string, s *webauthn.SessionData) (string, error) {
	s.Expires = time.Now().Add(ceremonyTime)
	b, err := json.Marshal(s)
	text := base64.RawURLEncoding.EncodeToString(b)
	return text + "." + base64.RawURLEncoding.EncodeToString(c.mac(what+"\n"+text)), err
}

// read gives back what sign made, once.
func (c *ceremonies) read(what, form string) (s webauthn.SessionData, err error) {
	text, sum, _ := strings.Cut(form, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(mac, c.mac(what+"\n"+text)) {
		return s, errCeremony
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	now := time.Now()
	if err != nil || json.Unmarshal(b, &s) != nil || now.After(s.Expires) {
		return webauthn.SessionData{}, errCeremony
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, end := range c.used {
		if now.After(end) {
			delete(c.used, k)
		}
	}
	if _, again := c.used[s.Challenge]; again {
		return webauthn.SessionData{}, errCeremony
	}
	c.used[s.Challenge] = s.Expires
	return s, nil
}

// holder is an account as the library asks for it.
type holder struct{ *account.Account }

func (h holder) WebAuthnID() []byte          { return h.Handle }
func (h holder) WebAuthnName() string        { return h.Name }
func (h holder) WebAuthnDisplayName() string { return h.Name }
func (h holder) WebAuthnCredentials() (all []webauthn.Credential) {
	for _, k := range h.Passkeys {
		var c webauthn.Credential
		if json.Unmarshal(k.Credential, &c) == nil {
			all = append(all, c)
		}
	}
	return all
}

// relying is the library for the address at which the console is open. Browsers
// want a name, not an IP address; nil where there is none.
func (q *request) relying() *webauthn.WebAuthn {
	origin := q.c.cfg.Origin
	if origin == "" {
		origin = "http://" + q.Host
		if q.TLS != nil {
			origin = "https://" + q.Host
		}
	}
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Sekimori", RPOrigins: []string{origin}})
	if err != nil {
		q.c.cfg.Log.Debug("passkeys are not offered", "origin", origin, "error", err)
		return nil
	}
	return w
}

const usesPasskey = "log in"

// askPasskey offers to log in by a passkey; nil where that cannot be.
func (q *request) askPasskey() *ceremony {
	w := q.relying()
	if w == nil {
		return nil
	}
	options, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	return q.ceremony(usesPasskey, options, session, err)
}

// newPasskey offers to make one for who is logged in.
func (q *request) newPasskey() *ceremony {
	w := q.relying()
	if w == nil || q.acc.External() {
		return nil
	}
	who := *q.acc
	if len(who.Handle) == 0 {
		// The same at each try, so that a device keeps one key an account.
		sum := sha256.Sum256([]byte("sekimori passkey\n" + strings.ToLower(who.Name) + "\n" + who.Created.UTC().Format(time.RFC3339Nano)))
		who.Handle = sum[:]
	}
	h := holder{&who}
	options, session, err := w.BeginRegistration(h, webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}),
		webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()))
	return q.ceremony("make "+q.acc.Name, options, session, err)
}

func (q *request) ceremony(what string, options any, session *webauthn.SessionData, err error) *ceremony {
	var c ceremony
	var b []byte
	if err == nil {
		b, err = json.Marshal(options)
	}
	if err == nil {
		c.Options = string(b)
		c.Session, err = q.c.ceremonies.sign(what, session)
	}
	if err != nil {
		q.c.cfg.Log.Error("passkeys are not offered", "error", err)
		return nil
	}
	return &c
}

// maxCredential bounds what a browser answers with.
const maxCredential = 64 << 10

// passkeyLogin logs in who has the device.
func (c *Console) passkeyLogin(q *request) {
	next := local(q.PostFormValue("next"))
	again := func(word string) {
		v := q.view(q.t("login-title"), q.loginForm("", next, false))
		v.Path, v.Fault = "/console/login", q.t(word)
		q.drawAs(http.StatusUnauthorized, "login", v)
	}
	if ok, _ := c.guesses.Take("passkey "+q.address(), q.address()); !ok {
		again("login-later")
		return
	}
	w := q.relying()
	session, err := c.ceremonies.read(usesPasskey, q.PostFormValue("session"))
	if w == nil || err != nil {
		again("form-old")
		return
	}
	acc, credential, err := c.verifyPasskey(w, session, q.PostFormValue("credential"))
	if err == nil {
		var raw json.RawMessage
		if raw, err = json.Marshal(credential); err == nil {
			acc, err = c.accounts.UsedPasskey(acc.Name, credential.ID, raw, func(a account.Account) error {
				return q.record("log-in", audit.Event{User: a.Name, Details: map[string]string{"passkey": "yes"}})
			})
		}
	}
	switch {
	case errors.Is(err, errUnrecorded):
		q.broken(err)
		return
	case err != nil:
		c.cfg.Log.Warn("a passkey did not log in", "error", err)
		if err := q.record("log-in-failed", audit.Event{User: c.knownName(acc.Name), Details: map[string]string{"passkey": "yes"}}); err != nil {
			q.broken(err)
			return
		}
		again("passkey-refused")
		return
	}
	c.guesses.Forgive("passkey "+q.address(), q.address())
	q.begin(acc.Name, next)
}

// verifyPasskey holds a browser's answer against what was offered.
func (c *Console) verifyPasskey(w *webauthn.WebAuthn, session webauthn.SessionData, answer string) (account.Account, *webauthn.Credential, error) {
	if len(answer) > maxCredential {
		return account.Account{}, nil, errCeremony
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return account.Account{}, nil, err
	}
	var who account.Account
	_, credential, err := w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		var ok bool
		if who, ok = c.accounts.ByHandle(handle); !ok {
			return nil, account.ErrUnknown
		}
		return holder{&who}, nil
	}, session, parsed)
	if err == nil && credential.Authenticator.CloneWarning {
		err = errors.New("the passkey may have been copied")
	}
	return who, credential, err
}

func (c *Console) addPasskey(q *request) {
	if !q.guarded() {
		return
	}
	w := q.relying()
	session, err := c.ceremonies.read("make "+q.acc.Name, q.PostFormValue("session"))
	answer := q.PostFormValue("credential")
	if w == nil || err != nil || len(answer) > maxCredential {
		c.drawMe(q, http.StatusBadRequest, q.t("form-old"))
		return
	}
	who := *q.acc
	who.Handle = session.UserID
	var credential *webauthn.Credential
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err == nil {
		credential, err = w.CreateCredential(holder{&who}, session, parsed)
	}
	var raw json.RawMessage
	if err == nil {
		raw, err = json.Marshal(credential)
	}
	if err != nil {
		c.cfg.Log.Warn("a passkey was not taken", "name", q.acc.Name, "error", err)
		c.drawMe(q, http.StatusBadRequest, q.t("passkey-wrong"))
		return
	}
	k := account.Passkey{ID: credential.ID, Name: q.PostFormValue("device"), Credential: raw}
	err = c.accounts.AddPasskey(q.acc.Name, q.PostFormValue("password"), session.UserID, k, func() error {
		return q.record("passkey-added", audit.Event{Details: map[string]string{"account": q.acc.Name, "device": shown(k.Name)}})
	})
	c.changedPasskeys(q, err, "passkey-done")
}

func (c *Console) removePasskey(q *request) {
	if !q.guarded() {
		return
	}
	id, err := base64.RawURLEncoding.DecodeString(q.PostFormValue("id"))
	if err == nil {
		err = c.accounts.RemovePasskey(q.acc.Name, q.PostFormValue("password"), id, func() error {
			return q.record("passkey-removed", audit.Event{Details: map[string]string{"account": q.acc.Name}})
		})
	}
	c.changedPasskeys(q, err, "passkey-gone")
}

func (c *Console) changedPasskeys(q *request, err error, done string) {
	switch {
	case errors.Is(err, errUnrecorded):
		q.broken(err)
		return
	case errors.Is(err, account.ErrRefused):
		c.drawMe(q, http.StatusBadRequest, q.t("login-refused"))
		return
	case err != nil:
		c.drawMe(q, http.StatusBadRequest, q.t("not-possible", err.Error()))
		return
	}
	c.guesses.Forgive(strings.ToLower(q.acc.Name), q.address())
	c.sessions.EndAll(q.acc.Name, &q.ses)
	q.done("/console/me", done)
}
