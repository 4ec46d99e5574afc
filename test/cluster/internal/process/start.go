package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// MarkVariable is in the environment of everything a cluster starts and holds the cluster's run
// folder. It finds the processes of a command that was killed before it could record them.
const MarkVariable = "ATOLL_CLUSTER_FOLDER"

// Spec is one program to start.
type Spec struct {
	Path   string
	Args   []string
	Folder string // working folder, and the mark
	Log    string // takes the program's output; the previous one is kept beside it as LOG.1
	// Inside runs the start where the program belongs, such as in a network namespace.
	Inside func(func() error) error
}

// Start starts the program in a session of its own, so that it outlives this command.
func Start(spec Spec) (Identity, error) {
	if err := os.Rename(spec.Log, spec.Log+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Identity{}, fmt.Errorf("keeping the previous log of %s: %w", spec.Path, err)
	}
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return Identity{}, fmt.Errorf("opening the log of %s: %w", spec.Path, err)
	}
	defer log.Close() //nolint:errcheck // nothing was written through it

	command := exec.Command(spec.Path, spec.Args...) //nolint:noctx // it outlives this command
	command.Dir = spec.Folder
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + spec.Folder,
		MarkVariable + "=" + spec.Folder,
	}
	if err := spec.Inside(command.Start); err != nil {
		return Identity{}, fmt.Errorf("starting %s: %w", spec.Path, err)
	}
	id, err := Identify(command.Process.Pid)
	// Reaped while this command lasts, so that an early death shows as one.
	go command.Wait() //nolint:errcheck // its log tells why it ended
	return id, err
}
