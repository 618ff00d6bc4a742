package console

import (
	"net/http"
	"slices"

	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/console/page"
)

// Who may open an address, beside the roles.
const (
	public   account.Role = "public" // nobody need be logged in
	loggedIn account.Role = "any"    // any account, if it has no role too
	someRole account.Role = "some"   // any account with a role
)

// route is one address: who may use it, and what it does. Addresses that
// change something are POST, and only those.
type route struct {
	pattern string // of http.ServeMux
	who     []account.Role
	do      func(*request)
	early   bool  // works while the index is being made
	files   int64 // bytes of a file that it takes
}

// Who reviews what happened, by name.
var (
	everyone  = []account.Role{someRole}
	reviewers = []account.Role{account.Approver, account.Auditor}
)

// routes is the one table of addresses.
func (c *Console) routes() []route {
	all := c.always()
	if c.cfg.Releases != nil {
		all = append(all,
			route{"GET /console/releases", reviewers, c.releases, false, 0},
			route{"GET /console/releases/{id}", reviewers, c.releasePage, false, 0},
			route{"POST /console/releases/{id}/decide", []account.Role{account.Approver}, c.decideRelease, false, 0},
			route{"GET /console/decide", []account.Role{public}, c.linkPage, false, 0},
			route{"POST /console/decide", []account.Role{public}, c.decideLink, false, 0},
			route{"GET /console/delegations", reviewers, c.delegationsPage, true, 0},
			route{"POST /console/delegations", []account.Role{account.Approver}, c.delegate, true, 0})
	}
	if c.cfg.Directory != nil {
		all = append(all,
			route{"GET /console/sso", []account.Role{public}, c.beginSSO, true, 0},
			route{"GET /console/sso/back", []account.Role{public}, c.endSSO, true, 0})
	}
	if c.cfg.Report != nil {
		all = append(all,
			route{"GET /console/reports", reviewers, c.reportsPage, true, 0},
			route{"POST /console/reports", reviewers, c.makeReport, true, 0},
			route{"GET /console/reports/{id}", reviewers, c.reportPage, false, 0},
			route{"GET /console/reports/{id}/file", reviewers, c.reportFile, true, 0},
			route{"POST /console/reports/{id}/looked", reviewers, c.looked, false, 0})
	}
	return all
}

// always are those that every console has.
func (c *Console) always() []route {
	return []route{
		{"GET /console/login", []account.Role{public}, c.loginPage, true, 0},
		{"POST /console/login", []account.Role{public}, c.login, true, 0},
		{"POST /console/login/passkey", []account.Role{public}, c.passkeyLogin, true, 0},
		{"GET /console/setup", []account.Role{public}, c.setupPage, true, 0},
		{"POST /console/setup", []account.Role{public}, c.setup, true, 0},
		{"POST /console/language", []account.Role{public}, c.language, true, 0},
		{"POST /console/logout", []account.Role{loggedIn}, c.logout, true, 0},
		{"GET /console/me", []account.Role{loggedIn}, c.mePage, true, 0},
		{"POST /console/me/password", []account.Role{loggedIn}, c.setPassword, true, 0},
		{"POST /console/me/passkey", []account.Role{loggedIn}, c.addPasskey, true, 0},
		{"POST /console/me/passkey/remove", []account.Role{loggedIn}, c.removePasskey, true, 0},
		{"POST /console/me/two-step", []account.Role{loggedIn}, c.setTwoStep, true, 0},

		{"GET /console/{$}", everyone, c.overview, false, 0},
		{"GET /console/incidents", reviewers, c.incidents, false, 0},
		{"GET /console/incidents/{seq}", reviewers, c.incident, false, 0},
		{"POST /console/incidents/{seq}/notes", reviewers, c.note, false, 0},
		{"GET /console/alarms", watchers, c.alarmsPage, true, 0},
		{"GET /console/alarms/{id}", watchers, c.alertPage, true, 0},
		{"POST /console/alarms/{id}/acknowledge", watchers, c.acknowledge, true, 0},
		{"GET /console/checklist", watchers, c.checklist, false, 0},
		{"GET /console/people", reviewers, c.people, false, 0},
		{"GET /console/person", reviewers, c.person, false, 0},
		{"GET /console/destinations", everyone, c.destinations, false, 0},
		{"GET /console/destination", everyone, c.destination, false, 0},
		{"GET /console/types", everyone, c.types, false, 0},

		{"GET /console/rules", everyone, c.rulesPage, false, 0},
		{"GET /console/rules/rule", everyone, c.rule, false, 0},
		{"GET /console/rules/try", []account.Role{account.Author, account.Approver}, c.tryPage, true, 0},
		{"POST /console/rules/try", []account.Role{account.Author, account.Approver}, c.try, true, maxSample},
		{"GET /console/rules/changes", everyone, c.changesPage, true, 0},
		{"GET /console/rules/propose", []account.Role{account.Author}, c.proposePage, true, 0},
		{"POST /console/rules/propose", []account.Role{account.Author}, c.propose, true, 0},
		{"GET /console/rules/changes/{id}", everyone, c.change, true, 0},
		{"POST /console/rules/changes/{id}/dry", []account.Role{account.Author, account.Approver}, c.dryRun, false, 0},
		{"POST /console/rules/changes/{id}/decide", []account.Role{account.Author, account.Approver}, c.decide, true, 0},

		{"GET /console/log", []account.Role{account.Auditor, account.Operator}, c.logPage, true, 0},
		{"POST /console/log/verify", []account.Role{account.Auditor, account.Operator}, c.verify, true, 0},
		{"POST /console/log/rebuild", []account.Role{account.Auditor, account.Operator}, c.rebuild, true, 0},
		{"GET /console/acts", []account.Role{account.Auditor}, c.acts, false, 0},
		{"GET /console/health", []account.Role{account.Operator, account.Auditor}, c.health, true, 0},

		{"GET /console/accounts", []account.Role{account.Operator, account.Auditor}, c.accountsPage, true, 0},
		{"POST /console/accounts/invite", []account.Role{account.Operator}, c.invite, true, 0},
		{"POST /console/accounts/ask", []account.Role{account.Operator}, c.ask, true, 0},
		{"POST /console/accounts/decide", []account.Role{account.Operator}, c.decideWish, true, 0},
		{"POST /console/accounts/disable", []account.Role{account.Operator}, c.disable, true, 0},
	}
}

// sections are the entries of the navigation, in order, with the address that
// says who may see them.
var sections = []struct{ key, path string }{
	{"overview", "/console/"}, {"incidents", "/console/incidents"}, {"alarms", "/console/alarms"}, {"releases", "/console/releases"}, {"people", "/console/people"},
	{"destinations", "/console/destinations"}, {"types", "/console/types"}, {"rules", "/console/rules"},
	{"reports", "/console/reports"}, {"checklist", "/console/checklist"}, {"log", "/console/log"}, {"acts", "/console/acts"}, {"health", "/console/health"}, {"accounts", "/console/accounts"},
}

// allows tells whether an account may use an address for who.
func allows(who []account.Role, a *account.Account) bool {
	switch {
	case slices.Contains(who, public):
		return true
	case a == nil:
		return false
	case slices.Contains(who, loggedIn):
		return true
	case slices.Contains(who, someRole):
		return a.Has(account.Roles...)
	}
	return a.Has(who...)
}

// Bounds of a form without its file, and of a file to be tried.
const (
	maxForm   = 2 << 20
	maxSample = 32 << 20
)

func (c *Console) router() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /console/static/", http.StripPrefix("/console/static", page.Static()))
	mux.Handle("GET /console", http.RedirectHandler("/console/", http.StatusSeeOther))
	for _, rt := range c.routes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { c.serve(rt, w, r) })
	}
	mux.HandleFunc("/console/", func(w http.ResponseWriter, r *http.Request) {
		c.newRequest(w, r).message(http.StatusNotFound, "not-found", "not-found-what")
	})
	guard := http.NewCrossOriginProtection()
	if c.cfg.Origin != "" {
		// Behind a proxy that changes Host, the origin is still ours. It was
		// checked with the configuration.
		if err := guard.AddTrustedOrigin(c.cfg.Origin); err != nil {
			c.cfg.Log.Error("console.origin is no origin", "error", err)
		}
	}
	return secure(c.encrypted(guard.Handler(mux)))
}
