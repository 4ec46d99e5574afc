package provider_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// answers stands in for the operator: whoever is asked about gets one kind of answer.
func answers(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	questions := server.Admin.Resource(kubetest.Resource("accessqueries"))
	go func() {
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			all, err := questions.List(ctx, metav1.ListOptions{})
			if err != nil {
				continue
			}
			for i := range all.Items {
				q := &v1alpha1.AccessQuery{}
				if runtime.DefaultUnstructuredConverter.FromUnstructured(all.Items[i].Object, q) != nil || q.Status.ObservedGeneration > 0 {
					continue
				}
				ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Answered", LastTransitionTime: metav1.Now()}
				q.Status = v1alpha1.AccessQueryStatus{ObservedGeneration: 1, At: "2027-03-02T12:00:00Z", Digest: "sha256:abc"}
				q.Status.Access = []v1alpha1.PersonAccess{{
					Person: "bob", Dataset: "payments", Action: "Select", Columns: []string{"iban=Hash"},
					Grants: []v1alpha1.AccessGrant{{Name: "g1", Via: "group:analysts", Until: "2027-03-08T08:00:00Z"}},
				}}
				switch q.Spec.Dataset {
				case "grouped":
					q.Status.NotEvaluable = []v1alpha1.NotEvaluable{{About: "group:analysts", Why: "only the identity provider knows"}}
				case "tampered":
					q.Status = v1alpha1.AccessQueryStatus{ObservedGeneration: 1, Tampered: 3}
					ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "Tampered", "row 3 does not have the hash of what it says"
				}
				q.Status.Conditions = []metav1.Condition{ready}
				if content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(q); err == nil {
					_, _ = questions.UpdateStatus(ctx, &unstructured.Unstructured{Object: content}, metav1.UpdateOptions{})
				}
			}
		}
	}()
}

func TestWhoCanAndWhatCan(t *testing.T) {
	answers(t)
	at := tfjsonpath.New[string]
	const who, what = "data.atoll_access_who_can.one", "data.atoll_access_what_can.one"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: configured(`data "atoll_access_who_can" "one" {
  dataset = "payments"
  column  = "iban"
  at      = "2027-03-02T12:00:00Z"
}
data "atoll_access_what_can" "one" {
  person = "bob"
}`),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(who, at("complete"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(who, at("digest"), knownvalue.StringExact("sha256:abc")),
					statecheck.ExpectKnownValue(who, at("access").AtSliceIndex(0).AtMapKey("columns").AtSliceIndex(0), knownvalue.StringExact("iban=Hash")),
					statecheck.ExpectKnownValue(what, at("access").AtSliceIndex(0).AtMapKey("grants").AtSliceIndex(0), knownvalue.StringExact("g1")),
					statecheck.ExpectKnownValue(what, at("at"), knownvalue.StringExact("2027-03-02T12:00:00Z")),
				},
			},
			{
				Config:      configured("data \"atoll_access_who_can\" \"one\" {\n  dataset = \"tampered\"\n}\n"),
				ExpectError: regexp.MustCompile(`(?s)The question has no answer: Tampered.*row 3`),
			},
			{
				Config:      configured("data \"atoll_access_what_can\" \"one\" {\n  person = \"system:admin\"\n}\n"),
				ExpectError: regexp.MustCompile(`system: accounts are none`),
			},
			{
				Config: configured("data \"atoll_access_who_can\" \"one\" {\n  dataset = \"grouped\"\n}\n"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(who, at("complete"), knownvalue.Bool(false)),
					statecheck.ExpectKnownValue(who, at("not_evaluable").AtSliceIndex(0).AtMapKey("about"), knownvalue.StringExact("group:analysts")),
				},
			},
		},
	})
	left, err := server.Admin.Resource(kubetest.Resource("accessqueries")).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("%d questions are left: %v", len(left.Items), err)
	}
}
