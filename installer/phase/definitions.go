package phase

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
	"github.com/atoll-platform/atoll/installer/progress"
)

// establishTimeout is how long the API server may take to serve a new kind.
const establishTimeout = time.Minute

// definitions applies the custom resource definitions, which Helm would install but never upgrade,
// and waits until the API server serves them.
func definitions(ctx context.Context, s *State, step *progress.Step) (string, error) {
	objs, err := readDefinitions()
	if err != nil {
		return "", err
	}
	var kinds []string
	for _, obj := range objs {
		applied, err := s.Cluster.Apply(ctx, obj, "", false)
		if err != nil {
			return "", err
		}
		step.Doing("CustomResourceDefinition " + obj.GetName())
		if err := s.established(ctx, applied); err != nil {
			return "", err
		}
		kind, _, _ := unstructured.NestedString(obj.Object, "spec", "names", "kind")
		kinds = append(kinds, kind)
	}
	s.Cluster.Refresh()
	if err := s.Helm.Refresh(); err != nil {
		return "", err
	}
	return strings.Join(kinds, ", "), nil
}

func readDefinitions() ([]*unstructured.Unstructured, error) {
	files, err := fs.Glob(crds.Cluster, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the embedded resource definitions: %w", err)
	}
	var out []*unstructured.Unstructured
	for _, name := range files {
		data, err := crds.Cluster.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the embedded resource definition %s: %w", name, err)
		}
		obj := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(data, &obj.Object); err != nil {
			return nil, fmt.Errorf("reading the embedded resource definition %s: %w", name, err)
		}
		obj.SetLabels(map[string]string{partOfLabel: partOf, managedByLabel: managedBy})
		out = append(out, obj)
	}
	return out, nil
}

func (s *State) established(ctx context.Context, obj *unstructured.Unstructured) error {
	client, err := s.Cluster.Resource(obj, "")
	if err != nil {
		return err
	}
	last := ""
	err = wait.PollUntilContextTimeout(ctx, s.Poll, establishTimeout, true, func(ctx context.Context) (bool, error) {
		result, err := status.Compute(obj)
		if err != nil {
			return false, err
		}
		if result.Status == status.CurrentStatus {
			return true, nil
		}
		last = result.Message
		obj, err = client.Get(ctx, obj.GetName(), metav1.GetOptions{})
		return false, err
	})
	if err != nil {
		return fmt.Errorf("waiting until CustomResourceDefinition %s is established: %w (%s); look closer with `kubectl describe crd %s`",
			obj.GetName(), err, last, obj.GetName())
	}
	return nil
}
