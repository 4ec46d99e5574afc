package workspace

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// memberDefaults fills in what members leave out. It works on the whole set: the framework finds an
// element's configuration by its value, so defaults of single attributes replace values that were
// configured as soon as another element changes.
type memberDefaults struct{}

func (memberDefaults) Description(context.Context) string { return "kind is User and role is Member" }

func (m memberDefaults) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (memberDefaults) PlanModifySet(ctx context.Context, req planmodifier.SetRequest, resp *planmodifier.SetResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	members := make([]attr.Value, 0, len(req.ConfigValue.Elements()))
	for _, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			members = append(members, element)
			continue
		}
		values := object.Attributes()
		for name, standard := range map[string]string{"kind": string(v1alpha1.MemberUser), "role": string(v1alpha1.RoleMember)} {
			if values[name].IsNull() {
				values[name] = types.StringValue(standard)
			}
		}
		full, diags := types.ObjectValue(object.AttributeTypes(ctx), values)
		resp.Diagnostics.Append(diags...)
		members = append(members, full)
	}
	plan, diags := types.SetValue(req.ConfigValue.ElementType(ctx), members)
	resp.Diagnostics.Append(diags...)
	resp.PlanValue = plan
}

// uniqueMembers refuses the same kind and name twice, which a set allows with different roles.
type uniqueMembers struct{}

func (uniqueMembers) Description(context.Context) string { return "each kind and name stands once" }

func (u uniqueMembers) MarkdownDescription(ctx context.Context) string { return u.Description(ctx) }

func (uniqueMembers) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	seen := map[string]bool{}
	for _, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			continue
		}
		member := object.Attributes()
		kind, known := literal(member["kind"])
		name, named := literal(member["name"])
		if !known || !named {
			continue
		}
		if kind == "" {
			kind = string(v1alpha1.MemberUser)
		}
		if key := kind + "/" + name; seen[key] {
			resp.Diagnostics.AddAttributeError(req.Path, "A member is listed twice",
				fmt.Sprintf("%s has %s %q more than once. Each kind and name may stand once, with one role.", req.Path, kind, name))
		} else {
			seen[key] = true
		}
	}
}

// literal returns a string of the configuration, and whether it is known.
func literal(v attr.Value) (string, bool) {
	s, ok := v.(types.String)
	return s.ValueString(), ok && !s.IsUnknown()
}
