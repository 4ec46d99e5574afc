package managed

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Within is the Base of a resource that is in a workspace.
type Within struct {
	Base
	Workspace types.String `tfsdk:"workspace"`
}

// Key is the object's namespace and name.
func (w *Within) Key() string {
	return v1alpha1.WorkspaceNamespacePrefix + w.Workspace.ValueString() + "/" + w.Name.ValueString()
}

// SetID sets the id.
func (w *Within) SetID() {
	w.ID = types.StringValue(w.Workspace.ValueString() + "/" + w.Name.ValueString())
}

func (w *Within) identity() any { return identityWithin{Workspace: w.Workspace, Name: w.Name} }

type identityWithin struct {
	Workspace types.String `tfsdk:"workspace"`
	Name      types.String `tfsdk:"name"`
}

func withinAttributes(s *schema.Schema) {
	s.Attributes["workspace"] = schema.StringAttribute{
		Required:            true,
		MarkdownDescription: "Name of the workspace it is in. Another workspace is another object: the old one is deleted.",
		Validators:          ObjectName(),
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
	s.Attributes["id"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "The workspace and the name: `workspace/name`.",
		PlanModifiers:       []planmodifier.String{fromBoth{}},
	}
}

// fromBoth plans the id of the workspace and the name.
type fromBoth struct{}

func (fromBoth) Description(context.Context) string { return "is the workspace and the name" }

func (f fromBoth) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

func (fromBoth) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	var workspace, name types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("workspace"), &workspace)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	if known(workspace) && known(name) {
		resp.PlanValue = types.StringValue(workspace.ValueString() + "/" + name.ValueString())
	}
}

func known(s types.String) bool { return !s.IsUnknown() && !s.IsNull() }

// importWithin takes an id of workspace/name, or an identity of both.
func importWithin(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	var id identityWithin
	if req.ID != "" {
		workspace, name, ok := strings.Cut(req.ID, "/")
		if !ok || workspace == "" || name == "" || strings.Contains(name, "/") {
			resp.Diagnostics.AddError("The id is not one of an object in a workspace",
				fmt.Sprintf("Write it as workspace/name, such as fraud/nightly; got %q.", req.ID))
			return
		}
		id = identityWithin{types.StringValue(workspace), types.StringValue(name)}
	} else {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &id)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("workspace"), id.Workspace)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), id.Name)...)
	if resp.Identity != nil {
		resp.Diagnostics.Append(resp.Identity.Set(ctx, id)...)
	}
}
