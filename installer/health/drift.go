package health

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/installer/cluster"
)

// Drift tells in which objects the cluster differs from what a release wrote, one sentence each.
// The API server itself is asked, by a dry run, so that defaults and notations count as equal;
// fields that the release does not set are nobody's concern here.
func Drift(ctx context.Context, c *cluster.Cluster, objs []*unstructured.Unstructured, namespace string) ([]string, error) {
	found := make([]string, len(objs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, obj := range objs {
		group.Go(func() error {
			var err error
			found[i], err = drift(ctx, c, obj, namespace)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(s string) bool { return s == "" }), nil
}

func drift(ctx context.Context, c *cluster.Cluster, obj *unstructured.Unstructured, namespace string) (string, error) {
	client, err := c.Resource(obj, namespace)
	if meta.IsNoMatchError(err) {
		return cluster.Describe(obj) + " is missing, and so is its kind", nil
	}
	if err != nil {
		return "", err
	}
	live, err := client.Get(ctx, obj.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return cluster.Describe(obj) + " is missing", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", cluster.Describe(obj), err)
	}
	wanted, err := c.Apply(ctx, obj, namespace, true)
	if apierrors.IsInvalid(errors.Unwrap(err)) || apierrors.IsInvalid(err) {
		return cluster.Describe(live) + " was changed in a field that cannot be changed back", nil
	}
	if err != nil {
		return "", err
	}
	strip(live)
	strip(wanted)
	if path := difference(live.Object, wanted.Object, nil); path != "" {
		return cluster.Describe(live) + ": " + path + " was changed", nil
	}
	return "", nil
}

// strip removes what every write changes.
func strip(obj *unstructured.Unstructured) {
	obj.SetManagedFields(nil)
	obj.SetResourceVersion("")
	obj.SetGeneration(0)
}

// difference returns the path of the first field, in alphabetical order, that is not the same.
func difference(a, b any, path []string) string {
	aMap, aIs := a.(map[string]any)
	bMap, bIs := b.(map[string]any)
	if aIs && bIs {
		for _, key := range keys(aMap, bMap) {
			if found := difference(aMap[key], bMap[key], append(path, key)); found != "" {
				return found
			}
		}
		return ""
	}
	aList, aIs := a.([]any)
	bList, bIs := b.([]any)
	if aIs && bIs && len(aList) == len(bList) {
		for i := range aList {
			if found := difference(aList[i], bList[i], append(path, fmt.Sprint(i))); found != "" {
				return found
			}
		}
		return ""
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return strings.Join(path, ".")
}

func keys(maps ...map[string]any) []string {
	var out []string
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
