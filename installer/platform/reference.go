package platform

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
)

// JSONSchema is the schema of platform.yaml, as editors read it.
func JSONSchema() (*apiextensionsv1.JSONSchemaProps, error) {
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(crds.Platform, &crd); err != nil {
		return nil, fmt.Errorf("reading the embedded definition of kind Platform: %w", err)
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema, nil
}

const referenceHead = `# platform.yaml

One file says what a platform is: kind ` + "`Platform`" + ` of ` + "`atoll.dev/v1alpha1`" + `. It is read by the installer and is never stored in a
cluster. ` + "`atoll init`" + ` writes one to begin with; ` + "`atoll check -f`" + ` says what is wrong with one. Unknown fields are refused.

| field | type | default | what it is |
| --- | --- | --- | --- |
| ` + "`metadata.name`" + ` | string, required | | name of the platform: 1 to 30 lower-case letters, digits and hyphens |
`

// WriteReference writes a page with every field of platform.yaml, from the schema that checks it.
func WriteReference(out io.Writer) error {
	schema, err := JSONSchema()
	if err != nil {
		return err
	}
	spec := schema.Properties["spec"]
	var b strings.Builder
	b.WriteString(referenceHead)
	writeFields(&b, "spec", spec)
	if rules := allRules("spec", spec); len(rules) > 0 {
		b.WriteString("\nRules over several fields:\n\n- " + strings.Join(rules, "\n- ") + "\n")
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("writing the reference of platform.yaml: %w", err)
	}
	return nil
}

func writeFields(b *strings.Builder, path string, props apiextensionsv1.JSONSchemaProps) {
	for _, name := range slices.Sorted(maps.Keys(props.Properties)) {
		field, at := props.Properties[name], path+"."+name
		kind := describeType(field)
		if slices.Contains(props.Required, name) {
			kind += ", required"
		}
		def := ""
		if field.Default != nil && string(field.Default.Raw) != "{}" {
			def = "`" + string(field.Default.Raw) + "`"
		}
		text := strings.ReplaceAll(field.Description, "\n", " ")
		_, _ = fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", at, escape(kind), def, escape(text))
		switch {
		case field.Items != nil && field.Items.Schema != nil:
			writeFields(b, at+"[]", *field.Items.Schema)
		default:
			writeFields(b, at, field)
		}
	}
}

func describeType(p apiextensionsv1.JSONSchemaProps) string {
	kind := p.Type
	if kind == "" {
		kind = "any"
	}
	if p.Items != nil && p.Items.Schema != nil {
		kind = "list of " + describeType(*p.Items.Schema)
	}
	if len(p.Enum) > 0 {
		var values []string
		for _, v := range p.Enum {
			values = append(values, "`"+strings.Trim(string(v.Raw), `"`)+"`")
		}
		kind = strings.Join(values, ", ")
	}
	if p.Pattern != "" {
		kind += " matching `" + p.Pattern + "`"
	}
	if p.MaxLength != nil {
		kind += fmt.Sprintf(", at most %d characters", *p.MaxLength)
	}
	if p.MaxItems != nil {
		kind += fmt.Sprintf(", at most %d", *p.MaxItems)
	}
	return kind
}

// escape keeps a cell of a table one cell.
func escape(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func allRules(path string, p apiextensionsv1.JSONSchemaProps) []string {
	var out []string
	for _, r := range p.XValidations {
		out = append(out, "`"+path+r.FieldPath+"`: "+r.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		out = append(out, allRules(path+"."+name, p.Properties[name])...)
	}
	return out
}
