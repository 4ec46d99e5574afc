package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Force says what happens to fields that other managers hold.
type Force bool

const (
	// Yield leaves them and fails with a ConflictError.
	Yield Force = false
	// Take takes them over.
	Take Force = true
)

// establishTimeout bounds how long Create waits for the kind to be served.
const establishTimeout = time.Minute

// Create applies an object that must not exist yet, but for one that this manager has applied with this very spec: a run that
// was killed before it could remember leaves such an object, and found tells that it was there. Where an object of the
// name is being deleted it waits for its end, and where the kind is not served yet it waits for that, for a minute at
// most.
func (s *Store[T]) Create(ctx context.Context, name string, spec any, force Force) (created *T, found bool, err error) {
	err = s.vacant(ctx, name)
	if errors.Is(err, ErrExists) {
		left, lookErr := s.leftover(ctx, name, spec)
		if lookErr != nil {
			return nil, false, lookErr
		}
		if left != nil {
			return left, true, nil
		}
	}
	if err != nil {
		return nil, false, err
	}
	created, err = s.apply(ctx, name, spec, force)
	return created, false, err
}

// vacant returns once no object has the name.
func (s *Store[T]) vacant(ctx context.Context, name string) error {
	var live *T
	var missing error
	err := wait.PollUntilContextTimeout(ctx, time.Second, establishTimeout, true, func(ctx context.Context) (bool, error) {
		var err error
		live, err = s.Get(ctx, name)
		if errors.Is(err, ErrKindMissing) {
			missing = err
			return false, nil
		}
		return true, err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case wait.Interrupted(err) && missing != nil:
		return missing
	case err != nil:
		return err
	case s.kind.Meta(live).DeletionTimestamp == nil:
		return fmt.Errorf("creating %s %s: %w", s.kind.Name, name, ErrExists)
	}
	return s.WaitGone(ctx, name)
}

// Update applies an object that must exist. Items of a declared list or map that other managers
// added count as conflicts too: leaving them would make the declaration untrue.
func (s *Store[T]) Update(ctx context.Context, name string, spec any, force Force) (*T, error) {
	live, err := s.get(ctx, name)
	if err != nil {
		return nil, err
	}
	declared, err := s.manifest(name, spec)
	if err != nil {
		return nil, err
	}
	extra, err := strays(live, declared, s.client.manager)
	if err != nil {
		return nil, fmt.Errorf("reading the managed fields of %s %s: %w", s.kind.Name, name, err)
	}
	if len(extra) > 0 && force == Yield {
		return nil, fmt.Errorf("applying: %w", &ConflictError{Object: s.kind.Name + " " + name, Fields: fields(extra)})
	}
	applied, err := s.apply(ctx, name, spec, force)
	if err != nil || len(extra) == 0 {
		return applied, err
	}
	return s.remove(ctx, name, extra)
}

// Submit makes an object that is nobody's to change afterwards. Unlike Create it needs the right to create alone.
func (s *Store[T]) Submit(ctx context.Context, name string, spec any) (*T, error) {
	declared, err := s.manifest(name, spec)
	if err != nil {
		return nil, err
	}
	defer s.forget()
	namespace, _ := s.split(name)
	live, err := s.api(namespace).Create(ctx, declared, metav1.CreateOptions{FieldManager: s.client.manager, FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return nil, s.explain("creating", name, err)
	}
	return s.typed(live)
}

func (s *Store[T]) apply(ctx context.Context, name string, spec any, force Force) (*T, error) {
	declared, err := s.manifest(name, spec)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(declared.Object)
	if err != nil {
		return nil, fmt.Errorf("encoding %s %s: %w", s.kind.Name, name, err)
	}
	take := bool(force)
	defer s.forget()
	namespace, plain := s.split(name)
	live, err := s.api(namespace).Patch(ctx, plain, types.ApplyPatchType, body, metav1.PatchOptions{
		FieldManager:    s.client.manager,
		Force:           &take,
		FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, s.explain("applying", name, err)
	}
	return s.typed(live)
}

// remove takes items out of the object that apply cannot, since other managers own them.
func (s *Store[T]) remove(ctx context.Context, name string, extra []stray) (*T, error) {
	defer s.forget()
	for {
		live, err := s.get(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, e := range extra {
			e.removeFrom(live.Object)
		}
		updated, err := s.api(live.GetNamespace()).Update(ctx, live, metav1.UpdateOptions{FieldManager: s.client.manager})
		// Someone wrote in between: their version is read and the items are taken out of that.
		if apierrors.IsConflict(err) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return nil, s.explain("removing items of other managers from", name, err)
		}
		return s.typed(updated)
	}
}

func (s *Store[T]) manifest(name string, spec any) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
	if err != nil {
		return nil, fmt.Errorf("encoding the spec of %s %s: %w", s.kind.Name, name, err)
	}
	namespace, plain := s.split(name)
	metadata := map[string]any{"name": plain}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(),
		"kind":       s.kind.Name,
		"metadata":   metadata,
		"spec":       content,
	}}, nil
}
