package cmd

import (
	"context"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// answerQuestions is an operator that knows a few answers, and of one question none.
func answerQuestions(ts *testscript.TestScript, _ bool, _ []string) {
	api, err := dynamic.NewForConfig(server.Config)
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	ts.Defer(stop)
	_, err = api.Resource(v1alpha1.GroupVersion.WithResource("datasets")).Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "atoll.dev/v1alpha1", "kind": "Dataset", "metadata": map[string]any{"name": "payments"},
		"spec": map[string]any{"owner": "olga", "location": map[string]any{"objectPrefix": map[string]any{"bucket": "lake"}}},
	}}, metav1.CreateOptions{})
	ts.Check(err)
	questions := api.Resource(v1alpha1.GroupVersion.WithResource("accessqueries"))
	go func() {
		for ; ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
			all, err := questions.List(ctx, metav1.ListOptions{})
			if err != nil {
				continue
			}
			for i := range all.Items {
				q := &v1alpha1.AccessQuery{}
				if runtime.DefaultUnstructuredConverter.FromUnstructured(all.Items[i].Object, q) != nil || q.Spec.Dataset == "unanswered" || q.Status.ObservedGeneration > 0 {
					continue
				}
				q.Status = reply(q.Spec)
				q.Status.ObservedGeneration = 1
				answered, err := runtime.DefaultUnstructuredConverter.ToUnstructured(q)
				if err == nil {
					_, _ = questions.UpdateStatus(ctx, &unstructured.Unstructured{Object: answered}, metav1.UpdateOptions{})
				}
			}
		}
	}()
}

func reply(q v1alpha1.AccessQuerySpec) v1alpha1.AccessQueryStatus {
	condition := func(status metav1.ConditionStatus, reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: "Ready", Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.Now()}}
	}
	out := v1alpha1.AccessQueryStatus{
		Conditions: condition(metav1.ConditionTrue, "Answered", ""), At: "2027-03-02T00:00:00Z",
		Ledger: &v1alpha1.LedgerHead{Seq: 7, Hash: "f00"}, Digest: "sha256:abc",
	}
	switch {
	case q.Question == v1alpha1.QuestionVerify:
		return v1alpha1.AccessQueryStatus{Tampered: 3, Conditions: condition(metav1.ConditionFalse, "Tampered", "the ledger was tampered with: row 3 does not have the hash")}
	case q.Question == v1alpha1.QuestionGhosts:
		out.Targets = []v1alpha1.AskedTarget{{Name: "ObjectStore", Ghosts: 1}}
		out.Ghosts = []v1alpha1.GhostAccess{{Target: "ObjectStore", Account: "eve", Policy: "mine", Access: []string{"Read s3://lake/ until 2027-03-08T08:00:00Z"}}}
	case q.Dataset == "nothing":
		return v1alpha1.AccessQueryStatus{Conditions: condition(metav1.ConditionFalse, "Invalid", "dataset nothing has no column x")}
	case q.Question == v1alpha1.QuestionWhoCan:
		out.Access = []v1alpha1.PersonAccess{{
			Person: "bob", Dataset: "payments", Action: "Select", Columns: []string{"amount", "iban=Hash"}, Rows: "country=NL",
			Grants: []v1alpha1.AccessGrant{{Name: "analysts-payments", Via: "group:analysts", Until: "2027-03-08T08:00:00Z"}},
		}}
		out.NotEvaluable = []v1alpha1.NotEvaluable{{
			About: "group:analysts in dataset payments", Why: "only the identity provider knows", Grants: []string{"analysts-payments"},
		}}
		if q.At != "" {
			out.At = q.At
		}
	case q.Question == v1alpha1.QuestionWhy:
		out.Explanation = []string{"grant analysts-payments: gives Select"}
	}
	return out
}
