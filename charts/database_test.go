package charts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

const database = "data/postgresql"

func databaseValues(databases ...any) map[string]any {
	values := globals("Relaxed", false, "NodePort")
	if len(databases) > 0 {
		values["databases"] = databases
	}
	return values
}

func TestDatabaseLetsInNamedClientsOnly(t *testing.T) {
	objects := render(t, database, databaseValues(
		map[string]any{"name": "books", "roles": []any{"books-owner", "books"}, "clients": []any{
			map[string]any{"namespace": "atoll-application", "app": "library"},
			map[string]any{"namespace": "atoll-job", "app": "binder"},
		}},
	))
	var got []string
	for _, rule := range find[*networkingv1.NetworkPolicy](t, objects).Spec.Ingress {
		for _, peer := range rule.From {
			got = append(got, fmt.Sprintf("%s/%s:%d", peer.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"],
				peer.PodSelector.MatchLabels["app.kubernetes.io/name"], rule.Ports[0].Port.IntValue()))
		}
		if len(rule.From) == 0 || len(rule.Ports) != 1 {
			t.Errorf("a rule is open to everyone or on every port: %v", rule)
		}
	}
	want := []string{"atoll-application/library:5432", "atoll-job/binder:5432", "atoll-system/metrics:9187"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("who may reach it (-want +got):\n%s", diff)
	}
	if egress := find[*networkingv1.NetworkPolicy](t, objects).Spec.Egress; len(egress) != 0 {
		t.Errorf("it may reach %v", egress)
	}
}

func TestDatabaseAsksEveryoneForAPassword(t *testing.T) {
	objects := render(t, database, databaseValues(
		map[string]any{"name": "all", "roles": []any{"all-owner", "all"}, "clients": []any{map[string]any{"namespace": "x", "app": "x"}}},
	))
	var hosts []string
	for line := range strings.Lines(find[*corev1.ConfigMap](t, objects).Data["pg_hba.conf"]) {
		fields := strings.Fields(line)
		if fields[0] == "host" {
			hosts = append(hosts, strings.Join(fields, " "))
			continue
		}
		if fields[0] != "local" || !slices.Contains(fields, "peer") {
			t.Errorf("pg_hba.conf has %q", line)
		}
	}
	// Without quotes a database named all would be every database.
	want := []string{`host "all" "all-owner" all scram-sha-256`, `host "all" "all" all scram-sha-256`}
	if diff := cmp.Diff(want, hosts); diff != "" {
		t.Errorf("lines for the network (-want +got):\n%s", diff)
	}
}

// Passwords are there where roles are prepared, and nowhere else: not beside the server or the exporter, in no environment.
func TestDatabasePasswordsStayInTheInitContainer(t *testing.T) {
	spec := find[*appsv1.StatefulSet](t, render(t, database, databaseValues())).Spec.Template.Spec
	mounts := func(c corev1.Container) bool {
		return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == "roles" })
	}
	if len(spec.InitContainers) != 1 || !mounts(spec.InitContainers[0]) {
		t.Errorf("the init container does not get the passwords")
	}
	for _, c := range append(slices.Clone(spec.InitContainers), spec.Containers...) {
		if refs := secretRefs(c.Env); len(refs) > 0 || len(c.EnvFrom) > 0 {
			t.Errorf("container %s has secrets in its environment: %v", c.Name, refs)
		}
	}
	for _, c := range spec.Containers {
		if mounts(c) {
			t.Errorf("container %s mounts the passwords", c.Name)
		}
	}
	var secrets []string
	for _, v := range spec.Volumes {
		if v.Name != "roles" {
			continue
		}
		for _, source := range v.Projected.Sources {
			secrets = append(secrets, source.Secret.Name+" "+source.Secret.Items[0].Key+" "+source.Secret.Items[0].Path)
		}
	}
	want := []string{
		"postgresql-ledger-owner password ledger-owner/password", "postgresql-ledger password ledger/password",
		"postgresql-airflow password airflow/password",
	}
	if diff := cmp.Diff(want, secrets); diff != "" {
		t.Errorf("passwords (-want +got):\n%s", diff)
	}
}

func TestDatabaseRefuses(t *testing.T) {
	client := []any{map[string]any{"namespace": "x", "app": "x"}}
	for name, tc := range map[string]struct {
		database map[string]any
		want     string
	}{
		"a name with a quote":     {map[string]any{"name": `x"y`, "roles": []any{"x"}, "clients": client}, "/databases/0/name"},
		"a name with a space":     {map[string]any{"name": "x y", "roles": []any{"x"}, "clients": client}, "/databases/0/name"},
		"no role":                 {map[string]any{"name": "x", "roles": []any{}, "clients": client}, "/databases/0/roles"},
		"a role with a line end":  {map[string]any{"name": "x", "roles": []any{"x\nhost all all all trust"}, "clients": client}, "/databases/0/roles/0"},
		"nobody who may reach it": {map[string]any{"name": "x", "roles": []any{"x"}, "clients": []any{}}, "/databases/0/clients"},
		"a client without pods":   {map[string]any{"name": "x", "roles": []any{"x"}, "clients": []any{map[string]any{"namespace": "x"}}}, "app"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryRender(database, databaseValues(tc.database))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}
