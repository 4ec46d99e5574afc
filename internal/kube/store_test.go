package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/declare"
	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

func ptr[V any](v V) *V { return &v }

func profile() *declare.Profile {
	return &declare.Profile{
		DisplayName: ptr("Python"),
		Image:       ptr("docker.io/atoll/notebook:0.1.0"),
		Sizes: &[]declare.Size{{
			Name:   "small",
			CPU:    &declare.Range{Guarantee: ptr("100m"), Limit: ptr("1")},
			Memory: &declare.Range{Guarantee: ptr("256Mi"), Limit: ptr("1Gi")},
		}},
		NodePool: &declare.NodePool{NodeSelector: &map[string]string{"pool": "cpu"}},
		Packages: &[]string{"pandas"},
	}
}

func profiles(t *testing.T) *Store[v1alpha1.Profile] {
	t.Helper()
	cfg, err := Config{Host: server.URL}.REST()
	if err != nil {
		t.Fatal(err)
	}
	client, err := New(cfg, "test-manager")
	if err != nil {
		t.Fatal(err)
	}
	server.Requests.Reset()
	return NewStore(client, Profiles)
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// edit changes an object as kubectl edit does.
func edit(t *testing.T, name, patch string) {
	t.Helper()
	_, err := server.Admin.Resource(kubetest.Resource("profiles")).Patch(t.Context(), name, types.MergePatchType,
		[]byte(patch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, s *Store[v1alpha1.Profile], name string) {
	t.Helper()
	if _, found, err := s.Create(deadline(t, time.Minute), name, profile(), Yield); err != nil || found {
		t.Fatal(err)
	}
}

func TestOneListServesManyReads(t *testing.T) {
	s := profiles(t)
	for _, name := range []string{"one", "two", "three"} {
		create(t, s, name)
	}
	server.Requests.Reset()
	for _, name := range []string{"one", "two", "three", "one"} {
		if _, err := s.Read(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Read(t.Context(), "absent"); !errors.Is(err, ErrNotFound) {
		t.Errorf("reading an absent profile: %v", err)
	}
	if diff := cmp.Diff([]string{"LIST profiles"}, server.Requests.Seen()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if err := s.Delete(deadline(t, time.Minute), "two"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), "two"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the list was not read again after a write: %v", err)
	}
}

func TestCreateRefusesWhatExists(t *testing.T) {
	s := profiles(t)
	create(t, s, "taken")
	other := profile()
	other.DisplayName = ptr("Another")
	if _, _, err := s.Create(t.Context(), "taken", other, Take); !errors.Is(err, ErrExists) {
		t.Errorf("creating over an object that says something else: %v", err)
	}
	less := profile()
	less.Description = nil
	more := profile()
	more.Description = ptr("What somebody else wrote.")
	edit(t, "taken", `{"spec":{"description":"What somebody else wrote."}}`)
	for name, declared := range map[string]*declare.Profile{"less": less, "as much": more} {
		if _, _, err := s.Create(t.Context(), "taken", declared, Take); !errors.Is(err, ErrExists) {
			t.Errorf("creating over an object that others had a hand in, declaring %s: %v", name, err)
		}
	}
}

// A run that is killed between the request and its state file leaves an object that nothing remembers.
func TestCreateFindsWhatAnInterruptedRunLeft(t *testing.T) {
	s := profiles(t)
	create(t, s, "left")
	// The operator's last write comes first, or it would come in between.
	first, err := s.WaitReady(deadline(t, time.Minute), "left")
	if err != nil {
		t.Fatal(err)
	}
	again, found, err := s.Create(t.Context(), "left", profile(), Yield)
	if err != nil || !found || again.UID != first.UID || again.ResourceVersion != first.ResourceVersion {
		t.Errorf("Create = %+v, %t, %v; want the object that is there", again, found, err)
	}
}

func TestUpdateRefusesWhatIsGone(t *testing.T) {
	if _, err := profiles(t).Update(t.Context(), "never-there", profile(), Yield); !errors.Is(err, ErrNotFound) {
		t.Errorf("updating an absent object: %v", err)
	}
}

func TestConflictNamesFieldAndManager(t *testing.T) {
	s := profiles(t)
	create(t, s, "edited")
	edit(t, "edited", `{"spec":{"displayName":"Mine"}}`)
	_, err := s.Update(t.Context(), "edited", profile(), Yield)
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
	if f := conflict.Fields[0]; f.Path != "spec.displayName" || f.Manager != "kubectl-edit" {
		t.Errorf("conflict names %q held by %q", f.Path, f.Manager)
	}
	live, err := s.Update(t.Context(), "edited", profile(), Take)
	if err != nil || live.Spec.DisplayName != "Python" {
		t.Errorf("taken over: %v, %v", live, err)
	}
}

func TestItemsOfOthers(t *testing.T) {
	cases := map[string]struct{ patch, path string }{
		"map of the user": {`{"spec":{"nodePool":{"nodeSelector":{"zone":"a"}}}}`, "spec.nodePool.nodeSelector.zone"},
		"set":             {`{"spec":{"packages":["pandas","scrapy"]}}`, `spec.packages[="scrapy"]`},
		"list by name": {
			`{"spec":{"sizes":[{"name":"small","cpu":{"guarantee":"100m","limit":"1"},"memory":{"guarantee":"256Mi","limit":"1Gi"}},` +
				`{"name":"huge","cpu":{"guarantee":"8","limit":"8"},"memory":{"guarantee":"1Gi","limit":"1Gi"}}]}}`,
			`spec.sizes[name="huge"]`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := profiles(t)
			object := "others-" + strings.ReplaceAll(name, " ", "-")
			create(t, s, object)
			edit(t, object, c.patch)
			_, err := s.Update(t.Context(), object, profile(), Yield)
			var conflict *ConflictError
			if !errors.As(err, &conflict) {
				t.Fatalf("got %v, want a conflict", err)
			}
			if f := conflict.Fields[0]; f.Path != c.path || f.Manager != "kubectl-edit" {
				t.Errorf("conflict names %q held by %q, want %q", f.Path, f.Manager, c.path)
			}
			if slices.ContainsFunc(server.Requests.Seen()[2:], func(r string) bool { return strings.HasPrefix(r, "PATCH") }) {
				t.Error("something was written in spite of the conflict")
			}
			live, err := s.Update(t.Context(), object, profile(), Take)
			if err != nil {
				t.Fatal(err)
			}
			if len(live.Spec.Sizes) != 1 || len(live.Spec.Packages) != 1 || len(live.Spec.NodePool.NodeSelector) != 1 {
				t.Errorf("what others added is still there: %+v", live.Spec)
			}
		})
	}
}

func TestUndeclaredFieldsBelongToOthers(t *testing.T) {
	s := profiles(t)
	create(t, s, "shared")
	edit(t, "shared", `{"spec":{"description":"Written by the portal."}}`)
	live, err := s.Update(t.Context(), "shared", profile(), Yield)
	if err != nil || live.Spec.Description == "" {
		t.Errorf("an undeclared field was taken: %+v, %v", live, err)
	}
}

func TestZeroValuesAreOwned(t *testing.T) {
	s := profiles(t)
	declared := profile()
	(*declared.Sizes)[0].Default = ptr(false)
	if _, _, err := s.Create(deadline(t, time.Minute), "zero", declared, Yield); err != nil {
		t.Fatal(err)
	}
	edit(t, "zero", `{"spec":{"sizes":[{"name":"small","default":true,"cpu":{"guarantee":"100m","limit":"1"},"memory":{"guarantee":"256Mi","limit":"1Gi"}}]}}`)
	var conflict *ConflictError
	if _, err := s.Update(t.Context(), "zero", declared, Yield); !errors.As(err, &conflict) {
		t.Errorf("a declared false was not held: %v", err)
	}
}

func TestWaitReady(t *testing.T) {
	s := profiles(t)
	create(t, s, "ready")
	if _, err := s.WaitReady(deadline(t, time.Minute), "ready"); err != nil {
		t.Fatal(err)
	}
	server.Operator.Treat("ready", kubetest.Mood{Silent: true})
	declared := profile()
	declared.DisplayName = ptr("Newer")
	if _, err := s.Update(t.Context(), "ready", declared, Yield); err != nil {
		t.Fatal(err)
	}
	var late *TimeoutError
	if _, err := s.WaitReady(deadline(t, time.Second), "ready"); !errors.As(err, &late) {
		t.Errorf("a Ready of the generation before counted: %v", err)
	}
}

func TestWaitReadyFailsFastOnStalled(t *testing.T) {
	s := profiles(t)
	server.Operator.Treat("stuck", kubetest.Stalled(v1alpha1.ReasonInvalid, "the image is no notebook"))
	create(t, s, "stuck")
	begun := time.Now()
	_, err := s.WaitReady(deadline(t, time.Minute), "stuck")
	var stalled *StalledError
	if !errors.As(err, &stalled) || stalled.Condition.Message != "the image is no notebook" {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s to see what no waiting can change", took)
	}
}

func TestDeleteNamesFinalizers(t *testing.T) {
	s := profiles(t)
	server.Operator.Treat("held", kubetest.NotReady(v1alpha1.ReasonDeleting, "two servers are stopping"))
	create(t, s, "held")
	if _, err := s.WaitReady(deadline(t, 2*time.Second), "held"); err == nil {
		t.Fatal("it is ready")
	}
	edit(t, "held", `{"metadata":{"finalizers":["atoll.dev/workspace"]}}`)
	err := s.Delete(deadline(t, time.Second), "held")
	if err == nil || !strings.Contains(err.Error(), "atoll.dev/workspace") || !strings.Contains(err.Error(), "two servers are stopping") {
		t.Errorf("the error does not name what holds the deletion: %v", err)
	}
	edit(t, "held", `{"metadata":{"finalizers":null}}`)
	if err := s.Delete(deadline(t, time.Minute), "held"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
}

func TestOnlyTheServersOwn404CountsAsNotFound(t *testing.T) {
	s := profiles(t)
	create(t, s, "hidden")
	server.Requests.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return true
	})
	t.Cleanup(func() { server.Requests.Fault(nil) })
	for doing, err := range map[string]error{
		"get":    second(s.Get(t.Context(), "hidden")),
		"read":   second(s.Read(t.Context(), "hidden")),
		"delete": s.Delete(t.Context(), "hidden"),
	} {
		if errors.Is(err, ErrNotFound) || !errors.Is(err, ErrKindMissing) {
			t.Errorf("%s took a proxy's 404 for the object's: %v", doing, err)
		}
	}
}

func second[A any](_ A, err error) error { return err }

// Looking at pace alone this would take an hour.
func TestWaitsSeeAChangeAtOnce(t *testing.T) {
	defer func(before wait.Backoff) { pace = before }(pace)
	pace = wait.Backoff{Duration: time.Hour}
	s := profiles(t)
	server.Operator.Treat("slow", kubetest.NotReady(v1alpha1.ReasonProgressing, "not yet"))
	create(t, s, "slow")
	ready := make(chan error)
	go func() {
		_, err := s.WaitReady(deadline(t, time.Minute), "slow")
		ready <- err
	}()
	watches := func(context.Context) (bool, error) {
		return slices.Contains(server.Requests.Seen(), "WATCH profiles"), nil
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 20*time.Second, true, watches); err != nil {
		t.Fatalf("it does not watch: %v", server.Requests.Seen())
	}
	server.Operator.Treat("slow", kubetest.Mood{})
	edit(t, "slow", `{"spec":{"description":"again"}}`)
	if err := <-ready; err != nil {
		t.Error(err)
	}
	if err := s.Delete(deadline(t, time.Minute), "slow"); err != nil {
		t.Error(err)
	}
}
