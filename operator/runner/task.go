// Package runner is what the operator's image does inside the pods of runs: it lays a task out before its notebook
// runs, and keeps the executed notebook afterwards. The pods hold no credential of the object store: what they may read and
// write of it are URLs, for which they ask the operator.
package runner

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"
)

const (
	// Folder is where a run's files are, in every container of its pod.
	Folder = "/run/atoll"
	// Home is where the owner's home is, or an empty folder in its place.
	Home = "/home/atoll"
	// Script is the file that runs the notebook.
	Script = "runner.py"
	// TaskVariable holds the Task.
	TaskVariable = "ATOLL_TASK_ORDER"
	// Output is the executed notebook.
	Output = "output.ipynb"
	// lastWord is the file that Kubernetes shows as a container's termination message.
	lastWord = "/dev/termination-log"

	taskFile     = "task.json"
	notebookFile = "notebook.ipynb"
)

//go:embed runner.py
var script []byte

// Task is what a pod is told of its task.
type Task struct {
	// Source is the notebook in words, for messages.
	Source string `json:"source"`
	// Home is its path in the home; Object tells that it is in the object store; Git is a repository that has it. One of
	// them is set.
	Home   string `json:"home,omitempty"`
	Object bool   `json:"object,omitempty"`
	Git    *Git   `json:"git,omitempty"`
	// Parameters are the notebook's.
	Parameters map[string]any `json:"parameters"`
	Timeout    time.Duration  `json:"timeout"`
}

// Git is a notebook in a repository.
type Git struct {
	Repository string `json:"repository"`
	Ref        string `json:"ref"`
	Path       string `json:"path"`
}

// plan is the task as the script reads it.
type plan struct {
	Source         string         `json:"source"`
	Notebook       string         `json:"notebook"`
	Folder         string         `json:"folder"`
	Parameters     map[string]any `json:"parameters"`
	Timeout        string         `json:"timeout"`
	TimeoutSeconds float64        `json:"timeoutSeconds"`
}

// Result is what a container says at its end, as its termination message.
type Result struct {
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Kept tells that the executed notebook is in the object store.
	Kept bool `json:"kept,omitempty"`
}

// layOut writes the script and the plan of a task.
func layOut(folder string, t Task, notebook, work string) error {
	p := plan{
		Source: t.Source, Notebook: notebook, Folder: work,
		Parameters: t.Parameters, Timeout: t.Timeout.String(), TimeoutSeconds: t.Timeout.Seconds(),
	}
	if p.Parameters == nil {
		p.Parameters = map[string]any{}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding the task: %w", err)
	}
	for name, content := range map[string][]byte{Script: script, taskFile: data} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// homeOf is where a notebook of the home is in the pod.
func homeOf(notebook string) string { return path.Join(Home, path.Clean("/"+notebook)) }

// Say leaves the result where Kubernetes shows it. Where there is no such place it is only printed.
func (r Result) Say() {
	data, err := json.Marshal(r)
	if err != nil {
		return
	}
	fmt.Fprintln(os.Stderr, string(data))
	if err := os.WriteFile(lastWord, data, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "the result could not be told:", err)
	}
}
