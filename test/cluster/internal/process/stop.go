package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Stop ends the processes: it asks, waits up to grace for all of them together, then kills. It
// returns once none of them holds anything.
func Stop(grace time.Duration, ids ...Identity) error {
	for _, id := range ids {
		if err := id.Signal(syscall.SIGTERM); err != nil {
			return err
		}
	}
	if gone(grace, ids) {
		return nil
	}
	return Kill(ids...)
}

// Kill ends the processes at once and returns when none of them holds anything.
func Kill(ids ...Identity) error {
	for _, id := range ids {
		if err := id.Signal(syscall.SIGKILL); err != nil {
			return err
		}
	}
	if !gone(10*time.Second, ids) {
		return fmt.Errorf("processes %v still hold something 10 seconds after they were killed", holding(ids))
	}
	return nil
}

func gone(within time.Duration, ids []Identity) bool {
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if len(holding(ids)) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

func holding(ids []Identity) []int {
	var pids []int
	for _, id := range ids {
		if id.Holds() {
			pids = append(pids, id.PID)
		}
	}
	return pids
}

// Marked returns every process that the cluster of this run folder started, recorded or not, and
// what those started with the environment they were given.
func Marked(folder string) ([]Identity, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	mark := []byte(MarkVariable + "=" + folder)
	var found []Identity
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			continue // ended meanwhile, or another user's
		}
		for variable := range bytes.SplitSeq(environment, []byte{0}) {
			if !bytes.Equal(variable, mark) {
				continue
			}
			if id, err := Identify(pid); err == nil {
				found = append(found, id)
			}
		}
	}
	return found, nil
}

// Tail returns the last lines of a log, for an error message.
func Tail(path string, lines int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Sprintf("(the log cannot be read: %v)", err)
	}
	return Last(string(content), lines)
}

// Last returns the last lines of a text.
func Last(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
