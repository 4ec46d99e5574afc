// Package guard looks at a Terraform plan and refuses what would lose a platform's network, cluster, homes, databases,
// data, keys or backups, or take away what protects them. It reads the JSON of a plan and knows nothing of Terraform
// itself; a plan that it cannot read is refused too.
package guard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// formatMajor is the major version of the plan's format that is read.
const formatMajor = "1."

// plan is what `terraform show -json <plan>` says, as far as it is read here.
type plan struct {
	FormatVersion   string   `json:"format_version"`
	Errored         bool     `json:"errored"`
	ResourceChanges []change `json:"resource_changes"`
}

type change struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Change  struct {
		Actions      []string       `json:"actions"`
		Before       map[string]any `json:"before"`
		After        map[string]any `json:"after"`
		ReplacePaths [][]any        `json:"replace_paths"`
	} `json:"change"`
}

func parse(data []byte) (*plan, error) {
	p := &plan{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("reading the plan: %w; make it with `terraform show -json tfplan`", err)
	}
	if !strings.HasPrefix(p.FormatVersion, formatMajor) {
		return nil, fmt.Errorf("reading the plan: its format is %q, and 1.x is what is understood; make it with `terraform show -json tfplan`", p.FormatVersion)
	}
	if p.Errored {
		return nil, fmt.Errorf("reading the plan: it ended with an error and is not complete; plan again")
	}
	return p, nil
}

// deletes tells whether the object that is there will be gone.
func (c change) deletes() bool { return slices.Contains(c.Change.Actions, "delete") }

// replaced tells whether another takes its place.
func (c change) replaced() bool { return c.deletes() && slices.Contains(c.Change.Actions, "create") }

// because names the attributes that force a replacement.
func (c change) because() string {
	var paths []string
	for _, path := range c.Change.ReplacePaths {
		var text strings.Builder
		for i, step := range path {
			switch step := step.(type) {
			case string:
				if i > 0 {
					text.WriteByte('.')
				}
				text.WriteString(step)
			default:
				fmt.Fprintf(&text, "[%v]", step)
			}
		}
		paths = append(paths, text.String())
	}
	return strings.Join(paths, ", ")
}
