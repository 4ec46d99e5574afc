// Package apply puts the operator's objects into the cluster and keeps them as they are meant to be.
package apply

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// FieldManager owns every field that the operator applies.
	FieldManager = "atoll-operator"
	// AnnotationApplied holds a digest of what was applied last. It shows what the operator no longer asks for,
	// such as a label that went away, without keeping managed fields in memory.
	AnnotationApplied = "atoll.dev/applied"
)

// Writer applies objects. It reads through the client, which is expected to be a cache, and writes nothing
// that is there already.
type Writer struct {
	client.Client
}

// Ensure makes the object exist with at least the fields of desired; others may add fields of their own.
// current receives the object as it was before, and stays empty where there was none.
func (w Writer) Ensure(ctx context.Context, desired runtime.ApplyConfiguration, current client.Object) error {
	_, err := w.ensure(ctx, desired, current)
	return err
}

// EnsureExactly is Ensure for an object whose content, all but its metadata and status, is the operator's
// alone: fields that others added are removed.
func (w Writer) EnsureExactly(ctx context.Context, desired runtime.ApplyConfiguration, current client.Object) error {
	want, err := w.ensure(ctx, desired, current)
	if err != nil {
		return err
	}
	if current.GetResourceVersion() == "" {
		return nil
	}
	live, err := fields(current)
	if err != nil {
		return err
	}
	surplus := foreign(body(live), body(want.Object))
	if len(surplus) == 0 {
		return nil
	}
	patch, err := json.Marshal(surplus)
	if err != nil {
		return fmt.Errorf("encoding the repair of %s: %w", describe(want), err)
	}
	err = w.Patch(ctx, want, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
	if err != nil {
		return fmt.Errorf("removing what others added to %s: %w", describe(want), err)
	}
	return nil
}

// Remove deletes an object; one that is gone or going already is no error.
func (w Writer) Remove(ctx context.Context, obj client.Object) error {
	if obj.GetDeletionTimestamp() != nil {
		return nil
	}
	if err := w.Delete(ctx, obj); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting %T %s: %w", obj, client.ObjectKeyFromObject(obj), err)
	}
	return nil
}

func (w Writer) ensure(ctx context.Context, desired runtime.ApplyConfiguration, current client.Object) (*unstructured.Unstructured, error) {
	want, err := wanted(desired)
	if err != nil {
		return nil, err
	}
	err = w.Get(ctx, client.ObjectKeyFromObject(want), current)
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("reading %s: %w", describe(want), err)
	}
	if err == nil {
		live, err := fields(current)
		if err != nil {
			return nil, err
		}
		if covers(live, want.Object) {
			return want, nil
		}
	}
	// The answer overwrites what is sent.
	err = w.Apply(ctx, client.ApplyConfigurationFromUnstructured(want.DeepCopy()), client.FieldOwner(FieldManager), client.ForceOwnership)
	if err != nil {
		return nil, fmt.Errorf("applying %s: %w", describe(want), err)
	}
	return want, nil
}

func describe(obj *unstructured.Unstructured) string {
	return obj.GetKind() + " " + client.ObjectKeyFromObject(obj).String()
}
