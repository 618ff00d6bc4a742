package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/release"
	"github.com/sekimori-dlp/sekimori/rules"
)

// subject is what a release is asked for and given: this sender, this content,
// this host and this rule.
func (g *Gate) subject(cl claim) release.Subject {
	return release.Subject{Sender: cl.sender, User: cl.user, Host: cl.host, Rule: cl.rule, Content: g.Releases.Content(cl.content)}
}

// released reports whether a release lifts a rule's hold.
func (c *check) released(rule string) bool {
	if c.Releases == nil {
		return false
	}
	if c.assumed() {
		return true
	}
	k, ok := c.Releases.Allowed(c.subject(c.claim(rule)))
	if ok && !slices.Contains(c.releases, k.ID) {
		c.releases = append(c.releases, k.ID)
	}
	return ok
}

// offerRelease gives the sender of what is held the means to ask for it, or says
// how an earlier request stands, with the means to take it back.
func (c *check) offerRelease() {
	cl := c.claim(c.out.Verdict.Rule)
	cl.release = true
	if k, ok := c.Releases.Latest(c.subject(cl)); ok {
		c.out.Asked = &k
		cl.withdraw = k.State == release.Waiting
	}
	c.out.Confirm = c.issue(cl)
}

// useReleases counts the releases by which an upload passes. What cannot be
// counted does not pass.
func (c *check) useReleases() {
	if !c.out.Passes() {
		return
	}
	for _, id := range c.releases {
		if err := c.Releases.Passed(id); err != nil {
			c.Log.Error("use of a release not recorded", "release", id, "error", err)
			c.out.Verdict, c.out.Failure = rules.Verdict{Action: rules.Block, Clause: string(Unrecorded)}, Unrecorded
			return
		}
	}
}

// askRelease makes the request of a token.
func (g *Gate) askRelease(cl claim, reason string) (*release.Case, error) {
	if g.Releases == nil {
		return nil, ErrNoRelease
	}
	t := release.Terms{People: 1}
	if p := g.Policy(); p != nil {
		if r, ok := p.Rules.Release(cl.rule); ok {
			t = release.Terms{By: r.By, People: r.People, For: r.For}
		}
	}
	k, err := g.Releases.Ask(g.subject(cl), cl.incident, reason, t)
	switch {
	case errors.Is(err, release.ErrReason):
		return nil, ErrReason
	case errors.Is(err, release.ErrFull):
		return nil, fmt.Errorf("%w: %w", ErrNoRelease, err)
	case err != nil:
		return nil, fmt.Errorf("ask for a release: %w", err)
	}
	return &k, nil
}

// withdrawRelease takes the request of a token back.
func (g *Gate) withdrawRelease(cl claim) (*release.Case, error) {
	if g.Releases == nil {
		return nil, ErrNoRelease
	}
	k, ok := g.Releases.Latest(g.subject(cl))
	if !ok {
		return nil, ErrToken
	}
	k, err := g.Releases.Withdraw(k.ID, cl.sender)
	switch {
	case errors.Is(err, release.ErrClosed), errors.Is(err, release.ErrUnknown):
		return nil, ErrToken // it is decided, or over
	case err != nil:
		return nil, fmt.Errorf("take a request for a release back: %w", err)
	}
	return &k, nil
}

// withReleases adds to a clause by which releases it came about.
func (c *check) withReleases(clause string) string {
	if len(c.releases) == 0 || !c.out.Passes() {
		return clause
	}
	return clause + " (" + strings.Join(c.releases, ", ") + ")"
}
