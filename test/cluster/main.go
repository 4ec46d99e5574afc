// Command atoll-cluster runs local Kubernetes clusters on this machine.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/atoll-platform/atoll/test/cluster/cmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := cmd.New().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "atoll-cluster:", err)
		os.Exit(1) //nolint:gocritic // the signals need no giving back
	}
}
