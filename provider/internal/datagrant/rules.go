package datagrant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// The bounds of the API.
const (
	longest          = 8784 * time.Hour
	longestEmergency = 4 * time.Hour
)

// described is what every rule says of itself.
type described string

// Description says what the rule wants.
func (d described) Description(context.Context) string { return string(d) }

// MarkdownDescription is the description.
func (d described) MarkdownDescription(context.Context) string { return string(d) }

// instant wants a point in time in UTC and whole seconds.
type instant struct{ described }

func (instant) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := v1alpha1.Instant(req.ConfigValue.ValueString()).Time(); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("%s is not a time", req.Path), fmt.Sprintf("%s: %s.", req.Path, err))
	}
}

// window wants an end that is after the beginning and not too far from it.
type window struct{ described }

func (window) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	begins, known := read(ctx, req.Config, "not_before")
	from, errFrom := v1alpha1.Instant(begins).Time()
	until, errUntil := v1alpha1.Instant(req.ConfigValue.ValueString()).Time()
	if !known || errFrom != nil || errUntil != nil {
		return
	}
	most, why := longest, "366 days"
	if emergency(ctx, req.Config) == yes {
		most, why = longestEmergency, "4 hours by BreakGlass"
	}
	switch length := until.Sub(from); {
	case length <= 0:
		resp.Diagnostics.AddAttributeError(req.Path, "The end is not after the beginning",
			fmt.Sprintf("not_after must be later than not_before: got %s and %s.", req.ConfigValue.ValueString(), begins))
	case length > most:
		resp.Diagnostics.AddAttributeError(req.Path, "The grant lasts too long", fmt.Sprintf("not_after must be at most %s after not_before, got %s.", why, length))
	}
}

// oneSort wants actions of objects or of tables.
type oneSort struct{ described }

func (oneSort) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	actions, known := elements(req.ConfigValue)
	if !known || all(actions, "Read", "List", "Write", "Delete") || all(actions, "Select", "Insert", "Update", "Delete") {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Actions of objects and of tables are mixed",
		fmt.Sprintf("actions must be those of objects (Read, List, Write, Delete) or those of tables (Select, Insert, Update, Delete), got %s.", strings.Join(actions, ", ")))
}

// selects wants a selector that the actions have a meaning for.
type selects struct{ described }

func (selects) ValidateObject(ctx context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	var set types.Set
	if req.Config.GetAttribute(ctx, path.Root("actions"), &set).HasError() {
		return
	}
	actions, known := elements(set)
	if !known {
		return
	}
	for name, fits := range map[string]bool{
		"prefix": all(actions, "Read", "List", "Write", "Delete"), "columns": all(actions, "Select"), "masks": all(actions, "Select"), "rows": all(actions, "Select"),
	} {
		if fits || req.ConfigValue.Attributes()[name].IsNull() {
			continue
		}
		want := "the action Select alone"
		if name == "prefix" {
			want = "the actions of objects: Read, List, Write, Delete"
		}
		resp.Diagnostics.AddAttributeError(req.Path.AtName(name), "The selector does not fit the actions",
			fmt.Sprintf("selector.%s goes with %s; actions are %s.", name, want, strings.Join(actions, ", ")))
	}
}

// others wants approvals of people other than the requester.
type others struct{ described }

func (others) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	by, known := elements(req.ConfigValue)
	requester, asked := read(ctx, req.Config, "requested_by")
	if !known || !asked || emergency(ctx, req.Config) != no {
		return
	}
	if slices.ContainsFunc(by, func(name string) bool { return strings.EqualFold(name, requester) }) {
		resp.Diagnostics.AddAttributeError(req.Path, "Who asks cannot approve",
			fmt.Sprintf("approved_by must not name %q, who asks for the grant; in an emergency set procedure to BreakGlass.", requester))
	}
}

// ownEmergency wants a grant by BreakGlass to be for its requester.
type ownEmergency struct{ described }

func (ownEmergency) ValidateObject(ctx context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || emergency(ctx, req.Config) != yes {
		return
	}
	requester, asked := read(ctx, req.Config, "requested_by")
	kind, okKind := req.ConfigValue.Attributes()["kind"].(types.String)
	name, okName := req.ConfigValue.Attributes()["name"].(types.String)
	if !asked || !okKind || !okName || kind.IsUnknown() || name.IsUnknown() {
		return
	}
	if kind.ValueString() != string(v1alpha1.SubjectUser) || name.ValueString() != requester {
		resp.Diagnostics.AddAttributeError(req.Path, "An emergency is one's own", fmt.Sprintf("subject of a grant by BreakGlass must be the person who asks for it, %q.", requester))
	}
}

// reviewer wants a review of an emergency, by somebody else.
type reviewer struct{ described }

func (reviewer) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	requester, asked := read(ctx, req.Config, "requested_by")
	switch state := emergency(ctx, req.Config); {
	case state == no:
		resp.Diagnostics.AddAttributeError(req.Path, "There is nothing to review", "reviewed_by goes with the procedure BreakGlass.")
	case asked && strings.EqualFold(requester, req.ConfigValue.ValueString()):
		resp.Diagnostics.AddAttributeError(req.Path, "Who broke the glass cannot review it", fmt.Sprintf("reviewed_by must not be %q, who asks for the grant.", requester))
	}
}

type answer int

const (
	unknown answer = iota
	yes
	no
)

// emergency tells whether the configuration has the procedure BreakGlass.
func emergency(ctx context.Context, config tfsdk.Config) answer {
	var procedure types.String
	if config.GetAttribute(ctx, path.Root("procedure"), &procedure).HasError() || procedure.IsUnknown() {
		return unknown
	}
	if procedure.ValueString() == string(v1alpha1.ProcedureBreakGlass) {
		return yes
	}
	return no
}

// read is a string of the configuration, and whether it is known.
func read(ctx context.Context, config tfsdk.Config, name string) (string, bool) {
	var value types.String
	diags := config.GetAttribute(ctx, path.Root(name), &value)
	return value.ValueString(), !diags.HasError() && !value.IsUnknown() && !value.IsNull()
}

// elements of a set, and whether all of them are known.
func elements(set types.Set) ([]string, bool) {
	if set.IsNull() || set.IsUnknown() {
		return nil, false
	}
	var out []string
	for _, element := range set.Elements() {
		s, ok := element.(types.String)
		if !ok || s.IsUnknown() {
			return nil, false
		}
		out = append(out, s.ValueString())
	}
	slices.Sort(out)
	return out, true
}

func all(list []string, allowed ...string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(allowed, s) })
}
