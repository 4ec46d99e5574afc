// Package provider puts the provider together: its configuration, and what it registers.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/atoll-platform/atoll/provider/internal/access"
	"github.com/atoll-platform/atoll/provider/internal/credentials"
	"github.com/atoll-platform/atoll/provider/internal/datagrant"
	"github.com/atoll-platform/atoll/provider/internal/dataset"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/profile"
	"github.com/atoll-platform/atoll/provider/internal/schedule"
	"github.com/atoll-platform/atoll/provider/internal/workspace"
)

// Address is where registries know the provider.
const Address = "registry.terraform.io/atoll-platform/atoll"

// name is what the names of all resource types begin with.
const name = "atoll"

type atoll struct {
	version string
	// connect is nil until the provider is configured.
	connect managed.Connect
}

// Metadata names the provider.
func (p *atoll) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = name, p.version
}

// Resources lists the resources.
func (*atoll) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		dataset.NewResource,
		datagrant.NewResource,
		profile.NewResource,
		schedule.NewResource,
		workspace.NewResource,
	}
}

// DataSources lists the data sources.
func (*atoll) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		access.NewWhatCan,
		access.NewWhoCan,
		dataset.NewDataSource,
		datagrant.NewDataSource,
		profile.NewDataSource,
		profile.NewListDataSource,
		schedule.NewDataSource,
		workspace.NewDataSource,
	}
}

// EphemeralResources lists what lives for one command and is never in the state.
func (*atoll) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		credentials.New,
	}
}

// ListResources lists what clients can search for that know how to.
func (*atoll) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		dataset.NewLister,
		datagrant.NewLister,
		schedule.NewLister,
	}
}

// Actions lists what clients can have done that know how to.
func (*atoll) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		schedule.NewRun,
	}
}

// Functions lists the functions.
func (*atoll) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		schedule.NewCronNext,
	}
}
