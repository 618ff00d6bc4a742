package office

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/blowfish" //lint:ignore SA1019 OpenDocument 1.0 and 1.1 use it

	"github.com/sekimori-dlp/sekimori/inspect/part"
	"github.com/sekimori-dlp/sekimori/inspect/part/parttest"
)

const openPassword = "秘密 himitsu"

// lockedMember encrypts a member as office programs do, and describes how.
func lockedMember(t testing.TB, text string, old bool) (stored, description string) {
	t.Helper()
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, -1)
	w.Write([]byte(text))
	w.Close()
	salt, vector := []byte("salt of sixteen."), []byte("vector of sixtee")
	start := sha256.Sum256([]byte(openPassword))
	hash, size, rounds := start[:], 32, 10
	if old {
		short := sha1.Sum([]byte(openPassword))
		hash, size, vector = short[:], 16, vector[:8]
	}
	key, err := pbkdf2.Key(sha1.New, string(hash), salt, rounds, size)
	if err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	head := plain[:min(len(plain), 1024)]
	encoded := base64.StdEncoding.EncodeToString
	if old {
		sum := sha1.Sum(head)
		c, _ := blowfish.NewCipher(key)
		out := make([]byte, len(plain))
		cipher.NewCFBEncrypter(c, vector).XORKeyStream(out, plain) //lint:ignore SA1019 as OpenDocument 1.0 has it
		return string(out), fmt.Sprintf(`<m:encryption-data m:checksum-type="SHA1/1K" m:checksum="%s"><m:algorithm m:algorithm-name="Blowfish CFB" m:initialisation-vector="%s"/>`+
			`<m:key-derivation m:key-derivation-name="PBKDF2" m:iteration-count="%d" m:salt="%s"/></m:encryption-data>`, encoded(sum[:]), encoded(vector), rounds, encoded(salt))
	}
	sum := sha256.Sum256(head)
	c, _ := aes.NewCipher(key)
	pad := 16 - len(plain)%16
	out := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(c, vector).CryptBlocks(out, out)
	return string(out), fmt.Sprintf(`<m:encryption-data m:checksum-type="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0#sha256-1k" m:checksum="%s">`+
		`<m:algorithm m:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc" m:initialisation-vector="%s"/>`+
		`<m:key-derivation m:key-derivation-name="PBKDF2" m:key-size="32" m:iteration-count="%d" m:salt="%s"/>`+
		`<m:start-key-generation m:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256" m:key-size="32"/></m:encryption-data>`,
		encoded(sum[:]), encoded(vector), rounds, encoded(salt))
}

// TestOpenPasswords opens spreadsheets with one of the passwords that were written,
// and tells those that none opens.
func TestOpenPasswords(t *testing.T) {
	const sheets = "<office:document-content><office:body>" + openSheets + "</office:body></office:document-content>"
	for name, old := range map[string]bool{"AES": false, "Blowfish": true} {
		t.Run(name, func(t *testing.T) {
			content, one := lockedMember(t, sheets, old)
			settings, two := lockedMember(t, "<office:document-settings>x</office:document-settings>", old)
			manifest := `<m:manifest><m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.spreadsheet"/>` +
				`<m:file-entry m:full-path="content.xml">` + one + `</m:file-entry><m:file-entry m:full-path="settings.xml">` + two + `</m:file-entry></m:manifest>`
			read := func(manifest string, passwords ...string) *parttest.Tree {
				body := packed(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet",
					"content.xml", content, "settings.xml", settings, "META-INF/manifest.xml", manifest)
				return parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body)), Passwords: passwords}, part.Limits{})
			}
			for _, passwords := range [][]string{nil, {"another"}} {
				x := read(manifest, passwords...)
				if got := strings.Join(x.Skips(), " "); got != "encrypted encrypted" || x.Has("関守") {
					t.Errorf("with %q: skipped %q\n%s", passwords, got, x)
				}
			}
			x := read(manifest, "another", openPassword)
			if got := textsOf(x)["名簿"]; got != openTable || len(x.Skips()) > 0 {
				t.Errorf("%q; skipped %v\n%s", got, x.Skips(), x)
			}
			// What asks for too much, or is done in another way, is told.
			for from, to := range map[string]string{`count="10"`: `count="9000000"`, `name="PBKDF2"`: `name="argon2id"`, `checksum="`: `checksum="?`} {
				x := read(strings.ReplaceAll(manifest, from, to), openPassword)
				if got := strings.Join(x.Skips(), " "); got != "encrypted encrypted" || x.Has("関守") {
					t.Errorf("with %s: skipped %q", to, got)
				}
			}
		})
	}
}

// FuzzOpenPasswords changes what describes the encryption, and what is encrypted.
func FuzzOpenPasswords(f *testing.F) {
	for _, old := range []bool{false, true} {
		content, description := lockedMember(f, "<office:document-content/>", old)
		f.Add(content, description)
	}
	f.Fuzz(func(t *testing.T, content, description string) {
		if strings.Count(description, "iteration-count") != strings.Count(description, `iteration-count="10"`) {
			t.Skip() // many rounds are nothing but slow
		}
		body := packed(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", content,
			"META-INF/manifest.xml", `<m:manifest><m:file-entry m:full-path="content.xml">`+description+`</m:file-entry></m:manifest>`)
		parttest.Read(t, readers(), part.Part{Body: bytes.NewReader(body), Size: int64(len(body)), Passwords: []string{openPassword}}, part.Limits{})
	})
}
