package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/proxy/bypass"
	"github.com/sekimori-dlp/sekimori/proxy/pac"
	"github.com/sekimori-dlp/sekimori/proxy/service"
	"github.com/sekimori-dlp/sekimori/proxy/upstream"
)

// Config is everything about the doors that an operator may choose. A zero
// field takes the default named beside it; Validate reports what is wrong.
type Config struct {
	// Name is this proxy's pseudonym in Via; loops are found by it, so two
	// chained proxies need two names. Default: "sekimori-" and eight random
	// hexadecimal digits, new for each process.
	Name string

	// Contact is what an answer tells a stopped employee about whom to ask:
	// an address, an extension, a URL; shown as text. By language ("ja",
	// "en"). Default: none.
	Contact map[string]string

	// Organisation is whose proxy it is, for the page on the certificate.
	Organisation string

	// PAC is what the auto-configuration file is written from. Without
	// proxies in it, it names the address by which the file is asked for.
	PAC pac.Config

	// Company lists the domains of the company's own mail addresses. Without
	// any, all recipients are outside.
	Company []string

	// Record says which decisions are audited: RecordInspected (default)
	// those on requests with a body or a query, with a finding, or refused;
	// RecordAll every request.
	Record string

	// Traceparent is what is done with the field of that name that a client
	// sends: TraceparentPass (default), TraceparentJoin or TraceparentRemove.
	Traceparent string

	// NoTry switches off the built-in try-out origin, TryHost.
	NoTry bool

	// ConfirmFor is how long a confirmed warning holds, and how long an
	// employee has to confirm it. Default 10 minutes.
	ConfirmFor time.Duration

	Timeouts  Timeouts
	Limits    Limits
	Inspect   Inspect
	Intercept Intercept
	Sites     SitesConfig
	Upstream  upstream.Config
}

// The values of Config.Record.
const (
	RecordInspected = "inspected"
	RecordAll       = "all"
)

// TryHost is the reserved name of the built-in origin with which an
// installation is tried out without any outside network.
const TryHost = "try.sekimori.test"

// Timeouts bound how long a client may take. Those towards origins are in
// upstream.Config.
type Timeouts struct {
	Handshake time.Duration // TLS handshake, and the first bytes in a tunnel; default 15 s
	Header    time.Duration // a request's head; default 30 s
	Idle      time.Duration // between requests on a kept-alive connection, and for a client that takes nothing of an answer; default 2 min
	Body      time.Duration // without any progress while a body is read; default 60 s
	Upload    time.Duration // until a body of undeclared length has ended; default 1 h
	Pause     time.Duration // of the client of a stream of events, until what has come is judged; default 2 s
	Drain     time.Duration // reading what a refused client still sends; default 10 s
}

// Limits bound what clients may occupy.
type Limits struct {
	Connections int   // open client connections; default 20,000
	PerClient   int   // of one address, or one /64 of IPv6; default: half of Connections, at least 64
	HeaderBytes int   // a request's head; more is answered 431; default 64 KiB
	Drain       int64 // bytes read and thrown away after a refusal; default 64 MiB
	Streams     int   // concurrent requests on one HTTP/2 connection; default 250
}

// Inspect bounds and chooses what is inspected.
type Inspect struct {
	Exact bool // count everything in every upload
	// Passwords: those that the sender wrote in this upload, or in one of the
	// last day, are tried on encrypted ZIP files.
	Passwords bool
	// Scans is how many bodies above SmallBody are inspected at once;
	// default: half the cores, at least one. Small ones have four times the
	// number of cores, so that large uploads do not starve them.
	Scans int
	// Queue is how long a body waits for its turn before it is refused with
	// 503; default 30 s.
	Queue time.Duration
	// Time is how long one inspection may take; default 60 s. What was not
	// reached by then is reported to the rules as "timed-out".
	Time time.Duration
	// Headers lists the request headers whose values are inspected, if they
	// could hold anything at all: more than a token without words and with
	// few digits. A trailing * stands for any ending. nil means
	// DefaultHeaders, and of any other field the long values that were not
	// seen before: a cookie or a credential comes with every request.
	Headers []string
}

// DefaultHeaders are those in which clients put what people wrote or named:
// titles, file names, arguments of upload calls, and application headers. They
// are inspected with every request.
var DefaultHeaders = []string{
	"Content-Disposition", "Content-Description", "Dropbox-Api-Arg", "Slug",
	"Subject", "Title", "Comment", "Referer", "Destination", "From", "X-*",
}

// Intercept bounds interception.
type Intercept struct {
	// Certificates is how many leaf certificates are kept; default 10,000.
	Certificates int
	// CRL is the URL by which clients reach the proxy, or what Help serves, as
	// they are told to ask there for revoked certificates; "": they are told
	// nothing. Such as "http://proxy.example.jp:8080".
	CRL string
	// Bypass lists hosts whose TLS is not opened: tunnels to them are
	// relayed uninspected, recorded, and their bytes counted. "*.example.jp"
	// means every name below example.jp.
	Bypass []string
	// Entries is the same, with who answers for it and until when.
	Entries []bypass.Entry
}

// listed is the id of the entry that Intercept.Bypass makes.
const listed = "intercept.bypass"

// entries are all exemptions.
func (i Intercept) entries() []bypass.Entry {
	all := slices.Clone(i.Entries)
	if len(i.Bypass) > 0 {
		all = append(all, bypass.Entry{ID: listed, Hosts: i.Bypass})
	}
	return all
}

func (c Config) withDefaults() Config {
	set(&c.Record, RecordInspected)
	set(&c.ConfirmFor, 10*time.Minute)
	set(&c.Timeouts.Handshake, 15*time.Second)
	set(&c.Timeouts.Header, 30*time.Second)
	set(&c.Timeouts.Idle, 2*time.Minute)
	set(&c.Timeouts.Body, time.Minute)
	set(&c.Timeouts.Upload, time.Hour)
	set(&c.Timeouts.Pause, 2*time.Second)
	set(&c.Timeouts.Drain, 10*time.Second)
	set(&c.Limits.Connections, 20000)
	set(&c.Limits.PerClient, max(64, c.Limits.Connections/2))
	set(&c.Limits.HeaderBytes, 64<<10)
	set(&c.Limits.Drain, 64<<20)
	set(&c.Limits.Streams, 250)
	set(&c.Inspect.Scans, max(1, runtime.GOMAXPROCS(0)/2))
	set(&c.Inspect.Queue, 30*time.Second)
	set(&c.Inspect.Time, time.Minute)
	set(&c.Intercept.Certificates, 10000)
	if c.Inspect.Headers == nil {
		c.Inspect.Headers = DefaultHeaders
	}
	return c
}

func set[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Validate reports everything that is wrong, not only the first fault.
func (c Config) Validate() error {
	var errs []error
	fault := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	if strings.ContainsFunc(c.Name, func(r rune) bool { return !tokenRune(r) }) {
		fault("name %q: only letters, digits and -._~ may stand in Via", c.Name)
	}
	switch c.Record {
	case "", RecordAll, RecordInspected:
	default:
		fault("audit.record %q: write %q or %q", c.Record, RecordInspected, RecordAll)
	}
	switch c.Traceparent {
	case "", TraceparentPass, TraceparentJoin, TraceparentRemove:
	default:
		fault("trace.traceparent %q: write %q, %q or %q", c.Traceparent, TraceparentPass, TraceparentJoin, TraceparentRemove)
	}
	for _, d := range []struct {
		name string
		v    time.Duration
	}{
		{"confirm.for", c.ConfirmFor}, {"timeout.handshake", c.Timeouts.Handshake},
		{"timeout.header", c.Timeouts.Header}, {"timeout.idle", c.Timeouts.Idle},
		{"timeout.body", c.Timeouts.Body}, {"timeout.upload", c.Timeouts.Upload}, {"timeout.pause", c.Timeouts.Pause}, {"timeout.drain", c.Timeouts.Drain},
		{"inspect.queue", c.Inspect.Queue}, {"inspect.time", c.Inspect.Time},
	} {
		if d.v < 0 {
			fault("%s: %v is negative; write a duration such as \"30s\"", d.name, d.v)
		}
	}
	for _, n := range []struct {
		name string
		v    int64
	}{
		{"limit.connections", int64(c.Limits.Connections)}, {"limit.header", int64(c.Limits.HeaderBytes)},
		{"limit.per_client", int64(c.Limits.PerClient)}, {"limit.drain", c.Limits.Drain}, {"limit.streams", int64(c.Limits.Streams)},
		{"inspect.scans", int64(c.Inspect.Scans)}, {"intercept.certificates", int64(c.Intercept.Certificates)},
	} {
		if n.v < 0 {
			fault("%s: %d is negative", n.name, n.v)
		}
	}
	for _, h := range c.Inspect.Headers {
		if name := strings.TrimSuffix(h, "*"); strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }) {
			fault("inspect.headers: %q is no header name", h)
		}
	}
	if base := c.Intercept.CRL; base != "" {
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "http" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			fault("intercept.crl: %q; write where clients reach the proxy, \"http://host:port\"", base)
		}
	}
	for _, b := range c.Intercept.Bypass {
		if name := strings.TrimPrefix(b, "*."); name == "" || strings.ContainsAny(name, "*/: ") {
			fault("intercept.bypass: %q; write a host name, or *.name for all below it", b)
		}
	}
	if _, err := service.NewCompany(c.Company); err != nil {
		fault("company.domains: %v", err)
	}
	if _, err := bypass.New(c.Intercept.Entries); err != nil {
		errs = append(errs, err)
	}
	if err := c.PAC.Validate(); err != nil {
		errs = append(errs, err)
	}
	_, faults := NewSites("sites", c.Sites)
	errs = append(errs, faults...)
	if err := c.Upstream.Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func tokenRune(r rune) bool {
	return r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
}

// headerChooser compiles Inspect.Headers.
func headerChooser(patterns []string) func(name string) bool {
	exact, prefixes := map[string]bool{}, []string(nil)
	for _, p := range patterns {
		if head, ok := strings.CutSuffix(p, "*"); ok {
			prefixes = append(prefixes, http.CanonicalHeaderKey(head))
		} else {
			exact[http.CanonicalHeaderKey(p)] = true
		}
	}
	return func(name string) bool {
		if exact[name] {
			return true
		}
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
}
