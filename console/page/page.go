// Package page draws the console: templates, words in Japanese and English,
// charts as SVG made on the server, and the few static files. It knows nothing
// of requests, accounts or the record; what is shown is handed to it.
//
// Everything is embedded and needs no build step. Pages hold no inline style
// and no inline script, so that the strictest content security policy fits.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed html/*.html
var htmlFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Langs are the languages, the first for whoever asks for none of them.
var Langs = []string{"ja", "en"}

// Item is an entry of the navigation.
type Item struct {
	Key    string // of its word
	Path   string
	Active bool
}

// View is what every page is given.
type View struct {
	Lang  string
	Title string // already in the language
	Path  string // for coming back after a change of language, with its query
	Nav   []Item
	Name  string // who is logged in; "" for nobody
	CSRF  string
	Note  string // one line about what was just done
	Fault string // one line about what was not
	Every int    // seconds after which the page loads again; 0: never
	// Onward is an address that is gone to at once; "": none.
	Onward string
	Body   any
}

// Pages are the parsed templates by language and name. Safe for concurrent
// use.
type Pages struct {
	loc   *time.Location
	pages map[string]map[string]*template.Template
}

// New parses all templates. Times are shown in loc.
func New(loc *time.Location) (*Pages, error) {
	p := &Pages{loc: loc, pages: map[string]map[string]*template.Template{}}
	names, err := fs.Glob(htmlFiles, "html/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the templates: %w", err)
	}
	for _, lang := range Langs {
		base, err := template.New("base.html").Funcs(p.funcs(lang)).ParseFS(htmlFiles, "html/base.html", "html/parts.html")
		if err != nil {
			return nil, fmt.Errorf("parse the templates: %w", err)
		}
		p.pages[lang] = map[string]*template.Template{}
		for _, n := range names {
			name := strings.TrimSuffix(path.Base(n), ".html")
			if name == "base" || name == "parts" {
				continue
			}
			t, err := base.Clone()
			if err == nil {
				t, err = t.ParseFS(htmlFiles, n)
			}
			if err != nil {
				return nil, fmt.Errorf("parse the template %s: %w", name, err)
			}
			p.pages[lang][name] = t
		}
	}
	return p, nil
}

// Draw writes a page, whole or not at all.
func (p *Pages) Draw(w io.Writer, name string, v View) error {
	t := p.pages[v.Lang][name]
	if t == nil {
		return fmt.Errorf("draw a page: there is no %q in %q", name, v.Lang)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return fmt.Errorf("draw the page %s: %w", name, err)
	}
	_, err := b.WriteTo(w)
	return err
}

// Static serves the files that pages name.
func Static() http.Handler {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic("page: " + err.Error()) // embedded
	}
	files := http.FileServerFS(sub)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	})
}
