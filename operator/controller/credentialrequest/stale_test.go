package credentialrequest_test

import (
	"context"
	"testing"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/credentialrequest"
	"github.com/atoll-platform/atoll/operator/credentials"
)

// counted lends a key of its own each time.
type counted struct{ lent int }

func (c *counted) Lend(context.Context, string, *grant.Objects, time.Duration) (credentials.Loan, error) {
	c.lent++
	return credentials.Loan{ID: "AKIA", Secret: "secret", Until: time.Now().Add(time.Hour)}, nil
}

func (*counted) Extend(context.Context, string, string, *grant.Objects, time.Duration) (time.Time, error) {
	return time.Now().Add(time.Hour), nil
}

func (*counted) TakeBack(context.Context, string, string) (bool, error) { return true, nil }

// TestARequestIsAnsweredOnce reconciles a request as a cache shows it that has not heard of the answer yet.
func TestARequestIsAnsweredOnce(t *testing.T) {
	own, err := client.New(controllertest.As(config), client.Options{Scheme: admin.Scheme()})
	must(err)
	lender := &counted{}
	c := credentialrequest.NewController(own, own, credentialrequest.Options{
		Lender: lender, Account: func(person string) string { return person }, Clock: clock.RealClock{},
	})
	r, _ := request(t, "ada")
	must(as("ada").Create(t.Context(), r))
	stale := r.DeepCopy()
	for range 2 {
		if _, err := c.Reconcile(t.Context(), stale.DeepCopy()); err != nil {
			t.Fatal(err)
		}
		stale.Finalizers = []string{credentialrequest.Finalizer}
	}
	must(admin.Get(t.Context(), client.ObjectKeyFromObject(r), r))
	if lender.lent != 1 || r.Status.AccessKeyID != "AKIA" {
		t.Errorf("lent were %d keys, and it says %+v", lender.lent, r.Status)
	}
	must(as("ada").Delete(t.Context(), r))
	must(admin.Get(t.Context(), client.ObjectKeyFromObject(r), r))
	if len(r.Finalizers) != 1 || r.DeletionTimestamp == nil {
		t.Errorf("the request is let go before its key is back: %v", r.Finalizers)
	}
	for _, o := range []*v1alpha1.CredentialRequest{stale, r} {
		if _, err := c.Reconcile(t.Context(), o.DeepCopy()); err != nil {
			t.Fatal(err)
		}
	}
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(r), r); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("it is there, held by %v: %v", r.Finalizers, err)
	}
	if lender.lent != 1 {
		t.Errorf("lent were %d keys", lender.lent)
	}
}
