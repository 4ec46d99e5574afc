package units

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Parsed returns the quantity and whether it is known and well formed.
func Parsed(v Quantity) (resource.Quantity, bool) {
	if v.IsNull() || v.IsUnknown() {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(v.ValueString())
	return q, err == nil
}

// Positive refuses quantities of zero and below.
func Positive(example string) validator.String { return positive{example} }

type positive struct{ example string }

func (p positive) Description(context.Context) string {
	return fmt.Sprintf("must be greater than 0, for example %q", p.example)
}

func (p positive) MarkdownDescription(ctx context.Context) string { return p.Description(ctx) }

func (p positive) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	q, ok := Parsed(Quantity{req.ConfigValue})
	if ok && q.Sign() <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("%s is not positive", req.Path),
			fmt.Sprintf("%s %s, got %q.", req.Path, p.Description(ctx), req.ConfigValue.ValueString()))
	}
}

// Between refuses durations outside the bounds.
func Between(least, most time.Duration) validator.String { return between{least, most} }

type between struct{ least, most time.Duration }

func (b between) Description(context.Context) string {
	return fmt.Sprintf("must be from %s to %s", short(b.least), short(b.most))
}

func (b between) MarkdownDescription(ctx context.Context) string { return b.Description(ctx) }

func (b between) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	d, err := time.ParseDuration(req.ConfigValue.ValueString())
	if err == nil && (d < b.least || d > b.most) {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("%s is out of range", req.Path),
			fmt.Sprintf("%s %s, got %q.", req.Path, b.Description(ctx), req.ConfigValue.ValueString()))
	}
}

// short writes a duration as people do: 5m, not 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// KeepSame plans the text of the state where the configuration means the same, so that writing
// 1000m for 1 is no change.
func KeepSame[V interface{ Same(V) bool }](of func(types.String) V) planmodifier.String {
	return keepSame[V]{of}
}

// SameQuantity is KeepSame for quantities.
func SameQuantity() planmodifier.String {
	return KeepSame(func(s types.String) Quantity { return Quantity{s} })
}

// SameDuration is KeepSame for durations.
func SameDuration() planmodifier.String {
	return KeepSame(func(s types.String) Duration { return Duration{s} })
}

// SameMoment is KeepSame for times.
func SameMoment() planmodifier.String {
	return KeepSame(func(s types.String) Moment { return Moment{s} })
}

type keepSame[V interface{ Same(V) bool }] struct{ of func(types.String) V }

func (keepSame[V]) Description(context.Context) string {
	return "is compared by what it means, not by how it is written"
}

func (k keepSame[V]) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (k keepSame[V]) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if k.of(req.StateValue).Same(k.of(req.PlanValue)) {
		resp.PlanValue = req.StateValue
	}
}
