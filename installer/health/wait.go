package health

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/atoll-platform/atoll/installer/cluster"
)

// Waiter waits for releases to become ready.
type Waiter struct {
	Cluster *cluster.Cluster
	// Poll is how often the objects are looked at.
	Poll time.Duration
	// Timeout is how long one release may take.
	Timeout time.Duration
}

// Wait returns when all objects of a release are ready, and a *Failure when time is up or as soon
// as it is certain that they will not be. doing is told what is being waited for.
func (w *Waiter) Wait(ctx context.Context, release, namespace string, objs []*unstructured.Unstructured, doing func(string)) error {
	waiting, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	tracker := newTracker()
	ticker := time.NewTicker(w.Poll)
	defer ticker.Stop()

	pending := objs
	var last *State
	for {
		failed, err := w.look(waiting, namespace, &pending, &last, tracker)
		if failed != nil {
			failed.Release, failed.Namespace = release, namespace
			return failed
		}
		if err == nil && len(pending) == 0 {
			return nil
		}
		if err == nil && last != nil {
			doing(cluster.Describe(last.Object) + ": " + last.Reason)
		}
		select {
		case <-ticker.C:
			continue
		case <-waiting.Done():
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for release %s/%s: %w", namespace, release, context.Cause(ctx))
		}
		if last == nil {
			return fmt.Errorf("waiting for release %s/%s: its objects could not be read in %s: %w", namespace, release, w.Timeout, err)
		}
		f := explain(ctx, w.Cluster, *last, nil)
		f.Release, f.Namespace, f.TimedOut = release, namespace, true
		return f
	}
}

// look drops from pending what is ready, keeps in last the first that is not, and returns a
// failure for what never will be.
func (w *Waiter) look(ctx context.Context, namespace string, pending *[]*unstructured.Unstructured, last **State, tracker *tracker) (*Failure, error) {
	states, err := Look(ctx, w.Cluster, *pending, namespace)
	if err != nil {
		return nil, err
	}
	var left []*unstructured.Unstructured
	var found []trouble
	owner := map[string]State{}
	*last = nil
	for i, s := range states {
		if s.Ready() {
			continue
		}
		left = append(left, (*pending)[i])
		if *last == nil {
			*last = &s
		}
		if s.Status == status.FailedStatus {
			return explain(ctx, w.Cluster, s, nil), nil
		}
		if s.Missing() {
			continue
		}
		list, err := pods(ctx, w.Cluster, s.Object, true)
		if err != nil {
			return nil, err
		}
		for _, pod := range list {
			owner[string(pod.UID)] = s
			found = append(found, troubles(pod)...)
		}
		if reason, message := condition(s.Object); reason != "" && len(list) == 0 {
			owner[string(s.Object.GetUID())] = s
			refused := trouble{reason: reason, message: message}
			refused.pod.UID = s.Object.GetUID()
			found = append(found, refused)
		}
	}
	*pending = left
	if t, final := tracker.final(found); final {
		state := owner[string(t.pod.UID)]
		if t.pod.Name == "" {
			return explain(ctx, w.Cluster, state, nil), nil
		}
		return explain(ctx, w.Cluster, state, &t), nil
	}
	return nil, nil
}
