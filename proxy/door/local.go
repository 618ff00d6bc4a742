package door

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Local is a socket in a folder, for programs of the same machine. Who may
// connect is a matter of the socket's rights alone.
type Local struct {
	Path         string      // absolute
	Mode         fs.FileMode // rights; 0660 if none are named
	Owner, Group string      // names or numbers; "" leaves that of the process
}

// localForm is how a Local is written.
const localForm = `write such as "unix:/var/spool/postfix/sekimori/milter.sock mode=0660 group=postfix"`

// ParseLocal reads "unix:PATH", which "mode=0660", "owner=NAME" and "group=NAME"
// may follow, with spaces between them; ok is false for addresses that do not
// begin so. Nothing is opened.
func ParseLocal(address string) (l Local, ok bool, err error) {
	rest, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return l, false, nil
	}
	l.Mode = 0o660
	fail := func(format string, a ...any) (Local, bool, error) {
		return Local{}, true, fmt.Errorf("%q: %s; %s", address, fmt.Sprintf(format, a...), localForm)
	}
	words := strings.Fields(rest)
	if len(words) == 0 || !filepath.IsAbs(words[0]) {
		return fail("the path is not absolute")
	}
	l.Path = filepath.Clean(words[0])
	if len(l.Path) > 103 { // sun_path of unix(7), less on some systems than on Linux
		return fail("the path has more than 103 bytes")
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case value == "":
			return fail("%s has no value", key)
		case key == "mode":
			n, err := strconv.ParseUint(value, 8, 32)
			if err != nil || n > 0o777 || n&0o600 != 0o600 {
				return fail("mode %s are no rights that let its owner in", value)
			}
			l.Mode = fs.FileMode(n)
		case key == "owner":
			l.Owner = value
		case key == "group":
			l.Group = value
		default:
			return fail("%s is unknown", key)
		}
	}
	return l, true, nil
}

// Listen makes the socket. One that a crash left behind is taken away; one that a
// program listens on, and a file that is no socket, are not. Nobody else can
// connect before it has its rights. It goes when the listener is closed.
func (l Local) Listen(ctx context.Context) (net.Listener, error) {
	uid, gid, err := l.ids()
	if err != nil {
		return nil, err
	}
	if err := l.clear(ctx); err != nil {
		return nil, err
	}
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return private(raw) }}
	made, err := c.Listen(ctx, "unix", l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make the socket %s: there is no folder %s; make it so that the processes on both sides can enter it", l.Path, filepath.Dir(l.Path))
	}
	if err != nil {
		return nil, fmt.Errorf("make the socket %s: %w", l.Path, err)
	}
	if uid >= 0 || gid >= 0 {
		err = os.Lchown(l.Path, uid, gid)
	}
	if err == nil {
		err = os.Chmod(l.Path, l.Mode)
	}
	if err != nil {
		made.Close()
		return nil, fmt.Errorf("give the socket its rights (a process that is not root can give it to groups of its own only): %w", err)
	}
	return made, nil
}

// clear takes away the socket of a program that is no more.
func (l Local) clear(ctx context.Context) error {
	info, err := os.Lstat(l.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for an old socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket; name another path", l.Path)
	}
	d := net.Dialer{Timeout: time.Second}
	if there, err := d.DialContext(ctx, "unix", l.Path); err == nil {
		there.Close()
		return fmt.Errorf("%s: %w", l.Path, syscall.EADDRINUSE)
	} else if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("the socket %s is there; whether a program listens on it is not known: %w", l.Path, err)
	}
	if err := os.Remove(l.Path); err != nil {
		return fmt.Errorf("take an old socket away: %w", err)
	}
	return nil
}

// ids are the numbers of owner and group, -1 for those that stay.
func (l Local) ids() (uid, gid int, err error) {
	uid, gid = -1, -1
	if l.Owner != "" {
		if uid, err = strconv.Atoi(l.Owner); err != nil {
			u, err := user.Lookup(l.Owner)
			if err != nil {
				return 0, 0, fmt.Errorf("owner of the socket %s: %w", l.Path, err)
			}
			if uid, err = strconv.Atoi(u.Uid); err != nil {
				return 0, 0, fmt.Errorf("owner of the socket %s: %w", l.Path, ErrUnsupported)
			}
		}
	}
	if l.Group != "" {
		if gid, err = strconv.Atoi(l.Group); err != nil {
			g, err := user.LookupGroup(l.Group)
			if err != nil {
				return 0, 0, fmt.Errorf("group of the socket %s: %w", l.Path, err)
			}
			if gid, err = strconv.Atoi(g.Gid); err != nil {
				return 0, 0, fmt.Errorf("group of the socket %s: %w", l.Path, ErrUnsupported)
			}
		}
	}
	return uid, gid, nil
}
