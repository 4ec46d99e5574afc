package credentialrequest_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// TestWhoMayAsk has the API server say it: no operator runs.
func TestWhoMayAsk(t *testing.T) {
	person := func(name v1alpha1.UserName) func(*v1alpha1.CredentialRequest) {
		return func(r *v1alpha1.CredentialRequest) { r.Spec.Person = name }
	}
	for name, tt := range map[string]struct {
		by, says string
		change   []func(*v1alpha1.CredentialRequest)
	}{
		"for oneself":                  {"ada", "", nil},
		"with the verb for the person": {"ci", "", nil},
		"with it for another":          {"ci", "verb actas on credentialrequests.atoll.dev with resourceNames [bob]", []func(*v1alpha1.CredentialRequest){person("bob")}},
		"without it":                   {"ci2", "ci2 is not ada and may not act for them", nil},
		"without the role":             {"eve", `cannot create resource "credentialrequests" in API group "atoll.dev"`, nil},
		"in another's name":            {"ci", "cannot ask in the name of ada", []func(*v1alpha1.CredentialRequest){func(r *v1alpha1.CredentialRequest) { r.Spec.RequestedBy = "ada" }}},
		"for nobody":                   {"ada", "spec.person", []func(*v1alpha1.CredentialRequest){person("")}},
		"for a program":                {"ada", "system: accounts are none", []func(*v1alpha1.CredentialRequest){person("system:admin")}},
		"for too short":                {"ada", "spec.expirationSeconds", []func(*v1alpha1.CredentialRequest){lasting(59)}},
		"for too long":                 {"ada", "spec.expirationSeconds", []func(*v1alpha1.CredentialRequest){lasting(3601)}},
		"of a dataset in capitals":     {"ada", "spec.dataset", []func(*v1alpha1.CredentialRequest){of("Sales")}},
		"with no public key":           {"ada", "spec.publicKey", []func(*v1alpha1.CredentialRequest){func(r *v1alpha1.CredentialRequest) { r.Spec.PublicKey = "secret" }}},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := request(t, tt.by, tt.change...)
			err := as(tt.by).Create(t.Context(), r)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("the API server says %v, want %q", err, tt.says)
			}
			if err == nil {
				must(admin.Delete(t.Context(), r))
			}
		})
	}
}

func TestARequestIsNotAnothersToChange(t *testing.T) {
	r, _ := request(t, "ada")
	must(as("ada").Create(t.Context(), r))
	defer func() { must(admin.Delete(t.Context(), r)) }()
	for name, tt := range map[string]struct {
		by, says string
		change   func(*v1alpha1.CredentialRequest)
	}{
		"the person":  {"ada", "a request never changes", func(r *v1alpha1.CredentialRequest) { r.Spec.Person = "bob" }},
		"the dataset": {"ada", "a request never changes", func(r *v1alpha1.CredentialRequest) { r.Spec.Dataset = "sales" }},
		"the public key": {"ada", "a request never changes", func(r *v1alpha1.CredentialRequest) {
			other, _ := request(t, "ada")
			r.Spec.PublicKey = other.Spec.PublicKey
		}},
		"how long":            {"ada", "a request never changes", func(r *v1alpha1.CredentialRequest) { r.Spec.ExpirationSeconds = 60 }},
		"fewer renewals":      {"ada", "greater than or equal to 0", func(r *v1alpha1.CredentialRequest) { r.Spec.Renewals = -1 }},
		"another's renewal":   {"ci", "cannot ask in the name of ada", func(r *v1alpha1.CredentialRequest) { r.Spec.Renewals++ }},
		"renewals, but fewer": {"", "renewals only goes up", func(r *v1alpha1.CredentialRequest) { r.Spec.Renewals = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			must(admin.Get(t.Context(), client.ObjectKeyFromObject(r), r))
			if tt.by == "" {
				tt.by = "ada"
				before := r.DeepCopy()
				r.Spec.Renewals = 7
				must(as("ada").Patch(t.Context(), r, client.MergeFrom(before)))
			}
			changed := r.DeepCopy()
			tt.change(changed)
			if err := as(tt.by).Patch(t.Context(), changed, client.MergeFrom(r)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the API server says %v, want %q", err, tt.says)
			}
		})
	}
	status := r.DeepCopy()
	status.Status.AccessKeyID = "AKIAMALLORY"
	if err := admin.Status().Update(t.Context(), status); err == nil || !strings.Contains(err.Error(), "operator's alone to write") {
		t.Errorf("an administrator writes the answer: %v", err)
	}
	for _, read := range []error{
		as("ada").List(t.Context(), &v1alpha1.CredentialRequestList{}),
		as("eve").Get(t.Context(), client.ObjectKeyFromObject(r), r.DeepCopy()),
	} {
		if read == nil || !strings.Contains(read.Error(), "forbidden") {
			t.Errorf("reading says %v", read)
		}
	}
}

func TestAPlatformWithoutKeysSaysSo(t *testing.T) {
	p := newPlatform(t, false)
	r, secret := p.asked()
	if secret != "" || !strings.Contains(reason(r), "False NoKeys: this platform hands out no keys") {
		t.Errorf("it says %s", reason(r))
	}
	p.giveBack(r)
}
