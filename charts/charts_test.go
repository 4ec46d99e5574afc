package charts_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/charts"
)

func TestEveryChartIsComplete(t *testing.T) {
	for _, dir := range allCharts(t) {
		t.Run(dir, func(t *testing.T) {
			for _, file := range []string{"values.yaml", "values.schema.json", "README.md"} {
				if _, err := fs.Stat(charts.FS, path.Join(dir, file)); err != nil {
					t.Errorf("%v; `make charts-generate` makes the schema and the README", err)
				}
			}
			raw, err := fs.ReadFile(charts.FS, path.Join(dir, "Chart.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			var meta struct {
				Name        string            `json:"name"`
				AppVersion  string            `json:"appVersion"`
				Annotations map[string]string `json:"annotations"`
			}
			if err := yaml.Unmarshal(raw, &meta); err != nil {
				t.Fatal(err)
			}
			if meta.Name != path.Base(dir) {
				t.Errorf("name = %q, want that of its folder", meta.Name)
			}
			if meta.AppVersion == "" {
				t.Error("appVersion is not pinned")
			}
			if got := meta.Annotations["atoll.dev/subcluster"]; got != subcluster(dir) {
				t.Errorf("annotation atoll.dev/subcluster = %q, want %q", got, subcluster(dir))
			}
		})
	}
}

func TestEveryChartRendersAlone(t *testing.T) {
	for _, dir := range allCharts(t) {
		t.Run(dir, func(t *testing.T) {
			if objects := render(t, dir, nil); len(objects) == 0 {
				t.Error("it renders no object")
			}
		})
	}
}

func TestEveryChartRefusesUnknownValues(t *testing.T) {
	for _, dir := range allCharts(t) {
		t.Run(dir, func(t *testing.T) {
			_, err := tryRender(dir, map[string]any{"replicsa": 3})
			if err == nil || !strings.Contains(err.Error(), "replicsa") {
				t.Errorf("error = %v, want one that names the unknown value replicsa", err)
			}
			_, err = tryRender(dir, map[string]any{"global": map[string]any{"placement": "required"}})
			if err == nil || !strings.Contains(err.Error(), "/global/placement") {
				t.Errorf("error = %v, want one that names global.placement", err)
			}
		})
	}
}

func TestObjects(t *testing.T) {
	for name, tc := range cases(t) {
		t.Run(name, func(t *testing.T) {
			for _, obj := range render(t, tc.dir, tc.values) {
				labels := obj.GetLabels()
				for _, key := range []string{
					"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version",
					"app.kubernetes.io/component", "atoll.dev/component",
				} {
					if labels[key] == "" {
						t.Errorf("%s has no label %s", id(obj), key)
					}
				}
				for key, want := range map[string]string{
					"app.kubernetes.io/part-of": "atoll", "atoll.dev/subcluster": subcluster(tc.dir),
				} {
					if labels[key] != want {
						t.Errorf("%s has label %s = %q, want %q", id(obj), key, labels[key], want)
					}
				}
				if ns := obj.GetNamespace(); ns != "" && ns != namespace(tc.dir) && rules(obj) == nil && !binds(obj) {
					t.Errorf("%s is in namespace %s, want %s", id(obj), ns, namespace(tc.dir))
				}
				if _, ok := obj.(*corev1.Secret); ok {
					t.Errorf("%s: a release must hold no Secret; the installer makes them", id(obj))
				}
			}
		})
	}
}

// opensBackups is an exception: the operator makes Secrets, which its admission policy bounds to those named backup, and
// reads those alone.
func opensBackups(obj client.Object, rule rbacv1.PolicyRule) bool {
	if obj.GetName() != "atoll-operator" || !slices.Equal(rule.Resources, []string{"secrets"}) {
		return false
	}
	named := slices.Equal(rule.ResourceNames, []string{"backup"}) && slices.Equal(rule.Verbs, []string{"get", "patch"})
	return named || slices.Equal(rule.Verbs, []string{"create"})
}

// keepsKeys is another: the keys of people's accounts, and of the one that keeps notebooks of runs, are in Secrets that are named one by one.
func keepsKeys(obj client.Object, rule rbacv1.PolicyRule) bool {
	prefix, known := map[string]string{"operator-credentials": "person-keys-", "operator-runs": "atoll-runs"}[obj.GetName()]
	named := len(rule.ResourceNames) > 0 && !slices.ContainsFunc(rule.ResourceNames, func(name string) bool { return !strings.HasPrefix(name, prefix) })
	return known && named && slices.Equal(rule.Resources, []string{"secrets"}) && slices.Equal(rule.Verbs, []string{"get", "update"})
}

// writesTokens is the third: the hub puts each server's token into a Secret, and cannot read any.
func writesTokens(obj client.Object, rule rbacv1.PolicyRule) bool {
	reads := slices.ContainsFunc(rule.Verbs, func(verb string) bool { return !slices.Contains([]string{"create", "update", "delete"}, verb) })
	return obj.GetName() == "atoll-hub-spawner" && slices.Equal(rule.Resources, []string{"secrets"}) && !reads
}

func TestRights(t *testing.T) {
	for _, dir := range allCharts(t) {
		t.Run(dir, func(t *testing.T) {
			for _, obj := range render(t, dir, nil) {
				for _, rule := range rules(obj) {
					if slices.Contains(rule.Verbs, "*") || slices.Contains(rule.Resources, "*") || slices.Contains(rule.APIGroups, "*") {
						t.Errorf("%s grants a wildcard: %v", id(obj), rule)
					}
					for _, forbidden := range []string{"secrets", "pods/exec", "pods/attach", "serviceaccounts/token"} {
						if slices.Contains(rule.Resources, forbidden) && !writesTokens(obj, rule) && !opensBackups(obj, rule) && !keepsKeys(obj, rule) {
							t.Errorf("%s grants %s", id(obj), forbidden)
						}
					}
					for _, verb := range []string{"bind", "escalate", "impersonate"} {
						if slices.Contains(rule.Verbs, verb) && len(rule.ResourceNames) == 0 {
							t.Errorf("%s grants %s on any %v; name them", id(obj), verb, rule.Resources)
						}
					}
				}
			}
		})
	}
}

func rules(obj object) []rbacv1.PolicyRule {
	switch obj := obj.(type) {
	case *rbacv1.ClusterRole:
		return obj.Rules
	case *rbacv1.Role:
		return obj.Rules
	}
	return nil
}

func binds(obj object) bool {
	_, ok := obj.(*rbacv1.RoleBinding)
	return ok
}

// A hole in the default-deny network is for named pods: an empty selector would open the whole namespace.
func TestOnlyFoundationsSelectWholeNamespaces(t *testing.T) {
	for _, dir := range allCharts(t) {
		if path.Base(dir) == "foundation" {
			continue
		}
		t.Run(dir, func(t *testing.T) {
			for _, obj := range render(t, dir, nil) {
				policy, ok := obj.(*networkingv1.NetworkPolicy)
				if ok && len(policy.Spec.PodSelector.MatchLabels) == 0 && len(policy.Spec.PodSelector.MatchExpressions) == 0 {
					t.Errorf("%s selects every pod of the namespace", id(obj))
				}
			}
		})
	}
}
