package index

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
)

const (
	// datasetSource indexes datasets by what they derive from.
	datasetSource = "spec.derivedFrom"
	// datasetConflicting indexes datasets by whether they lie in a conflict class, by their own word or by what they derive from.
	datasetConflicting = "conflicting"
)

func registerDatasets(ctx context.Context, indexer client.FieldIndexer) error {
	for field, values := range map[string]func(*v1alpha1.Dataset) []string{
		datasetSource: func(ds *v1alpha1.Dataset) []string { return ds.Spec.DerivedFrom },
		datasetConflicting: func(ds *v1alpha1.Dataset) []string {
			if len(ds.Spec.ConflictClasses)+len(ds.Status.ConflictClasses) == 0 {
				return nil
			}
			return []string{"true"}
		},
	} {
		err := indexer.IndexField(ctx, &v1alpha1.Dataset{}, field, func(obj client.Object) []string {
			if ds, ok := obj.(*v1alpha1.Dataset); ok {
				return values(ds)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("indexing datasets by %s: %w", field, err)
		}
	}
	return nil
}

// Conflicting are the datasets that lie in conflict classes. They are the cache's own and not to be changed.
func Conflicting(ctx context.Context, r client.Reader) ([]v1alpha1.Dataset, error) {
	list := &v1alpha1.DatasetList{}
	if err := r.List(ctx, list, client.MatchingFields{datasetConflicting: "true"}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the datasets in conflict classes: %w", err)
	}
	return list.Items, nil
}

// Lineage is a catalog of the dataset and of all that it derives from.
func Lineage(ctx context.Context, r client.Reader, name string) (grant.Catalog, error) {
	catalog, next := grant.Catalog{}, []string{name}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if _, seen := catalog[at]; seen {
			continue
		}
		ds := &v1alpha1.Dataset{}
		err := r.Get(ctx, client.ObjectKey{Name: at}, ds)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading dataset %s: %w", at, err)
		}
		catalog[at] = granted.Dataset(ds)
		next = append(next, ds.Spec.DerivedFrom...)
	}
	return catalog, nil
}

// Derived names the dataset and all that derive from it, each once.
func Derived(ctx context.Context, r client.Reader, name string) ([]string, error) {
	all := []string{name}
	for i := 0; i < len(all); i++ {
		list := &v1alpha1.DatasetList{}
		if err := r.List(ctx, list, client.MatchingFields{datasetSource: all[i]}, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing what derives from dataset %s: %w", all[i], err)
		}
		for j := range list.Items {
			if at := list.Items[j].Name; !slices.Contains(all, at) {
				all = append(all, at)
			}
		}
	}
	return all, nil
}
