// Package condition turns the outcome of a reconciliation into the conditions Ready and Stalled.
package condition

import (
	"errors"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// messageLimit keeps a message readable where many objects fail at once; the API allows 32768 bytes.
const messageLimit = 1024

// Error is a failure that knows how it is reported.
type Error struct {
	// Reason is the condition's reason.
	Reason string
	// Terminal says that no retry helps: a person has to change the object.
	Terminal bool
	// RetryAfter is when to look again where the cluster would not say that something changed; zero means that
	// it would.
	RetryAfter time.Duration
	// Err is what a person reads.
	Err error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Ready is the outcome in which everything is in force.
type Ready struct {
	Reason  string
	Message string
}

// Set writes the outcome for a generation: err when it is not nil, or else ready.
func Set(conditions *[]metav1.Condition, generation int64, ready Ready, err error) {
	if err == nil {
		set(conditions, generation, v1alpha1.ConditionReady, metav1.ConditionTrue, ready.Reason, ready.Message)
		meta.RemoveStatusCondition(conditions, v1alpha1.ConditionStalled)
		return
	}
	first := first(err)
	set(conditions, generation, v1alpha1.ConditionReady, metav1.ConditionFalse, first.Reason, message(err))
	if !first.Terminal {
		meta.RemoveStatusCondition(conditions, v1alpha1.ConditionStalled)
		return
	}
	set(conditions, generation, v1alpha1.ConditionStalled, metav1.ConditionTrue, first.Reason, message(err))
}

// Retry says what a controller does after an outcome: it returns the error, to be retried with growing delays,
// unless every failure in it is one that says how it wants to be retried.
func Retry(err error) (time.Duration, error) {
	var after time.Duration
	for _, err := range flatten(err) {
		var known *Error
		if !errors.As(err, &known) {
			return 0, err
		}
		if known.RetryAfter > 0 && (after == 0 || known.RetryAfter < after) {
			after = known.RetryAfter
		}
	}
	return after, nil
}

// first is the failure that chooses the reason: a terminal one, or one that knows its reason, or any.
func first(err error) *Error {
	var chosen *Error
	for _, err := range flatten(err) {
		var known *Error
		if !errors.As(err, &known) {
			continue
		}
		if chosen == nil || (known.Terminal && !chosen.Terminal) {
			chosen = known
		}
	}
	if chosen == nil {
		return &Error{Reason: v1alpha1.ReasonFailed, Err: err}
	}
	return chosen
}

// message lists each failure once, in a stable order.
func message(err error) string {
	var all []string
	for _, err := range flatten(err) {
		all = append(all, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	slices.Sort(all)
	text := strings.Join(slices.Compact(all), "; ")
	if len(text) > messageLimit {
		text = strings.ToValidUTF8(text[:messageLimit], "") + " ..."
	}
	return text
}

// flatten lists the errors that errors.Join has joined.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, flatten(err)...)
	}
	return all
}

func set(conditions *[]metav1.Condition, generation int64, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type:               kind,
		Status:             status,
		ObservedGeneration: generation,
		Reason:             reason,
		Message:            message,
	})
}
