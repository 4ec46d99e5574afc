package profile

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/provider/internal/units"
)

var (
	imagePattern = regexp.MustCompile(`^[a-zA-Z0-9][-a-zA-Z0-9._:/]*(@sha256:[a-f0-9]{64})?$`)
	tagPattern   = regexp.MustCompile(`:[a-zA-Z0-9_][-a-zA-Z0-9_.]{0,127}$`)
)

// pinned refuses images that may change under people.
type pinned struct{}

func (pinned) Description(context.Context) string {
	return "image must be pinned by a digest (name@sha256:...) or by a tag other than latest (name:1.2.3)"
}

func (p pinned) MarkdownDescription(ctx context.Context) string { return p.Description(ctx) }

func (p pinned) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	image := req.ConfigValue.ValueString()
	tagged := tagPattern.MatchString(image) && !strings.HasSuffix(image, ":latest")
	if imagePattern.MatchString(image) && (strings.Contains(image, "@sha256:") || tagged) {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "The image is not pinned", fmt.Sprintf("%s; got %q.", p.Description(ctx), image))
}

// ordered refuses a guarantee above its limit.
type ordered struct{}

func (ordered) Description(context.Context) string { return "guarantee must not exceed limit" }

func (o ordered) MarkdownDescription(ctx context.Context) string { return o.Description(ctx) }

func (ordered) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	ends := req.ConfigValue.Attributes()
	low, lowOK := ends["guarantee"].(units.Quantity)
	high, highOK := ends["limit"].(units.Quantity)
	if !lowOK || !highOK {
		return
	}
	guarantee, okG := units.Parsed(low)
	limit, okL := units.Parsed(high)
	if okG && okL && guarantee.Cmp(limit) > 0 {
		at := req.Path.AtName("guarantee")
		resp.Diagnostics.AddAttributeError(at, "The guarantee exceeds the limit",
			fmt.Sprintf("%s must not exceed %s: got %s and %s.", at, req.Path.AtName("limit"), low.ValueString(), high.ValueString()))
	}
}

// distinctSizes refuses two sizes of one name, and two defaults.
type distinctSizes struct{}

func (distinctSizes) Description(context.Context) string {
	return "names must be distinct, and at most one size may be the default"
}

func (d distinctSizes) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

func (distinctSizes) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	names := map[string]bool{}
	first := ""
	for i, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			continue
		}
		name, _ := object.Attributes()["name"].(types.String)
		if !name.IsUnknown() && names[name.ValueString()] {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i).AtName("name"), "Two sizes have the same name",
				fmt.Sprintf("The names of sizes must be distinct; %q stands more than once.", name.ValueString()))
		}
		names[name.ValueString()] = true
		isDefault, _ := object.Attributes()["default"].(types.Bool)
		if !isDefault.ValueBool() {
			continue
		}
		if first != "" {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i).AtName("default"), "Two sizes are the default",
				fmt.Sprintf("At most one size may be the default; %s is it already.", first))
		}
		first = req.Path.AtListIndex(i).String()
	}
}
