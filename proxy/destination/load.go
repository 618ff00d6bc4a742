package destination

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

//go:embed catalogue/*.toml
var embedded embed.FS

// source is a file of the catalogue.
//
//	class    = "partner"                 # of the services that have no class of their own
//	classes  = ["partner"]               # new classes, so that a slip of the pen is noticed
//	remove   = ["Dropbox"]               # embedded services to forget
//
//	[services]
//	"Partner's upload" = ["upload.partner.example", "www.partner.example/in"]
//	"Own wiki"         = { hosts = [".wiki.example"], class = ["internal"], methods = ["PUT"] }
type source struct {
	Class    list               `toml:"class"`
	Classes  []string           `toml:"classes"`
	Remove   tomlfile.Node      `toml:"remove"`
	Services map[string]service `toml:"services"`
}

type service struct {
	Hosts   tomlfile.Node `toml:"hosts,short"`
	Class   list          `toml:"class"`
	Methods []string      `toml:"methods"`
}

// list is a list of words and where each stands.
type list = []tomlfile.Node

// Load makes a Catalogue of the embedded services and the administrator's
// files. Faults are returned all at once, as file:line:col.
func Load(files ...string) (*Catalogue, error) {
	var faults tomlfile.Errors
	b := builder{known: map[string]bool{}, report: faults.Report}
	for _, c := range Classes {
		b.known[c] = true
	}
	own, err := readEmbedded()
	if err != nil {
		return nil, fmt.Errorf("embedded catalogue: %w", err)
	}
	var theirs []*tomlfile.File
	for _, name := range files {
		f, err := tomlfile.Read(name)
		if err != nil {
			faults.Merge(err)
			continue
		}
		theirs = append(theirs, f)
	}
	base := b.layer(own)
	over := b.layer(theirs)
	b.remove(base, over)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return b.build(over, base), nil
}

func readEmbedded() (files []*tomlfile.File, err error) {
	entries, err := embedded.ReadDir("catalogue")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := "catalogue/" + e.Name()
		src, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := tomlfile.Parse(name, src)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

type builder struct {
	known  map[string]bool // classes
	report tomlfile.Report
}

// layer is the services of the embedded files, or of the administrator's.
type layer struct {
	services map[string][]pattern
	removes  []tomlfile.Node
}

func (b *builder) layer(files []*tomlfile.File) *layer {
	l := &layer{services: map[string][]pattern{}}
	sources := make([]source, len(files))
	for i, f := range files {
		f.Root().Decode(&sources[i], b.report)
		for _, c := range sources[i].Classes {
			b.known[c] = true
		}
	}
	where := map[string]string{} // pattern and methods, to service
	for i, f := range files {
		s := &sources[i]
		for k := range s.Remove.Len() {
			l.removes = append(l.removes, s.Remove.Elem(k))
		}
		for _, name := range slices.Sorted(maps.Keys(s.Services)) {
			at := f.Root().Key("services").Key(name)
			b.service(l, s, name, at, where)
		}
	}
	return l
}

// service adds one service of s to l.
func (b *builder) service(l *layer, s *source, name string, at tomlfile.Node, where map[string]string) {
	v := s.Services[name]
	report := b.report.In(fmt.Sprintf("service %q", name))
	if strings.TrimSpace(name) == "" {
		b.report(at.KeyPos(), "a service has no name")
		return
	}
	if _, twice := l.services[name]; twice {
		report(at.KeyPos(), "it is already there; put all its hosts into one list")
		return
	}
	classes := b.classes(v.Class, report)
	if len(v.Class) == 0 {
		classes = b.classes(s.Class, report)
	}
	if len(classes) == 0 {
		report(at.KeyPos(), "it has no class; write { hosts = […], class = \"…\" }, or class = \"…\" at the top of the file")
	}
	for _, m := range v.Methods {
		if m == "" || m != strings.ToUpper(m) {
			report(at.Key("methods").Pos(), "%q is no method; write one such as \"PUT\"", m)
		}
	}
	if v.Hosts.Len() == 0 {
		report(at.KeyPos(), "it has no hosts; %v", errHost)
	}
	l.services[name] = nil
	for i := range v.Hosts.Len() {
		h := v.Hosts.Elem(i)
		if h.Text() == "" {
			report(h.Pos(), "a host is missing or no text; %v", errHost)
			continue
		}
		p, err := parsePattern(h.Text())
		if err != nil {
			report(h.Pos(), "%v", err)
			continue
		}
		key := p.text + " " + strings.Join(v.Methods, " ")
		if other, ok := where[key]; ok {
			report(h.Pos(), "%q is already a host of %q", h.Text(), other)
			continue
		}
		where[key] = name
		p.service, p.classes, p.methods = name, classes, v.Methods
		l.services[name] = append(l.services[name], p)
	}
}

func (b *builder) classes(nodes list, report tomlfile.Report) (classes []string) {
	for _, n := range nodes {
		if c := n.Text(); b.known[c] {
			classes = append(classes, c)
		} else {
			report(n.Pos(), "%q is no class%s; a new one is declared by classes = [%q]", c,
				tomlfile.Instead(c, slices.Sorted(maps.Keys(b.known))), c)
		}
	}
	return classes
}

// remove forgets the services of base that over asks to.
func (b *builder) remove(base, over *layer) {
	for _, n := range over.removes {
		if _, ok := base.services[n.Text()]; !ok {
			b.report(n.Pos(), "remove: there is no embedded service %q%s", n.Text(),
				tomlfile.Instead(n.Text(), slices.Sorted(maps.Keys(base.services))))
			continue
		}
		delete(base.services, n.Text())
	}
}

func (b *builder) build(layers ...*layer) *Catalogue {
	c := &Catalogue{classes: slices.Sorted(maps.Keys(b.known))}
	for _, l := range layers {
		from := len(c.patterns)
		for name, p := range l.services {
			c.services = append(c.services, name)
			c.patterns = append(c.patterns, p...)
		}
		slices.SortFunc(c.patterns[from:], func(p, q pattern) int { return p.compare(&q) })
	}
	slices.Sort(c.services)
	c.services = slices.Compact(c.services)
	c.finder = newFinder(anchors(c.patterns))
	return c
}
