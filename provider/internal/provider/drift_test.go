package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const declaredWorkspace = `
	"members": [{"kind": "User", "name": "ada", "role": "Member"}],
	"home": {"size": "10Gi", "storage_class_name": null},
	"culling": {"idle_after": "1h", "max_hold": "24h"},
	"cost_center": "42"`

// TestDriftOfEveryDeclaredAttribute edits one field after the other as kubectl edit does, and looks
// for the one attribute that a refresh then shows as changed.
func TestDriftOfEveryDeclaredAttribute(t *testing.T) {
	workspace := map[string]string{
		`{"displayName":"Other"}`: "display_name",
		`{"owner":"mallory"}`:     "owner",
		`{"members":[{"kind":"User","name":"ada","role":"Owner"}]}`: "members",
		`{"members":[]}`: "members",
		`{"members":[{"kind":"User","name":"ada","role":"Member"},{"kind":"User","name":"eve","role":"Member"}]}`: "members",
		`{"profiles":["python","r"]}`:                                    "profiles",
		`{"quota":{"cpu":"64"}}`:                                         "quota.cpu",
		`{"quota":{"memory":"1Ti"}}`:                                     "quota.memory",
		`{"quota":{"storage":"1Ti"}}`:                                    "quota.storage",
		`{"quota":{"gpus":4}}`:                                           "quota.gpus",
		`{"quota":{"servers":99}}`:                                       "quota.servers",
		`{"home":{"size":"20Gi"}}`:                                       "home.size",
		`{"culling":{"idleAfter":"2h"}}`:                                 "culling.idle_after",
		`{"culling":{"maxHold":"0s"}}`:                                   "culling.max_hold",
		`{"classificationCeiling":"C4"}`:                                 "classification_ceiling",
		`{"costCenter":"43"}`:                                            "cost_center",
		`{"costCenter":null}`:                                            "cost_center",
		`{"deletionPolicy":"Delete"}`:                                    "deletion_policy",
		`{"quota":{"cpu":"8000m"},"culling":{"idleAfter":"60m"}}`:        "",
		`{"home":{"storageClassName":"undeclared-and-not-our-concern"}}`: "",
	}
	drift(t, workspaceKind, "workspaces", team("drift", declaredWorkspace), workspace)
}

const declaredProfile = `{"name": "drift", "display_name": "Python", "image": "docker.io/atoll/notebook:0.1.0",
	"description": "Pandas.", "env": {"A": "1"}, "packages": ["pandas"],
	"node_pool": {"node_selector": {"pool": "cpu"}, "tolerations": [{"key": "spot", "value": "yes", "effect": "NoSchedule"}]},
	"sizes": [{"name": "small", "display_name": "Small", "default": false, "gpu": {"resource": "nvidia.com/gpu", "count": 1},
		"cpu": {"guarantee": "100m", "limit": "1"}, "memory": {"guarantee": "256Mi", "limit": "1Gi"}}]}`

// size is the live size of declaredProfile with one change.
func size(was, is string) string {
	live := `{"name":"small","displayName":"Small","default":false,"gpu":{"resource":"nvidia.com/gpu","count":1},` +
		`"cpu":{"guarantee":"100m","limit":"1"},"memory":{"guarantee":"256Mi","limit":"1Gi"}}`
	return `{"sizes":[` + strings.Replace(live, was, is, 1) + `]}`
}

func TestDriftOfEveryDeclaredAttributeOfAProfile(t *testing.T) {
	drift(t, profileKind, "profiles", declaredProfile, map[string]string{
		`{"displayName":"Other"}`:                      "display_name",
		`{"description":null}`:                         "description",
		`{"image":"docker.io/atoll/notebook:0.2.0"}`:   "image",
		`{"env":[{"name":"A","value":"2"}]}`:           "env.A",
		`{"env":[]}`:                                   "env",
		`{"packages":["pandas","scrapy"]}`:             "packages",
		`{"nodePool":null}`:                            "node_pool",
		`{"nodePool":{"nodeSelector":{"pool":"gpu"}}}`: "node_pool.node_selector.pool",
		`{"nodePool":{"tolerations":[]}}`:              "node_pool.tolerations",
		size(`"Small"`, `"Tiny"`):                      "sizes.0.display_name",
		size(`false`, `true`):                          "sizes.0.default",
		size(`"count":1`, `"count":2`):                 "sizes.0.gpu.count",
		size(`nvidia.com`, `amd.com`):                  "sizes.0.gpu.resource",
		size(`"100m"`, `"200m"`):                       "sizes.0.cpu.guarantee",
		size(`"limit":"1"`, `"limit":"2"`):             "sizes.0.cpu.limit",
		size(`"256Mi"`, `"512Mi"`):                     "sizes.0.memory.guarantee",
		size(`"1Gi"`, `"1024Mi"`):                      "",
		size(`"small"`, `"large"`):                     "sizes.0.name",
	})
}

func drift(t *testing.T, kind, plural, config string, edits map[string]string) {
	t.Helper()
	for edit, want := range edits {
		t.Run(want+edit[:min(len(edit), 30)], func(t *testing.T) {
			s := connected(t)
			made := s.create(kind, config)
			kubectlEdit(t, plural, "drift", `{"spec":`+edit+`}`)
			read := s.read(made)
			s.succeeded()
			diffs, err := made.value.Diff(read.value)
			if err != nil {
				t.Fatal(err)
			}
			found := want == "" && len(diffs) == 0
			for _, d := range diffs {
				found = found || d.Path != nil && dotted(d.Path) == want
			}
			if !found {
				t.Errorf("after %s the state differs at %v, want %q", edit, diffs, want)
			}
			remove(t, plural, "drift")
		})
	}
}

// dotted writes a path as home.size or sizes.0.name.
func dotted(p *tftypes.AttributePath) string {
	var out []string
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			out = append(out, string(s))
		case tftypes.ElementKeyString:
			out = append(out, string(s))
		case tftypes.ElementKeyInt:
			out = append(out, string(rune('0'+s)))
		}
	}
	return strings.Join(out, ".")
}
