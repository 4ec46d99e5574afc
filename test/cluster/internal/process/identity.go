// Package process starts a cluster's programs so that they outlive the command, and ends exactly
// those: a pid is trusted only together with the time its process started and the boot it ran in.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Identity names one process for good; a pid alone is reused.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks between boot and start
	Boot  string `json:"boot"`
}

// Identify returns the identity of the running process pid.
func Identify(pid int) (Identity, error) {
	stat, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{}, fmt.Errorf("reading the boot id: %w", err)
	}
	return Identity{PID: pid, Start: stat.start, Boot: strings.TrimSpace(string(boot))}, nil
}

// Alive says whether this very process still runs. A zombie does not, nor does one that is on its way to be one.
func (id Identity) Alive() bool {
	stat, ok := id.stat()
	return ok && !stat.zombie() && stat.flags&exiting == 0
}

// Holds says whether this very process may still hold ports, files and locks: those go when the last of its threads has
// ended, which may be well after the first one is a zombie.
func (id Identity) Holds() bool {
	stat, ok := id.stat()
	return ok && (!stat.zombie() || stat.threads > 1)
}

// stat reads the state of this very process, if there is one.
func (id Identity) stat() (stat, bool) {
	if id.PID <= 0 {
		return stat{}, false
	}
	state, err := readStat(id.PID)
	if err != nil {
		return stat{}, false
	}
	now, err := Identify(id.PID)
	return state, err == nil && now == id
}

// Replaced says whether the program's file was replaced since the process started.
func (id Identity) Replaced() bool {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", id.PID))
	return err == nil && strings.HasSuffix(target, " (deleted)")
}

// Signal sends the signal to this process and to no other that got its pid since.
func (id Identity) Signal(signal syscall.Signal) error {
	// The handle is bound to whichever process has the pid now; checking after taking it leaves no gap.
	handle, err := os.FindProcess(id.PID)
	if err != nil {
		return fmt.Errorf("finding process %d: %w", id.PID, err)
	}
	defer handle.Release() //nolint:errcheck // frees a descriptor
	if !id.Alive() {
		return nil
	}
	if err := handle.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to process %d: %w", signal, id.PID, err)
	}
	return nil
}

// exiting is the kernel's flag PF_EXITING.
const exiting = 0x4

type stat struct {
	state   byte
	flags   uint64
	threads uint64
	start   uint64
}

func (s stat) zombie() bool { return s.state == 'Z' || s.state == 'X' }

// readStat reads /proc/PID/stat. The command's name may hold spaces and brackets, so fields are
// counted from the last bracket: state is the first after it, the flags the seventh, the number of threads the eighteenth
// and the start time the twentieth.
func readStat(pid int) (stat, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	content, err := os.ReadFile(path)
	if err != nil {
		return stat{}, fmt.Errorf("reading %s: %w", path, err)
	}
	fields := bytes.Fields(content[bytes.LastIndexByte(content, ')')+1:])
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("reading %s: %d fields after the command's name, want at least 20", path, len(fields))
	}
	read := stat{state: fields[0][0]}
	for index, into := range map[int]*uint64{6: &read.flags, 17: &read.threads, 19: &read.start} {
		if *into, err = strconv.ParseUint(string(fields[index]), 10, 64); err != nil {
			return stat{}, fmt.Errorf("reading field %d after the command's name in %s: %w", index+1, path, err)
		}
	}
	return read, nil
}

// Runs says whether the process runs this program with these arguments.
func (id Identity) Runs(path string, args []string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", id.PID))
	return err == nil && string(line) == strings.Join(append([]string{path}, args...), "\x00")+"\x00"
}
