package workspace

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

// NewResource returns atoll_workspace.
func NewResource() resource.Resource {
	return managed.New(managed.Definition[v1alpha1.Workspace, model, *model]{
		Kind:   kube.Workspaces,
		Name:   "workspace",
		Schema: resourceSchema,
		Change: change,
	})
}

// change refuses what the homes cannot follow.
func change(ctx context.Context, req resource.ModifyPlanRequest) diag.Diagnostics {
	var diags diag.Diagnostics
	var was, name types.String
	diags.Append(req.State.GetAttribute(ctx, path.Root("name"), &was)...)
	diags.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	if diags.HasError() || !was.Equal(name) {
		return diags
	}
	home := path.Root("home")
	var oldSize, size units.Quantity
	diags.Append(req.State.GetAttribute(ctx, home.AtName("size"), &oldSize)...)
	diags.Append(req.Plan.GetAttribute(ctx, home.AtName("size"), &size)...)
	before, beforeOK := units.Parsed(oldSize)
	after, afterOK := units.Parsed(size)
	if beforeOK && afterOK && after.Cmp(before) < 0 {
		diags.AddAttributeError(home.AtName("size"), "home.size cannot shrink",
			fmt.Sprintf("Volumes only grow, and the homes of workspace %s have %s already; %s was asked for. "+
				"Set at least %s, or make a workspace with another name and move the files.",
				name.ValueString(), oldSize.ValueString(), size.ValueString(), oldSize.ValueString()))
	}
	var oldClass, class types.String
	diags.Append(req.State.GetAttribute(ctx, home.AtName("storage_class_name"), &oldClass)...)
	diags.Append(req.Plan.GetAttribute(ctx, home.AtName("storage_class_name"), &class)...)
	if !oldClass.IsNull() && !class.IsUnknown() && !class.Equal(oldClass) {
		diags.AddAttributeError(home.AtName("storage_class_name"), "home.storage_class_name cannot be changed",
			fmt.Sprintf("Existing homes of workspace %s stay in storage class %q. Set it back, or make a workspace with another name and move the files.",
				name.ValueString(), oldClass.ValueString()))
	}
	return diags
}
