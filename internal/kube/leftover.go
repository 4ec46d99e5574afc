package kube

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// leftover returns the object of the name if this manager alone has applied its spec and applying the given one would
// change nothing of it, and nil otherwise.
func (s *Store[T]) leftover(ctx context.Context, name string, spec any) (*T, error) {
	live, err := s.get(ctx, name)
	if err != nil {
		return nil, err
	}
	before := s.applied(live)
	if before == nil {
		return nil, nil
	}
	declared, err := s.manifest(name, spec)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(declared.Object)
	if err != nil {
		return nil, fmt.Errorf("encoding %s %s: %w", s.kind.Name, name, err)
	}
	namespace, plain := s.split(name)
	same, err := s.api(namespace).Patch(ctx, plain, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager: s.client.manager, DryRun: []string{metav1.DryRunAll},
	})
	if apierrors.IsConflict(err) || apierrors.IsInvalid(err) {
		return nil, nil
	}
	if err != nil {
		return nil, s.explain("comparing", name, err)
	}
	if !equality.Semantic.DeepEqual(live.Object["spec"], same.Object["spec"]) || string(before) != string(s.applied(same)) {
		return nil, nil
	}
	return s.typed(live)
}

// applied is what this manager has applied of an object, as the API server notes it: nil where it has applied nothing, or
// where somebody else manages a part of the spec too.
func (s *Store[T]) applied(live *unstructured.Unstructured) []byte {
	var mine []byte
	for _, entry := range live.GetManagedFields() {
		if entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			return nil
		}
		if _, ofSpec := fields["f:spec"]; !ofSpec {
			continue
		}
		if entry.Manager != s.client.manager || entry.Operation != metav1.ManagedFieldsOperationApply {
			return nil
		}
		mine = entry.FieldsV1.GetRawBytes()
	}
	return mine
}
