package accessquery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// rowsOf are the payloads of the ledger about a grant.
func rowsOf(t *testing.T, name string) (payloads []string) {
	t.Helper()
	err := kept.Rows(t.Context(), 0, time.Time{}, func(r ledger.Row) error {
		if r.Kind == ledger.KindGrant && r.Name == name {
			payloads = append(payloads, r.Payload)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return payloads
}

// unjudged changes a grant that was judged: until it is judged anew, what is recorded of it stays as it is.
func unjudged(t *testing.T) {
	recorded := func(name string, rows int, last string) {
		t.Helper()
		eventually(t, "the ledger", func() (bool, string) {
			have := rowsOf(t, name)
			return len(have) == rows && strings.Contains(have[rows-1], last), fmt.Sprint(have)
		})
	}
	dg := give(t, "fred-exports", v1alpha1.SubjectUser, "fred")
	recorded("fred-exports", 1, `"Active"`)
	dg.Spec.Revocation = &v1alpha1.GrantRevocation{By: "olga", Reason: "fred has left"}
	if err := admin.Update(t.Context(), dg); err != nil {
		t.Fatal(err)
	}
	give(t, "gwen-exports", v1alpha1.SubjectUser, "gwen")
	recorded("gwen-exports", 1, `"Active"`)
	if have := rowsOf(t, "fred-exports"); len(have) != 1 {
		t.Errorf("before anybody has ended it, the ledger says %s", have)
	}
	dg.Status.ObservedGeneration, dg.Status.Phase = dg.Generation, v1alpha1.GrantRevoked
	if err := operator.Status().Patch(t.Context(), dg, client.Merge); err != nil {
		t.Fatal(err)
	}
	recorded("fred-exports", 2, `"Revoked"`)
}
