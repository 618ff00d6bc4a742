package rules

import (
	"net/netip"
	"strings"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

// who compiles a [rule.who].
func (b *builder) who(w *whoTOML, report tomlfile.Report) clause {
	var c clause
	user := func(t *Transaction) string { return or(t.Principal.User, "anonymous") }
	if w.Users != nil {
		c = append(c, list("users", w.Users, false, isUser(w.Users), user))
	}
	if w.NotUsers != nil {
		c = append(c, list("not_users", w.NotUsers, true, isUser(w.NotUsers), user))
		apart(w.At, "users", w.Users, w.NotUsers, report)
	}
	if w.Groups != nil {
		c = append(c, b.groups(w, "groups", w.Groups, false, report))
	}
	if w.NotGroups != nil {
		c = append(c, b.groups(w, "not_groups", w.NotGroups, true, report))
		apart(w.At, "groups", w.Groups, w.NotGroups, report)
	}
	if w.Networks != nil {
		c = append(c, networks(w, "networks", w.Networks, false, report))
	}
	if w.NotNetworks != nil {
		c = append(c, networks(w, "not_networks", w.NotNetworks, true, report))
		apart(w.At, "networks", w.Networks, w.NotNetworks, report)
	}
	if w.Anonymous != nil {
		want := *w.Anonymous
		if want && (w.Users != nil || w.Groups != nil) {
			report(w.At.Key("anonymous").Pos(), "nobody is both anonymous and of a name or group, so this can never apply; leave out anonymous, or users and groups")
		}
		need := "a name"
		if want {
			need = "anonymous"
		}
		c = append(c, condition{key: "who", need: need, have: user, any: []string{need},
			holds: func(t *Transaction) bool { return (t.Principal.User == "") == want }})
	}
	if len(w.At.Keys()) == 0 {
		report(w.At.Pos(), "who says nothing; write users, groups, networks or anonymous, or leave it out")
	}
	return c
}

// isUser compares without case, as directories do. Nobody anonymous is any of
// the users, not even of "*".
func isUser(want []string) func(t *Transaction, i int) bool {
	lower := make([]string, len(want))
	for i, u := range want {
		lower[i] = strings.ToLower(u)
	}
	return func(t *Transaction, i int) bool {
		return t.Principal.User != "" && glob(lower[i], strings.ToLower(t.Principal.User))
	}
}

func (b *builder) groups(w *whoTOML, key string, groups []string, except bool, report tomlfile.Report) condition {
	for i, g := range groups {
		if b.opt.Groups != nil {
			oneOf(w.At.Key(key).Elem(i), "group", g, b.opt.Groups, report)
		}
	}
	return list(key, groups, except,
		func(t *Transaction, i int) bool {
			for _, g := range t.Principal.Groups {
				if strings.EqualFold(g, groups[i]) {
					return true
				}
			}
			return false
		},
		func(t *Transaction) string { return or(strings.Join(t.Principal.Groups, ", "), "none") })
}

func networks(w *whoTOML, key string, nets []string, except bool, report tomlfile.Report) condition {
	prefixes := make([]netip.Prefix, len(nets))
	for i, n := range nets {
		p, err := parseNetwork(n)
		if err != nil {
			report(w.At.Key(key).Elem(i).Pos(), "%q is no network; write one such as \"10.1.0.0/16\", \"192.0.2.7\" or \"2001:db8::/32\"", n)
		} else if p != p.Masked() {
			report(w.At.Key(key).Elem(i).Pos(), "%q has address bits beyond its length; write %q", n, p.Masked())
		}
		prefixes[i] = p
	}
	return list(key, nets, except,
		func(t *Transaction, i int) bool { return prefixes[i].Contains(t.Principal.Address.Unmap()) },
		func(t *Transaction) string {
			if !t.Principal.Address.IsValid() {
				return "not known"
			}
			return t.Principal.Address.Unmap().String()
		})
}

func parseNetwork(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}
