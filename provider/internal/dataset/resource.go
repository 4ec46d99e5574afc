package dataset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	search "github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// NewResource returns atoll_dataset.
func NewResource() resource.Resource { return managed.New(definition()) }

// NewLister returns the list resource atoll_dataset.
func NewLister() search.ListResource { return managed.NewLister(definition()) }

func definition() managed.Definition[v1alpha1.Dataset, model, *model] {
	return managed.Definition[v1alpha1.Dataset, model, *model]{
		Kind:   kube.Datasets,
		Name:   "dataset",
		Schema: resourceSchema,
		Change: change,
	}
}

// change refuses what the API refuses: data in a table does not become data in objects.
func change(ctx context.Context, req resource.ModifyPlanRequest) diag.Diagnostics {
	var diags diag.Diagnostics
	var name, other types.String
	var before, after types.Object
	diags.Append(req.State.GetAttribute(ctx, path.Root("name"), &name)...)
	diags.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &other)...)
	diags.Append(req.State.GetAttribute(ctx, path.Root("location").AtName("table"), &before)...)
	diags.Append(req.Plan.GetAttribute(ctx, path.Root("location").AtName("table"), &after)...)
	if !diags.HasError() && name.Equal(other) && !after.IsUnknown() && before.IsNull() != after.IsNull() {
		diags.AddAttributeError(path.Root("location"), "location cannot turn from objects into a table or back",
			"Grants of dataset "+name.ValueString()+" have a meaning for the one and none for the other. Give the new data a dataset of another name.")
	}
	return diags
}
