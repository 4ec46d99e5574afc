package phase

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (l life) unconfirmed(t *testing.T) {
	s := state(t, demo)
	refused := errors.New("no")
	s.Confirm = func(name, what string) error {
		if name != "demo" {
			t.Errorf("it asks about %q", name)
		}
		for _, want := range []string{"To be removed:\n  atoll-directory/directory-foundation", "To be kept:\n  atoll-data/data"} {
			if !strings.Contains(what, want) {
				t.Errorf("it does not say %q:\n%s", want, what)
			}
		}
		return refused
	}
	before := l.versions(t)
	if err := Run(t.Context(), s, Destroy); !errors.Is(err, refused) {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(before, l.versions(t)); diff != "" {
		t.Errorf("objects were written (-before +after):\n%s", diff)
	}
}

// home makes a workspace's namespace with a home in it, as the operator does.
func (l life) home(t *testing.T) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-fraud", Labels: map[string]string{workspaceLabel: "fraud"}}}
	if _, err := l.api.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	claim, err := l.api.CoreV1().PersistentVolumeClaims("atoll-data").Get(t.Context(), "data", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	home := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "home-ada"}, Spec: claim.Spec}
	if _, err := l.api.CoreV1().PersistentVolumeClaims("ws-fraud").Create(t.Context(), home, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (l life) namespaces(t *testing.T) []string {
	t.Helper()
	list, err := l.api.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, ns := range list.Items {
		if strings.HasPrefix(ns.Name, "atoll-") || strings.HasPrefix(ns.Name, "ws-") {
			out = append(out, ns.Name)
		}
	}
	return out
}

func (l life) destroy(t *testing.T) {
	l.home(t)
	s := state(t, demo)
	if err := Run(t.Context(), s, Destroy); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"atoll-data", "ws-fraud"}, l.namespaces(t)); diff != "" {
		t.Errorf("namespaces differ (-want +got):\n%s", diff)
	}
	want := []string{"custom resource definitions of atoll.dev, and the workspaces and profiles", "data atoll-data/data", "home ws-fraud/home-ada"}
	if diff := cmp.Diff(want, s.Result.Kept); diff != "" {
		t.Errorf("kept differs (-want +got):\n%s", diff)
	}
}

func (l life) destroyData(t *testing.T) {
	bootstrap(t, state(t, demo), all(Installed, nil))
	s := state(t, demo)
	s.DeleteData = true
	if err := Run(t.Context(), s, Destroy); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ws-fraud"}, l.namespaces(t)); diff != "" {
		t.Errorf("namespaces differ (-want +got):\n%s", diff)
	}
	if !slices.Contains(s.Result.Removed, "data atoll-data/data") {
		t.Errorf("it does not say that the data is gone: %q", s.Result.Removed)
	}
	if _, err := l.api.CoreV1().PersistentVolumeClaims("ws-fraud").Get(t.Context(), "home-ada", metav1.GetOptions{}); err != nil {
		t.Errorf("a home is gone: %v", err)
	}
}

func (l life) nothing(t *testing.T) {
	err := Run(t.Context(), state(t, demo), Destroy)
	if err == nil || !strings.Contains(err.Error(), "nothing to remove") {
		t.Errorf("error is %v", err)
	}
}
