// Command terraform-provider-atoll serves the Terraform provider of Atoll.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/atoll-platform/atoll/internal/version"
	"github.com/atoll-platform/atoll/provider/internal/provider"
)

func main() {
	provider.CollectLess()
	if err := tf6server.Serve(provider.Address, provider.Server(version.Version)); err != nil {
		fmt.Fprintln(os.Stderr, "serving the provider:", err)
		os.Exit(1)
	}
}
