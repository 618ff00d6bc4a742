package export

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config is one sink.
type Config struct {
	Name    string   `toml:"name"`    // names its cursor: letters, digits, "-", "_"
	To      string   `toml:"to"`      // udp://, tcp:// or tls://HOST:PORT (syslog), http(s)://… (webhook), file:PATH, dir:PATH
	Format  string   `toml:"format"`  // of Formats; default jsonl
	Kinds   []string `toml:"kinds"`   // only these kinds of event; default all
	Actions []string `toml:"actions"` // only events with these actions; default all
	OnlyNew bool     `toml:"only_new"`
	// Checkpoints is how often a signed checkpoint goes out too, such as "1h"; ""
	// for not at all, or every ten minutes where Kinds name [KindCheckpoint].
	Checkpoints string `toml:"checkpoints"`
	CAFile      string `toml:"ca_file"` // PEM, roots for tls:// and https://; default the system's
	Cert        string `toml:"cert"`    // PEM, our certificate for them
	Key         string `toml:"key"`
	// SecretFile holds the webhook's HMAC-SHA-256 key.
	SecretFile string `toml:"secret_file"`

	notes time.Duration // Checkpoints, read
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate fills in defaults and tells every fault.
func (c *Config) Validate() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if !goodName.MatchString(c.Name) {
		fault("name %q: write 1 to 64 letters, digits, \"-\" or \"_\"", c.Name)
	}
	if c.Format == "" {
		c.Format = "jsonl"
	}
	if Formats[c.Format] == nil {
		fault("format %q is unknown; write one of %s", c.Format, strings.Join(sorted(Formats), ", "))
	}
	scheme, rest, _ := strings.Cut(c.To, ":")
	switch scheme {
	case "udp", "tcp", "tls":
		if _, _, err := net.SplitHostPort(strings.TrimPrefix(rest, "//")); err != nil || !strings.HasPrefix(rest, "//") {
			fault("to %q: write %s://HOST:PORT", c.To, scheme)
		}
	case "http", "https":
		if u, err := url.Parse(c.To); err != nil || u.Host == "" {
			fault("to %q: not an address", c.To)
		}
		if c.SecretFile == "" {
			fault("a webhook needs secret_file: a file with the key of its signature")
		}
		if c.Format == "csv" {
			fault("a webhook cannot send csv; write jsonl, ocsf, ecs or cef")
		}
	case "file", "dir":
		if rest == "" {
			fault("to %q: write %s:PATH", c.To, scheme)
		}
	default:
		fault("to %q: write udp://, tcp:// or tls://HOST:PORT for syslog, http:// or https:// for a webhook, file:PATH, or dir:PATH for a new file each time", c.To)
	}
	if c.notes = 0; slices.Contains(c.Kinds, KindCheckpoint) {
		c.notes = usualNotes
	}
	if c.Checkpoints != "" {
		var err error
		if c.notes, err = time.ParseDuration(c.Checkpoints); err != nil || c.notes < time.Millisecond {
			fault("checkpoints %q: write how often, such as \"10m\" or \"1h\"", c.Checkpoints)
		}
	}
	if (c.Cert == "") != (c.Key == "") {
		fault("cert and key belong together; write both or neither")
	}
	return errors.Join(faults...)
}

func (c *Config) open() (sink, error) {
	scheme, rest, _ := strings.Cut(c.To, ":")
	switch scheme {
	case "http", "https":
		return newWebhook(c)
	case "file":
		return &fileSink{path: rest}, nil
	case "dir":
		return folder{rest, c.Format}, os.MkdirAll(rest, 0o700)
	}
	return newSyslog(scheme, strings.TrimPrefix(rest, "//"), c)
}
