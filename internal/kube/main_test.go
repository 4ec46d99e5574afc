package kube

import (
	"fmt"
	"os"
	"testing"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

var server *kubetest.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = kubetest.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		code = 1
	}
	os.Exit(code)
}
