package platform

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
)

// rules checks an object as an API server would that serves the kind Platform.
type rules struct {
	props      *apiextensions.JSONSchemaProps
	structural *schema.Structural
	values     validation.SchemaValidator
	cel        *cel.Validator
}

var loadRules = sync.OnceValues(func() (*rules, error) {
	var v1 apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(crds.Platform, &v1); err != nil {
		return nil, fmt.Errorf("reading the embedded definition of kind Platform: %w", err)
	}
	props := new(apiextensions.JSONSchemaProps)
	in := v1.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(in, props, nil); err != nil {
		return nil, fmt.Errorf("converting the schema of kind Platform: %w", err)
	}
	structural, err := schema.NewStructural(props)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of kind Platform: %w", err)
	}
	values, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of kind Platform: %w", err)
	}
	return &rules{
		props:      props,
		structural: structural,
		values:     values,
		cel:        cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
})

// check fills in defaults and returns everything wrong with obj.
func (r *rules) check(obj map[string]any) field.ErrorList {
	errs := r.unknown(obj)
	defaulting.PruneNonNullableNullsWithoutDefaults(obj, r.structural)
	defaulting.Default(obj, r.structural)
	errs = append(errs, validation.ValidateCustomResource(nil, obj, r.values)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, r.structural, obj)...)
	if len(errs) > 0 {
		return errs // rules over several fields say nothing useful about fields that are wrong by themselves
	}
	errs, _ = r.cel.Validate(context.Background(), nil, r.structural, obj, nil, celconfig.RuntimeCELCostBudget)
	return errs
}

// unknown removes the fields that the schema does not have and returns an error for each, with
// the nearest field that it does have.
func (r *rules) unknown(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	paths := pruning.PruneWithOptions(obj, r.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, path := range paths {
		parent, name := "", path
		if i := strings.LastIndex(path, "."); i >= 0 {
			parent, name = path[:i], path[i+1:]
		}
		errs = append(errs, field.Invalid(field.NewPath(path), field.OmitValueType{}, "there is no such field; "+suggest(name, r.fields(parent))))
	}
	if meta, ok := obj["metadata"].(map[string]any); ok {
		for name := range meta {
			if name != "name" {
				errs = append(errs, field.Invalid(field.NewPath("metadata", name), field.OmitValueType{}, "there is no such field; "+suggest(name, []string{"name"})))
			}
		}
	}
	return errs
}

// fields lists what an object at path may have.
func (r *rules) fields(path string) []string {
	at := r.structural
	for part := range strings.SplitSeq(path, ".") {
		name, _, indexed := strings.Cut(part, "[")
		if name == "" {
			continue
		}
		next, ok := at.Properties[name]
		if !ok {
			return nil
		}
		at = &next
		if indexed && at.Items != nil {
			at = at.Items
		}
	}
	names := make([]string, 0, len(at.Properties))
	for name := range at.Properties {
		names = append(names, name)
	}
	return names
}
