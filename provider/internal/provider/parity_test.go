package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
)

// TestSchemasMirrorTheCRDs walks the properties of each CRD's spec beside the attributes: each has
// its attribute, required where it is required, computed where it has a default.
func TestSchemasMirrorTheCRDs(t *testing.T) {
	s := connected(t)
	for kind, file := range map[string]string{
		workspaceKind: "atoll.dev_workspaces.yaml",
		profileKind:   "atoll.dev_profiles.yaml",
		scheduleKind:  "atoll.dev_schedules.yaml",
		datasetKind:   "atoll.dev_datasets.yaml",
		grantKind:     "atoll.dev_datagrants.yaml",
	} {
		text, err := crds.Cluster.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			t.Fatal(err)
		}
		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
		mirror(t, kind, spec, s.schema.ResourceSchemas[kind].Block.Attributes)
	}
}

func mirror(t *testing.T, at string, schema apiextensionsv1.JSONSchemaProps, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	for name, property := range schema.Properties {
		here := at + "." + snake(name)
		i := slices.IndexFunc(attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == snake(name) })
		if i < 0 {
			t.Errorf("%s: the CRD has %s and the provider does not", here, name)
			continue
		}
		a := attributes[i]
		required := slices.Contains(schema.Required, name) && property.Default == nil
		if a.Required != required {
			t.Errorf("%s: required is %t in the CRD and %t in the provider", here, required, a.Required)
		}
		if a.Computed != (property.Default != nil) {
			t.Errorf("%s: the CRD has the default %s, and computed is %t", here, defaultOf(property), a.Computed)
		}
		if a.Description == "" {
			t.Errorf("%s has no description", here)
		}
		if a.NestedType == nil {
			continue
		}
		nested := property
		if property.Items != nil {
			nested = *property.Items.Schema
		}
		mirror(t, here, nested, a.NestedType.Attributes)
	}
}

func defaultOf(p apiextensionsv1.JSONSchemaProps) string {
	if p.Default == nil {
		return "none"
	}
	return string(p.Default.Raw)
}

// snake writes a JSON name as an attribute.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestDefaultsAreThoseOfTheCRD applies the least a user may declare and compares what the provider
// planned with what the API server itself fills in for kubectl.
func TestDefaultsAreThoseOfTheCRD(t *testing.T) {
	s := connected(t)
	made := s.create(workspaceKind, team("defaults"))
	kubectlCreate(t, "workspaces", fmt.Sprintf(manifest, "Workspace", "defaults-kubectl",
		`{"displayName":"Team","owner":"carol","profiles":["python"],"quota":{"cpu":"8","memory":"16Gi","storage":"100Gi"}}`))
	imported := s.importByID(workspaceKind, "defaults-kubectl")
	diffs, err := made.value.Diff(imported.value)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		switch at := dotted(d.Path); at {
		case "", "id", "name", "namespace", "hub_url":
		default:
			t.Errorf("%s: the provider's default is %v, the CRD's is %v", at, d.Value1, d.Value2)
		}
	}
}
