package profile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/condition"
)

// validate finds what would make every server of the profile fail and what the API's own rules cannot see.
func validate(spec *v1alpha1.ProfileSpec) error {
	found := []error{validateImage(spec.Image)}
	for _, size := range spec.Sizes {
		found = append(found, validateSize(size))
	}
	if spec.NodePool != nil {
		found = append(found, validateNodePool(spec.NodePool))
	}
	if err := errors.Join(found...); err != nil {
		return &condition.Error{Reason: v1alpha1.ReasonInvalid, Terminal: true, Err: err}
	}
	return nil
}

func validateImage(image string) error {
	if _, err := reference.ParseNormalizedNamed(image); err != nil {
		return fmt.Errorf("spec.image %q is no image that a node could pull: %w", image, err)
	}
	return nil
}

func validateSize(size v1alpha1.Size) error {
	var found []error
	field := func(name string) string { return fmt.Sprintf("spec.sizes[%s].%s", size.Name, name) }
	for _, q := range []struct {
		field  string
		amount resource.Quantity
	}{
		{"memory.guarantee", size.Memory.Guarantee},
		{"memory.limit", size.Memory.Limit},
	} {
		if q.amount.MilliValue()%1000 != 0 {
			found = append(found, fmt.Errorf("%s %s is a fraction of a byte: write it like \"512Mi\"", field(q.field), q.amount.String()))
		}
	}
	if size.GPU != nil {
		if problems := validation.IsQualifiedName(size.GPU.Resource); len(problems) > 0 {
			found = append(found, fmt.Errorf("%s %q is no name of a resource: %s", field("gpu.resource"), size.GPU.Resource, strings.Join(problems, ", ")))
		}
	}
	return errors.Join(found...)
}

func validateNodePool(pool *v1alpha1.NodePool) error {
	var found []error
	for key, value := range pool.NodeSelector {
		if problems := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); len(problems) > 0 {
			found = append(found, fmt.Errorf("spec.nodePool.nodeSelector %q=%q is no label: %s", key, value, strings.Join(problems, ", ")))
		}
	}
	for i, t := range pool.Tolerations {
		if problems := append(validation.IsQualifiedName(t.Key), validation.IsValidLabelValue(t.Value)...); len(problems) > 0 {
			found = append(found, fmt.Errorf("spec.nodePool.tolerations[%d] %q=%q is no taint: %s", i, t.Key, t.Value, strings.Join(problems, ", ")))
		}
	}
	return errors.Join(found...)
}
