package managed

import (
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/provider/internal/units"
)

// Scope says what of a live object is read.
type Scope bool

const (
	// Declared reads what the state declares; the rest may belong to other managers.
	Declared Scope = false
	// Everything reads all, after an import and in data sources.
	Everything Scope = true
)

// Text reads an optional string. The API does not tell an empty one from none.
func Text(declared types.String, live string, scope Scope) types.String {
	switch {
	case declared.IsNull() && scope == Declared:
		return declared
	case live == "" && declared.ValueString() != "":
		return types.StringNull()
	case live == "":
		return declared
	}
	return types.StringValue(live)
}

// Flag reads an optional boolean. The API does not tell false from none.
func Flag(declared types.Bool, live bool, scope Scope) types.Bool {
	if declared.IsNull() && (scope == Declared || !live) {
		return declared
	}
	return types.BoolValue(live)
}

// Quantity reads a quantity.
func Quantity(live resource.Quantity) units.Quantity { return units.NewQuantity(live.String()) }

// Duration reads a duration.
func Duration(live metav1.Duration) units.Duration { return units.NewDuration(live.Duration) }
