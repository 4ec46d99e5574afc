// Package rules holds what is asked of every AWS resource of the modules, and looks for it in a plan.
package rules

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Resource is one planned resource.
type Resource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Values  map[string]any `json:"values"`
}

type module struct {
	Resources []Resource `json:"resources"`
	Children  []module   `json:"child_modules"`
}

// Parse reads the planned resources out of `terraform show -json`.
func Parse(data []byte) ([]Resource, error) {
	var plan struct {
		Planned struct {
			Root module `json:"root_module"`
		} `json:"planned_values"`
	}
	if err := json.Unmarshal(data, &plan); err != nil {
		return nil, fmt.Errorf("reading a plan: %w", err)
	}
	var out []Resource
	var walk func(module)
	walk = func(m module) {
		for _, r := range m.Resources {
			if r.Mode == "managed" && strings.HasPrefix(r.Type, "aws_") {
				out = append(out, r)
			}
		}
		for _, child := range m.Children {
			walk(child)
		}
	}
	walk(plan.Planned.Root)
	if len(out) == 0 {
		return nil, fmt.Errorf("reading a plan: it has no resources of AWS")
	}
	return out, nil
}

func (r Resource) text(name string) string {
	s, _ := r.Values[name].(string)
	return s
}

// first is the first of the blocks of a name.
func (r Resource) first(name string) map[string]any { return first(r.Values, name) }

func first(values map[string]any, name string) map[string]any {
	list, _ := values[name].([]any)
	if len(list) == 0 {
		return nil
	}
	block, _ := list[0].(map[string]any)
	return block
}
