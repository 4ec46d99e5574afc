package condition_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/condition"
)

var (
	errPlain    = errors.New("applying ResourceQuota ws-fraud/workspace: refused")
	errProfile  = &condition.Error{Reason: v1alpha1.ReasonProfileNotFound, Err: errors.New("profile r does not exist")}
	errConflict = &condition.Error{
		Reason: v1alpha1.ReasonNamespaceConflict, Terminal: true, RetryAfter: time.Minute,
		Err: errors.New("namespace ws-fraud is not the operator's"),
	}
)

func TestSet(t *testing.T) {
	ready := condition.Ready{Reason: v1alpha1.ReasonReady, Message: "all is there"}
	for _, tt := range []struct {
		name string
		err  error
		want []metav1.Condition
	}{
		{"ready", nil, []metav1.Condition{
			{Type: "Ready", Status: "True", Reason: "Ready", Message: "all is there", ObservedGeneration: 7},
		}},
		{"a call failed", errPlain, []metav1.Condition{
			{Type: "Ready", Status: "False", Reason: "Failed", Message: errPlain.Error(), ObservedGeneration: 7},
		}},
		{"a failure that knows its reason comes before one that does not", errors.Join(errPlain, errProfile), []metav1.Condition{
			{Type: "Ready", Status: "False", Reason: "ProfileNotFound", Message: errPlain.Error() + "; " + errProfile.Error(), ObservedGeneration: 7},
		}},
		{"a terminal one comes before both", errors.Join(errPlain, errProfile, fmt.Errorf("namespace: %w", errConflict)), []metav1.Condition{
			{Type: "Ready", Status: "False", Reason: "NamespaceConflict", Message: errPlain.Error() + "; namespace: " + errConflict.Error() + "; " + errProfile.Error(), ObservedGeneration: 7},
			{Type: "Stalled", Status: "True", Reason: "NamespaceConflict", Message: errPlain.Error() + "; namespace: " + errConflict.Error() + "; " + errProfile.Error(), ObservedGeneration: 7},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// Whatever was there before is replaced.
			got := []metav1.Condition{{Type: "Stalled", Status: "True", Reason: "Invalid"}}
			condition.Set(&got, 7, ready, tt.err)
			sortByType := cmpopts.SortSlices(func(a, b metav1.Condition) bool { return a.Type < b.Type })
			if diff := cmp.Diff(tt.want, got, sortByType, cmpopts.IgnoreFields(metav1.Condition{}, "LastTransitionTime")); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetKeepsLongMessagesReadable(t *testing.T) {
	var got []metav1.Condition
	condition.Set(&got, 1, condition.Ready{}, errors.New(strings.Repeat("é", 5000)))
	if n := len(got[0].Message); n > 1100 {
		t.Errorf("the message has %d bytes", n)
	}
}

func TestRetry(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		after time.Duration
		want  error
	}{
		{"nothing to do", nil, 0, nil},
		{"a call that failed is retried with growing delays", errors.Join(errProfile, errPlain), 0, errPlain},
		{"a watch will tell", errProfile, 0, nil},
		{"no watch will tell", errors.Join(errProfile, errConflict), time.Minute, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after, err := condition.Retry(tt.err)
			if after != tt.after || !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
				t.Errorf("Retry = %v, %v; want %v, %v", after, err, tt.after, tt.want)
			}
		})
	}
}
