package charts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

const identity = "system/identity"

func identityValues(global, values map[string]any) map[string]any {
	all := globals("Relaxed", false, "NodePort")
	for key, val := range global {
		all["global"].(map[string]any)[key] = val
	}
	for key, val := range values {
		all[key] = val
	}
	return all
}

// find is the one object of a type that a chart renders.
func find[T object](t *testing.T, objects []object) T {
	t.Helper()
	for _, obj := range objects {
		if found, ok := obj.(T); ok {
			return found
		}
	}
	var none T
	t.Fatalf("the chart renders no %T", none)
	return none
}

func secretRefs(env []corev1.EnvVar) map[string]string {
	refs := map[string]string{}
	for _, e := range env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			refs[e.Name] = e.ValueFrom.SecretKeyRef.Name + "/" + e.ValueFrom.SecretKeyRef.Key
		}
	}
	return refs
}

func TestRealmHoldsPlaceholdersForItsSecrets(t *testing.T) {
	people := []any{
		map[string]any{"name": "ada", "email": "ada@example.org"},
		map[string]any{"name": "bob", "email": "bob@example.org", "groups": []any{"analysts", "risk"}},
	}
	objects := render(t, identity, identityValues(nil, map[string]any{"realm": map[string]any{"people": people}}))

	var realm struct {
		Realm   string
		Groups  []struct{ Name string }
		Clients []struct {
			ClientID     string `json:"clientId"`
			Secret       string
			RedirectURIs []string `json:"redirectUris"`
			Attributes   map[string]string
		}
		Users []struct {
			Username    string
			Groups      []string
			Credentials []struct{ Value string }
		}
	}
	if err := json.Unmarshal([]byte(find[*corev1.ConfigMap](t, objects).Data["realm.json"]), &realm); err != nil {
		t.Fatalf("reading the realm: %v", err)
	}
	if realm.Realm != "atoll" || len(realm.Clients) != 1 || len(realm.Users) != 2 {
		t.Fatalf("realm %q has %d clients and %d people", realm.Realm, len(realm.Clients), len(realm.Users))
	}
	client := realm.Clients[0]
	if diff := cmp.Diff([]string{"http://172.31.5.2:30080/hub/oauth_callback"}, client.RedirectURIs); diff != "" {
		t.Errorf("where people may return to (-want +got):\n%s", diff)
	}
	if client.Attributes["pkce.code.challenge.method"] != "S256" {
		t.Errorf("the client does not insist on PKCE: %v", client.Attributes)
	}
	var groups []string
	for _, g := range realm.Groups {
		groups = append(groups, g.Name)
	}
	if diff := cmp.Diff([]string{"analysts", "risk"}, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/analysts", "/risk"}, realm.Users[1].Groups); diff != "" {
		t.Errorf("bob's groups (-want +got):\n%s", diff)
	}

	refs := secretRefs(find[*appsv1.Deployment](t, objects).Spec.Template.Spec.Containers[0].Env)
	want := map[string]string{client.Secret: "atoll-oidc/client-secret"}
	for _, user := range realm.Users {
		want[user.Credentials[0].Value] = "keycloak-people/" + user.Username
	}
	for placeholder, secret := range want {
		name := strings.TrimSuffix(strings.TrimPrefix(placeholder, "${"), "}")
		if placeholder != fmt.Sprintf("${%s}", name) || refs[name] != secret {
			t.Errorf("%s is filled from Secret %q, want %q", placeholder, refs[name], secret)
		}
	}
}

func TestIdentityAnswersUnderItsIssuer(t *testing.T) {
	for issuer, want := range map[string]struct{ hostname, sslRequired string }{
		"http://172.31.5.2:30081/realms/atoll":   {"http://172.31.5.2:30081", "none"},
		"https://id.example.org/realms/science":  {"https://id.example.org", "external"},
		"https://example.org/auth/realms/atoll/": {"https://example.org/auth", "external"},
	} {
		t.Run(issuer, func(t *testing.T) {
			objects := render(t, identity, identityValues(map[string]any{"oidc": map[string]any{"issuer": issuer}}, nil))
			var hostname string
			for _, e := range find[*appsv1.Deployment](t, objects).Spec.Template.Spec.Containers[0].Env {
				if e.Name == "KC_HOSTNAME" {
					hostname = e.Value
				}
			}
			var realm struct{ Realm, SSLRequired string }
			if err := json.Unmarshal([]byte(find[*corev1.ConfigMap](t, objects).Data["realm.json"]), &realm); err != nil {
				t.Fatalf("reading the realm: %v", err)
			}
			if hostname != want.hostname || realm.SSLRequired != want.sslRequired {
				t.Errorf("hostname %q, TLS required %q; want %q, %q", hostname, realm.SSLRequired, want.hostname, want.sslRequired)
			}
			if got := hostname + "/realms/" + realm.Realm; got != strings.TrimSuffix(issuer, "/") {
				t.Errorf("Keycloak names itself %q, want %q", got, issuer)
			}
		})
	}
}

func TestIdentityRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		global, values map[string]any
		want           string
	}{
		"an issuer that is no realm": {
			global: map[string]any{"oidc": map[string]any{"issuer": "https://accounts.example.org"}},
			want:   `global.oidc.issuer is "https://accounts.example.org"`,
		},
		"Postgres without an address": {
			values: map[string]any{"database": map[string]any{"type": "Postgres"}},
			want:   "database.postgres.url is empty",
		},
		"a name that is no key of a Secret": {
			values: map[string]any{"realm": map[string]any{"people": []any{map[string]any{"name": "Ada L", "email": "a@example.org"}}}},
			want:   "/realm/people/0/name",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryRender(identity, identityValues(tc.global, tc.values))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestIdentityOnPostgres(t *testing.T) {
	postgres := map[string]any{"database": map[string]any{
		"type": "Postgres", "postgres": map[string]any{"url": "jdbc:postgresql://db.example.org/keycloak", "secret": "db"},
	}}
	objects := render(t, identity, identityValues(map[string]any{"highAvailability": true}, postgres))
	deployment := find[*appsv1.Deployment](t, objects)
	if got := *deployment.Spec.Replicas; got != 2 {
		t.Errorf("%d replicas, want 2", got)
	}
	find[*policyv1.PodDisruptionBudget](t, objects)
	refs := secretRefs(deployment.Spec.Template.Spec.Containers[0].Env)
	if refs["KC_DB_USERNAME"] != "db/username" || refs["KC_DB_PASSWORD"] != "db/password" {
		t.Errorf("the database's account comes from %q and %q", refs["KC_DB_USERNAME"], refs["KC_DB_PASSWORD"])
	}
	for _, obj := range objects {
		if _, ok := obj.(*corev1.PersistentVolumeClaim); ok {
			t.Errorf("%s: nothing needs a volume", id(obj))
		}
	}
}
