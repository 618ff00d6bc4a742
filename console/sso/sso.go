// Package sso lets officers log in by the company's directory: OpenID Connect
// (https://openid.net/specs/openid-connect-core-1_0.html), authorization code
// flow with PKCE (RFC 7636), state and nonce.
//
// The directory says who somebody is and in which groups; groups become roles
// by a table. Who administers those groups gives roles alone, so keep that with
// people who look after nothing else here. The package holds no session and no
// account, and reaches nothing but the issuer.
package sso

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/sekimori-dlp/sekimori/console/account"
)

// Config is what a Provider is made of.
type Config struct {
	Issuer   string // "https://login.example.co.jp"; where its configuration is found
	ClientID string
	Secret   string
	Redirect string // the console's address that the issuer sends people back to
	Name     string // claim with the account's name; default "preferred_username"
	Groups   string // claim with the groups; default "groups"
	Scopes   []string
	Roles    map[account.Role][]string // the groups that give a role
	Client   *http.Client              // nil: one with a bounded time
}

// Provider is one issuer. Safe for concurrent use. The issuer's configuration
// is fetched when somebody logs in first: it need not be there at the start.
type Provider struct {
	cfg Config

	mu       sync.Mutex
	provider *oidc.Provider
}

// New prepares a Provider.
func New(c Config) *Provider {
	if c.Name == "" {
		c.Name = "preferred_username"
	}
	if c.Groups == "" {
		c.Groups = "groups"
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 15 * time.Second}
	}
	return &Provider{cfg: c}
}

// Issuer names it in records.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

func (p *Provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.cfg.Client)
}

// discover fetches the issuer's configuration once it is there.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.provider == nil {
		// Keys are fetched later with the context that it is made with.
		found, err := oidc.NewProvider(p.context(context.WithoutCancel(ctx)), p.cfg.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("ask the issuer for its configuration: %w", err)
		}
		p.provider = found
	}
	return p.provider, &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.Secret, Endpoint: p.provider.Endpoint(),
		RedirectURL: p.cfg.Redirect, Scopes: append([]string{oidc.ScopeOpenID, "profile"}, p.cfg.Scopes...)}, nil
}

// Flow is a log-in under way. It belongs to one browser and is used once.
type Flow struct {
	State, Nonce, Verifier string
}

// Begin makes a Flow and the issuer's address where the browser goes next.
func (p *Provider) Begin(ctx context.Context) (Flow, string, error) {
	_, conf, err := p.discover(ctx)
	if err != nil {
		return Flow{}, "", err
	}
	f := Flow{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier()}
	return f, conf.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

func random() string {
	b := make([]byte, 24)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Person is who has logged in.
type Person struct {
	Name    string
	Subject string // the issuer's own and lasting name for the person
	Roles   []account.Role
}

// Errors of Finish that are nobody's fault of the program.
var (
	ErrNoName = errors.New("the directory does not say the person's name")
	ErrNoRole = errors.New("none of the person's groups gives a role")
)

// maxGroups bounds what a directory may send.
const maxGroups = 10_000

// Finish exchanges the code that the browser came back with, and tells who it
// is. The token's signature, issuer, audience, time and nonce are checked.
func (p *Provider) Finish(ctx context.Context, f Flow, code string) (who Person, err error) {
	found, conf, err := p.discover(ctx)
	if err != nil {
		return who, err
	}
	ctx = p.context(ctx)
	token, err := conf.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			err = fmt.Errorf("the issuer answered %s", refused.ErrorCode) // its text may say anything
		}
		return who, fmt.Errorf("exchange the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return who, errors.New("the issuer gave no ID token")
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return who, fmt.Errorf("check the ID token: %w", err)
	}
	if id.Nonce != f.Nonce {
		return who, errors.New("check the ID token: it is of another log-in")
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return who, fmt.Errorf("read the ID token: %w", err)
	}
	who.Subject = id.Subject
	who.Name, _ = claims[p.cfg.Name].(string)
	if who.Name = strings.TrimSpace(who.Name); who.Name == "" || who.Subject == "" {
		return who, ErrNoName
	}
	var groups []string
	switch g := claims[p.cfg.Groups].(type) {
	case string:
		groups = []string{g}
	case []any:
		for _, x := range g[:min(len(g), maxGroups)] {
			if s, ok := x.(string); ok {
				groups = append(groups, s)
			}
		}
	}
	for _, r := range account.Roles {
		if slices.ContainsFunc(p.cfg.Roles[r], func(g string) bool { return slices.Contains(groups, g) }) {
			who.Roles = append(who.Roles, r)
		}
	}
	if len(who.Roles) == 0 {
		return who, ErrNoRole
	}
	return who, nil
}
