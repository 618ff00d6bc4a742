package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"

	"github.com/sekimori-dlp/sekimori/proxy"
	"github.com/sekimori-dlp/sekimori/proxy/door"
)

// opened is a listening socket and what is to be served on it.
type opened struct {
	net.Listener
	asked door.Options
	door  *proxy.Door
	way   *proxy.Way // nil until it is served
}

// turnover is how the ways in change: those that are to be there, in order, and
// those that are no more.
type turnover struct {
	all, gone []opened
}

// turnOver opens the ways in of c that are not open yet. What is open at the same
// address goes on there, also under another name or policy. Nothing is in force
// before take; drop undoes it.
func (i *installation) turnOver(ctx context.Context, c *config) (t turnover, err error) {
	defer func() {
		if err != nil {
			t.drop()
		}
	}()
	t.gone = slices.Clone(i.fronts)
	for _, w := range c.ways() {
		if err := w.complete(i); err != nil {
			return t, err
		}
		kept := false
		t.gone = slices.DeleteFunc(t.gone, func(o opened) bool {
			if o.asked != w.listen || kept && !passed(w.listen.Address) {
				return false
			}
			o.door, kept = w.door, true
			t.all = append(t.all, o)
			return true
		})
		if kept {
			continue
		}
		if k := slices.IndexFunc(t.gone, func(o opened) bool { return o.asked.Address == w.listen.Address }); k >= 0 {
			return t, fmt.Errorf("listener %q: reuse_port, and whether the kind is \"tproxy\", cannot change while %s is open; that needs a restart", w.door.Name, w.listen.Address)
		}
		ls, err := w.listen.Listen(ctx)
		if err != nil {
			return t, fmt.Errorf("listen for clients at %q: %w", w.door.Name, err)
		}
		for _, l := range ls {
			t.all = append(t.all, opened{Listener: l, asked: w.listen, door: w.door})
		}
	}
	if len(t.all) == 0 {
		return t, errors.New("there is no address for clients; set listen.proxy or a [[listener]]")
	}
	return t, nil
}

// passed tells whether an address stands for sockets of the service manager, which
// may be several.
func passed(address string) bool { return strings.HasPrefix(address, "systemd") }

// drop closes what turnOver opened.
func (t *turnover) drop() {
	for _, o := range t.all {
		if o.way == nil {
			o.Close()
		}
	}
	t.all = nil
}

// take puts the ways in into force: it serves those that are new, goes on with
// those that stay and lets those that are gone end.
func (i *installation) take(t turnover, failed chan<- error) error {
	for k := range t.all {
		o := &t.all[k]
		if o.way != nil {
			if err := o.way.Use(o.door); err != nil {
				return err
			}
			continue
		}
		w, err := i.server.Open(o.Listener, o.door)
		if err != nil {
			return err
		}
		o.way = w
		go func() {
			if err := w.Serve(); err != nil {
				select {
				case failed <- err:
				default: // one is enough to end
				}
			}
		}()
		if len(i.fronts) > 0 {
			i.log.Info("listener opened", "listener", o.door.Name, "address", o.Addr().String())
		}
	}
	for _, o := range t.gone {
		i.log.Info("listener closed; its clients may finish", "listener", o.door.Name, "address", o.Addr().String(), "within", i.cfg.Shutdown.String())
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), i.cfg.Shutdown)
			defer cancel()
			i.log.Info("the clients of a closed listener are gone", "listener", o.door.Name, "cut", o.way.Close(ctx))
		}()
	}
	i.fronts = t.all
	return nil
}

// listing names the ways in, for the record.
func (i *installation) listing() string {
	var all []string
	for _, o := range i.fronts {
		all = append(all, fmt.Sprintf("%s %s://%s", o.door.Name, o.scheme(), o.Addr()))
	}
	return strings.Join(all, ", ")
}

// ways are the listeners that c asks for: the main one, if there is one, first.
func (c *config) ways() []listener {
	if c.Listen == "" {
		return c.Listeners
	}
	main := listener{door: &proxy.Door{Name: "proxy"}, listen: door.Options{Address: c.Listen}}
	return append([]listener{main}, c.Listeners...)
}

// hot are the keys, or the tables of keys, that reconfigure puts in force. All
// others are read at the start only.
var hot = []string{"listen.proxy", "listener", "bypass", "sites", "upstream", "destinations",
	"intercept.ca_cert", "intercept.ca_key", "intercept.ca_signer", "intercept.ca_passphrase_file", "intercept.bypass"}

// cold lists the keys that fresh has otherwise than c, which is in force, and
// that need a restart.
func (c *config) cold(fresh *config) (keys []string) {
	differ("", reflect.ValueOf(c.raw), reflect.ValueOf(fresh.raw), func(key string) { keys = append(keys, key) })
	return keys
}

// differ reports the keys in which two tables differ, to the second level.
func differ(table string, a, b reflect.Value, report func(key string)) {
	for k := range a.NumField() {
		f := a.Type().Field(k)
		key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		key = table + key
		switch {
		case slices.Contains(hot, key) || reflect.DeepEqual(a.Field(k).Interface(), b.Field(k).Interface()):
		case table == "" && f.Type.Kind() == reflect.Struct:
			differ(key+".", a.Field(k), b.Field(k), report)
		default:
			report(key)
		}
	}
}
