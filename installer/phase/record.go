package phase

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
)

const (
	recordName = "atoll-platform"
	recordKey  = "platform.json"
)

// Record is what later commands need to know about the platform. It holds no value that
// platform.yaml gives a component, since somebody may keep a secret there.
type Record struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	HubURL  string `json:"hubURL"`
	Issuer  string `json:"issuer"`
	// Disabled maps the components that the platform does without to why.
	Disabled map[string]string `json:"disabled"`
}

func writeRecord(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	in := s.Inputs()
	r := Record{
		Name:     s.Platform.Name,
		Version:  s.Version,
		HubURL:   component.HubURL(in),
		Issuer:   component.Issuer(in),
		Disabled: map[string]string{},
	}
	for _, c := range s.everything() {
		if why := c.Disabled(s.Platform.Spec); why != "" {
			r.Disabled[c.Name] = why
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encoding the platform's record: %w", err)
	}
	_, err = s.Cluster.Apply(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": map[string]any{
			"name":      recordName,
			"namespace": systemNamespace,
			"labels":    map[string]any{partOfLabel: partOf, managedByLabel: managedBy},
		},
		"data": map[string]any{recordKey: string(data)},
	}}, systemNamespace, false)
	if err != nil {
		return "", err
	}
	s.Result.HubURL, s.Result.Issuer = r.HubURL, r.Issuer
	return "ConfigMap " + systemNamespace + "/" + recordName, nil
}

// ReadRecord returns nil when the cluster has no platform, or one that was never finished.
func ReadRecord(ctx context.Context, c *cluster.Cluster) (*Record, error) {
	cm, err := c.Typed.CoreV1().ConfigMaps(systemNamespace).Get(ctx, recordName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading ConfigMap %s/%s: %w", systemNamespace, recordName, err)
	}
	r := new(Record)
	if err := json.Unmarshal([]byte(cm.Data[recordKey]), r); err != nil {
		return nil, fmt.Errorf("reading ConfigMap %s/%s: %w", systemNamespace, recordName, err)
	}
	return r, nil
}
