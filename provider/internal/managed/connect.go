package managed

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/atoll-platform/atoll/internal/kube"
)

// Connect returns the run's one client. It is called when a request is about to be made and not
// before, since the cluster may not exist while its resources are planned.
type Connect func(context.Context) (*kube.Client, error)

// Take takes the connection that the provider hands to what it serves; there is none while a configuration is validated.
func (c *Connect) Take(data any, diags *diag.Diagnostics) {
	if data == nil {
		return
	}
	connect, ok := data.(Connect)
	if !ok {
		diags.AddError("The provider is wired wrongly", fmt.Sprintf("Expected managed.Connect, got %T.", data))
		return
	}
	*c = connect
}

// Client connects, or returns nil and says why.
func (c Connect) Client(ctx context.Context, diags *diag.Diagnostics) *kube.Client {
	client, err := c(ctx)
	if err != nil {
		diags.AddError("The cluster cannot be reached with this provider configuration", err.Error())
		return nil
	}
	return client
}
