// Package access asks the platform questions about access: it puts an object into the cluster, waits for the operator's answer in its
// status, and takes it away again.
package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// every is how often an answer is looked for.
const every = 200 * time.Millisecond

// Role that lets somebody ask.
const Role = "atoll-access-auditor"

// Asker asks in one cluster.
type Asker struct {
	API dynamic.Interface
	// Manager owns the fields of questions.
	Manager string
}

// Unanswered says why there is no answer; Reason is the condition's.
type Unanswered struct {
	Reason, Message string
	// Tampered is the first row of the ledger that is not as it was written; 0 where that is not why.
	Tampered int64
}

func (u *Unanswered) Error() string { return u.Message }

// Ask returns the answer. The error is *Unanswered where the operator says why there is none.
func (a Asker) Ask(ctx context.Context, spec v1alpha1.AccessQuerySpec) (*v1alpha1.AccessQueryStatus, error) {
	questions := a.API.Resource(v1alpha1.GroupVersion.WithResource("accessqueries"))
	body, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&spec)
	if err != nil {
		return nil, fmt.Errorf("writing the question: %w", err)
	}
	q, err := questions.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "AccessQuery", "metadata": map[string]any{"generateName": "q-"}, "spec": body,
	}}, metav1.CreateOptions{FieldManager: a.Manager})
	if err != nil {
		return nil, explain(err)
	}
	// The operator removes what is left behind here.
	defer func() { _ = questions.Delete(context.WithoutCancel(ctx), q.GetName(), metav1.DeleteOptions{}) }()
	answer := &v1alpha1.AccessQuery{}
	err = wait.PollUntilContextCancel(ctx, every, true, func(ctx context.Context) (bool, error) {
		live, err := questions.Get(ctx, q.GetName(), metav1.GetOptions{})
		if err != nil {
			return false, explain(err)
		}
		*answer = v1alpha1.AccessQuery{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, answer); err != nil {
			return false, fmt.Errorf("reading the answer: %w", err)
		}
		return answer.Status.ObservedGeneration > 0, nil
	})
	if wait.Interrupted(err) {
		return nil, errors.New("asking: the operator has not answered in time; see that it runs, with `atoll status`")
	}
	if err != nil {
		return nil, err
	}
	if ready := meta.FindStatusCondition(answer.Status.Conditions, v1alpha1.ConditionReady); ready == nil || ready.Status != metav1.ConditionTrue {
		u := &Unanswered{Message: "the operator gave no reason", Tampered: answer.Status.Tampered}
		if ready != nil {
			u.Reason, u.Message = ready.Reason, ready.Message
		}
		return &answer.Status, u
	}
	return &answer.Status, nil
}

func explain(err error) error {
	switch {
	case apierrors.IsNotFound(err) || meta.IsNoMatchError(err):
		return errors.New("asking: the cluster does not have the kind AccessQuery; install the platform with `atoll bootstrap`, or name the right cluster")
	case apierrors.IsForbidden(err):
		return fmt.Errorf("asking: %w; who may ask is bound to the ClusterRole %s", err, Role)
	}
	return fmt.Errorf("asking: %w", err)
}
