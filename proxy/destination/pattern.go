package destination

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// pattern is one host of a service, maybe with a path and methods. Hosts are
// written in one of these ways:
//
//	www.example.com      this host
//	.example.com         example.com and every host below it
//	*.example.com        every host below example.com
//	eu*.s3.*.example.com a * elsewhere stands for letters within one label
//	www.example.com/a/b  this host and the path /a/b and those below it;
//	                     with a / at the end, paths that begin so
type pattern struct {
	service string
	classes []string
	methods []string // any if empty

	text   string   // as normalised, for messages
	name   string   // the host without a leading "." or "*."
	labels []string // of name, if there is a * in it
	self   bool     // the name itself fits
	below  bool     // hosts below it fit
	path   string   // "" for any
}

var errHost = errors.New(`write a host such as "www.example.com", ".example.com" for a name and all below it, ` +
	`"*.example.com" for all below it, and a path after it if need be, as in "www.example.com/upload"`)

// parsePattern reads a host as written in a file.
func parsePattern(s string) (p pattern, err error) {
	if strings.Contains(s, "://") {
		return p, fmt.Errorf("%q has a scheme; %w", s, errHost)
	}
	host, path, hasPath := strings.Cut(s, "/")
	if hasPath && path != "" {
		p.path = "/" + path
		if len(p.path) > maxPath || p.path != cleanPath(p.path) || strings.ContainsAny(p.path, "*?#") {
			return p, fmt.Errorf("%q: the path is too long or not plain; write it without *, ?, %%, and doubled /", s)
		}
	}
	p.self = true
	if name, ok := strings.CutPrefix(host, "*."); ok {
		host, p.self, p.below = name, false, true
	} else if name, ok := strings.CutPrefix(host, "."); ok {
		host, p.below = name, true
	}
	if strings.ContainsAny(host, ":[]") {
		return p, fmt.Errorf("%q has a port or is an IPv6 address; %w", s, errHost)
	}
	name := strings.ToLower(host)
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		if name, err = idna.Lookup.ToASCII(host); err != nil {
			return p, fmt.Errorf("%q is no host: %w", s, errHost)
		}
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, notLabel) {
			return p, fmt.Errorf("%q is no host; %w", s, errHost)
		}
	}
	if len(name) > maxHost {
		return p, fmt.Errorf("%q is too long for a host", s)
	}
	if strings.Contains(name, "*") {
		p.labels = labels
		if strings.Contains(labels[len(labels)-1], "*") || strings.Trim(name, "*.") == "" {
			return p, fmt.Errorf("%q would take in other people's hosts; end it in a name such as example.com", s)
		}
	}
	p.name = name
	p.text = map[bool]string{true: map[bool]string{true: ".", false: "*."}[p.self]}[p.below] + name + p.path
	return p, nil
}

func notLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '*'
}

// host reports whether the pattern fits a normal host.
func (p *pattern) host(host string) bool {
	if p.labels != nil {
		return p.glob(host)
	}
	n := len(host) - len(p.name)
	switch {
	case n < 0 || host[n:] != p.name:
		return false
	case n == 0:
		return p.self
	}
	return p.below && host[n-1] == '.'
}

// glob compares label by label from the right.
func (p *pattern) glob(host string) bool {
	for i := len(p.labels) - 1; i >= 0; i-- {
		if host == "" {
			return false
		}
		k := strings.LastIndexByte(host, '.')
		if !wildcard(p.labels[i], host[k+1:]) {
			return false
		}
		host = host[:max(k, 0)]
	}
	if host == "" {
		return p.self
	}
	return p.below
}

// wildcard reports whether s is what w says, * standing for any run. It takes
// at most len(w)*len(s) steps.
func wildcard(w, s string) bool {
	star, from := -1, 0
	i, k := 0, 0
	for k < len(s) {
		switch {
		case i < len(w) && w[i] == '*':
			star, from = i, k
			i++
		case i < len(w) && w[i] == s[k]:
			i++
			k++
		case star >= 0:
			from++
			i, k = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(w[i:], "*") == ""
}

func (p *pattern) method(method string) bool {
	return len(p.methods) == 0 || slices.Contains(p.methods, method)
}

// prefixes reports whether the pattern's path leads to path, which is clean.
// Case does not count: many servers do not mind it.
func (p *pattern) prefixes(path string) bool {
	n := len(p.path)
	if len(path) < n || !strings.EqualFold(path[:n], p.path) {
		return false
	}
	return len(path) == n || p.path[n-1] == '/' || path[n] == '/' || path[n] == '?'
}

// compare orders patterns by how much they say.
func (p *pattern) compare(q *pattern) int {
	weight := func(p *pattern) int {
		n := 4 * strings.Count(p.name, ".")
		switch {
		case p.labels == nil && !p.below:
			n += 3 + 4*128 // one host only
		case p.labels == nil:
			n += 1
		case !p.below:
			n += 2
		}
		return n
	}
	return cmp.Or(
		cmp.Compare(weight(q), weight(p)),
		cmp.Compare(len(q.path), len(p.path)),
		cmp.Compare(min(len(q.methods), 1), min(len(p.methods), 1)),
		cmp.Compare(p.text, q.text),
	)
}

// anchorSize is how much of a label is looked for: enough to leave few
// candidates, and little because the matcher takes 4 KiB for every byte.
const anchorSize = 3

// anchors gives each pattern a string that is part of "." + host + "/" for
// every host it fits: the beginning of its rarest label.
func anchors(patterns []pattern) []string {
	seen := map[string]int{}
	each := func(p *pattern, f func(start string)) {
		text := "." + p.name + "/"
		for i := range len(text) - 1 {
			if text[i] != '.' {
				continue
			}
			start := text[i:min(i+anchorSize, len(text))]
			if k := strings.IndexByte(start, '*'); k >= 0 {
				start = start[:k]
			}
			if len(start) > 2 {
				f(start)
			}
		}
	}
	for i := range patterns {
		each(&patterns[i], func(start string) { seen[start]++ })
	}
	// Two patterns of one domain count for one: a label that is rare but for
	// its own domain is what is wanted.
	list := make([]string, len(patterns))
	for i := range patterns {
		best := ""
		each(&patterns[i], func(start string) {
			if best == "" || seen[start] < seen[best] || seen[start] == seen[best] && len(start) > len(best) {
				best = start
			}
		})
		list[i] = best
	}
	return list
}
