package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/sekimori-dlp/sekimori/audit"
)

// What changed between two states that are told by name: the keys of a
// configuration, the rules of a set.
type change struct {
	Name   string `json:"name"`
	Before string `json:"before,omitempty"` // nothing: it is new
	After  string `json:"after,omitempty"`  // nothing: it is gone
}

// difference lists what changed, by name.
func difference(before, after map[string]string) []change {
	var all []change
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if before[n] != after[n] {
			all = append(all, change{n, before[n], after[n]})
		}
	}
	return all
}

// digest names a state.
func digest(state map[string]string) string {
	if state == nil {
		return ""
	}
	b, _ := json.Marshal(state) // of texts there is no error, and keys are sorted
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// notice compares a state with the one seen last, also before a restart, and
// records an event with digests and difference if they differ.
func (i *installation) notice(kind string, now map[string]string, details map[string]string) {
	file := filepath.Join(i.cfg.folder("seen"), kind+".json")
	var before map[string]string
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		i.log.Error("what was seen last cannot be read; all counts as new", "kind", kind, "error", err)
	}
	if before != nil && digest(before) == digest(now) {
		return
	}
	all := map[string]string{"before": digest(before), "after": digest(now)}
	maps.Copy(all, details)
	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	ev := audit.Event{Kind: kind, Details: all, RuleSet: i.rules.Status().Digest}
	if before != nil {
		ev.Data = difference(before, now)
	} else {
		ev.Reason = fmt.Sprintf("first seen, with %d entries", len(now))
	}
	i.record(ev)
	if b, err = json.Marshal(now); err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, b, 0o600))
	}
	if err != nil {
		i.log.Error("what was seen cannot be kept; the change will be recorded again", "kind", kind, "error", err)
	}
}

// noticeConfig records a change of the configuration file.
func (i *installation) noticeConfig() {
	now, err := flatConfig(i.cfg.file)
	if err != nil {
		i.log.Error("configuration not compared", "error", err)
		return
	}
	i.notice("config", now, map[string]string{"file": i.cfg.file, "author": owner(i.cfg.file)})
}

// noticeRules records a change of the rules in force.
func (i *installation) noticeRules() {
	now := map[string]string{"digest": i.rules.Set().Digest()}
	for _, r := range i.rules.Set().List() {
		r.At = ""
		b, err := json.Marshal(r)
		if err != nil {
			b = []byte(err.Error())
		}
		now["rule "+r.ID] = string(b)
	}
	for _, s := range i.rules.Set().Streams() {
		s.At = ""
		b, _ := json.Marshal(s) // of texts and numbers there is no error
		now["stream "+s.ID] = string(b)
	}
	var owners []string
	for _, p := range i.cfg.Rules {
		if o := owner(p); o != "" && !slices.Contains(owners, o) {
			owners = append(owners, o)
		}
	}
	i.notice("rules", now, map[string]string{"author": strings.Join(owners, " ")})
}

// noticeAccounts records a change of the files of accounts and groups: whose password
// was set, never to what, and who is in which group.
func (i *installation) noticeAccounts() {
	c := &i.cfg.Identity
	now, stamp, owners := map[string]string{}, "", []string{}
	for _, file := range []string{c.Htpasswd, c.Groups} {
		if file == "" {
			continue
		}
		info, err := os.Stat(file)
		if err != nil {
			return // told by those who need it
		}
		stamp += fmt.Sprint(info.ModTime(), info.Size())
	}
	if stamp == i.accountsSeen || stamp == "" {
		return
	}
	for _, file := range []string{c.Htpasswd, c.Groups} {
		if file == "" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return
		}
		for line := range strings.Lines(string(b)) {
			name, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
			if !ok || strings.HasPrefix(name, "#") {
				continue
			}
			if file == c.Groups {
				now["group "+name] = strings.Join(strings.Fields(rest), " ")
				continue
			}
			sum := sha256.Sum256([]byte(rest))
			now["account "+name] = "password sha256:" + hex.EncodeToString(sum[:8])
		}
		if o := owner(file); o != "" && !slices.Contains(owners, o) {
			owners = append(owners, o)
		}
	}
	i.accountsSeen = stamp
	i.notice("accounts", now, map[string]string{"author": strings.Join(owners, " ")})
}

// secretKey matches the names of keys whose values are not to be recorded.
var secretKey = regexp.MustCompile(`(?i)(password|passwd|secret|token|credential)[^.]*$`)

// flatConfig reads a configuration as dotted keys and their values, secrets by
// their digest. "" gives none.
func flatConfig(file string) (map[string]string, error) {
	flat := map[string]string{}
	if file == "" {
		return flat, nil
	}
	var all map[string]any
	if _, err := toml.DecodeFile(file, &all); err != nil {
		return nil, err
	}
	flatten(flat, "", all)
	return flat, nil
}

func flatten(flat map[string]string, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(flat, strings.TrimPrefix(name+"."+k, "."), e)
		}
	case []map[string]any:
		for k, e := range v {
			flatten(flat, fmt.Sprintf("%s[%d]", name, k), e)
		}
	default:
		b, err := json.Marshal(v)
		if err != nil {
			b = fmt.Append(nil, v)
		}
		flat[name] = string(b)
		if secretKey.MatchString(name) && !strings.HasSuffix(name, "_file") {
			sum := sha256.Sum256(b)
			flat[name] = "sha256:" + hex.EncodeToString(sum[:8])
		}
	}
}

// caller is the account that runs this command, and who it was before sudo.
func caller() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if before := os.Getenv("SUDO_USER"); before != "" && before != name {
		name += " (for " + before + ")"
	}
	return name
}

// leaveCA records, through the running proxy or the next one, what a command
// did with the CA. Its failure does not stop the command but is told.
func (p *program) leaveCA(cfg *config, what string) {
	ev := audit.Event{Kind: "ca", Details: map[string]string{"what": what, "author": caller()}}
	dir := cfg.folder("audit")
	if err := audit.Leave(dir, ev); err != nil {
		fmt.Fprintf(p.stderr, "sekimori: this is not recorded: %v\n", err)
		return
	}
	follow(audit.Inbox(dir), cfg.Data) // it may have been made just now
}

// leaveRead records that somebody read the record of an installation that is
// running. Of a copy, or one that stands still, nobody could.
func (p *program) leaveRead(dir, what string, details map[string]string) {
	if !audit.InUse(dir) {
		return
	}
	ev := audit.Event{Kind: "read", Details: map[string]string{"what": what, "author": caller()}}
	for k, v := range details {
		if v != "" {
			ev.Details[k] = v
		}
	}
	if err := audit.Leave(dir, ev); err != nil {
		fmt.Fprintf(p.stderr, "sekimori: that the record was read is not recorded: %v\n", err)
	}
}

// noticeAll records what changed while the program did not run, and from then
// on what changes.
func (i *installation) noticeAll() {
	i.noticeConfig()
	i.noticeRules()
	i.noticeAccounts()
	i.noticing.Store(true)
}
