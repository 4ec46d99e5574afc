// Package units has string types that are compared by what they mean: quantities, where 1 equals
// 1000m, durations, where 90m equals 1h30m, and times, which are the same in every zone.
package units

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"k8s.io/apimachinery/pkg/api/resource"
)

// unit is a way to read a string.
type unit interface {
	name() string
	check(string) error
	same(a, b string) bool
}

type quantity struct{}

// The pattern of the CRDs is stricter than the parser of the API server: it has no spaces.
var quantityPattern = regexp.MustCompile(`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`)

func (quantity) name() string { return "quantity" }

func (quantity) check(s string) error {
	if _, err := resource.ParseQuantity(s); err != nil || !quantityPattern.MatchString(s) {
		return fmt.Errorf(`%q is not a quantity: write a number with a unit if it has one, such as "500m" or "2" for CPU, "512Mi" or "16Gi" for memory and storage`, s)
	}
	return nil
}

func (quantity) same(a, b string) bool {
	x, errX := resource.ParseQuantity(a)
	y, errY := resource.ParseQuantity(b)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}

type duration struct{}

func (duration) name() string { return "duration" }

func (duration) check(s string) error {
	if _, err := time.ParseDuration(s); err != nil {
		return fmt.Errorf(`%q is not a duration: write numbers with the units h, m and s, such as "1h", "90m" or "1h30m"`, s)
	}
	return nil
}

func (duration) same(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return errX == nil && errY == nil && x == y
}

type moment struct{}

func (moment) name() string { return "time" }

func (moment) check(s string) error {
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return fmt.Errorf(`%q is not a time: write it as RFC 3339 has it, such as "2026-01-31T06:00:00Z" or "2026-01-31T07:00:00+01:00"`, s)
	}
	return nil
}

func (moment) same(a, b string) bool {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return errX == nil && errY == nil && x.Equal(y)
}

// Type is the type of values of a unit.
type Type[U unit] struct{ basetypes.StringType }

// Value is a string of a unit.
type Value[U unit] struct{ basetypes.StringValue }

// The types and values in use.
type (
	// Quantity is an amount as Kubernetes writes it.
	Quantity = Value[quantity]
	// QuantityType is the type of quantities.
	QuantityType = Type[quantity]
	// Duration is a span of time as Go writes it.
	Duration = Value[duration]
	// DurationType is the type of durations.
	DurationType = Type[duration]
	// Moment is a point in time as RFC 3339 writes it.
	Moment = Value[moment]
	// MomentType is the type of moments.
	MomentType = Type[moment]
)

var (
	_ basetypes.StringTypable                    = QuantityType{}
	_ basetypes.StringValuableWithSemanticEquals = Quantity{}
	_ xattr.ValidateableAttribute                = Quantity{}
)

// NewQuantity returns a quantity as text.
func NewQuantity(s string) Quantity { return Quantity{basetypes.NewStringValue(s)} }

// NewDuration returns a duration as text, in its shortest form.
func NewDuration(d time.Duration) Duration { return Duration{basetypes.NewStringValue(short(d))} }

// NewMoment returns a time as text, in UTC.
func NewMoment(t time.Time) Moment {
	return Moment{basetypes.NewStringValue(t.UTC().Format(time.RFC3339))}
}

// Equal says whether the other is the same type.
func (t Type[U]) Equal(o attr.Type) bool {
	_, ok := o.(Type[U])
	return ok
}

func (t Type[U]) String() string {
	var u U
	return "units." + u.name()
}

// ValueFromString wraps a framework string.
func (t Type[U]) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Value[U]{in}, nil
}

// ValueFromTerraform decodes a value from the protocol.
func (t Type[U]) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	s, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	return Value[U]{s.(basetypes.StringValue)}, nil
}

// ValueType returns an empty value.
func (t Type[U]) ValueType(context.Context) attr.Value { return Value[U]{} }

// Type returns the value's type.
func (v Value[U]) Type(context.Context) attr.Type { return Type[U]{} }

// Equal says whether the other is the same text.
func (v Value[U]) Equal(o attr.Value) bool {
	other, ok := o.(Value[U])
	return ok && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals says whether the other means the same.
func (v Value[U]) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(Value[U])
	return ok && v.Same(other), nil
}

// Same says whether two known values mean the same.
func (v Value[U]) Same(other Value[U]) bool {
	var u U
	known := !v.IsNull() && !v.IsUnknown() && !other.IsNull() && !other.IsUnknown()
	return known && u.same(v.ValueString(), other.ValueString())
}

// ValidateAttribute refuses text that the unit cannot read.
func (v Value[U]) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	var u U
	if err := u.check(v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("%s is not a %s", req.Path, u.name()), err.Error()+".")
	}
}
