package component

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func inputs(change func(*v1alpha1.PlatformSpec)) Inputs {
	p := &v1alpha1.Platform{
		ObjectMeta: metav1.ObjectMeta{Name: "demo"},
		Spec: v1alpha1.PlatformSpec{
			Placement:    v1alpha1.PlacementRelaxed,
			Availability: v1alpha1.AvailabilitySingle,
			Images:       v1alpha1.Images{Registry: "docker.io/atoll"},
			Access:       v1alpha1.Access{Type: v1alpha1.AccessNodePort},
			Identity:     v1alpha1.Identity{ClientID: "atoll-hub", UsernameClaim: "preferred_username", GroupsClaim: "groups", Scopes: []string{"openid"}},
		},
	}
	if change != nil {
		change(&p.Spec)
	}
	return Inputs{Platform: p, Version: "0.1.0", Detected: Detected{Host: "172.31.0.2"}}
}

func override(name, values string) func(*v1alpha1.PlatformSpec) {
	return func(s *v1alpha1.PlatformSpec) {
		s.Components = append(s.Components, v1alpha1.Component{Name: name, State: v1alpha1.ComponentEnabled, Values: &runtime.RawExtension{Raw: []byte(values)}})
	}
}

func TestGlobals(t *testing.T) {
	got, err := Component{Name: "hub"}.ValuesFor(inputs(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"global": map[string]any{
		"platform":         "demo",
		"registry":         "docker.io/atoll",
		"version":          "0.1.0",
		"placement":        "Relaxed",
		"highAvailability": false,
		"storageClass":     "",
		"access":           map[string]any{"type": "NodePort", "host": "172.31.0.2"},
		"hub":              map[string]any{"url": "http://172.31.0.2:30080"},
		"oidc": map[string]any{
			"issuer":          "http://172.31.0.2:30081/realms/atoll",
			"clientID":        "atoll-hub",
			"groupsClaim":     "groups",
			"usernameClaim":   "preferred_username",
			"scopes":          []any{"openid"},
			"clientSecretRef": map[string]any{"name": "atoll-oidc", "key": "client-secret"},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values differ (-want +got):\n%s", diff)
	}
}

func TestLayersOverlayEachOther(t *testing.T) {
	c := Component{Name: "hub", Values: func(Inputs) map[string]any {
		return map[string]any{"a": 1, "deep": map[string]any{"kept": true, "changed": "platform"}}
	}}
	got, err := c.ValuesFor(inputs(override("hub", `{"deep":{"changed":"platform.yaml"},"global":{"placement":"Required"},"gone":null}`)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"kept": true, "changed": "platform.yaml"}, got["deep"]); diff != "" {
		t.Errorf("deep differs (-want +got):\n%s", diff)
	}
	if global := got["global"].(map[string]any); global["placement"] != "Required" || global["platform"] != "demo" {
		t.Errorf("global is %v", global)
	}
	if gone, ok := got["gone"]; !ok || gone != nil {
		t.Errorf("null, by which Helm removes a default, was lost: %v", got)
	}
}

func TestValuesAreComputedAnew(t *testing.T) {
	c := Component{Name: "hub"}
	if _, err := c.ValuesFor(inputs(override("hub", `{"once":true}`))); err != nil {
		t.Fatal(err)
	}
	got, err := c.ValuesFor(inputs(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got["once"]; ok {
		t.Error("a value of another computation is still there")
	}
}

func TestAddresses(t *testing.T) {
	tests := map[string]struct {
		change      func(*v1alpha1.PlatformSpec)
		hub, issuer string
	}{
		"derived from the node": {
			hub: "http://172.31.0.2:30080", issuer: "http://172.31.0.2:30081/realms/atoll",
		},
		"derived from a host": {
			change: func(s *v1alpha1.PlatformSpec) { s.Access.Host = "lab.example.com" },
			hub:    "http://lab.example.com:30080", issuer: "http://lab.example.com:30081/realms/atoll",
		},
		"an IPv6 host": {
			change: func(s *v1alpha1.PlatformSpec) { s.Access.Host = "fd00::1" },
			hub:    "http://[fd00::1]:30080", issuer: "http://[fd00::1]:30081/realms/atoll",
		},
		"another node port": {
			change: override("hub", `{"service":{"nodePort":31000}}`),
			hub:    "http://172.31.0.2:31000", issuer: "http://172.31.0.2:30081/realms/atoll",
		},
		"given": {
			change: func(s *v1alpha1.PlatformSpec) {
				s.Access.HubURL, s.Access.IdentityURL = "https://hub.example.com", "https://id.example.com"
			},
			hub: "https://hub.example.com", issuer: "https://id.example.com/realms/atoll",
		},
		"somebody else's provider": {
			change: func(s *v1alpha1.PlatformSpec) { s.Identity.Issuer = "https://okta.example.com" },
			hub:    "http://172.31.0.2:30080", issuer: "https://okta.example.com",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := inputs(tt.change)
			if got := HubURL(in); got != tt.hub {
				t.Errorf("hub is %s, want %s", got, tt.hub)
			}
			if got := Issuer(in); got != tt.issuer {
				t.Errorf("issuer is %s, want %s", got, tt.issuer)
			}
		})
	}
}

func TestDisabled(t *testing.T) {
	identity := Component{Name: "identity", Unless: ownIdentity}
	tests := map[string]struct {
		change func(*v1alpha1.PlatformSpec)
		want   string
	}{
		"wanted": {},
		"disabled in platform.yaml": {
			change: func(s *v1alpha1.PlatformSpec) {
				s.Components = []v1alpha1.Component{{Name: "identity", State: v1alpha1.ComponentDisabled}}
			},
			want: "disabled in platform.yaml",
		},
		"not needed": {
			change: func(s *v1alpha1.PlatformSpec) { s.Identity.Issuer = "https://okta.example.com" },
			want:   "identity.issuer names your own provider",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := identity.Disabled(inputs(tt.change).Platform.Spec); got != tt.want {
				t.Errorf("disabled is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestImageVersion(t *testing.T) {
	if got := ImageVersion(inputs(nil)); got != "0.1.0" {
		t.Errorf("version is %s, want the installer's", got)
	}
	if got := ImageVersion(inputs(func(s *v1alpha1.PlatformSpec) { s.Images.Version = "2" })); got != "2" {
		t.Errorf("version is %s, want platform.yaml's", got)
	}
}

func TestPeople(t *testing.T) {
	got := identityValues(inputs(func(s *v1alpha1.PlatformSpec) {
		s.Identity.People = []v1alpha1.Person{{Name: "ada"}, {Name: "bob", Email: "bob@example.com", Groups: []string{"analysts"}}}
	}))
	want := map[string]any{"realm": map[string]any{"people": []any{
		map[string]any{"name": "ada", "email": "ada@atoll.invalid", "groups": []any{}},
		map[string]any{"name": "bob", "email": "bob@example.com", "groups": []any{"analysts"}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values differ (-want +got):\n%s", diff)
	}
}

// Without the platform's own database there is no ledger, but where platform.yaml names another one.
func TestTheLedgerNeedsADatabase(t *testing.T) {
	for name, tc := range map[string]struct {
		components []v1alpha1.Component
		want       any
	}{
		"the platform's own": {nil, nil},
		"none":               {[]v1alpha1.Component{{Name: "postgresql", State: v1alpha1.ComponentDisabled}}, ""},
		"a managed one": {[]v1alpha1.Component{
			{Name: "postgresql", State: v1alpha1.ComponentDisabled},
			{Name: "operator", Values: &runtime.RawExtension{Raw: []byte(`{"ledger":{"host":"db.example.com"}}`)}},
		}, "db.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			in := Inputs{Platform: &v1alpha1.Platform{Spec: v1alpha1.PlatformSpec{Components: tc.components}}}
			for _, c := range Catalog {
				if c.Name != "operator" {
					continue
				}
				values, err := c.ValuesFor(in)
				if err != nil {
					t.Fatal(err)
				}
				ledger, _ := values["ledger"].(map[string]any)
				if got := ledger["host"]; got != tc.want {
					t.Errorf("ledger.host is %v, want %v", got, tc.want)
				}
			}
		})
	}
}
