//go:build !linux

package isolate

import (
	"io"
	"os/exec"
)

func launch(args []string) (*exec.Cmd, io.WriteCloser, io.ReadCloser, error) {
	cmd, stdin, stdout, err := command(args)
	if err != nil {
		return nil, nil, nil, err
	}
	return cmd, stdin, stdout, cmd.Start()
}

func launchProgram(p *Program) (*exec.Cmd, io.WriteCloser, io.ReadCloser, error) {
	return launch(p.Command)
}

// confines says that confine does something.
const confines = false

// confine does nothing here: memory and time are bounded all the same.
func confine() {}
