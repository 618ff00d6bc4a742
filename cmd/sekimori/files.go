package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/sekimori-dlp/sekimori/inspect/part"
)

// input is one file to be read, or standard input.
type input struct {
	name string // as the user would recognise it
	size int64  // -1 if unknown
	err  error  // why it cannot be read at all
}

// inputs lists the files named by args, folders walked in order. Links met in a
// folder are not followed. "-" is standard input.
func inputs(args []string) []input {
	var all []input
	for _, arg := range args {
		if arg == "-" {
			all = append(all, input{name: "-", size: -1})
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			all = append(all, input{name: arg, err: err})
			continue
		}
		if !info.IsDir() {
			all = append(all, input{name: arg, size: info.Size()})
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				all = append(all, input{name: path, err: err})
			case d.Type().IsRegular():
				in := input{name: path, size: -1}
				if info, err := d.Info(); err == nil {
					in.size = info.Size()
				}
				all = append(all, in)
			}
			return nil
		})
		if err != nil {
			all = append(all, input{name: arg, err: err})
		}
	}
	return all
}

// open returns the input as the root part of a scan.
func (p *program) open(in input) (part.Part, io.Closer, error) {
	if in.err != nil {
		return part.Part{}, nil, in.err
	}
	if in.name == "-" {
		return part.Part{Path: "-", Body: p.stdin, Size: -1}, io.NopCloser(nil), nil
	}
	f, err := os.Open(in.name)
	if err != nil {
		return part.Part{}, nil, err
	}
	name := filepath.Base(in.name)
	return part.Part{Path: name, Name: name, Body: f, Size: in.size}, f, nil
}

// each runs work on every input, as many at once as there are processors, and
// hands the results to done in the order of the inputs. It shows a progress bar
// when standard error is a terminal.
func each[T any](ctx context.Context, p *program, all []input, work func(context.Context, input) T, done func(input, T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bar := p.progress(all)
	defer bar.Close()

	slots := make([]chan T, len(all))
	for i := range slots {
		slots[i] = make(chan T, 1)
	}
	// room bounds how far the workers may run ahead of the output.
	room := make(chan struct{}, 64*runtime.GOMAXPROCS(0))
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range all {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range min(len(all), runtime.GOMAXPROCS(0)) {
		go func() {
			for i := range next {
				slots[i] <- work(ctx, all[i])
			}
		}()
	}
	for i, in := range all {
		select {
		case v := <-slots[i]:
			<-room
			if err := done(in, v); err != nil {
				return err
			}
			bar.Add64(max(in.size, 0))
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// bar is a progress bar, or nothing.
type bar struct{ *progressbar.ProgressBar }

func (b bar) Add64(n int64) {
	if b.ProgressBar != nil {
		_ = b.ProgressBar.Add64(n)
	}
}

func (b bar) Set64(n int64) {
	if b.ProgressBar != nil {
		_ = b.ProgressBar.Set64(n)
	}
}

func (b bar) Close() {
	if b.ProgressBar != nil {
		_ = b.ProgressBar.Finish()
	}
}

func (p *program) progress(all []input) bar {
	var total int64
	for _, in := range all {
		total += max(in.size, 0)
	}
	return p.bar(total, "inspecting")
}

// bar returns a progress bar over total bytes if standard error is a terminal
// and the work is long enough to want one.
func (p *program) bar(total int64, what string) bar {
	f, ok := p.stderr.(*os.File)
	if !ok || total < 8<<20 || !term.IsTerminal(int(f.Fd())) {
		return bar{}
	}
	return bar{progressbar.NewOptions64(total, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())}
}

// unreadable joins what could not be read, for the end of a run.
func unreadable(failed []error) error {
	if len(failed) == 0 {
		return nil
	}
	const show = 5
	if n := len(failed); n > show {
		failed = append(failed[:show:show], fmt.Errorf("and %d more", n-show))
	}
	return errors.Join(failed...)
}
