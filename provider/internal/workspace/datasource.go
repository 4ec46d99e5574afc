package workspace

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/observed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

// NewDataSource returns the data source atoll_workspace.
func NewDataSource() datasource.DataSource {
	return observed.New(observed.Definition[v1alpha1.Workspace, observation]{
		Kind:        kube.Workspaces,
		Name:        "workspace",
		Description: "A workspace as the cluster has it now: what it asks for, whether it is ready, and what it uses.",
		Attributes:  observedAttributes,
		Model:       observe,
	})
}

type observation struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	Spec
	observed.Status
	Namespace types.String `tfsdk:"namespace"`
	HubURL    types.String `tfsdk:"hub_url"`
	People    types.Int32  `tfsdk:"people"`
	Servers   types.Int32  `tfsdk:"servers"`
	Usage     *usage       `tfsdk:"usage"`
}

type usage struct {
	CPU     units.Quantity `tfsdk:"cpu"`
	Memory  units.Quantity `tfsdk:"memory"`
	GPUs    types.Int32    `tfsdk:"gpus"`
	Storage units.Quantity `tfsdk:"storage"`
	Servers types.Int32    `tfsdk:"servers"`
}

func observe(live *v1alpha1.Workspace) *observation {
	o := &observation{
		ID:        types.StringValue(live.Name),
		Name:      types.StringValue(live.Name),
		Status:    observed.NewStatus(live.Generation, live.Status.ObservedGeneration, live.Status.Conditions),
		Namespace: types.StringValue(v1alpha1.WorkspaceNamespacePrefix + live.Name),
		HubURL:    text(live.Status.HubURL),
		People:    types.Int32Value(live.Status.People),
		Servers:   types.Int32Value(live.Status.Servers),
	}
	o.absorb(&live.Spec, managed.Everything)
	if u := live.Status.Usage; u != nil {
		o.Usage = &usage{
			CPU:     managed.Quantity(u.CPU),
			Memory:  managed.Quantity(u.Memory),
			GPUs:    types.Int32Value(u.GPUs),
			Storage: managed.Quantity(u.Storage),
			Servers: types.Int32Value(u.Servers),
		}
	}
	return o
}

func observedAttributes() map[string]schema.Attribute {
	out := observed.ReadOnly(attributes())
	maps.Copy(out, observed.StatusAttributes())
	out["namespace"] = observed.Text("Namespace that holds the workspace's servers and homes.")
	out["hub_url"] = observed.Text("Where a member starts a server.")
	out["people"] = observed.Number("Number of persons listed by name, the owner included.")
	out["servers"] = observed.Number("Number of notebook servers that exist now.")
	out["usage"] = schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "What counts against the quota now; null until the operator has measured it.",
		Attributes: map[string]schema.Attribute{
			"cpu":     quantity("CPU limits in use, in cores."),
			"memory":  quantity("Memory limits in use."),
			"gpus":    observed.Number("GPUs in use."),
			"storage": quantity("Storage claimed."),
			"servers": observed.Number("Servers running."),
		},
	}
	return out
}

func quantity(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, CustomType: units.QuantityType{}, MarkdownDescription: description}
}
