package datagrant

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/observed"
)

// NewDataSource returns the data source atoll_data_grant.
func NewDataSource() datasource.DataSource {
	return observed.New(observed.Definition[v1alpha1.DataGrant, observation]{
		Kind:        kube.DataGrants,
		Name:        "data_grant",
		Description: "A data grant as the cluster has it now: where it is in its life, and the evidence of each place that enforces it.",
		Attributes:  observedAttributes,
		Model:       observe,
	})
}

type observation struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	Spec
	observed.Status
	Phase                   types.String `tfsdk:"phase"`
	EffectiveClassification types.String `tfsdk:"effective_classification"`
	Digest                  types.String `tfsdk:"digest"`
	Targets                 []evidence   `tfsdk:"targets"`
}

type evidence struct {
	Name     types.String `tfsdk:"name"`
	State    types.String `tfsdk:"state"`
	Digest   types.String `tfsdk:"digest"`
	Expiry   types.String `tfsdk:"expiry"`
	Accounts types.Int32  `tfsdk:"accounts"`
	Message  types.String `tfsdk:"message"`
}

func observe(live *v1alpha1.DataGrant) *observation {
	o := &observation{
		ID: types.StringValue(live.Name), Name: types.StringValue(live.Name),
		Status:                  observed.NewStatus(live.Generation, live.Status.ObservedGeneration, live.Status.Conditions),
		Phase:                   types.StringValue(string(live.Status.Phase)),
		EffectiveClassification: types.StringValue(string(live.Status.Classification)),
		Digest:                  types.StringValue(live.Status.Digest),
		Targets:                 []evidence{},
	}
	o.absorb(&live.Spec)
	for _, t := range live.Status.Targets {
		o.Targets = append(o.Targets, evidence{
			Name: types.StringValue(string(t.Name)), State: types.StringValue(string(t.State)), Digest: types.StringValue(t.Digest),
			Expiry: types.StringValue(string(t.Expiry)), Accounts: types.Int32Value(t.Accounts), Message: types.StringValue(t.Message),
		})
	}
	return o
}

func observedAttributes() map[string]schema.Attribute {
	out := observed.ReadOnly(attributes())
	maps.Copy(out, observed.StatusAttributes())
	out["phase"] = observed.Text("`Pending`, `Active`, `Expired`, `Revoked` or `Refused`.")
	out["effective_classification"] = observed.Text("Class of the selected data, in effect.")
	out["digest"] = observed.Text("Digest of what it allows.")
	out["targets"] = schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Places that enforce it.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":     observed.Text("`ObjectStore`, `Trino` or `AWS`."),
			"state":    observed.Text("`Pending`, `Applied`, `Removed` or `Failed`."),
			"digest":   observed.Text("Digest of what it was given."),
			"expiry":   observed.Text("Who ends the access: `EnforcementPoint`, `Credential` or `Sweeper`."),
			"accounts": observed.Number("Number of accounts there that have the grant."),
			"message":  observed.Text("What is wrong, or not known."),
		}},
	}
	return out
}
