package isolate

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// launch starts a process in a network of its own that has no way out, where the
// system allows that. If this process is killed it sees the end of its input.
func launch(args []string) (*exec.Cmd, io.WriteCloser, io.ReadCloser, error) {
	return launchMortal(args, 0)
}

// launchMortal does that for a process which gets the signal death, if it is not
// 0, when this one ends in whatever way.
func launchMortal(args []string, death syscall.Signal) (*exec.Cmd, io.WriteCloser, io.ReadCloser, error) {
	cmd, stdin, stdout, err := command(args)
	if err != nil {
		return nil, nil, nil, err
	}
	uid, gid := os.Getuid(), os.Getgid()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig:   death,
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
	}
	if err = cmd.Start(); err == nil {
		return cmd, stdin, stdout, nil
	}
	// Namespaces for users may be switched off; the other limits hold.
	if cmd, stdin, stdout, err = command(args); err != nil {
		return nil, nil, nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: death}
	return cmd, stdin, stdout, cmd.Start()
}

// launchProgram starts a program of others with bounds on its memory, time and
// files.
func launchProgram(p *Program) (*exec.Cmd, io.WriteCloser, io.ReadCloser, error) {
	cmd, stdin, stdout, err := launchMortal(p.Command, syscall.SIGKILL) // it may not look at its input's end
	if err != nil {
		return nil, nil, nil, err
	}
	limit := func(what int, n uint64) { _ = unix.Prlimit(cmd.Process.Pid, what, &unix.Rlimit{Cur: n, Max: n}, nil) }
	limit(unix.RLIMIT_AS, programMemory)
	limit(unix.RLIMIT_CPU, uint64(p.Time.Seconds())+1)
	limit(unix.RLIMIT_FSIZE, 0)
	limit(unix.RLIMIT_CORE, 0)
	limit(unix.RLIMIT_NOFILE, 64)
	_ = unix.Setpriority(unix.PRIO_PROCESS, cmd.Process.Pid, 10)
	return cmd, stdin, stdout, nil
}

// confines says that confine does something.
const confines = true

// confine gives up what a reader has no use for.
func confine() {
	limit := func(what int, n uint64) { _ = unix.Setrlimit(what, &unix.Rlimit{Cur: n, Max: n}) }
	limit(unix.RLIMIT_FSIZE, 0) // no file is written
	limit(unix.RLIMIT_CORE, 0)  // and none left behind
	limit(unix.RLIMIT_NOFILE, 32)
	limit(unix.RLIMIT_AS, 16<<30) // addresses, of which Go reserves many
	_ = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5)
}
