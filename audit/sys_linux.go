package audit

import (
	"os"

	"golang.org/x/sys/unix"
)

// dataSync puts a file's data and size on disk.
func dataSync(f *os.File) error {
	if s := behind(); s != nil {
		if taken, err := s.sync(f); taken {
			return err
		}
	}
	return blockingSync(f)
}

// blockingSync is dataSync that waits for no other sync.
func blockingSync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
