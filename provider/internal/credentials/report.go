package credentials

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube"
	"github.com/atoll-platform/atoll/provider/internal/managed"
)

// role lets somebody ask.
const role = "atoll-data-credentials"

type store = kube.Store[v1alpha1.CredentialRequest]

// answered waits for the operator's answer to a request as it is now.
func answered(ctx context.Context, s *store, name string) (*v1alpha1.CredentialRequest, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.WaitReady(ctx, name)
}

// giveBack ends a request and waits until its key has been taken back. What fails is a warning: they end by themselves.
func giveBack(ctx context.Context, s *store, l loan, diags *diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := s.Delete(ctx, l.Name); err != nil {
		diags.AddWarning("The credentials of "+l.Person+" were not given back",
			fmt.Sprintf("%s. The platform takes them back when they have ended; to try again: kubectl delete credentialrequest %s", err, l.Name))
	}
}

// report says why there are no credentials, and what to do about it.
func report(doing, person string, err error, diags *diag.Diagnostics) {
	summary := fmt.Sprintf("Could not %s credentials of %s", doing, person)
	var (
		stalled *kube.StalledError
		late    *kube.TimeoutError
	)
	switch {
	case errors.As(err, &stalled):
		at := path.Root("person")
		switch stalled.Condition.Reason {
		case v1alpha1.ReasonDatasetNotFound, v1alpha1.ReasonNoObjects:
			at = path.Root("dataset")
		}
		diags.AddAttributeError(at, summary+": "+stalled.Condition.Reason, stalled.Condition.Message+".")
	case errors.As(err, &late):
		diags.AddError(summary+": the operator has not answered in time", late.Error()+
			".\n\nSee that it runs and that it reaches the object store, with `atoll status`, and try again.")
	case apierrors.IsForbidden(err):
		diags.AddError(summary+": that is not allowed", err.Error()+".\n\nWho asks has the ClusterRole "+role+
			" bound to them, and for another person than themselves a role with the verb actas on credentialrequests.atoll.dev with resourceNames ["+person+"].")
	default:
		managed.Object{Kind: kube.CredentialRequests.Name, Type: "atoll_data_credentials", Name: "of " + person}.Report(doing, err, diags)
	}
}
