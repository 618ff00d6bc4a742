package rules

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// glob reports whether s is pattern, where * is any run of characters.
func glob(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	s = s[len(head):]
	for {
		head, rest, star = strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(s, head)
		}
		i := strings.Index(s, head)
		if i < 0 {
			return false
		}
		s = s[i+len(head):]
	}
}

// hostGlob is a host name in which a leading "*." stands for one or more
// labels and any other * for a run of characters within its label.
type hostGlob struct {
	labels []string // "*" leads: any number of labels from one on
	deep   bool
}

// parseHost checks and compiles what an author wrote. The warning is not empty
// for a pattern that takes in other people's hosts.
func parseHost(s string) (g hostGlob, warning string, err error) {
	h := strings.ToLower(strings.TrimSuffix(s, "."))
	switch {
	case h == "":
		return g, "", fmt.Errorf("an empty host name; write one such as \"www.example.com\"")
	case strings.Contains(h, "/"):
		return g, "", fmt.Errorf("%q is more than a host name; write only the name here, and what follows it under paths", s)
	case strings.Count(h, ":") == 1:
		name, port, _ := strings.Cut(h, ":")
		return g, "", fmt.Errorf("%q has a port in it; write hosts = [%q] and ports = [%s]", s, name, port)
	case strings.ContainsAny(h, " \t,;@"):
		return g, "", fmt.Errorf("%q is no host name; write a list, as in hosts = [\"a.example.com\", \"b.example.com\"]", s)
	}
	g.labels = strings.Split(h, ".")
	g.deep = g.labels[0] == "*"
	if g.deep {
		g.labels = g.labels[1:]
	}
	n := len(g.labels)
	for i, l := range g.labels {
		switch {
		case l == "":
			return g, "", fmt.Errorf("%q has an empty part between dots; write a name such as \"*.example.com\"", s)
		case strings.Contains(l, "*"):
			if i >= n-2 && n > 1 || n == 1 && !g.deep && l != "*" {
				warning = fmt.Sprintf("%q also takes in hosts of other owners; write \"*.example.com\" for the hosts below one name", s)
			}
		case !ascii(l):
			if g.labels[i], err = idna.Lookup.ToASCII(l); err != nil {
				return g, "", fmt.Errorf("%q is no host name: %w; write it as the browser shows it", s, err)
			}
		}
	}
	return g, warning, nil
}

// match takes a host in lower case.
func (g hostGlob) match(host string) bool {
	if g.deep && len(g.labels) == 0 {
		return host != ""
	}
	for i := len(g.labels) - 1; i >= 0; i-- {
		var label string
		k := strings.LastIndexByte(host, '.')
		label, more := host[k+1:], k >= 0
		if more {
			host = host[:k]
		}
		if l := g.labels[i]; l != label && (strings.IndexByte(l, '*') < 0 || !glob(l, label)) {
			return false
		}
		switch {
		case i > 0 && !more, i == 0 && more != g.deep:
			return false
		}
	}
	return !g.deep || host != ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
