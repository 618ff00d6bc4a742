package speed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// hyperscan is the C program of peers/hyperscan.c at work, linked with one of
// the machine's libraries. Hyperscan and Vectorscan have the same interface;
// the version tells which one it is.
type hyperscan struct {
	name   string // "Hyperscan 5.4.0"
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	folder string // for files to hand over
	loaded string // the text that it has, by name
}

// startHyperscan compiles the C program against the library under prefix
// (empty: where the compiler looks) and starts it. folder is for its files.
func startHyperscan(ctx context.Context, prefix, folder string) (*hyperscan, error) {
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	if _, err := exec.LookPath(cc); err != nil {
		return nil, errors.New("there is no C compiler")
	}
	source, err := files.ReadFile("peers/hyperscan.c")
	if err != nil {
		return nil, err
	}
	code, program := filepath.Join(folder, "peer.c"), filepath.Join(folder, "peer")
	if err := os.WriteFile(code, source, 0o600); err != nil {
		return nil, err
	}
	args := []string{"-O3", "-march=native", "-o", program, code}
	for _, root := range []string{prefix, "/usr", "/usr/local"} {
		if root == "" {
			continue
		}
		args = append(args, "-I"+filepath.Join(root, "include", "hs"))
		if root != prefix {
			continue
		}
		libs, _ := filepath.Glob(filepath.Join(root, "lib", "*-linux-gnu"))
		for _, l := range append(libs, filepath.Join(root, "lib")) {
			args = append(args, "-L"+l, "-Wl,-rpath,"+l)
		}
	}
	out, err := exec.CommandContext(ctx, cc, append(args, "-lhs")...).CombinedOutput()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return nil, fmt.Errorf("neither Hyperscan nor Vectorscan can be compiled against (libhyperscan-dev or libvectorscan-dev): %s", first)
	}
	h := &hyperscan{cmd: exec.CommandContext(ctx, program), folder: folder}
	h.cmd.Stderr = os.Stderr
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	pipe, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	h.out = bufio.NewReader(pipe)
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the peer: %w", err)
	}
	v, err := h.ask("version")
	if err != nil {
		h.stop()
		return nil, err
	}
	h.name = libraryName(v[0])
	return h, nil
}

// libraryName tells the two libraries apart: the last open version of
// Hyperscan is 5.4.2, and Vectorscan went on from there.
func libraryName(version string) string {
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err == nil &&
		(major > 5 || minor > 4 || minor == 4 && patch > 2) {
		return "Vectorscan " + version
	}
	return "Hyperscan " + version
}

// stop ends the program; it ends by itself at the end of its input.
func (h *hyperscan) stop() {
	h.in.Close()
	_ = h.cmd.Wait()
}

// ask sends a command and returns the words of the answer.
func (h *hyperscan) ask(words ...string) ([]string, error) {
	if _, err := fmt.Fprintln(h.in, strings.Join(words, "\t")); err != nil {
		return nil, fmt.Errorf("ask the peer: %w", err)
	}
	line, err := h.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("peer %s: no answer to %q: %w", h.name, words[0], err)
	}
	answer, ok := strings.CutPrefix(strings.TrimSpace(line), "ok ")
	if !ok {
		return nil, fmt.Errorf("peer %s: %s: %s", h.name, words[0], strings.TrimSpace(line))
	}
	return strings.Fields(answer), nil
}

// compile makes a database of a set in one of the modes "block" and "stream".
func (h *hyperscan) compile(s set, mode string) (*compiled, error) {
	literals, err := h.list(s.name+".literals", s.literals)
	if err != nil {
		return nil, err
	}
	expressions, err := h.list(s.name+".expressions", s.expressions)
	if err != nil {
		return nil, err
	}
	e := &hyperscanSet{peer: h, name: s.name + "-" + mode}
	a, err := h.ask("compile", e.name, mode, literals, expressions)
	if err != nil {
		return nil, err
	}
	if len(a) != 2 {
		return nil, fmt.Errorf("peer %s: odd answer %q", h.name, a)
	}
	took, err1 := seconds(a[0])
	size, err2 := strconv.ParseInt(a[1], 10, 64)
	return &compiled{engine: e, took: took, bytes: size}, errors.Join(err1, err2)
}

// list writes patterns to a file; "-" stands for none.
func (h *hyperscan) list(name string, patterns []string) (string, error) {
	if len(patterns) == 0 {
		return "-", nil
	}
	path := filepath.Join(h.folder, name)
	return path, os.WriteFile(path, []byte(strings.Join(patterns, "\n")+"\n"), 0o600)
}

// load hands over the text of a corpus.
func (h *hyperscan) load(name string, text []byte) error {
	if h.loaded == name {
		return nil
	}
	path := filepath.Join(h.folder, "text")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	defer os.Remove(path)
	_, err := h.ask("text", path)
	h.loaded = name
	return err
}

// hyperscanSet is a database in the peer. It searches the text that was loaded.
type hyperscanSet struct {
	peer *hyperscan
	name string
}

// scan searches once, whatever times says: the peer is for large texts.
func (s *hyperscanSet) scan(text []byte, _ int) (sample, error) {
	a, err := s.peer.ask("scan", s.name, strconv.Itoa(len(text)))
	if err != nil {
		return sample{}, err
	}
	return parseSample(a)
}

func parseSample(a []string) (s sample, err error) {
	if len(a) != 3 {
		return s, fmt.Errorf("odd answer %q of the peer", a)
	}
	var errs [3]error
	s.cpu, errs[0] = seconds(a[0])
	s.wall, errs[1] = seconds(a[1])
	s.count, errs[2] = strconv.Atoi(a[2])
	return s, errors.Join(errs[:]...)
}

func seconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	return time.Duration(f * float64(time.Second)), err
}

// hyperscanSum is the byte sum by the peer's vector code.
type hyperscanSum struct{ peer *hyperscan }

func (h hyperscanSum) scan(text []byte, _ int) (sample, error) {
	a, err := h.peer.ask("sum", strconv.Itoa(len(text)))
	if err != nil {
		return sample{}, err
	}
	return parseSample(a)
}
