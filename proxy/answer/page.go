package answer

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(pageStyle) },
}).Parse(pageSource))

// pagePolicy allows the page's own style sheet, by its hash, and its form, and
// nothing else: no script, no resource from anywhere.
var pagePolicy = "default-src 'none'; style-src '" + styleHash() + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

func styleHash() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (a *Answer) html(l Lang) []byte {
	var b bytes.Buffer
	if err := page.Execute(&b, a.words(l)); err != nil { // cannot be: a buffer and plain strings
		return a.text([]Lang{l})
	}
	return b.Bytes()
}
