package phase

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// leases makes the namespace that the lease is in.
func leases(t *testing.T, s *State) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: systemNamespace}}
	if _, err := s.Cluster.Typed.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := s.Cluster.Typed.CoordinationV1().Leases(systemNamespace).Delete(context.WithoutCancel(t.Context()), leaseName, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

func holder(t *testing.T, name string, duration time.Duration) *leaseHolder {
	t.Helper()
	l := &leaseHolder{s: state(t, demo), holder: name, duration: duration}
	leases(t, l.s)
	return l
}

func TestLeaseOfADeadRunIsTakenOver(t *testing.T) {
	dead := holder(t, "dead", time.Second)
	if previous, err := dead.acquire(t.Context(), dead.s.Progress.Start("lease")); err != nil || previous != "" {
		t.Fatalf("previous %q, error %v", previous, err)
	}
	next := holder(t, "next", time.Second)
	started := time.Now()
	previous, err := next.acquire(t.Context(), next.s.Progress.Start("lease"))
	if err != nil || previous != "dead" {
		t.Fatalf("previous %q, error %v", previous, err)
	}
	if took := time.Since(started); took < next.duration {
		t.Errorf("it was taken over after %s, before its end", took)
	}
}

func TestReleasedLeaseIsTakenAtOnce(t *testing.T) {
	first := holder(t, "first", time.Hour)
	if _, err := first.acquire(t.Context(), first.s.Progress.Start("lease")); err != nil {
		t.Fatal(err)
	}
	first.release()
	second := holder(t, "second", time.Hour)
	if previous, err := second.acquire(t.Context(), second.s.Progress.Start("lease")); err != nil || previous != "" {
		t.Errorf("previous %q, error %v", previous, err)
	}
}

func TestRunThatLostItsLeaseEnds(t *testing.T) {
	loser := holder(t, "loser", time.Second)
	if _, err := loser.acquire(t.Context(), loser.s.Progress.Start("lease")); err != nil {
		t.Fatal(err)
	}
	live, err := loser.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	live.Spec.HolderIdentity = new("winner")
	if _, err := loser.s.Cluster.Typed.CoordinationV1().Leases(systemNamespace).Update(t.Context(), live, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	loser.s.cancel = cancel
	go loser.renew(t.Context())
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), errLeaseLost) {
		t.Errorf("the run ended because of %v", context.Cause(ctx))
	}
}
