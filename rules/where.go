package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// where compiles a [rule.where].
func (b *builder) where(w *whereTOML, report tomlfile.Report) clause {
	var c clause
	if w.Class != nil {
		c = append(c, b.class(w, "class", w.Class, false, report))
	}
	if w.NotClass != nil {
		c = append(c, b.class(w, "not_class", w.NotClass, true, report))
		apart(w.At, "class", w.Class, w.NotClass, report)
	}
	if w.Hosts != nil {
		c = append(c, b.hosts(w, "hosts", w.Hosts, false, report))
	}
	if w.NotHosts != nil {
		c = append(c, b.hosts(w, "not_hosts", w.NotHosts, true, report))
		apart(w.At, "hosts", w.Hosts, w.NotHosts, report)
	}
	if w.Services != nil {
		for i, s := range w.Services {
			if b.opt.Services != nil {
				oneOf(w.At.Key("services").Elem(i), "service", s, b.opt.Services, report)
			}
		}
		c = append(c, list("services", w.Services, false,
			func(t *Transaction, i int) bool { return strings.EqualFold(t.Destination.Service, w.Services[i]) },
			func(t *Transaction) string { return or(t.Destination.Service, "not known") }))
	}
	if w.Methods != nil {
		for i, m := range w.Methods {
			if !token(m) {
				report(w.At.Key("methods").Elem(i).Pos(), "%q is no HTTP method; write one such as \"POST\"", m)
			}
		}
		c = append(c, list("methods", w.Methods, false,
			func(t *Transaction, i int) bool { return strings.EqualFold(t.Destination.Method, w.Methods[i]) },
			func(t *Transaction) string { return t.Destination.Method }))
	}
	if w.Paths != nil {
		for i, p := range w.Paths {
			if !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "*") {
				report(w.At.Key("paths").Elem(i).Pos(), "%q never matches, as paths begin with a slash; write %q", p, "/"+p)
			}
		}
		c = append(c, list("paths", w.Paths, false,
			func(t *Transaction, i int) bool { return glob(w.Paths[i], t.Destination.Path) },
			// A path may hold a value: only its length is told.
			func(t *Transaction) string { return fmt.Sprintf("a path of %d characters", len(t.Destination.Path)) }))
	}
	if w.Ports != nil {
		var words []string
		for i, p := range w.Ports {
			if p < 1 || p > 65535 {
				report(w.At.Key("ports").Elem(i).Pos(), "%d is no port; write one from 1 to 65535", p)
			}
			words = append(words, strconv.Itoa(p))
		}
		c = append(c, list("ports", words, false,
			func(t *Transaction, i int) bool { return t.Destination.Port == w.Ports[i] },
			func(t *Transaction) string { return strconv.Itoa(t.Destination.Port) }))
	}
	c = append(c, b.use(w, report)...)
	if len(w.At.Keys()) == 0 {
		report(w.At.Pos(), "where says nothing; write class, hosts, services, methods, paths, ports, operation or recipients_outside, or leave it out")
	}
	return c
}

func (b *builder) class(w *whereTOML, key string, classes []string, except bool, report tomlfile.Report) condition {
	for i, c := range classes {
		oneOf(w.At.Key(key).Elem(i), "class", c, b.classes, report)
	}
	c := list(key, classes, except,
		func(t *Transaction, i int) bool { return slices.Contains(classesOf(t), classes[i]) },
		func(t *Transaction) string { return strings.Join(classesOf(t), ", ") })
	c.holds = func(t *Transaction) bool { // nearly every rule asks this, of every upload
		for _, have := range classesOf(t) {
			if slices.Contains(classes, have) {
				return !except
			}
		}
		return except
	}
	return c
}

// classesOf gives a destination without a class the class unknown, so that no
// catalogue's silence lets anything past a rule.
func classesOf(t *Transaction) []string {
	if len(t.Destination.Classes) == 0 {
		return unknownClass
	}
	return t.Destination.Classes
}

var unknownClass = []string{"unknown"}

func (b *builder) hosts(w *whereTOML, key string, hosts []string, except bool, report tomlfile.Report) condition {
	globs := make([]hostGlob, len(hosts))
	for i, h := range hosts {
		g, warning, err := parseHost(h)
		at := w.At.Key(key).Elem(i).Pos()
		if err != nil {
			report(at, "%v", err)
		}
		if warning != "" {
			b.note(at, "%s: %s", key, warning)
		}
		globs[i] = g
	}
	c := list(key, hosts, except,
		func(t *Transaction, i int) bool { return globs[i].match(hostOf(t)) },
		func(t *Transaction) string { return hostOf(t) })
	c.holds = func(t *Transaction) bool {
		host := hostOf(t)
		for i := range globs {
			if globs[i].match(host) {
				return !except
			}
		}
		return except
	}
	return c
}

func hostOf(t *Transaction) string {
	return strings.TrimSuffix(strings.ToLower(t.Destination.Host), ".")
}

// token reports whether s can be an HTTP method (RFC 9110, 5.6.2), without the
// marks that no method has.
func token(s string) bool {
	for _, r := range s {
		if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return s != ""
}
