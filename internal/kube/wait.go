package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// StalledError says that the operator gave up until a person changes the object.
type StalledError struct {
	Object    string
	Condition metav1.Condition
}

func (e *StalledError) Error() string {
	return fmt.Sprintf("%s is stalled: %s: %s", e.Object, e.Condition.Reason, e.Condition.Message)
}

// TimeoutError says that a wait ended before its condition came true.
type TimeoutError struct {
	Object string
	// For is what was waited for.
	For string
	// Ready is the condition as last seen, nil where the operator has set none.
	Ready *metav1.Condition
	// Finalizers hold a deletion up.
	Finalizers []string
	// Last is the error of the last attempt to look, if it failed.
	Last error
}

func (e *TimeoutError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: gave up waiting for it to be %s", e.Object, e.For)
	if len(e.Finalizers) > 0 {
		fmt.Fprintf(&b, "; finalizers: %s", strings.Join(e.Finalizers, ", "))
	}
	if e.Ready != nil {
		fmt.Fprintf(&b, "; Ready is %s: %s: %s", e.Ready.Status, e.Ready.Reason, e.Ready.Message)
	} else {
		b.WriteString("; it has no Ready condition: is atoll-operator running?")
	}
	if e.Last != nil {
		fmt.Fprintf(&b, "; last attempt: %v", e.Last)
	}
	return b.String()
}

func (e *TimeoutError) Unwrap() error { return e.Last }

// pace is when an object is looked at again that no watch says has changed.
var pace = wait.Backoff{Duration: 250 * time.Millisecond, Factor: 1.5, Jitter: 0.1, Steps: 8, Cap: 2 * time.Second}

// Ready returns the object's Ready condition, or nil, and whether it speaks of this generation.
func (s *Store[T]) Ready(object *T) (ready *metav1.Condition, current bool) {
	observed, conditions := s.kind.Status(object)
	return meta.FindStatusCondition(conditions, v1alpha1.ConditionReady), observed >= s.kind.Meta(object).Generation
}

// Stalled returns the object's Stalled condition where it is True for this generation.
func (s *Store[T]) Stalled(object *T) *metav1.Condition {
	observed, conditions := s.kind.Status(object)
	stalled := meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled)
	if stalled == nil || stalled.Status != metav1.ConditionTrue || observed < s.kind.Meta(object).Generation {
		return nil
	}
	return stalled
}

// IsReady tells whether the operator has looked at this generation of the object, and all is well.
func (s *Store[T]) IsReady(object *T) bool {
	ready, current := s.Ready(object)
	return current && ready != nil && ready.Status == metav1.ConditionTrue && s.Stalled(object) == nil
}

// WaitReady returns the object once it is Ready for its present generation or has settled otherwise, a StalledError as soon
// as the operator gives up, or a TimeoutError when the context ends. It returns the object as last
// seen in each case.
func (s *Store[T]) WaitReady(ctx context.Context, name string) (*T, error) {
	defer s.forget()
	var seen *T
	var last error
	err := s.poll(ctx, name, &seen, func(ctx context.Context) (bool, error) {
		object, err := s.Get(ctx, name)
		if errors.Is(err, ErrNotFound) {
			return false, err
		}
		if err != nil {
			last = attempt(ctx, err)
			return false, nil
		}
		seen, last = object, nil
		if stalled := s.Stalled(object); stalled != nil {
			return false, &StalledError{Object: s.kind.Name + " " + name, Condition: *stalled}
		}
		ready, current := s.Ready(object)
		return s.IsReady(object) || current && ready != nil && s.kind.Settled != nil && s.kind.Settled(*ready), nil
	})
	return seen, s.timedOut(err, "ready", name, seen, last)
}

// Delete deletes the object and waits until it is gone. An object that is not there is no error.
func (s *Store[T]) Delete(ctx context.Context, name string) error {
	defer s.forget()
	namespace, plain := s.split(name)
	err := s.explain("deleting", name, s.api(namespace).Delete(ctx, plain, metav1.DeleteOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.WaitGone(ctx, name)
}

// WaitGone returns once the object does not exist, or a TimeoutError that names what holds it.
func (s *Store[T]) WaitGone(ctx context.Context, name string) error {
	defer s.forget()
	var seen *T
	var last error
	err := s.poll(ctx, name, &seen, func(ctx context.Context) (bool, error) {
		object, err := s.Get(ctx, name)
		if errors.Is(err, ErrNotFound) {
			return true, nil
		}
		if err != nil {
			last = attempt(ctx, err)
			return false, nil
		}
		seen, last = object, nil
		return false, nil
	})
	return s.timedOut(err, "gone", name, seen, last)
}

// attempt is the error of a look at the object, nil where only the wait's own end cut it short.
func attempt(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the wait says itself that it ended
	}
	return err
}

// poll looks at the object until look is done, as soon as the object has changed since it was last seen. Who may not
// watch looks at pace.
func (s *Store[T]) poll(ctx context.Context, name string, seen **T, look wait.ConditionWithContextFunc) error {
	delay := pace.DelayFunc()
	for {
		done, err := look(ctx)
		if err != nil || done {
			return err
		}
		s.await(ctx, name, *seen, delay())
		if err := ctx.Err(); err != nil {
			return err //nolint:wrapcheck // recognised by wait.Interrupted
		}
	}
}

// await returns once the object is another than the one last seen, or after a while.
func (s *Store[T]) await(ctx context.Context, name string, seen *T, longest time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if seen != nil {
		namespace, plain := s.split(name)
		changes, err := s.api(namespace).Watch(ctx, metav1.ListOptions{
			FieldSelector: "metadata.name=" + plain, ResourceVersion: s.kind.Meta(seen).ResourceVersion,
		})
		if err == nil {
			defer changes.Stop()
			// A watch that ends, or that only brings an error, says nothing of the object.
			if event, open := <-changes.ResultChan(); open && event.Type != watch.Error {
				return
			}
		}
	}
	<-ctx.Done()
}

func (s *Store[T]) timedOut(err error, what, name string, seen *T, last error) error {
	if !wait.Interrupted(err) {
		return err
	}
	out := &TimeoutError{Object: s.kind.Name + " " + name, For: what, Last: last}
	if seen != nil {
		out.Ready, _ = s.Ready(seen)
		out.Finalizers = s.kind.Meta(seen).Finalizers
	}
	return out
}
