package run

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNewFolder(t *testing.T) {
	for _, name := range []string{"a", "demo", "demo-2", strings.Repeat("x", 30)} {
		if _, err := NewFolder("/run/root", name); err != nil {
			t.Errorf("name %q: %v", name, err)
		}
	}
	for _, name := range []string{"", "-a", "a-", "A", "a.b", "../etc", "a/b", strings.Repeat("x", 31)} {
		if folder, err := NewFolder("/run/root", name); err == nil {
			t.Errorf("name %q is taken as %s", name, folder)
		}
	}
	if _, err := NewFolder("/"+strings.Repeat("x", 40), "a"); err == nil {
		t.Error("a run root too long for a socket's address is taken")
	}
}

func TestState(t *testing.T) {
	folder := newFolder(t)
	if _, found, err := folder.ReadState(); found || err != nil {
		t.Fatalf("before it is written: %v, %v", found, err)
	}
	want := State{Nodes: Nodes{Kind: Simulated, Count: 3}, Ports: map[string]int{"etcd": 1}, Images: map[string][]string{"d": {"a", "b"}}}
	if err := folder.WriteState(want); err != nil {
		t.Fatal(err)
	}
	got, found, err := folder.ReadState()
	if !found || err != nil {
		t.Fatalf("after it is written: %v, %v", found, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("written (-) and read (+):\n%s", diff)
	}
	if err := os.WriteFile(folder.Path("state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := folder.ReadState(); err == nil || !strings.Contains(err.Error(), folder.Path("state.json")) {
		t.Errorf("a broken state gives %v, want an error that names the file", err)
	}
}

func TestLockWaitsForTheHolder(t *testing.T) {
	folder := string(newFolder(t))
	unlock, err := Lock(folder, func() { t.Error("the first waits") })
	if err != nil {
		t.Fatal(err)
	}
	waiting, taken := make(chan struct{}), make(chan error)
	go func() {
		again, err := Lock(folder, func() { close(waiting) })
		if err == nil {
			again()
		}
		taken <- err
	}()
	<-waiting
	select {
	case err := <-taken:
		t.Fatalf("the lock was given twice: %v", err)
	default:
	}
	unlock()
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
}

func TestLockFailsOnAFolderRemovedMeanwhile(t *testing.T) {
	folder := string(newFolder(t))
	unlock, err := Lock(folder, func() {})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, err := Lock(folder, func() {
			if err := os.RemoveAll(folder); err != nil {
				t.Error(err)
			}
			unlock()
		})
		failed <- err
	}()
	select {
	case err := <-failed:
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want that the folder is gone", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the second holder waits for ever")
	}
}

func newFolder(t *testing.T) Folder {
	t.Helper()
	folder := Folder(t.TempDir() + "/demo")
	if err := folder.Create(); err != nil {
		t.Fatal(err)
	}
	return folder
}
