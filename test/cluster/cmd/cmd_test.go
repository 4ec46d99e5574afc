package cmd

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	// Short, and not there: what a refused command makes is seen.
	root := fmt.Sprintf("/tmp/atoll-cluster-%d", os.Getpid())
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown kind of nodes":   {[]string{"up", "--nodes", "kind"}, "want real, simulated=N or none"},
		"too many nodes":          {[]string{"up", "--nodes", "simulated=99999"}, "between 1 and 10000"},
		"name with capitals":      {[]string{"up", "--name", "Demo"}, "lower-case letters"},
		"name that is a path":     {[]string{"down", "--name", "../etc"}, "lower-case letters"},
		"status of nothing":       {[]string{"status"}, "there is no cluster demo"},
		"unknown output":          {[]string{"status", "-o", "yaml"}, "want text or json"},
		"load without files":      {[]string{"load"}, "at least 1 arg"},
		"load into nothing":       {[]string{"load", "a.tar"}, "there is no cluster demo"},
		"log of nothing":          {[]string{"logs", "etcd"}, "has no log of"},
		"up with an argument":     {[]string{"up", "demo"}, "unknown command"},
		"a run root of any depth": {[]string{"up", "--run-root", "/" + strings.Repeat("x", 50)}, "too long for the sockets"},
	} {
		t.Run(name, func(t *testing.T) {
			command := New()
			command.SetOut(new(bytes.Buffer))
			command.SetErr(new(bytes.Buffer))
			// The last of equal flags counts.
			command.SetArgs(append([]string{"--run-root", root}, test.args...))
			err := command.Execute()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	if _, err := os.Stat(root); err == nil {
		t.Error("a refused command left its run root behind")
	}
}
