// Command terraform-provider-atoll serves the Terraform provider of Atoll.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/atoll-platform/atoll/internal/version"
	"github.com/atoll-platform/atoll/provider/internal/provider"
)

// gcPercent lets the heap grow to five times what is alive before it is collected. A provider lives for one run and holds a
// few megabytes, and most of what a refresh costs it is short-lived: at Go's default it spends a third more time.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	options := providerserver.ServeOpts{Address: provider.Address}
	if err := providerserver.Serve(context.Background(), provider.New(version.Version), options); err != nil {
		fmt.Fprintln(os.Stderr, "serving the provider:", err)
		os.Exit(1)
	}
}
