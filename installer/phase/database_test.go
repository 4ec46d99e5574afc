package phase

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/charts"
)

// Every role that the chart has finds a password.
func TestDatabaseRolesAreThoseOfTheChart(t *testing.T) {
	raw, err := fs.ReadFile(charts.FS, "data/postgresql/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Databases []struct{ Roles []string }
	}
	if err := yaml.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, d := range values.Databases {
		want = append(want, d.Roles...)
	}
	s := &State{Platform: &v1alpha1.Platform{}}
	if diff := cmp.Diff(want, s.databaseRoles()); diff != "" {
		t.Errorf("roles (-chart +installer):\n%s", diff)
	}
	s.Platform.Spec.Components = []v1alpha1.Component{{Name: "postgresql", State: v1alpha1.ComponentDisabled}}
	if got := s.databaseRoles(); got != nil {
		t.Errorf("with a managed database it makes passwords for %v", got)
	}
}

// The ones who use the database find its passwords in their own namespace, and these are those the database has.
func (l life) database(t *testing.T) {
	for _, role := range []string{"ledger-owner", "ledger", "airflow"} {
		original := l.secret(t, "atoll-data", "postgresql-"+role)
		if string(original["username"]) != role || len(original["password"]) < 20 {
			t.Errorf("Secret postgresql-%s has username %q and a password of %d letters", role, original["username"], len(original["password"]))
		}
		if diff := cmp.Diff(original, l.secret(t, "atoll-directory", "postgresql-"+role)); diff != "" {
			t.Errorf("Secret postgresql-%s of directory is not that of data:\n%s", role, diff)
		}
	}
}

// A managed database's passwords are put there by its administrators, and are not written over.
func (l life) managedDatabase(t *testing.T) {
	api := l.api.CoreV1().Secrets("atoll-directory")
	mine, err := api.Get(t.Context(), "postgresql-ledger", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mine.Data["password"] = []byte("of the managed one")
	if _, err := api.Update(t.Context(), mine, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	bootstrap(t, state(t, demo+"  components: [{name: postgresql, state: Disabled}]\n"), all(Unchanged, map[string]Action{"postgresql": Removed}))
	if got := string(l.secret(t, "atoll-directory", "postgresql-ledger")["password"]); got != "of the managed one" {
		t.Error("the password of a managed database was written over")
	}
	bootstrap(t, state(t, demo), all(Unchanged, map[string]Action{"postgresql": Installed}))
	l.database(t)
}
