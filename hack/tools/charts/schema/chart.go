package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// object is a JSON object; encoding/json writes its keys in order, so the same values give the same file.
type object = map[string]any

type chartMeta struct {
	Dependencies []struct {
		Name  string `yaml:"name"`
		Alias string `yaml:"alias"`
	} `yaml:"dependencies"`
}

func readDefinitions(path string) (object, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the shared definitions: %w", err)
	}
	var defs object
	if err := json.Unmarshal(raw, &defs); err != nil {
		return nil, fmt.Errorf("reading the shared definitions in %s: %w", path, err)
	}
	return defs, nil
}

func writeSchema(dir string, defs object) error {
	values, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		return fmt.Errorf("reading its values: %w", err)
	}
	meta, err := os.ReadFile(filepath.Join(dir, "Chart.yaml"))
	if err != nil {
		return fmt.Errorf("reading its metadata: %w", err)
	}
	schema, err := chartSchema(meta, values, defs)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		return fmt.Errorf("encoding the schema: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "values.schema.json"), out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the schema: %w", err)
	}
	return nil
}

// chartSchema is the schema of a chart's values. Keys that values.yaml does not have are refused, but for those Helm
// itself adds: "global" and one key for each dependency.
func chartSchema(meta, values []byte, defs object) (object, error) {
	var chart chartMeta
	if err := yaml.Unmarshal(meta, &chart); err != nil {
		return nil, fmt.Errorf("reading Chart.yaml: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(values, &doc); err != nil {
		return nil, fmt.Errorf("reading values.yaml: %w", err)
	}
	root := &yaml.Node{Kind: yaml.MappingNode}
	if len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	schema, err := mapping(root, "", false)
	if err != nil {
		return nil, err
	}
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["additionalProperties"] = false
	props := schema["properties"].(object)
	props["global"] = object{"$ref": "#/definitions/global"}
	for _, dep := range chart.Dependencies {
		name := dep.Name
		if dep.Alias != "" {
			name = dep.Alias
		}
		props[name] = object{"type": "object"}
	}
	used, err := usedDefinitions(schema, defs)
	if err != nil {
		return nil, err
	}
	schema["definitions"] = used
	return schema, nil
}
