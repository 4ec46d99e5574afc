// Command terraform-provider-atoll serves the Terraform provider of Atoll.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/atoll-platform/atoll/internal/version"
	"github.com/atoll-platform/atoll/provider/internal/provider"
)

func main() {
	provider.CollectLess()
	options := providerserver.ServeOpts{Address: provider.Address}
	if err := providerserver.Serve(context.Background(), provider.New(version.Version), options); err != nil {
		fmt.Fprintln(os.Stderr, "serving the provider:", err)
		os.Exit(1)
	}
}
