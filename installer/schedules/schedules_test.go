package schedules_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/schedules"
	"github.com/atoll-platform/atoll/internal/apitest"
)

var (
	ctx  = context.Background()
	kube *cluster.Cluster
)

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) {
		var err error
		if kube, err = cluster.New(s.Config); err != nil {
			panic(err)
		}
	}))
}

func create(t *testing.T, resource schema.GroupVersionResource, namespace string, object map[string]any) {
	t.Helper()
	_, err := kube.Dynamic.Resource(resource).Namespace(namespace).Create(ctx, &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRunNow(t *testing.T) {
	create(t, schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, "", map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "ws-fraud"},
	})
	create(t, v1alpha1.GroupVersion.WithResource("schedules"), "ws-fraud", map[string]any{
		"apiVersion": "atoll.dev/v1alpha1", "kind": "Schedule", "metadata": map[string]any{"name": "nightly"},
		"spec": map[string]any{"owner": "ada", "profile": "python", "cron": "@daily", "tasks": []any{
			map[string]any{"name": "load", "notebook": map[string]any{"home": "load.ipynb"}},
		}},
	})
	for _, workspace := range []string{"", "fraud"} {
		all, err := schedules.List(ctx, kube, workspace)
		if err != nil || len(all) != 1 || all[0].Workspace != "fraud" || all[0].Name != "nightly" || all[0].Ready || all[0].Reason != "Unknown" {
			t.Errorf("the schedules of %q are %+v: %v", workspace, all, err)
		}
	}
	if all, err := schedules.List(ctx, kube, "marketing"); err != nil || len(all) != 0 {
		t.Errorf("another workspace has %+v: %v", all, err)
	}

	name := schedules.Name{Workspace: "fraud", Schedule: "nightly"}
	run, err := schedules.Run(ctx, kube, name)
	if err != nil {
		t.Fatal(err)
	}
	live, err := kube.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace("ws-fraud").Get(ctx, run, metav1.GetOptions{})
	if err != nil || live.GetLabels()["atoll.dev/schedule"] != "nightly" {
		t.Fatalf("the run is %v: %v", live, err)
	}
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if _, err := schedules.Wait(short, kube, name, run, 10*time.Millisecond, func(*v1alpha1.Run) {}); err == nil || !strings.Contains(err.Error(), "it goes on") {
		t.Errorf("a wait that is too short: %v", err)
	}
	var shown []string
	go func() {
		time.Sleep(50 * time.Millisecond)
		for _, phase := range []string{"Running", "Failed"} {
			patch := fmt.Appendf(nil, `{"status":{"phase":%q,"reason":"NotebookFailed"}}`, phase)
			_, err := kube.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace("ws-fraud").
				Patch(ctx, run, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
			if err != nil {
				t.Error(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	ended, err := schedules.Wait(ctx, kube, name, run, 10*time.Millisecond, func(r *v1alpha1.Run) { shown = append(shown, string(r.Status.Phase)) })
	if err != nil || ended.Status.Phase != v1alpha1.RunFailed || strings.Join(shown, " ") != " Running Failed" {
		t.Errorf("it ended as %s after %q: %v", ended.Status.Phase, shown, err)
	}
}

func TestRunOfNone(t *testing.T) {
	_, err := schedules.Run(ctx, kube, schedules.Name{Workspace: "fraud", Schedule: "none"})
	if err == nil || !strings.Contains(err.Error(), "no schedule fraud/none") || !strings.Contains(err.Error(), "atoll schedules") {
		t.Errorf("%v", err)
	}
}

func TestParseName(t *testing.T) {
	for _, text := range []string{"nightly", "/nightly", "fraud/", "a/b/c", ""} {
		if _, err := schedules.ParseName(text); err == nil || !strings.Contains(err.Error(), "fraud/nightly") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
