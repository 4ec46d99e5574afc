package phase

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/atoll-platform/atoll/installer/component"
)

// life is a platform from its first bootstrap to its end. Its parts follow on each other.
type life struct {
	api kubernetes.Interface
}

func TestLifeOfAPlatform(t *testing.T) {
	l := life{api: furnish(t)}
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a wrong value is found before the cluster is asked", l.wrongValue},
		{"a failed check changes nothing", l.failedCheck},
		{"the first bootstrap installs", l.first},
		{"users of the database get its passwords", l.database},
		{"the second changes nothing", l.second},
		{"a changed object is repaired", l.drift},
		{"a new value upgrades its component alone", l.upgrade},
		{"a new person gets a password, the others keep theirs", l.person},
		{"a component that is not wanted any more goes", l.disable},
		{"a managed database keeps its passwords", l.managedDatabase},
		{"the parts of a query engine recognise each other", l.trino},
		{"a provider of one's own needs its secret", l.issuer},
		{"another run at work is left alone", l.busy},
		{"destroy stops without a confirmation", l.unconfirmed},
		{"destroy keeps data and homes", l.destroy},
		{"destroy takes the data when told to, never homes", l.destroyData},
		{"destroy of nothing says so", l.nothing},
	} {
		if !t.Run(part.name, part.run) {
			t.FailNow()
		}
	}
}

func actions(s *State) map[string]Action {
	out := map[string]Action{}
	for _, r := range s.Result.Releases {
		out[r.Name] = r.Action
	}
	return out
}

func all(action Action, except map[string]Action) map[string]Action {
	out := map[string]Action{}
	for _, c := range slices.Concat(component.Foundations(), catalog()) {
		out[c.Name] = action
	}
	maps.Copy(out, except)
	return out
}

func bootstrap(t *testing.T, s *State, want map[string]Action) {
	t.Helper()
	if err := Run(t.Context(), s, Bootstrap); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, actions(s)); diff != "" {
		t.Errorf("actions differ (-want +got):\n%s", diff)
	}
}

func (l life) wrongValue(t *testing.T) {
	s := state(t, demo+"  components: [{name: hub, values: {greeting: hey}}]\n")
	s.Cluster = nil
	s.Connection.Kubeconfig = "/nowhere"
	err := Run(t.Context(), s, Bootstrap)
	for _, want := range []string{"greeting", "'hello', 'good day'", "component hub"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func (l life) failedCheck(t *testing.T) {
	s := state(t, strings.Replace(demo, "placement: Relaxed", "placement: Required", 1))
	err := Run(t.Context(), s, Bootstrap)
	if err == nil || !strings.Contains(err.Error(), "no ready node has the label atoll.dev/subcluster of: directory, system, data, application") {
		t.Fatalf("error is %v", err)
	}
	if _, err := l.api.CoreV1().Namespaces().Get(t.Context(), "atoll-data", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("there is a namespace already: %v", err)
	}
}

func (l life) first(t *testing.T) {
	s := state(t, demo)
	bootstrap(t, s, all(Installed, nil))
	if !s.Result.Changed || s.Result.HubURL != "http://10.0.0.1:30080" {
		t.Errorf("result is %+v", s.Result)
	}
	ns, err := l.api.CoreV1().Namespaces().Get(t.Context(), "atoll-job", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" || ns.Labels["atoll.dev/subcluster"] != "job" {
		t.Errorf("labels of the namespace are %v", ns.Labels)
	}
	lease, err := l.api.CoordinationV1().Leases("atoll-system").Get(t.Context(), leaseName, metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity != nil {
		t.Errorf("the lease is still held: %v, %v", lease, err)
	}
	record, err := ReadRecord(t.Context(), s.Cluster)
	if err != nil || record == nil || record.Name != "demo" {
		t.Errorf("record is %+v, error %v", record, err)
	}
	hub, keycloak := l.secret(t, "atoll-application", "atoll-oidc"), l.secret(t, "atoll-system", "atoll-oidc")
	if len(hub["client-secret"]) < 32 || string(hub["client-secret"]) != string(keycloak["client-secret"]) {
		t.Error("hub and Keycloak do not share a generated client secret")
	}
}

func (l life) secret(t *testing.T, namespace, name string) map[string][]byte {
	t.Helper()
	s, err := l.api.CoreV1().Secrets(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Data
}

// versions are the resource versions of all that the installer writes but for its lease.
func (l life) versions(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, subcluster := range component.Subclusters {
		ns := component.Namespace(subcluster)
		secrets, err := l.api.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets.Items {
			out["secret "+ns+"/"+s.Name] = s.ResourceVersion
		}
		maps, err := l.api.CoreV1().ConfigMaps(ns).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range maps.Items {
			out["config map "+ns+"/"+m.Name] = m.ResourceVersion
		}
		live, err := l.api.CoreV1().Namespaces().Get(t.Context(), ns, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		out["namespace "+ns] = live.ResourceVersion
	}
	return out
}

func (l life) second(t *testing.T) {
	before := l.versions(t)
	s := state(t, demo)
	bootstrap(t, s, all(Unchanged, nil))
	if s.Result.Changed {
		t.Error("it says that something was changed")
	}
	if diff := cmp.Diff(before, l.versions(t)); diff != "" {
		t.Errorf("objects were written (-before +after):\n%s", diff)
	}
}

func (l life) drift(t *testing.T) {
	if err := l.api.CoreV1().ConfigMaps("atoll-application").Delete(t.Context(), "hub", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s := state(t, demo)
	bootstrap(t, s, all(Unchanged, map[string]Action{"hub": Repaired}))
	for _, r := range s.Result.Releases {
		if r.Name == "hub" && (len(r.Drift) != 1 || r.Drift[0] != "ConfigMap hub is missing") {
			t.Errorf("drift is %q", r.Drift)
		}
	}
	if _, err := l.api.CoreV1().ConfigMaps("atoll-application").Get(t.Context(), "hub", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func (l life) upgrade(t *testing.T) {
	s := state(t, demo+"  components: [{name: hub, values: {greeting: good day}}]\n")
	bootstrap(t, s, all(Unchanged, map[string]Action{"hub": Upgraded}))
	cm, err := l.api.CoreV1().ConfigMaps("atoll-application").Get(t.Context(), "hub", metav1.GetOptions{})
	if err != nil || cm.Data["greeting"] != "good day" {
		t.Errorf("config map is %v, error %v", cm, err)
	}
}

func (l life) person(t *testing.T) {
	before := l.secret(t, "atoll-system", peopleSecret)
	s := state(t, strings.Replace(demo, "{name: ada}", "{name: ada}, {name: bob}", 1))
	if err := Run(t.Context(), s, Bootstrap); err != nil {
		t.Fatal(err)
	}
	after := l.secret(t, "atoll-system", peopleSecret)
	if string(before["ada"]) != string(after["ada"]) || len(after["bob"]) == 0 {
		t.Error("ada's password changed, or bob has none")
	}
	for _, step := range s.Result.Steps {
		if strings.Contains(step.Outcome, string(after["bob"])) {
			t.Errorf("step %s shows a password", step.Name)
		}
	}
}

func (l life) disable(t *testing.T) {
	s := state(t, demo+"  components: [{name: objectstore, state: Disabled}]\n")
	bootstrap(t, s, all(Unchanged, map[string]Action{"objectstore": Removed}))
	if _, err := l.api.CoreV1().PersistentVolumeClaims("atoll-data").Get(t.Context(), "data", metav1.GetOptions{}); err != nil {
		t.Errorf("its data is gone: %v", err)
	}
	bootstrap(t, state(t, demo), all(Unchanged, map[string]Action{"objectstore": Installed}))
}

func (l life) issuer(t *testing.T) {
	own := strings.Replace(demo, "people: [{name: ada}]", "issuer: https://id.example.com", 1)
	api := l.api.CoreV1().Secrets("atoll-application")
	if err := api.Delete(t.Context(), "atoll-oidc", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), state(t, own), Bootstrap)
	if err == nil || !strings.Contains(err.Error(), "kubectl -n atoll-application create secret generic atoll-oidc") {
		t.Fatalf("error is %v", err)
	}
	given := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "atoll-oidc"}, Data: map[string][]byte{"client-secret": []byte("given")}}
	if _, err := api.Create(t.Context(), given, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), state(t, own), Bootstrap); err != nil {
		t.Fatal(err)
	}
	if got := l.secret(t, "atoll-application", "atoll-oidc"); string(got["client-secret"]) != "given" {
		t.Error("the secret that was given was overwritten")
	}
}

func (l life) busy(t *testing.T) {
	other := &leaseHolder{s: state(t, demo), holder: "other", duration: leaseDuration}
	step := other.s.Progress.Start("lease")
	if _, err := other.acquire(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	other.s.cancel = func(error) {}
	go func() {
		defer close(done)
		other.renew(ctx)
	}()
	err := Run(t.Context(), state(t, demo), Bootstrap)
	if err == nil || !strings.Contains(err.Error(), "another run, other, is at work") {
		t.Errorf("error is %v", err)
	}
	cancel()
	<-done
	other.release()
}
