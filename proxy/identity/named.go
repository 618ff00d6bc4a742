package identity

import (
	"context"
	"net/netip"
	"slices"

	"github.com/sekimori-dlp/sekimori/rules"
)

// Named is the principal whom a trusted neighbour names, such as a mail server
// or another proxy: the user with the groups that are known of it here, and
// those that the neighbour adds. Without a user it is whoever the address is,
// or nobody in particular. The groups are not to be changed.
func (i *Identifier) Named(ctx context.Context, user string, groups []string, at netip.Addr, how string) rules.Principal {
	p := rules.Principal{User: user, Address: at, How: how}
	n, d := i.network(at), i.directory()
	switch {
	case user != "":
		p.Groups = i.groups(ctx, d, user, n)
	case n.User != "":
		p.User, p.How, p.Groups = n.User, ByNetwork, d.groupsOf(n.User, n.Groups)
	default:
		p.How, p.Groups = Anonymous, n.Groups
	}
	if len(groups) > 0 {
		p.Groups = slices.Concat(p.Groups, groups)
		slices.Sort(p.Groups)
		p.Groups = slices.Compact(p.Groups)
	}
	return p
}
