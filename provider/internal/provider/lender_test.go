package provider_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/kubetest"
	"github.com/atoll-platform/atoll/internal/sealed"
)

const (
	credentialsKind = "atoll_data_credentials"
	secretOfKeys    = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// lender stands in for the operator: it gives everybody a key but those to whom nothing is granted.
type lender struct {
	mu    sync.Mutex
	asked map[string]v1alpha1.CredentialRequestSpec
	// ends is the latest time at which credentials end.
	ends time.Time
}

// lends runs a lender until the test ends.
func lends(t *testing.T, ends time.Time) *lender {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() {
		stop()
		<-done
	})
	l := &lender{asked: map[string]v1alpha1.CredentialRequestSpec{}, ends: ends}
	requests := server.Admin.Resource(kubetest.Resource("credentialrequests"))
	go func() {
		defer close(done)
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			all, err := requests.List(ctx, metav1.ListOptions{})
			if err != nil {
				continue
			}
			for i := range all.Items {
				r := &v1alpha1.CredentialRequest{}
				if runtime.DefaultUnstructuredConverter.FromUnstructured(all.Items[i].Object, r) != nil || r.Status.ObservedGeneration == r.Generation {
					continue
				}
				l.answer(r)
				if content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(r); err == nil {
					_, _ = requests.UpdateStatus(ctx, &unstructured.Unstructured{Object: content}, metav1.UpdateOptions{})
				}
			}
		}
	}()
	return l
}

func (l *lender) answer(r *v1alpha1.CredentialRequest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[r.Name] = r.Spec
	r.Status.ObservedGeneration = r.Generation
	if r.Spec.Person == "nobody" || r.Spec.Dataset == "gone" {
		reason := map[bool]string{true: v1alpha1.ReasonNothingGranted, false: v1alpha1.ReasonDatasetNotFound}[r.Spec.Person == "nobody"]
		for kind, status := range map[string]metav1.ConditionStatus{v1alpha1.ConditionReady: metav1.ConditionFalse, v1alpha1.ConditionStalled: metav1.ConditionTrue} {
			r.Status.Conditions = append(r.Status.Conditions, metav1.Condition{
				Type: kind, Status: status, Reason: reason, Message: "dataset sales is not granted to nobody: ask its owner for a grant", LastTransitionTime: metav1.Now(),
			})
		}
		return
	}
	until := r.CreationTimestamp.Add(time.Duration(r.Spec.ExpirationSeconds*(r.Spec.Renewals+1)) * time.Second)
	if until.After(l.ends) {
		until = l.ends
	}
	r.Status.AccessKeyID, r.Status.Expiration = "AKIAIOSFODNN7EXAMPLE", v1alpha1.At(until)
	r.Status.Endpoint, r.Status.Region = "https://s3.example.com", "us-east-1"
	r.Status.SealedSecretAccessKey, _ = sealed.Seal(r.Spec.PublicKey, string(r.UID), r.Status.AccessKeyID, secretOfKeys)
	r.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonLent, LastTransitionTime: metav1.Now(),
	}}
}

func (l *lender) requests() []v1alpha1.CredentialRequestSpec {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []v1alpha1.CredentialRequestSpec
	for _, spec := range l.asked {
		all = append(all, spec)
	}
	return all
}

// requestsLeft are the names of the requests that are there.
func requestsLeft(t *testing.T) []string {
	t.Helper()
	all, err := server.Admin.Resource(kubetest.Resource("credentialrequests")).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, item := range all.Items {
		names = append(names, item.GetName())
	}
	return names
}

// credentials opens credentials as Terraform does.
func (s *session) credentials(config string) (*tfprotov6.OpenEphemeralResourceResponse, map[string]string) {
	s.t.Helper()
	typ := s.schema.EphemeralResourceSchemas[credentialsKind].ValueType()
	resp, err := s.api.OpenEphemeralResource(s.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: credentialsKind, Config: s.wire(typ, s.decode(typ, config)),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.problems = resp.Diagnostics
	if s.failed() {
		return resp, nil
	}
	fields, result := map[string]tftypes.Value{}, map[string]string{}
	if err := s.unwire(typ, resp.Result).As(&fields); err != nil {
		s.t.Fatal(err)
	}
	for name, value := range fields {
		var text *string
		if err := value.As(&text); err != nil {
			s.t.Fatal(err)
		}
		if text != nil {
			result[name] = *text
		}
	}
	return resp, result
}

func (s *session) renew(private []byte) *tfprotov6.RenewEphemeralResourceResponse {
	s.t.Helper()
	resp, err := s.api.RenewEphemeralResource(s.t.Context(), &tfprotov6.RenewEphemeralResourceRequest{TypeName: credentialsKind, Private: private})
	if err != nil {
		s.t.Fatal(err)
	}
	s.problems = resp.Diagnostics
	return resp
}

func (s *session) giveBack(private []byte) {
	s.t.Helper()
	resp, err := s.api.CloseEphemeralResource(s.t.Context(), &tfprotov6.CloseEphemeralResourceRequest{TypeName: credentialsKind, Private: private})
	if err != nil {
		s.t.Fatal(err)
	}
	s.problems = resp.Diagnostics
}
