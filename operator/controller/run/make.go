package run

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// makePods makes the pods of the attempts that the status has decided on.
func (c *Controller) makePods(ctx context.Context, run *v1alpha1.Run) error {
	var wanted []int
	find := c.finder(ctx, run)
	for i := range run.Status.Tasks {
		if t := &run.Status.Tasks[i]; t.Phase == v1alpha1.TaskStarting && find(t) == nil {
			wanted = append(wanted, i)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if err := c.current(ctx, run); err != nil {
		return err
	}
	before := run.DeepCopy()
	var failed []error
	for _, i := range wanted {
		t := &run.Status.Tasks[i]
		refused, err := c.makePod(ctx, run, t)
		switch {
		case err != nil:
			failed = append(failed, err)
		case refused != nil && refused.forNow:
			t.Reason, t.Message = refused.reason, clip(refused.message)
		case refused != nil:
			fail(t, refused.reason, refused.message, c.opts.Clock.Now())
		}
	}
	if err := c.save(ctx, before, run); err != nil {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// current is an error unless the run is as the API server has it now.
func (c *Controller) current(ctx context.Context, run *v1alpha1.Run) error {
	fresh := &v1alpha1.Run{}
	if err := c.live.Get(ctx, client.ObjectKeyFromObject(run), fresh); err != nil {
		return fmt.Errorf("reading run %s: %w", client.ObjectKeyFromObject(run), err)
	}
	if fresh.ResourceVersion != run.ResourceVersion {
		return errStale
	}
	return nil
}

// refusal is why a pod could not be made, where it is not the operator's to try for ever.
type refusal struct {
	reason, message string
	// forNow tells that it may be possible later, when others have given way.
	forNow bool
}

// makePod makes the pod of a task's attempt.
func (c *Controller) makePod(ctx context.Context, run *v1alpha1.Run, t *v1alpha1.TaskStatus) (*refusal, error) {
	if c.store == nil {
		return &refusal{reason: v1alpha1.ReasonNoObjectStore, message: "the operator has no object store to keep notebooks in: set objectStore in its chart's values"}, nil
	}
	profile, size, refused, err := c.profile(ctx, run, t)
	if err != nil || refused != nil {
		return refused, err
	}
	pod, err := c.pod(run, profile, size, t)
	if err != nil {
		return nil, fmt.Errorf("preparing task %s of run %s: %w", t.Name, run.Name, err)
	}
	if message := c.neverFits(ctx, run, pod); message != "" {
		return &refusal{reason: v1alpha1.ReasonQuotaExceeded, message: message}, nil
	}
	err = c.client.Create(ctx, pod)
	switch {
	case err == nil:
		return nil, nil
	case apierrors.IsAlreadyExists(err):
		return c.taken(ctx, run, pod)
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return &refusal{reason: v1alpha1.ReasonQuotaExceeded, message: "the workspace's quota has no room for it: " + tail(err), forNow: true}, nil
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return &refusal{reason: v1alpha1.ReasonRefused, message: "the cluster refused its pod: " + tail(err)}, nil
	}
	return nil, fmt.Errorf("making pod %s/%s: %w", pod.Namespace, pod.Name, err)
}

// taken deals with a pod of the name that is there already: the attempt's own, which the cache has not seen yet, or
// somebody else's.
func (c *Controller) taken(ctx context.Context, run *v1alpha1.Run, pod *corev1.Pod) (*refusal, error) {
	there := &corev1.Pod{}
	if err := c.live.Get(ctx, client.ObjectKeyFromObject(pod), there); err != nil {
		return nil, fmt.Errorf("reading pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if mine(there, run) {
		return nil, nil
	}
	return &refusal{reason: v1alpha1.ReasonRefused, message: fmt.Sprintf("there is a pod %s already that is not of this run; delete it", pod.Name)}, nil
}

// profile is that of a run, with the size of a task; or why there is none.
func (c *Controller) profile(ctx context.Context, run *v1alpha1.Run, t *v1alpha1.TaskStatus) (*v1alpha1.Profile, v1alpha1.Size, *refusal, error) {
	profile, size := &v1alpha1.Profile{}, v1alpha1.Size{}
	err := c.client.Get(ctx, client.ObjectKey{Name: run.Status.Profile}, profile)
	if apierrors.IsNotFound(err) {
		return nil, size, &refusal{reason: v1alpha1.ReasonProfileNotFound, message: "there is no profile " + run.Status.Profile + " any more"}, nil
	}
	if err != nil {
		return nil, size, nil, fmt.Errorf("reading profile %s: %w", run.Status.Profile, err)
	}
	size, missing := FindSize(profile, orElse(taskOf(run.Status.Plan, t.Name).Size, run.Status.Plan.Size))
	if missing != nil {
		refused := &refusal{reason: v1alpha1.ReasonSizeNotFound, message: missing.Error()}
		return nil, size, refused, nil //nolint:nilerr // a size that is not there is the run's to tell
	}
	return profile, size, nil, nil
}

// FindSize is a profile's size of the name, or its default where there is no name.
func FindSize(profile *v1alpha1.Profile, name string) (v1alpha1.Size, error) {
	var names []string
	for _, s := range profile.Spec.Sizes {
		if s.Name == name || (name == "" && s.Default) {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if name == "" && len(profile.Spec.Sizes) > 0 {
		return profile.Spec.Sizes[0], nil
	}
	return v1alpha1.Size{}, fmt.Errorf("profile %s has no size %q: its sizes are %s", profile.Name, name, strings.Join(names, ", "))
}

// neverFits says what of a pod is beyond the whole quota of its workspace; nothing where it may fit some time.
func (c *Controller) neverFits(ctx context.Context, run *v1alpha1.Run, pod *corev1.Pod) string {
	ws := &v1alpha1.Workspace{}
	if err := c.client.Get(ctx, client.ObjectKey{Name: workspaceOf(run)}, ws); err != nil {
		return ""
	}
	limits := limitsOf(pod)
	for _, bound := range []struct {
		name  string
		quota resource.Quantity
		kind  corev1.ResourceName
	}{
		{"cpu", ws.Spec.Quota.CPU, corev1.ResourceCPU},
		{"memory", ws.Spec.Quota.Memory, corev1.ResourceMemory},
	} {
		if wants := limits[bound.kind]; wants.Cmp(bound.quota) > 0 {
			return fmt.Sprintf("its pod may use %s of %s, and the quota of the whole workspace is %s: choose a smaller size or raise the quota",
				wants.String(), bound.name, bound.quota.String())
		}
	}
	return ""
}

// limitsOf is what Kubernetes counts of a pod: its containers, and the ones that stay beside them.
func limitsOf(pod *corev1.Pod) corev1.ResourceList {
	total := corev1.ResourceList{}
	for _, c := range append(pod.Spec.Containers, pod.Spec.InitContainers...) {
		if c.Name == containerPrepare {
			continue
		}
		for name, amount := range c.Resources.Limits {
			sum := total[name]
			sum.Add(amount)
			total[name] = sum
		}
	}
	return total
}

// tail is the part of an API server's refusal that says why.
func tail(err error) string {
	text := err.Error()
	if i := strings.Index(text, "is forbidden: "); i >= 0 {
		return text[i+len("is forbidden: "):]
	}
	return text
}

func changed(before, after *v1alpha1.Run) bool {
	return !equality.Semantic.DeepEqual(before.Status, after.Status)
}
