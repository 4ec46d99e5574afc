package phase

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/progress"
)

const leaseName = "atoll-installer"

// How long a lease lasts that nobody renews, and how often its holder does.
const (
	leaseDuration = 30 * time.Second
	leaseRenewal  = 5 * time.Second
)

var errLeaseLost = errors.New("the Lease " + leaseName + " was taken over by another run; this one stops")

// lease sees to it that one run works on the platform at a time. A lease that its holder stopped
// renewing is taken over after it was watched for its whole duration: no clock is compared with
// another. While it is held, releases found pending have no owner and may be unlocked.
func lease(ctx context.Context, s *State, step *progress.Step) (string, error) {
	if err := ensureNamespace(ctx, s, "system"); err != nil {
		return "", err
	}
	l := &leaseHolder{s: s, holder: holderName(), duration: leaseDuration}
	previous, err := l.acquire(ctx, step)
	if err != nil {
		return "", err
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.renew(renewing)
	}()
	s.cleanups = append(s.cleanups, func() {
		stop()
		<-done
		l.release()
	})
	if previous != "" {
		return "taken over from " + previous + ", which stopped renewing it", nil
	}
	return systemNamespace + "/" + leaseName, nil
}

func holderName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.String(5))
}

type leaseHolder struct {
	s        *State
	holder   string
	duration time.Duration
}

// acquire returns the holder from whom the lease was taken over, if there was one.
func (l *leaseHolder) acquire(ctx context.Context, step *progress.Step) (previous string, err error) {
	var seen *coordinationv1.Lease
	var seenAt time.Time
	err = wait.PollUntilContextCancel(ctx, l.s.Poll, true, func(ctx context.Context) (bool, error) {
		live, err := l.get(ctx)
		if err != nil {
			return false, err
		}
		if live == nil || live.Spec.HolderIdentity == nil || *live.Spec.HolderIdentity == "" {
			return l.take(ctx, live)
		}
		holder := *live.Spec.HolderIdentity
		if seen == nil {
			seen, seenAt = live, time.Now()
			step.Doing("held by " + holder + "; watching whether it is alive")
		}
		if live.ResourceVersion != seen.ResourceVersion {
			return false, fmt.Errorf("taking Lease %s/%s: another run, %s, is at work; wait until it ends and run the same command again",
				systemNamespace, leaseName, holder)
		}
		if time.Since(seenAt) < l.duration {
			return false, nil
		}
		previous = holder
		return l.take(ctx, live)
	})
	return previous, err
}

func (l *leaseHolder) get(ctx context.Context) (*coordinationv1.Lease, error) {
	live, err := l.s.Cluster.Typed.CoordinationV1().Leases(systemNamespace).Get(ctx, leaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Lease %s/%s: %w", systemNamespace, leaseName, err)
	}
	return live, nil
}

// take writes the lease as ours, unless somebody else wrote it since it was read.
func (l *leaseHolder) take(ctx context.Context, live *coordinationv1.Lease) (bool, error) {
	api := l.s.Cluster.Typed.CoordinationV1().Leases(systemNamespace)
	now := metav1.NewMicroTime(time.Now())
	spec := coordinationv1.LeaseSpec{
		HolderIdentity:       &l.holder,
		LeaseDurationSeconds: new(int32(l.duration.Seconds())),
		AcquireTime:          &now,
		RenewTime:            &now,
	}
	var err error
	if live == nil {
		_, err = api.Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: leaseName, Labels: map[string]string{partOfLabel: partOf, managedByLabel: managedBy}},
			Spec:       spec,
		}, metav1.CreateOptions{FieldManager: cluster.FieldManager})
	} else {
		live = live.DeepCopy()
		live.Spec = spec
		_, err = api.Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.FieldManager})
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("taking Lease %s/%s: %w", systemNamespace, leaseName, err)
	}
	return true, nil
}

// renew keeps the lease until ctx ends, and cancels the run when it is lost.
func (l *leaseHolder) renew(ctx context.Context) {
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(leaseRenewal):
		}
		live, err := l.get(ctx)
		if err == nil && (live == nil || live.Spec.HolderIdentity == nil || *live.Spec.HolderIdentity != l.holder) {
			l.s.cancel(errLeaseLost)
			return
		}
		if err == nil {
			now := metav1.NewMicroTime(time.Now())
			live.Spec.RenewTime = &now
			_, err = l.s.Cluster.Typed.CoordinationV1().Leases(systemNamespace).Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.FieldManager})
		}
		if err == nil {
			renewed = time.Now()
			continue
		}
		if time.Since(renewed) > l.duration && ctx.Err() == nil {
			l.s.cancel(fmt.Errorf("the Lease %s could not be renewed for %s, so another run may have begun: %w", leaseName, l.duration, err))
			return
		}
	}
}

// release lets the next run begin at once. Failing to is no harm: the lease ends by itself.
func (l *leaseHolder) release() {
	ctx, cancel := context.WithTimeout(context.Background(), leaseRenewal)
	defer cancel()
	live, err := l.get(ctx)
	if err != nil || live == nil || live.Spec.HolderIdentity == nil || *live.Spec.HolderIdentity != l.holder {
		return
	}
	live.Spec.HolderIdentity = nil
	_, _ = l.s.Cluster.Typed.CoordinationV1().Leases(systemNamespace).Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.FieldManager})
}
