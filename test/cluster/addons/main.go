// Command cluster-addons holds what a local cluster runs beside Kubernetes itself, so that the many
// packages these share are compiled and linked once. Like the kubernetes command, it chooses by the
// name it is called by, or by its first argument.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coredns/coredns/coremain"
)

var addons = map[string]func() error{
	"coredns":        runCoreDNS,
	"local-storage":  runStorage,
	"network-policy": runNetworkPolicy,
}

func main() {
	name := filepath.Base(os.Args[0])
	if addons[name] == nil && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	run := addons[name]
	if run == nil {
		names := make([]string, 0, len(addons))
		for known := range addons {
			names = append(names, known)
		}
		slices.Sort(names)
		fmt.Fprintf(os.Stderr, "cluster-addons: no addon %q; the first argument is one of: %s\n", name, strings.Join(names, ", "))
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func runCoreDNS() error {
	coremain.Run()
	return nil
}
