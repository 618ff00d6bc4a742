package isolate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Program is a program of others that makes text of a file, such as one that
// recognises characters in pictures. It gets the file on its standard input and
// writes text in UTF-8 to its standard output; it runs with the limits of a
// reader: no network where the system allows that, bounded memory, time and
// output, no environment but what it needs to find its own files.
type Program struct {
	Command []string      // the program and its arguments
	Time    time.Duration // of one run
	Output  int64         // bytes of text; more is an error
}

// Errors of Run.
var (
	ErrTooSlow = errors.New("the program took too long")
	ErrOutput  = errors.New("the program put out too much")
)

// programMemory is the most memory, in bytes of addresses, that a program may
// have.
const programMemory = 2 << 30

// waitAfter is how long the program's ends are waited for once it is over: what
// it started may hold them.
const waitAfter = time.Second

// Run gives file to the program and returns the text. The error does not hold
// what the program put out.
func (p *Program) Run(ctx context.Context, file []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Time)
	defer cancel()
	cmd, stdin, stdout, err := launchProgram(p)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Command[0], err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	go func() {
		_, _ = io.Copy(stdin, bytes.NewReader(file)) // it may read only a part
		stdin.Close()
	}()
	out, rerr := io.ReadAll(io.LimitReader(stdout, p.Output+1))
	over := int64(len(out)) > p.Output
	if over || rerr != nil {
		_ = cmd.Process.Kill()
	}
	cmd.WaitDelay = waitAfter
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ErrTooSlow
	case over:
		return nil, ErrOutput
	case rerr != nil && err == nil:
		err = rerr
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", p.Command[0], err)
	}
	return out, nil
}
