package modules_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

var fieldLine = regexp.MustCompile(`(?m)^    "([A-Za-z.\[\]]+)" += \{`)

// TestTeamFields holds what files may say to what the kinds have: a field that a kind gets is one that files get.
func TestTeamFields(t *testing.T) {
	for kind, plural := range map[string]string{
		"datasets": "datasets", "grants": "datagrants", "profiles": "profiles", "schedules": "schedules", "workspaces": "workspaces",
	} {
		t.Run(kind, func(t *testing.T) {
			var crd apiextensionsv1.CustomResourceDefinition
			if err := yaml.Unmarshal([]byte(read(t, filepath.Join(root, "api/crds/atoll.dev_"+plural+".yaml"))), &crd); err != nil {
				t.Fatal(err)
			}
			want := fieldsOf("", crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"])
			var got []string
			for _, m := range fieldLine.FindAllStringSubmatch(read(t, filepath.Join(root, "modules/team", kind+".tf")), -1) {
				got = append(got, m[1])
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the fields of %s.tf are not those of the kind (-kind +module):\n%s", kind, diff)
			}
		})
	}
}

// fieldsOf lists the fields of a schema as modules/team writes them, such as sizes[].cpu.limit. Names with their values
// are a map in a file.
func fieldsOf(path string, schema apiextensionsv1.JSONSchemaProps) []string {
	var out []string
	for name, field := range schema.Properties {
		if path != "" {
			name = path + "." + name
		}
		out = append(out, name)
		if field.Items != nil && field.Items.Schema != nil && !pairs(field.Items.Schema) {
			out = append(out, fieldsOf(name+"[]", *field.Items.Schema)...)
		}
		out = append(out, fieldsOf(name, field)...)
	}
	return out
}

// pairs tells whether a schema is a name with its value.
func pairs(schema *apiextensionsv1.JSONSchemaProps) bool {
	return slices.Equal(slices.Sorted(maps.Keys(schema.Properties)), []string{"name", "value"})
}
