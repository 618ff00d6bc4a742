package answer

import (
	"net/http"
	"strconv"
	"strings"
)

// Lang is a language in which answers are written.
type Lang string

// The languages.
const (
	Japanese Lang = "ja"
	English  Lang = "en"
)

// choice is one element of an Accept header.
type choice struct {
	value string
	q     float64
}

// choices parses a header of values with q-values (RFC 9110, 12.4.2). Elements
// with a malformed q-value count as q=1, as most servers have it.
func choices(fields []string) []choice {
	var out []choice
	for _, f := range fields {
		for e := range strings.SplitSeq(f, ",") {
			v, params, _ := strings.Cut(e, ";")
			c := choice{strings.ToLower(strings.TrimSpace(v)), 1}
			for p := range strings.SplitSeq(params, ";") {
				if k, s, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(k, "q") {
					if q, err := strconv.ParseFloat(s, 64); err == nil && q >= 0 && q <= 1 {
						c.q = q
					}
				}
			}
			if c.value != "" {
				out = append(out, c)
			}
			if len(out) == 50 {
				return out
			}
		}
	}
	return out
}

// languages returns the one a client asks for; a client that asks for none
// gets both, Japanese first.
func languages(fields []string) []Lang {
	cs := choices(fields)
	if len(cs) == 0 {
		return []Lang{Japanese, English}
	}
	best, q := English, 0.0
	any := false
	for _, c := range cs {
		primary, _, _ := strings.Cut(c.value, "-")
		switch l := Lang(primary); {
		case (l == Japanese || l == English) && c.q > q:
			best, q = l, c.q
		case primary == "*" && c.q > 0:
			any = true
		}
	}
	if q == 0 && any {
		return []Lang{Japanese}
	}
	return []Lang{best}
}

// formatFor chooses HTML for browsers showing a page, JSON for programs that
// speak it, and else plain text, as for curl.
func formatFor(r *http.Request) Format {
	var html, json, text float64
	for _, c := range choices(r.Header.Values("Accept")) {
		switch {
		case c.value == "text/html" || c.value == "application/xhtml+xml":
			html = max(html, c.q)
		case c.value == "application/json" || strings.HasSuffix(c.value, "+json"):
			json = max(json, c.q)
		case c.value == "text/plain":
			text = max(text, c.q)
		}
	}
	// A script's fetch gets what a script can read, whatever it accepts.
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" ||
		strings.EqualFold(r.Header.Get("X-Requested-With"), "XMLHttpRequest") {
		return JSON
	}
	switch {
	case html > 0 && html >= json && html >= text:
		return HTML
	case json > 0 && json >= text:
		return JSON
	case text > 0:
		return Text
	}
	if ct := r.Header.Get("Content-Type"); strings.HasPrefix(ct, "application/") && strings.Contains(ct, "json") {
		return JSON
	}
	return Text
}
