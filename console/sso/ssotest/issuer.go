// Package ssotest is an OpenID Connect issuer for tests: it has one person at a
// time, no page, and faults on demand.
package ssotest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer is a running one.
type Issuer struct {
	*httptest.Server
	// Client is the client that it knows.
	Client, Secret string

	mu     sync.Mutex
	claims map[string]any
	fault  map[string]any // claims in the token's place
	other  bool           // sign with a key that is not published
	codes  map[string]url.Values
	key    *ecdsa.PrivateKey
	t      *testing.T
}

// New starts an issuer that stops with the test.
func New(t *testing.T) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{Client: "sekimori", Secret: "the client's secret", codes: map[string]url.Values{}, key: key, t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.json(w, map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.json(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /auth", i.auth)
	mux.HandleFunc("POST /token", i.token)
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// Person sets who is logged in at the issuer: the claims of the ID token.
func (i *Issuer) Person(claims map[string]any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.claims, i.fault, i.other = claims, nil, false
}

// Fault puts other claims into the next tokens, and signs them with another key
// if stranger.
func (i *Issuer) Fault(claims map[string]any, stranger bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fault, i.other = claims, stranger
}

func (i *Issuer) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}

// auth sends the browser back with a code, as if the person had agreed.
func (i *Issuer) auth(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != i.Client || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || q.Get("state") == "" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	b := make([]byte, 8)
	rand.Read(b)
	code := base64.RawURLEncoding.EncodeToString(b)
	i.mu.Lock()
	i.codes[code] = q
	i.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	user, secret, ok := r.BasicAuth()
	if !ok {
		user, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	user, _ = url.QueryUnescape(user)
	secret, _ = url.QueryUnescape(secret)
	asked, known := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if user != i.Client || secret != i.Secret || !known || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		w.WriteHeader(http.StatusBadRequest)
		i.json(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": i.URL, "aud": i.Client, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked.Get("nonce")}
	maps.Copy(claims, i.claims)
	maps.Copy(claims, i.fault)
	key := i.key
	if i.other {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			i.t.Error(err)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		i.t.Error(err)
		return
	}
	text, err := json.Marshal(claims)
	if err != nil {
		i.t.Error(err)
		return
	}
	signed, err := signer.Sign(text)
	if err != nil {
		i.t.Error(err)
		return
	}
	id, err := signed.CompactSerialize()
	if err != nil {
		i.t.Error(err)
		return
	}
	i.json(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": id, "expires_in": 60})
}
