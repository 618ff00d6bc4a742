// Sekimori is a gatekeeper for what leaves a company: a forward proxy that
// finds personal information in uploads and lets rules decide.
//
// Run "sekimori help" for the commands. Exit codes: 0 nothing found or all
// well, 1 findings or a failed check, 2 the command could not do its work.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/sekimori-dlp/sekimori/internal/tomlfile"
)

func main() { os.Exit(Main()) }

// Main runs the program on the process's own arguments and returns its exit
// code. The script tests run it too.
func Main() int {
	tuneCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	return p.run(ctx, os.Args[1:])
}

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is one subcommand, or a group of them.
type command struct {
	name  string
	args  string // what follows the flags, for the usage line
	short string // one line for the overview
	long  string // for --help
	run   func(ctx context.Context, p *program, c *command, args []string) error
	subs  []*command
}

// The exit codes.
const (
	exitFound  = 1
	exitFailed = 2
)

// errFound ends a command that did its work and has something to tell by its
// exit code alone.
var errFound = errors.New("found")

func commands() []*command {
	return []*command{
		serveCommand(), scanCommand(), extractCommand(), rulesCommand(),
		auditCommand(), evidenceCommand(), witnessCommand(), fleetCommand(), caCommand(), modeCommand(), benchCommand(), checkCommand(), readerCommand(), versionCommand(),
	}
}

func (p *program) run(ctx context.Context, args []string) int {
	root := &command{name: "sekimori", short: "a gatekeeper for what leaves a company", subs: commands()}
	err := p.dispatch(ctx, root, args)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errFound):
		return exitFound
	}
	fmt.Fprintf(p.stderr, "sekimori: %v%s\n", err, remedy(err))
	return exitFailed
}

// remedy says what to do about errors of the system that people meet on their
// first day; it begins with "; " and is empty for others.
func remedy(err error) string {
	if errors.Is(err, syscall.EADDRINUSE) {
		return "; another program, perhaps a second sekimori, has that address: end it, or name another address with --listen, --admin or in the configuration"
	}
	return ""
}

// dispatch walks the command tree along args.
func (p *program) dispatch(ctx context.Context, c *command, args []string) error {
	if len(c.subs) == 0 {
		return c.run(ctx, p, c, args)
	}
	if len(args) == 0 {
		p.overview(p.stderr, c)
		return fmt.Errorf("%s: a command is missing", c.name)
	}
	switch args[0] {
	case "help", "-h", "--help", "-help":
		if len(args) > 1 {
			return p.dispatch(ctx, c, []string{args[1], "--help"})
		}
		p.overview(p.stdout, c)
		return nil
	}
	for _, s := range c.subs {
		if s.name == args[0] {
			if c.name != "sekimori" {
				s.name = c.name + " " + s.name
			}
			return p.dispatch(ctx, s, args[1:])
		}
	}
	names := make([]string, len(c.subs))
	for i, s := range c.subs {
		names[i] = s.name
	}
	group, hint := strings.TrimPrefix(c.name+" ", "sekimori "), ""
	if near := tomlfile.Nearest(args[0], names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", group+near)
	}
	return fmt.Errorf("there is no command %q%s; see \"sekimori %shelp\"", group+args[0], hint, group)
}

func (p *program) overview(w io.Writer, c *command) {
	name := c.name
	if name != "sekimori" {
		name = "sekimori " + name
	}
	fmt.Fprintf(w, "%s: %s\n\nUsage: %s COMMAND [FLAGS] [ARGUMENTS]\n\n", name, c.short, name)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, s := range c.subs {
		fmt.Fprintf(tw, "  %s\t%s\n", s.name, s.short)
	}
	tw.Flush()
	fmt.Fprintf(w, "\n\"%s COMMAND --help\" tells more of one.\nExit codes: 0 nothing found or all well, 1 findings or a failed check, 2 the\ncommand could not do its work.\n", name)
}

// flags returns a flag set whose --help shows the command's description.
func (p *program) flags(c *command) *flag.FlagSet {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are returned, help is printed by parse
	return f
}

// parse reads flags, which may stand before, between and after arguments, and
// returns the arguments. "--" ends the flags, "-" is an argument.
func (p *program) parse(c *command, f *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				p.help(c, f)
				return nil, err
			}
			return nil, fmt.Errorf("%s: %w; see \"sekimori %s --help\"", c.name, err, c.name)
		}
		left := f.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" || len(left) == 0 {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

func (p *program) help(c *command, f *flag.FlagSet) {
	w := p.stdout
	usage, any := "sekimori "+c.name, false
	f.VisitAll(func(*flag.Flag) { any = true })
	if any {
		usage += " [FLAGS]"
	}
	if c.args != "" {
		usage += " " + c.args
	}
	fmt.Fprintf(w, "sekimori %s: %s\n\nUsage: %s\n", c.name, c.short, usage)
	if c.long != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(c.long))
	}
	if !any {
		return
	}
	fmt.Fprintln(w, "\nFlags:")
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	f.VisitAll(func(fl *flag.Flag) {
		value, usage := flag.UnquoteUsage(fl)
		head := "  --" + fl.Name
		if value != "" {
			head += " " + cmp.Or(valueNames[value], value)
		}
		if !slices.Contains([]string{"", "false", "0", "0s"}, fl.DefValue) {
			usage += " (default " + fl.DefValue + ")"
		}
		fmt.Fprintf(tw, "%s\t%s\n", head, usage)
	})
	tw.Flush()
}

// valueNames are what flags take whose usage names no value of its own.
var valueNames = map[string]string{"string": "TEXT", "int": "N", "uint": "N", "float": "NUMBER", "duration": "TIME"}

// noArguments refuses arguments where a command takes none.
func noArguments(c *command, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%s: takes no argument, got %q", c.name, rest[0])
	}
	return nil
}

func versionCommand() *command {
	return &command{
		name: "version", short: "print the version and how it was built",
		run: func(_ context.Context, p *program, c *command, args []string) error {
			rest, err := p.parse(c, p.flags(c), args)
			if err != nil {
				return err
			}
			if err := noArguments(c, rest); err != nil {
				return err
			}
			fmt.Fprintln(p.stdout, version())
			return nil
		},
	}
}

// stamp is the release's name, set by -ldflags "-X main.stamp=v1.2.3" where the
// build has no version control to ask.
var stamp string

// version names the release, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "sekimori (unknown build)"
	}
	v, rev, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ", modified"
		}
	}
	switch {
	case stamp != "":
		v, rev = stamp, ""
	case v == "" || v == "(devel)":
		v = "devel"
	}
	if rev != "" {
		v += " (" + rev + dirty + ")"
	}
	return "sekimori " + v + ", " + info.GoVersion
}
