package datagrant

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
)

// fewer replaces a grant that loses an approval.
func fewer(_ context.Context, req planmodifier.SetRequest, resp *setplanmodifier.RequiresReplaceIfFuncResponse) {
	was, _ := elements(req.StateValue)
	now, known := elements(req.PlanValue)
	if req.PlanValue.IsNull() {
		known = true
	}
	resp.RequiresReplace = known && slices.ContainsFunc(was, func(by string) bool { return !slices.Contains(now, by) })
}

// taken replaces a grant whose review is another one or none.
func taken(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !req.StateValue.IsNull() && !req.PlanValue.IsUnknown()
}

// undone replaces a grant whose revocation is another one or none.
func undone(_ context.Context, req planmodifier.ObjectRequest, resp *objectplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !req.StateValue.IsNull() && !req.PlanValue.IsUnknown()
}
