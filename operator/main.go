// Command atoll-operator runs the platform's controllers.
package main

import (
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/atoll-platform/atoll/operator/cmd"
)

func main() {
	if err := cmd.New().ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, "atoll-operator:", err)
		os.Exit(1)
	}
}
