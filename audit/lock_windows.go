package audit

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the file for this process, or says that it is taken. The kernel
// frees it when the process ends, however it ends.
func lock(f *os.File) (taken bool, err error) {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, new(windows.Overlapped))
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION), err
}

// ignoreUnsupported: Windows keeps names durable by itself and refuses to sync
// a folder.
func ignoreUnsupported(error) error { return nil }
