package modules_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestWorkflows holds the CI of the team's repository to what is promised of it: a pull request plans and changes
// nothing, the merge applies, and nothing is applied that `atoll guard` has not seen.
func TestWorkflows(t *testing.T) {
	steps := func(name string) []string {
		var workflow struct {
			Jobs map[string]struct {
				Steps []struct {
					Run string `json:"run"`
				} `json:"steps"`
			} `json:"jobs"`
		}
		text := read(t, filepath.Join(root, "examples/team-repo/.github/workflows", name+".yaml"))
		if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, step := range workflow.Jobs[name].Steps {
			out = append(out, step.Run)
		}
		return out
	}
	at := func(steps []string, text string) int {
		return slices.IndexFunc(steps, func(s string) bool { return strings.Contains(s, text) })
	}
	plan, apply := steps("plan"), steps("apply")
	if at(plan, "terraform plan") < 0 || at(plan, "atoll guard") < at(plan, "terraform plan") || at(plan, "terraform apply") >= 0 {
		t.Errorf("a pull request does something else than to plan and to guard: %q", plan)
	}
	planned, guarded, applied := at(apply, "terraform plan"), at(apply, "atoll guard"), at(apply, "terraform apply")
	if planned < 0 || guarded < planned || applied < guarded || !strings.Contains(apply[applied], "tfplan") {
		t.Errorf("the merge does something else than to plan, to guard and to apply that plan: %q", apply)
	}
}
