package audit

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// syncer has the kernel put files on disk while no thread waits for it.
//
// fdatasync blocks its thread for as long as the disk takes. The runtime then takes
// the processor from that thread and goes on watching out for more such calls, and
// on a busy machine that costs as much as the sync. The kernel also does it behind
// one's back, with io_submit(2) and IOCB_CMD_FDSYNC, and tells an eventfd(2), for
// which the runtime waits as it does for a connection.
//
// Safe for concurrent use; one sync is under way at a time.
type syncer struct {
	mu      sync.Mutex
	context uintptr // aio_context_t
	done    *os.File
	fd      int // of done
}

// behind is nil where the kernel or its guard does not let it be.
var behind = sync.OnceValue(func() *syncer {
	s := &syncer{}
	if _, _, no := unix.Syscall(unix.SYS_IO_SETUP, 1, uintptr(unsafe.Pointer(&s.context)), 0); no != 0 {
		return nil
	}
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_, _, _ = unix.Syscall(unix.SYS_IO_DESTROY, s.context, 0, 0)
		return nil
	}
	s.fd, s.done = fd, os.NewFile(uintptr(fd), "eventfd")
	return s
})

// request and answer are struct iocb and struct io_event of linux/aio_abi.h on
// little-endian machines.
type request struct {
	_      uint64 // data
	_      uint64 // key, flags
	opcode uint16
	_      int16 // priority
	fd     uint32
	_      [4]uint64 // buffer, size, offset
	flags  uint32
	event  uint32
}

type answer struct {
	_      [2]uint64 // data, request
	result int64
	_      int64
}

const (
	syncData  = 3 // IOCB_CMD_FDSYNC
	tellEvent = 1 // IOCB_FLAG_RESFD
)

// sync puts the data and the size of a file on disk. taken is false if the kernel
// does not take the request: nothing was done then.
func (s *syncer) sync(f *os.File) (taken bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &request{opcode: syncData, fd: uint32(f.Fd()), flags: tellEvent, event: uint32(s.fd)} //nolint:gosec // descriptors are small
	for {
		_, _, no := unix.Syscall(unix.SYS_IO_SUBMIT, s.context, 1, uintptr(unsafe.Pointer(&r)))
		if no == 0 {
			break
		}
		if no != unix.EINTR {
			return false, no
		}
	}
	runtime.KeepAlive(r)
	var count [8]byte
	if _, err := s.done.Read(count[:]); err != nil {
		return true, fmt.Errorf("wait for the disk: %w", err)
	}
	var a answer
	n, _, no := unix.Syscall6(unix.SYS_IO_GETEVENTS, s.context, 1, 1, uintptr(unsafe.Pointer(&a)), 0, 0)
	runtime.KeepAlive(f)
	switch {
	case no != 0:
		return true, os.NewSyscallError("io_getevents", no)
	case n != 1:
		return true, errors.New("the kernel's answer to a sync is missing")
	case a.result < 0:
		return true, os.NewSyscallError("fdatasync", unix.Errno(-a.result)) //nolint:gosec // an errno
	}
	return true, nil
}
