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
	// broken: an answer is outstanding that could be taken for a later sync's.
	broken bool
}

// behind is nil where the kernel or its guard does not let it be.
var behind = sync.OnceValue(newSyncer)

func newSyncer() *syncer {
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
}

// request and answer are struct iocb and struct io_event of linux/aio_abi.h.
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
// does not take the request: nothing was done then. After a request that was taken
// and whose answer is not to be had no other is made.
func (s *syncer) sync(f *os.File) (taken bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return false, nil
	}
	r := &request{opcode: syncData, fd: uint32(f.Fd()), flags: tellEvent, event: uint32(s.fd)} //nolint:gosec // descriptors are small
	for {
		n, _, no := unix.Syscall(unix.SYS_IO_SUBMIT, s.context, 1, uintptr(unsafe.Pointer(&r)))
		if no == 0 && n == 1 {
			break
		}
		if no != unix.EINTR {
			return false, os.NewSyscallError("io_submit", no)
		}
	}
	runtime.KeepAlive(r)
	a, err := s.answer()
	runtime.KeepAlive(f)
	switch {
	case err != nil:
		s.broken = true
		return true, err
	case a.result < 0:
		return true, os.NewSyscallError("fdatasync", unix.Errno(-a.result)) //nolint:gosec // an errno
	}
	return true, nil
}

// answer waits for the answer to the one request that is under way.
func (s *syncer) answer() (a answer, err error) {
	var count [8]byte
	if _, err := s.done.Read(count[:]); err != nil {
		return a, fmt.Errorf("wait for the disk: %w", err)
	}
	for {
		n, _, no := unix.Syscall6(unix.SYS_IO_GETEVENTS, s.context, 1, 1, uintptr(unsafe.Pointer(&a)), 0, 0)
		switch {
		case no == unix.EINTR:
			continue
		case no != 0:
			return a, os.NewSyscallError("io_getevents", no)
		case n != 1:
			return a, errors.New("the kernel's answer to a sync is missing")
		}
		return a, nil
	}
}
