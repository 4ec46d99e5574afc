// Package health tells whether the objects of a release are as they should be: present, ready and
// unchanged; waits for that; and explains it when it does not come.
package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/atoll-platform/atoll/installer/cluster"
)

// workers bounds the requests under way for one release.
const workers = 8

// Parse reads the objects of a manifest. Those that name no namespace and are namespaced belong
// to namespace; that is settled when they are looked up.
func Parse(manifest string) ([]*unstructured.Unstructured, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(manifest), 4096)
	var out []*unstructured.Unstructured
	for {
		obj := &unstructured.Unstructured{}
		err := decoder.Decode(&obj.Object)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading a manifest: %w", err)
		}
		if len(obj.Object) > 0 {
			out = append(out, obj)
		}
	}
}

// State is how one object is.
type State struct {
	Object *unstructured.Unstructured // as it is in the cluster; as it should be when missing
	Status status.Status
	Reason string
}

// Ready tells that nothing is left to wait for.
func (s State) Ready() bool { return s.Status == status.CurrentStatus }

// Missing tells that the object is not in the cluster.
func (s State) Missing() bool { return s.Status == status.NotFoundStatus }

// Look reads the objects from the cluster and tells how each is, in the order given.
func Look(ctx context.Context, c *cluster.Cluster, objs []*unstructured.Unstructured, namespace string) ([]State, error) {
	out := make([]State, len(objs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, obj := range objs {
		group.Go(func() error {
			s, err := look(ctx, c, obj, namespace)
			out[i] = s
			return err
		})
	}
	return out, group.Wait()
}

func look(ctx context.Context, c *cluster.Cluster, obj *unstructured.Unstructured, namespace string) (State, error) {
	missing := State{Object: obj, Status: status.NotFoundStatus, Reason: "it is not in the cluster"}
	client, err := c.Resource(obj, namespace)
	if meta.IsNoMatchError(err) {
		missing.Reason = "the cluster does not know its kind"
		return missing, nil
	}
	if err != nil {
		return missing, err
	}
	live, err := client.Get(ctx, obj.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return missing, nil
	}
	if err != nil {
		return missing, fmt.Errorf("reading %s: %w", cluster.Describe(obj), err)
	}
	result, err := status.Compute(live)
	if err != nil {
		return missing, fmt.Errorf("computing the status of %s: %w", cluster.Describe(live), err)
	}
	s := State{Object: live, Status: result.Status, Reason: result.Message}
	if waitsForConsumer(live) {
		// Its volume may come only with the first pod, which is waited for by itself.
		s.Status = status.CurrentStatus
	}
	return s, nil
}

func waitsForConsumer(obj *unstructured.Unstructured) bool {
	phase, _, _ := unstructured.NestedString(obj.Object, "status", "phase")
	return obj.GetKind() == "PersistentVolumeClaim" && phase == "Pending"
}
