package component

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func find(t *testing.T, name string) Component {
	t.Helper()
	i := slices.IndexFunc(Catalog, func(c Component) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no component %s", name)
	}
	return Catalog[i]
}

func TestTrinoIsSwitchedOn(t *testing.T) {
	disabled := func(names ...string) func(*v1alpha1.PlatformSpec) {
		return func(s *v1alpha1.PlatformSpec) {
			s.Components = append(s.Components, v1alpha1.Component{Name: "trino", State: v1alpha1.ComponentEnabled})
			for _, name := range names {
				s.Components = slices.DeleteFunc(s.Components, func(c v1alpha1.Component) bool { return c.Name == name })
				s.Components = append(s.Components, v1alpha1.Component{Name: name, State: v1alpha1.ComponentDisabled})
			}
		}
	}
	for name, tt := range map[string]struct {
		spec          func(*v1alpha1.PlatformSpec)
		trino, worker bool
	}{
		"not named":         {nil, false, false},
		"named":             {override("trino", `{}`), true, true},
		"workers elsewhere": {disabled("trino-worker"), true, false},
		"switched off":      {disabled("trino"), false, false},
		"workers alone":     {override("trino-worker", `{}`), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputs(tt.spec)
			for component, want := range map[string]bool{"trino": tt.trino, "trino-worker": tt.worker} {
				if why := find(t, component).Disabled(in.Platform.Spec); (why == "") != want {
					t.Errorf("%s is left out because %q, wanted: %t", component, why, want)
				}
			}
			values, err := find(t, "operator").ValuesFor(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"enabled": tt.trino}, values["trino"]); diff != "" {
				t.Errorf("the operator is told:\n%s", diff)
			}
		})
	}
}

func TestWorkersHaveTheCatalogsOfTheCoordinator(t *testing.T) {
	in := inputs(override("trino", `{"catalogs":{"lake":"connector.name=memory","tpch":null},"environment":[{"name":"A","value":"b"}],"heap":"4g"}`))
	got, err := find(t, "trino-worker").ValuesFor(in)
	if err != nil {
		t.Fatal(err)
	}
	delete(got, "global")
	want := map[string]any{
		"catalogs":    map[string]any{"lake": "connector.name=memory", "tpch": nil},
		"environment": []any{map[string]any{"name": "A", "value": "b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}
