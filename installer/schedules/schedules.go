// Package schedules lists schedules and runs them now, as any person with a kubeconfig may who is a member of the
// workspace.
package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
)

// Schedule is one as the command line tells it.
type Schedule struct {
	Workspace   string                `json:"workspace"`
	Name        string                `json:"name"`
	Owner       string                `json:"owner"`
	Cron        string                `json:"cron"`
	TimeZone    string                `json:"timeZone"`
	Ready       bool                  `json:"ready"`
	Reason      string                `json:"reason"`
	Message     string                `json:"message"`
	NextRun     *metav1.Time          `json:"nextRun"`
	LastSuccess *metav1.Time          `json:"lastSuccess"`
	Active      int32                 `json:"active"`
	Runs        []v1alpha1.RunSummary `json:"runs"`
}

// Name is a workspace and the name of a schedule in it.
type Name struct{ Workspace, Schedule string }

func (n Name) String() string { return n.Workspace + "/" + n.Schedule }

// ParseName reads workspace/schedule.
func ParseName(text string) (Name, error) {
	workspace, name, ok := strings.Cut(text, "/")
	if !ok || workspace == "" || name == "" || strings.Contains(name, "/") {
		return Name{}, fmt.Errorf("%q names no schedule: write it as workspace/schedule, such as fraud/nightly", text)
	}
	return Name{workspace, name}, nil
}

func (n Name) namespace() string { return v1alpha1.WorkspaceNamespacePrefix + n.Workspace }

// List lists the schedules of a workspace, or all where it is empty, by name.
func List(ctx context.Context, c *cluster.Cluster, workspace string) ([]Schedule, error) {
	namespace := ""
	if workspace != "" {
		namespace = v1alpha1.WorkspaceNamespacePrefix + workspace
	}
	found, err := c.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("schedules")).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, explain("listing schedules", err)
	}
	out := make([]Schedule, 0, len(found.Items))
	for i := range found.Items {
		s := &v1alpha1.Schedule{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Items[i].Object, s); err != nil {
			return nil, fmt.Errorf("reading schedule %s/%s: %w", found.Items[i].GetNamespace(), found.Items[i].GetName(), err)
		}
		out = append(out, tell(s))
	}
	slices.SortFunc(out, func(a, b Schedule) int { return strings.Compare(a.Workspace+"/"+a.Name, b.Workspace+"/"+b.Name) })
	return out, nil
}

func tell(s *v1alpha1.Schedule) Schedule {
	out := Schedule{
		Workspace: strings.TrimPrefix(s.Namespace, v1alpha1.WorkspaceNamespacePrefix), Name: s.Name, Owner: s.Spec.Owner,
		Cron: s.Spec.Cron, TimeZone: s.Spec.TimeZone, NextRun: s.Status.NextRun, LastSuccess: s.Status.LastSuccess,
		Active: s.Status.Active, Runs: s.Status.Runs, Reason: "Unknown", Message: "The operator has not looked at it yet.",
	}
	if out.Runs == nil {
		out.Runs = []v1alpha1.RunSummary{}
	}
	if ready := meta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady); ready != nil && s.Status.ObservedGeneration >= s.Generation {
		out.Ready, out.Reason, out.Message = ready.Status == metav1.ConditionTrue, ready.Reason, ready.Message
	}
	return out
}

// Run asks for a run of a schedule and returns its name.
func Run(ctx context.Context, c *cluster.Cluster, n Name) (string, error) {
	// Whether there is such a schedule is asked first: a run of none would only say so later.
	_, err := c.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("schedules")).Namespace(n.namespace()).Get(ctx, n.Schedule, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", fmt.Errorf("there is no schedule %s; `atoll schedules` lists those there are", n)
	}
	if err != nil {
		return "", explain("reading schedule "+n.String(), err)
	}
	name := n.Schedule + "-manual-" + rand.String(5)
	run := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(),
		"kind":       "Run",
		"metadata": map[string]any{
			"name": name, "namespace": n.namespace(), "labels": map[string]any{v1alpha1.LabelSchedule: n.Schedule},
		},
		"spec": map[string]any{"schedule": n.Schedule, "trigger": string(v1alpha1.TriggerManual)},
	}}
	_, err = c.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace(n.namespace()).
		Create(ctx, run, metav1.CreateOptions{FieldManager: cluster.FieldManager})
	if err != nil {
		return "", explain("running schedule "+n.String(), err)
	}
	return name, nil
}

// Wait returns a run once it has ended. It calls show whenever the run is in another phase.
func Wait(ctx context.Context, c *cluster.Cluster, n Name, name string, every time.Duration, show func(*v1alpha1.Run)) (*v1alpha1.Run, error) {
	run := &v1alpha1.Run{}
	last := "-"
	err := wait.PollUntilContextCancel(ctx, every, true, func(ctx context.Context) (bool, error) {
		live, err := c.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace(n.namespace()).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, explain("reading run "+name, err)
		}
		run = &v1alpha1.Run{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, run); err != nil {
			return false, fmt.Errorf("reading run %s: %w", name, err)
		}
		if now := phases(run); now != last {
			last = now
			show(run)
		}
		return run.Status.Phase.Finished(), nil
	})
	if wait.Interrupted(err) {
		return run, fmt.Errorf("waiting for run %s: %w; it goes on, and kubectl -n %s get run %s tells of it", name, err, n.namespace(), name)
	}
	return run, err
}

// phases is what of a run is worth a line when it changes.
func phases(r *v1alpha1.Run) string {
	text := string(r.Status.Phase) + r.Status.Reason
	for _, t := range r.Status.Tasks {
		text += fmt.Sprint(" ", t.Name, t.Phase, t.Attempt, t.Reason)
	}
	return text
}

func explain(doing string, err error) error {
	switch {
	case apierrors.IsNotFound(err) || meta.IsNoMatchError(err):
		return fmt.Errorf("%s: the cluster does not have the kind; install the platform with `atoll bootstrap`, or name the right cluster with --context", doing)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%s: %w; members of a workspace may see its schedules and run them", doing, err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return fmt.Errorf("%s: %w", doing, err)
}
