// Package observed is what data sources share: the schema of a resource read only, and the status.
package observed

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	resource "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// ReadOnly turns the attributes of a resource into computed ones of a data source. It panics on a
// type that no resource here has: that is found by the first test.
func ReadOnly(in map[string]resource.Attribute) map[string]schema.Attribute {
	out := make(map[string]schema.Attribute, len(in))
	for name, attribute := range in {
		out[name] = readOnly(attribute)
	}
	return out
}

func readOnly(in resource.Attribute) schema.Attribute {
	text := in.GetMarkdownDescription()
	switch a := in.(type) {
	case resource.StringAttribute:
		return schema.StringAttribute{Computed: true, MarkdownDescription: text, CustomType: a.CustomType}
	case resource.BoolAttribute:
		return schema.BoolAttribute{Computed: true, MarkdownDescription: text}
	case resource.Int32Attribute:
		return schema.Int32Attribute{Computed: true, MarkdownDescription: text}
	case resource.SetAttribute:
		return schema.SetAttribute{Computed: true, MarkdownDescription: text, ElementType: a.ElementType}
	case resource.MapAttribute:
		return schema.MapAttribute{Computed: true, MarkdownDescription: text, ElementType: a.ElementType}
	case resource.SingleNestedAttribute:
		return schema.SingleNestedAttribute{Computed: true, MarkdownDescription: text, Attributes: ReadOnly(a.Attributes)}
	case resource.ListNestedAttribute:
		return schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: text,
			NestedObject: schema.NestedAttributeObject{Attributes: ReadOnly(a.NestedObject.Attributes)},
		}
	case resource.SetNestedAttribute:
		return schema.SetNestedAttribute{
			Computed: true, MarkdownDescription: text,
			NestedObject: schema.NestedAttributeObject{Attributes: ReadOnly(a.NestedObject.Attributes)},
		}
	}
	panic(fmt.Sprintf("no read-only form of %T", in))
}

// Status are the attributes of the status that every kind has.
type Status struct {
	Ready      types.Bool  `tfsdk:"ready"`
	Conditions []Condition `tfsdk:"conditions"`
}

// Condition is one condition of an object.
type Condition struct {
	Type               types.String `tfsdk:"type"`
	Status             types.String `tfsdk:"status"`
	Reason             types.String `tfsdk:"reason"`
	Message            types.String `tfsdk:"message"`
	LastTransitionTime types.String `tfsdk:"last_transition_time"`
}

// NewStatus reads the status of an object of the given generation.
func NewStatus(generation, observed int64, conditions []metav1.Condition) Status {
	ready := meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady)
	s := Status{Ready: types.BoolValue(ready && observed >= generation), Conditions: []Condition{}}
	for _, c := range conditions {
		s.Conditions = append(s.Conditions, Condition{
			Type:               types.StringValue(c.Type),
			Status:             types.StringValue(string(c.Status)),
			Reason:             types.StringValue(c.Reason),
			Message:            types.StringValue(c.Message),
			LastTransitionTime: types.StringValue(c.LastTransitionTime.UTC().Format("2006-01-02T15:04:05Z07:00")),
		})
	}
	return s
}

// StatusAttributes is the schema of Status.
func StatusAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"ready": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the latest change is in force: the condition `Ready` is true for the present generation.",
		},
		"conditions": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "What the operator says of the object.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"type":                 Text("Type: `Ready`, or `Stalled` when only a person can help."),
				"status":               Text("`True`, `False` or `Unknown`."),
				"reason":               Text("Stable word for programs."),
				"message":              Text("Sentence for people."),
				"last_transition_time": Text("When the status last changed, RFC 3339."),
			}},
		},
	}
}

// Text is a computed string.
func Text(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// Number is a computed integer.
func Number(description string) schema.Int32Attribute {
	return schema.Int32Attribute{Computed: true, MarkdownDescription: description}
}
