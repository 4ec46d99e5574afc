package main

import (
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"
)

const refPrefix = "#/definitions/"

// value is the schema of one value: what its default tells, then what its comment says. Between two lines "# @schema"
// a comment may hold JSON schema written as YAML, which is added to, and wins over, what the default tells.
//
// Every value has a comment of its own, or one of the object it is in: documented tells of the latter.
func value(key, val *yaml.Node, path string, documented bool) (object, error) {
	help, annotation, err := comment(key.HeadComment)
	if err != nil {
		return nil, fmt.Errorf("comment of %s: %w", path, err)
	}
	documented = documented || help != ""
	if !documented && (val.Kind != yaml.MappingNode || len(val.Content) == 0) {
		return nil, fmt.Errorf("line %d: %s has no description; write one above it, beginning with \"# -- \"", key.Line, path)
	}
	schema, err := inferred(key.Value, val, path, documented)
	if err != nil {
		return nil, err
	}
	if _, ok := annotation["$ref"]; ok {
		return annotation, nil
	}
	if _, ok := schema["$ref"]; ok && len(annotation) == 0 {
		return schema, nil
	}
	// Draft 7 ignores everything beside a $ref.
	delete(schema, "$ref")
	if help != "" {
		schema["description"] = help
	}
	maps.Copy(schema, annotation)
	return schema, nil
}

func inferred(key string, val *yaml.Node, path string, documented bool) (object, error) {
	if key == "resources" && val.Kind == yaml.MappingNode {
		return object{"$ref": refPrefix + "resources"}, nil
	}
	switch val.Kind {
	case yaml.MappingNode:
		if len(val.Content) == 0 {
			return object{"type": "object"}, nil
		}
		return mapping(val, path, documented)
	case yaml.SequenceNode:
		return sequence(val, path)
	case yaml.AliasNode:
		return inferred(key, val.Alias, path, documented)
	}
	return scalar(val, path)
}

func mapping(node *yaml.Node, path string, documented bool) (object, error) {
	props := object{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, val := node.Content[i], node.Content[i+1]
		child, err := value(key, val, strings.TrimPrefix(path+"."+key.Value, "."), documented)
		if err != nil {
			return nil, err
		}
		props[key.Value] = child
	}
	return object{"type": "object", "properties": props, "additionalProperties": false}, nil
}

// sequence takes the element's type from the default where all elements are scalars of one type. It guesses nothing
// about lists of objects, whose optional keys a default cannot show.
func sequence(node *yaml.Node, path string) (object, error) {
	schema := object{"type": "array"}
	var first string
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return schema, nil
		}
		one, err := scalar(item, path)
		if err != nil {
			return nil, err
		}
		typ, _ := one["type"].(string)
		if first == "" {
			first = typ
		}
		if typ != first {
			return schema, nil
		}
	}
	if first != "" {
		schema["items"] = object{"type": first}
	}
	return schema, nil
}

func scalar(node *yaml.Node, path string) (object, error) {
	types := map[string]string{"!!str": "string", "!!int": "integer", "!!float": "number", "!!bool": "boolean"}
	typ, ok := types[node.ShortTag()]
	if !ok {
		return object{}, nil
	}
	var def any
	if err := node.Decode(&def); err != nil {
		return nil, fmt.Errorf("default of %s: %w", path, err)
	}
	return object{"type": typ, "default": def}, nil
}

// comment splits a head comment into the help that follows "# --" and the schema between lines "# @schema".
func comment(head string) (help string, annotation object, err error) {
	var text, schema []string
	inSchema, inHelp := false, false
	for _, line := range strings.Split(head, "\n") {
		line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "#"), " ")
		switch {
		case strings.TrimSpace(line) == "@schema":
			inSchema = !inSchema
		case inSchema:
			schema = append(schema, line)
		case strings.HasPrefix(line, "-- "):
			inHelp, text = true, []string{strings.TrimPrefix(line, "-- ")}
		case strings.HasPrefix(line, "@"):
			inHelp = false
		case inHelp:
			text = append(text, strings.TrimSpace(line))
		}
	}
	if inSchema {
		return "", nil, fmt.Errorf("a line \"# @schema\" has no second one that ends it")
	}
	if err := yaml.Unmarshal([]byte(strings.Join(schema, "\n")), &annotation); err != nil {
		return "", nil, fmt.Errorf("reading what stands between the lines \"# @schema\": %w", err)
	}
	return strings.TrimSpace(strings.Join(text, " ")), annotation, nil
}

// usedDefinitions is the part of the shared definitions that a schema refers to, directly or through another.
func usedDefinitions(schema any, defs object) (object, error) {
	used := object{}
	pending := refs(schema)
	for len(pending) > 0 {
		ref := pending[0]
		pending = pending[1:]
		name := strings.TrimPrefix(ref, refPrefix)
		if _, ok := used[name]; ok {
			continue
		}
		def, ok := defs[name]
		if !ok {
			return nil, fmt.Errorf("$ref %q names no shared definition", ref)
		}
		used[name] = def
		pending = append(pending, refs(def)...)
	}
	return used, nil
}

func refs(node any) []string {
	var found []string
	switch node := node.(type) {
	case object:
		if ref, ok := node["$ref"].(string); ok {
			found = append(found, ref)
		}
		for _, child := range node {
			found = append(found, refs(child)...)
		}
	case []any:
		for _, child := range node {
			found = append(found, refs(child)...)
		}
	}
	return found
}
