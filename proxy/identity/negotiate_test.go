package identity

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/spnego"
	"github.com/jcmturner/gokrb5/v8/types"
)

const spn, realm = "HTTP/proxy.example.jp", "EXAMPLE.JP"

// proxyKey is a keytab with the proxy's key.
func proxyKey(t *testing.T, password string) (*keytab.Keytab, string) {
	t.Helper()
	kt := keytab.New()
	if err := kt.AddEntry(spn, realm, password, time.Now(), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
		t.Fatal(err)
	}
	b, err := kt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "proxy.keytab")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return kt, path
}

// ticket is what a domain member sends: the KDC's part and the client's own.
func ticket(t *testing.T, kt *keytab.Keytab, user, realm string, from, until time.Time) (wrapped, bare []byte) {
	t.Helper()
	name := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, user)
	service := types.NewPrincipalName(nametype.KRB_NT_PRINCIPAL, spn)
	tkt, key, err := messages.NewTicket(name, realm, service, "EXAMPLE.JP", types.NewKrbFlags(), kt, etypeID.AES256_CTS_HMAC_SHA1_96, 1, from, from, until, until)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := types.NewAuthenticator(realm, name)
	if err != nil {
		t.Fatal(err)
	}
	req, err := messages.NewAPReq(tkt, key, auth)
	if err != nil {
		t.Fatal(err)
	}
	body, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	oid, err := asn1.Marshal(gssapi.OIDKRB5.OID())
	if err != nil {
		t.Fatal(err)
	}
	bare = asn1tools.AddASNAppTag(slices.Concat(oid, []byte{1, 0}, body), 0) // RFC 4121, 4.1
	token := spnego.SPNEGOToken{Init: true, NegTokenInit: spnego.NegTokenInit{
		MechTypes: []asn1.ObjectIdentifier{gssapi.OIDKRB5.OID()}, MechTokenBytes: bare}}
	if wrapped, err = token.Marshal(); err != nil {
		t.Fatal(err)
	}
	return wrapped, bare
}

func TestKerberos(t *testing.T) {
	kt, path := proxyKey(t, "the proxy's own")
	other, _ := proxyKey(t, "somebody else's")
	i := mustNew(t, Config{Anonymous: "deny", Kerberos: &Kerberos{Keytab: path, Realms: []string{realm}}, Members: map[string][]string{"sales": {"sato"}}})
	now := time.Now().UTC()
	try := func(token []byte) (string, error) {
		p, err := i.Identify(request("192.0.2.1:1", "Proxy-Authorization", "Negotiate "+base64.StdEncoding.EncodeToString(token)))
		if err == nil && (p.How != Ticket || !slices.Equal(p.Groups, []string{"sales"})) {
			t.Errorf("%+v", p)
		}
		return p.User, err
	}
	wrapped, _ := ticket(t, kt, "sato", realm, now, now.Add(time.Hour))
	if user, err := try(wrapped); err != nil || user != "sato" {
		t.Errorf("a ticket: %q %v", user, err)
	}
	if user, err := try(wrapped); status(err) != 407 {
		t.Errorf("the same once more, as an eavesdropper would: %q %v", user, err)
	}
	_, bare := ticket(t, kt, "sato", realm, now, now.Add(time.Hour))
	if user, err := try(bare); err != nil || user != "sato" {
		t.Errorf("without SPNEGO around it: %q %v", user, err)
	}
	forged, _ := ticket(t, other, "sato", realm, now, now.Add(time.Hour))
	old, _ := ticket(t, kt, "sato", realm, now.Add(-2*time.Hour), now.Add(-time.Hour))
	foreign, _ := ticket(t, kt, "sato", "ELSEWHERE.EXAMPLE", now, now.Add(time.Hour))
	for name, token := range map[string][]byte{
		"by another key": forged, "expired": old, "of another realm": foreign, "empty": {}, "cut": wrapped[:len(wrapped)/2],
		"NTLM": []byte("NTLMSSP\x00\x01\x00\x00\x00\x07\x82\x08\xa2"), "noise": []byte("\x60\x84\xff\xff\xff\xff\x06"),
	} {
		if user, err := try(token); status(err) != 407 {
			t.Errorf("%s: %q %v", name, user, err)
		}
	}
	_, err := i.Identify(request("192.0.2.1:1"))
	h := request("").Header
	if err.(*Refusal).SetHeader(h); !slices.Equal(h["Proxy-Authenticate"], []string{"Negotiate"}) {
		t.Errorf("asked with %q", h)
	}
}

func TestKerberosFaults(t *testing.T) {
	_, path := proxyKey(t, "x")
	for want, k := range map[string]Kerberos{
		"no realms": {Keytab: path}, "read the keytab": {Keytab: path + ".not", Realms: []string{realm}},
		"keytab": {Keytab: file(t, "broken", "\x05\x02\x00\x00\xff"), Realms: []string{realm}},
	} {
		if _, err := New(Config{Anonymous: "deny", Kerberos: &k}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func FuzzNegotiate(f *testing.F) {
	kt := keytab.New()
	kt.AddEntry(spn, realm, "x", time.Now(), 1, etypeID.AES256_CTS_HMAC_SHA1_96)
	n := &negotiator{Kerberos{Realms: []string{realm}}, kt}
	f.Add([]byte("\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x1e"))
	f.Add([]byte("\xa1\x07\x30\x05\xa0\x03\x0a\x01\x00"))
	f.Fuzz(func(t *testing.T, token []byte) {
		if user, err := n.check("Negotiate " + base64.StdEncoding.EncodeToString(token)); err == nil {
			t.Errorf("made-up bytes let in %q", user)
		}
	})
}
