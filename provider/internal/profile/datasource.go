package profile

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/observed"
)

// NewDataSource returns the data source atoll_profile.
func NewDataSource() datasource.DataSource {
	return observed.New(observed.Definition[v1alpha1.Profile, observation]{
		Kind:        kube.Profiles,
		Name:        "profile",
		Description: "A profile as the cluster has it now: its image and sizes, whether it is ready, and how much it is used.",
		Attributes:  observedAttributes,
		Model:       observe,
	})
}

type observation struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	Spec
	observed.Status
	Workspaces types.Int32 `tfsdk:"workspaces"`
	Servers    types.Int32 `tfsdk:"servers"`
}

func observe(live *v1alpha1.Profile) *observation {
	o := &observation{
		ID:         types.StringValue(live.Name),
		Name:       types.StringValue(live.Name),
		Status:     observed.NewStatus(live.Generation, live.Status.ObservedGeneration, live.Status.Conditions),
		Workspaces: types.Int32Value(live.Status.Workspaces),
		Servers:    types.Int32Value(live.Status.Servers),
	}
	o.absorb(&live.Spec, managed.Everything)
	return o
}

func observedAttributes() map[string]schema.Attribute {
	out := observed.ReadOnly(attributes())
	maps.Copy(out, observed.StatusAttributes())
	out["workspaces"] = observed.Number("Number of workspaces that allow the profile.")
	out["servers"] = observed.Number("Number of notebook servers that run it now.")
	return out
}
