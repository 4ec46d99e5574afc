package dataset

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

// NewDataSource returns the data source atoll_dataset.
func NewDataSource() datasource.DataSource {
	return observed.New(observed.Definition[v1alpha1.Dataset, observation]{
		Kind:        kube.Datasets,
		Name:        "dataset",
		Description: "A dataset as the cluster has it now: where it is, how sensitive it counts, and how many grants of it are in force.",
		Attributes:  observedAttributes,
		Model:       observe,
	})
}

type observation struct {
	ID   types.String `tfsdk:"id"`
	Name types.String `tfsdk:"name"`
	Spec
	observed.Status
	EffectiveClassification types.String `tfsdk:"effective_classification"`
	ClassifiedBy            types.String `tfsdk:"classified_by"`
	Grants                  types.Int32  `tfsdk:"grants"`
}

func observe(live *v1alpha1.Dataset) *observation {
	o := &observation{
		ID: types.StringValue(live.Name), Name: types.StringValue(live.Name),
		Status:                  observed.NewStatus(live.Generation, live.Status.ObservedGeneration, live.Status.Conditions),
		EffectiveClassification: types.StringValue(string(live.Status.Classification)),
		ClassifiedBy:            types.StringValue(live.Status.ClassifiedBy),
		Grants:                  types.Int32Value(live.Status.Grants),
	}
	o.absorb(&live.Spec, managed.Everything)
	return o
}

func observedAttributes() map[string]schema.Attribute {
	out := observed.ReadOnly(attributes())
	maps.Copy(out, observed.StatusAttributes())
	out["effective_classification"] = observed.Text("Class that counts: the highest of the data's own, its columns' and those of all it derives from.")
	out["classified_by"] = observed.Text("What raised it.")
	out["grants"] = observed.Number("Number of grants that are in force now.")
	return out
}
