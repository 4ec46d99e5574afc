package managed

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Class takes the classes of data.
func Class() validator.String { return stringvalidator.OneOf("C1", "C2", "C3", "C4") }

var foldersPattern = regexp.MustCompile(`^([A-Za-z0-9!_.()=+@,:-]+/)*$`)

// Text rules that a pattern alone cannot state.
type textRule struct {
	summary, description string
	ok                   func(string) bool
}

func (r textRule) Description(context.Context) string { return r.description }

// MarkdownDescription is the description.
func (r textRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

// ValidateString checks a known string.
func (r textRule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || r.ok(req.ConfigValue.ValueString()) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, r.summary, fmt.Sprintf("%s %s, got %q.", req.Path, r.description, req.ConfigValue.ValueString()))
}

// Folders refuses prefixes that reach into a neighbour whose name begins alike, or up.
func Folders() validator.String {
	return textRule{"The prefix is not one of folders", "must be folders that each end in a slash, such as sales/eu/, without . and ..", func(s string) bool {
		return foldersPattern.MatchString(s) && !strings.Contains("/"+s, "/./") && !strings.Contains("/"+s, "/../")
	}}
}

// Person refuses the accounts of programs.
func Person() validator.String {
	return textRule{"A person is wanted", "must be the user name of a person: system: accounts are none", func(s string) bool {
		return !strings.HasPrefix(s, "system:")
	}}
}

// Distinct refuses two elements of a list that have the same key.
func Distinct(key string) validator.List { return distinct{key} }

type distinct struct{ key string }

func (d distinct) Description(context.Context) string { return "each " + d.key + " stands once" }

func (d distinct) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

func (d distinct) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	seen := map[string]bool{}
	for i, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			continue
		}
		value, ok := object.Attributes()[d.key].(types.String)
		if !ok || value.IsUnknown() {
			continue
		}
		if seen[value.ValueString()] {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i).AtName(d.key), "It stands twice",
				fmt.Sprintf("%s has %s %q more than once.", req.Path, d.key, value.ValueString()))
		}
		seen[value.ValueString()] = true
	}
}
