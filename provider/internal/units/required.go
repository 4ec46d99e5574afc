package units

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Required is the attribute of a quantity that must be set and be greater than zero.
func Required(description, example string) schema.StringAttribute {
	return schema.StringAttribute{
		Required:            true,
		CustomType:          QuantityType{},
		MarkdownDescription: description,
		Validators:          []validator.String{Positive(example)},
		PlanModifiers:       []planmodifier.String{SameQuantity()},
	}
}
