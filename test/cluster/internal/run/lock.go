package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Lock takes a folder for this command and returns what gives it back. The lock is on the folder
// itself, ends with the process, and so needs no cleaning up. It waits for another holder after
// telling so by calling waiting.
func Lock(folder string, waiting func()) (func(), error) {
	for {
		handle, err := os.Open(folder)
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", folder, err)
		}
		err = syscall.Flock(int(handle.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			waiting()
			err = syscall.Flock(int(handle.Fd()), syscall.LOCK_EX)
		}
		if err != nil {
			handle.Close() //nolint:errcheck // the lock's error is the one to tell
			return nil, fmt.Errorf("locking %s: %w", folder, err)
		}
		// Whoever held the lock may have removed the folder, and somebody else made it again.
		held, heldErr := handle.Stat()
		now, nowErr := os.Stat(folder)
		if heldErr == nil && nowErr == nil && os.SameFile(held, now) {
			return func() { handle.Close() }, nil //nolint:errcheck // closing gives the lock back
		}
		handle.Close() //nolint:errcheck // it locks a folder that is gone
		if errors.Is(nowErr, fs.ErrNotExist) {
			return nil, fmt.Errorf("locking %s: another command has removed it: %w", folder, nowErr)
		}
	}
}
