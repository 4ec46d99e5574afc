package managed

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var namePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// ObjectName are the rules for the names of objects.
func ObjectName() []validator.String {
	return []validator.String{
		stringvalidator.UTF8LengthBetween(1, 40),
		stringvalidator.RegexMatches(namePattern,
			"must be 1 to 40 lower-case letters, digits and hyphens, starting and ending with a letter or digit"),
	}
}

func baseAttributes(ctx context.Context, kind string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The name.",
			PlanModifiers:       []planmodifier.String{FromName("")},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the " + kind + " in the cluster: 1 to 40 lower-case letters, digits and hyphens. Another name is another object: the old one is deleted.",
			Validators:          ObjectName(),
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"force_conflicts": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Take over attributes that another field manager holds (`kubectl edit`, a GitOps tool), and remove what it added to declared lists. " +
				"Without it such a conflict is an error at the attribute.",
		},
		"timeouts": timeouts.Attributes(ctx, timeouts.Opts{
			Create: true, Update: true, Delete: true,
			CreateDescription: "How long to wait until the " + kind + " is ready, `5m` by default. A time-out is a warning: the object stays and is in the state.",
			UpdateDescription: "How long to wait until a change is in force, `5m` by default. A time-out is a warning.",
			DeleteDescription: "How long to wait until the " + kind + " is gone, `10m` by default. A time-out is an error that names what holds it.",
		}),
	}
}

// FromName plans a value that is made of a prefix and the name.
func FromName(prefix string) planmodifier.String { return fromName{prefix} }

type fromName struct{ prefix string }

func (f fromName) Description(context.Context) string {
	return "is " + f.prefix + " and the name"
}

func (f fromName) MarkdownDescription(ctx context.Context) string { return f.Description(ctx) }

func (f fromName) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	if !name.IsUnknown() && !name.IsNull() {
		resp.PlanValue = types.StringValue(f.prefix + name.ValueString())
	}
}
