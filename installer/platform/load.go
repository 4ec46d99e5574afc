// Package platform reads platform.yaml: strictly, with defaults, and with errors that name the
// line, the field and what is allowed.
package platform

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// kind that a platform.yaml must have.
const kind = "Platform"

// Load reads file, fills in defaults and validates it. components are the names that
// spec.components may have.
func Load(file string, components []string) (*v1alpha1.Platform, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading %s: there is no such file; write one with `atoll init -f %s`", file, file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return Parse(file, data, components)
}

// Parse is Load for a file's content; file is only its name, for errors.
func Parse(file string, data []byte, components []string) (*v1alpha1.Platform, error) {
	obj, err := decode(file, data)
	if err != nil {
		return nil, err
	}
	r, err := loadRules()
	if err != nil {
		return nil, err
	}
	errs := checkType(obj)
	if len(errs) == 0 {
		errs = r.check(obj)
	}
	if len(errs) == 0 {
		errs = checkComponents(obj, components)
	}
	if len(errs) > 0 {
		return nil, newInvalid(file, data, errs)
	}
	p := new(v1alpha1.Platform)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj, p); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return p, nil
}

// decode refuses duplicate keys and a second document, both of which would be lost silently.
func decode(file string, data []byte) (map[string]any, error) {
	docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var found [][]byte
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		var content any
		if err := yaml.Unmarshal(doc, &content); err != nil || content != nil {
			found = append(found, doc)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("reading %s: it has %d YAML documents; it must have one, of kind %s", file, len(found), kind)
	}
	obj := map[string]any{}
	if err := yaml.UnmarshalStrict(data, &obj); err != nil {
		return nil, fmt.Errorf("reading %s: %s", file, strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "))
	}
	return obj, nil
}

func checkType(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, f := range []struct{ name, want string }{{"apiVersion", v1alpha1.GroupVersion.String()}, {"kind", kind}} {
		if got, _ := obj[f.name].(string); got != f.want {
			errs = append(errs, field.NotSupported(field.NewPath(f.name), fmt.Sprint(obj[f.name]), []string{f.want}))
		}
	}
	meta, _ := obj["metadata"].(map[string]any)
	if name, _ := meta["name"].(string); name == "" {
		errs = append(errs, field.Required(field.NewPath("metadata", "name"), "name the platform, for instance demo"))
	}
	return errs
}

func checkComponents(obj map[string]any, allowed []string) field.ErrorList {
	var errs field.ErrorList
	spec, _ := obj["spec"].(map[string]any)
	list, _ := spec["components"].([]any)
	for i, item := range list {
		entry, _ := item.(map[string]any)
		name, _ := entry["name"].(string)
		if !slices.Contains(allowed, name) {
			errs = append(errs, field.Invalid(field.NewPath("spec", "components").Index(i).Child("name"), name,
				"there is no such component; "+suggest(name, allowed)))
		}
		if values, ok := entry["values"]; ok {
			if _, isMap := values.(map[string]any); !isMap {
				errs = append(errs, field.TypeInvalid(field.NewPath("spec", "components").Index(i).Child("values"), values,
					"must be an object: the values of the component's chart"))
			}
		}
	}
	return errs
}
