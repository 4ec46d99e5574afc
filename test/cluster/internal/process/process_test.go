package process

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func here(work func() error) error { return work() }

// start starts a program the way a cluster does, and ends it with the test.
func start(t *testing.T, path string, args ...string) (Identity, Spec) {
	t.Helper()
	folder := t.TempDir()
	spec := Spec{Path: path, Args: args, Folder: folder, Log: filepath.Join(folder, "log"), Inside: here}
	id, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Kill(id); err != nil {
			t.Error(err)
		}
	})
	return id, spec
}

func TestIdentityIsMoreThanAPID(t *testing.T) {
	id, spec := start(t, "/bin/sleep", "600")
	if !id.Alive() {
		t.Fatal("a running process counts as dead")
	}
	if !id.Runs(spec.Path, spec.Args) || id.Runs(spec.Path, []string{"60"}) {
		t.Error("the process is not told apart by its arguments")
	}
	for name, other := range map[string]Identity{
		"started at another time": {PID: id.PID, Start: id.Start + 1, Boot: id.Boot},
		"of another boot":         {PID: id.PID, Start: id.Start, Boot: "another"},
		"never recorded":          {},
	} {
		if other.Alive() {
			t.Errorf("a process %s counts as this one", name)
		}
		if other.PID == 0 {
			continue
		}
		if err := other.Signal(syscall.SIGKILL); err != nil {
			t.Errorf("signalling a process %s: %v", name, err)
		}
		if !id.Alive() {
			t.Fatalf("a process %s was meant, and this one was killed", name)
		}
	}
}

func TestStopAsksBeforeItKills(t *testing.T) {
	polite, _ := start(t, "/bin/sleep", "600")
	begin := time.Now()
	if err := Stop(time.Minute, polite); err != nil || polite.Alive() {
		t.Errorf("stopping a process that obeys: %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("stopping a process that obeys took %s", took)
	}
	stubborn, spec := start(t, "/bin/sh", "-c", `trap "" TERM; echo deaf; while :; do sleep 1; done`)
	for Tail(spec.Log, 1) != "deaf" {
		if !stubborn.Alive() {
			t.Fatal(Tail(spec.Log, 5))
		}
	}
	if err := Stop(50*time.Millisecond, stubborn); err != nil || stubborn.Alive() {
		t.Errorf("stopping a process that does not: %v", err)
	}
}

func TestMarkedFindsWhatWasNotRecorded(t *testing.T) {
	id, spec := start(t, "/bin/sleep", "600")
	found, err := Marked(spec.Folder)
	if err != nil || len(found) != 1 || found[0] != id {
		t.Errorf("got %v, %v; want %v", found, err, id)
	}
	if found, err := Marked(filepath.Dir(spec.Folder)); err != nil || len(found) != 0 {
		t.Errorf("a folder above finds %v, %v", found, err)
	}
}

func TestReplaced(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	content, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o700); err != nil {
		t.Fatal(err)
	}
	id, _ := start(t, program, "600")
	if id.Replaced() {
		t.Error("a program counts as replaced from the start")
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if !id.Replaced() {
		t.Error("a program that was removed does not count as replaced")
	}
}

func TestStartKeepsThePreviousLog(t *testing.T) {
	folder := t.TempDir()
	spec := Spec{Path: "/bin/echo", Folder: folder, Log: filepath.Join(folder, "log"), Inside: here}
	for _, word := range []string{"first", "second"} {
		spec.Args = []string{word}
		id, err := Start(spec)
		if err != nil {
			t.Fatal(err)
		}
		if !gone(10*time.Second, []Identity{id}) {
			t.Fatal("echo does not end")
		}
	}
	if now, before := Tail(spec.Log, 1), Tail(spec.Log+".1", 1); now != "second" || before != "first" {
		t.Errorf("the log has %q and the one before %q", now, before)
	}
}
