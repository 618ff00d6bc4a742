package identity

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/spnego"
)

// Kerberos lets clients log in with a ticket of the company's domain (SPNEGO
// over HTTP, RFC 4559), without asking anybody for a password.
type Kerberos struct {
	// Keytab is the file with the proxy's own key, for HTTP/proxy.example.jp.
	Keytab string
	// Principal names the key to use, if it is not the ticket's own; default:
	// whatever the ticket names.
	Principal string
	// Realms are those whose users are let in; their names are used without
	// the realm. At least one has to be named.
	Realms []string
}

// negotiator checks tickets. Safe for concurrent use.
type negotiator struct {
	c     Kerberos
	table *keytab.Keytab
}

const maxToken = 64 << 10 // tickets of people in many groups are large

func newNegotiator(c Kerberos) (*negotiator, error) {
	if len(c.Realms) == 0 {
		return nil, errors.New("auth.kerberos: no realms; write such as realms = [\"EXAMPLE.JP\"]")
	}
	t, err := keytab.Load(c.Keytab)
	if err != nil {
		return nil, fmt.Errorf("auth.kerberos: read the keytab: %w", err)
	}
	if len(t.Entries) == 0 {
		return nil, errors.New("auth.kerberos: there is no key in the keytab")
	}
	return &negotiator{c, t}, nil
}

// errTicket is returned for whatever is wrong with a ticket.
var errTicket = errors.New("the Kerberos ticket was not accepted")

// check returns the user that a Negotiate header's token is of. The library
// parses what a client sends; a panic in it refuses the token.
func (n *negotiator) check(header string) (user string, err error) {
	defer func() {
		if recover() != nil {
			user, err = "", fmt.Errorf("%w: it cannot be read", errTicket)
		}
	}()
	_, text, _ := strings.Cut(header, " ")
	if len(text) > maxToken {
		return "", fmt.Errorf("%w: it is too large", errTicket)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) == 0 {
		return "", fmt.Errorf("%w: it is not base64", errTicket)
	}
	options := []func(*service.Settings){service.DecodePAC(false), service.Logger(log.New(io.Discard, "", 0))}
	if n.c.Principal != "" {
		options = append(options, service.KeytabPrincipal(n.c.Principal))
	}
	var token spnego.SPNEGOToken
	if err := token.Unmarshal(raw); err != nil {
		// Some clients send the Kerberos token without SPNEGO around it.
		var bare spnego.KRB5Token
		if bare.Unmarshal(raw) != nil {
			return "", fmt.Errorf("%w: it is neither SPNEGO nor Kerberos (NTLM is not served)", errTicket)
		}
		token = spnego.SPNEGOToken{Init: true, NegTokenInit: spnego.NegTokenInit{
			MechTypes: []asn1.ObjectIdentifier{gssapi.OIDKRB5.OID()}, MechTokenBytes: raw}}
	}
	if !token.Init || len(token.NegTokenInit.MechTypes) == 0 {
		return "", fmt.Errorf("%w: it is no first token", errTicket)
	}
	ok, ctx, status := spnego.SPNEGOService(n.table, options...).AcceptSecContext(&token)
	if status.Code != gssapi.StatusComplete || !ok || ctx == nil {
		return "", fmt.Errorf("%w: %s", errTicket, status.Message)
	}
	id, is := ctx.Value(contextCredentials).(*credentials.Credentials)
	if !is || id == nil || id.UserName() == "" {
		return "", fmt.Errorf("%w: it names nobody", errTicket)
	}
	if !slices.ContainsFunc(n.c.Realms, func(r string) bool { return strings.EqualFold(r, id.Domain()) }) {
		return "", fmt.Errorf("%w: its realm is not among auth.kerberos.realms", errTicket)
	}
	return id.UserName(), nil
}

// contextCredentials is the key under which the library leaves the outcome.
const contextCredentials = "github.com/jcmturner/gokrb5/v8/ctxCredentials"
