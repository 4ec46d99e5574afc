// Package status tells how a platform is, component by component. The JSON it encodes to is an
// interface: fields are added, never renamed.
package status

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/health"
	"github.com/atoll-platform/atoll/installer/phase"
	"github.com/atoll-platform/atoll/internal/helm"
)

// State is how a component is.
type State string

// The states.
const (
	Ready    State = "ready"
	NotReady State = "notReady"
	Missing  State = "missing"
	Disabled State = "disabled"
)

// Platform is all there is to tell.
type Platform struct {
	Platform    string       `json:"platform"`
	Version     string       `json:"version"`
	HubURL      string       `json:"hubURL"`
	Issuer      string       `json:"issuer"`
	Ready       bool         `json:"ready"`
	Subclusters []Subcluster `json:"subclusters"`
}

// Subcluster is one island. It is ready when all its components are that are not disabled.
type Subcluster struct {
	Name       string      `json:"name"`
	Namespace  string      `json:"namespace"`
	Ready      bool        `json:"ready"`
	Components []Component `json:"components"`
}

// Component is one release.
type Component struct {
	Name         string   `json:"name"`
	State        State    `json:"state"`
	Version      string   `json:"version"`
	AppVersion   string   `json:"appVersion"`
	ChartVersion string   `json:"chartVersion"`
	Revision     int      `json:"revision"`
	Images       []string `json:"images"`
	Health       string   `json:"health"`
	Reason       string   `json:"reason"`
}

// Read looks at every component of the platform in the cluster.
func Read(ctx context.Context, c *cluster.Cluster, catalog []component.Component) (*Platform, error) {
	record, err := phase.ReadRecord(ctx, c)
	if err != nil {
		return nil, err
	}
	client, err := helm.New(c.Config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	out := &Platform{Ready: record != nil}
	if record == nil {
		record = &phase.Record{}
	}
	out.Platform, out.Version, out.HubURL, out.Issuer = record.Name, record.Version, record.HubURL, record.Issuer
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, name := range component.Subclusters {
		list := []component.Component{component.Foundation(name)}
		for _, entry := range catalog {
			if entry.Subcluster == name {
				list = append(list, entry)
			}
		}
		components := make([]Component, len(list))
		out.Subclusters = append(out.Subclusters, Subcluster{Name: name, Namespace: component.Namespace(name), Components: components})
		for i, entry := range list {
			group.Go(func() (err error) {
				components[i], err = read(ctx, c, client, entry, record.Disabled[entry.Name])
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range out.Subclusters {
		s := &out.Subclusters[i]
		s.Ready = !slices.ContainsFunc(s.Components, func(c Component) bool { return c.State != Ready && c.State != Disabled })
		out.Ready = out.Ready && s.Ready
	}
	return out, nil
}

func read(ctx context.Context, c *cluster.Cluster, client *helm.Client, entry component.Component, disabled string) (Component, error) {
	out := Component{Name: entry.Name, Images: []string{}}
	rel, err := client.Get(entry.Namespace(), entry.Name)
	if err != nil {
		return out, err
	}
	switch {
	case rel == nil && disabled != "":
		out.State, out.Health, out.Reason = Disabled, "disabled", disabled
		return out, nil
	case rel == nil:
		out.State, out.Health, out.Reason = Missing, "missing", "it is not installed; run `atoll bootstrap`"
		return out, nil
	}
	out.Version, out.AppVersion, out.ChartVersion, out.Revision = rel.AppVersion, rel.AppVersion, rel.ChartVersion, rel.Revision
	objs, err := health.Parse(rel.Manifest)
	if err != nil {
		return out, err
	}
	states, err := health.Look(ctx, c, objs, entry.Namespace())
	if err != nil {
		return out, err
	}
	out.State, out.Health = Ready, "healthy"
	out.Reason = fmt.Sprintf("all %d objects are as they should be", len(states))
	for _, s := range states {
		out.Images = append(out.Images, images(s.Object)...)
		if !s.Ready() && out.State == Ready {
			out.State, out.Health = NotReady, "unhealthy"
			out.Reason = health.Explain(ctx, c, s)
		}
	}
	slices.Sort(out.Images)
	out.Images = slices.Compact(out.Images)
	if out.State == Ready && rel.Status != helm.Deployed {
		out.State, out.Health = NotReady, "unhealthy"
		out.Reason = fmt.Sprintf("its last change is %s: %s; run `atoll bootstrap`", rel.Status, rel.Description)
	}
	return out, nil
}

// images lists what a workload runs.
func images(obj *unstructured.Unstructured) []string {
	var out []string
	for _, path := range [][]string{{"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}} {
		for _, field := range []string{"initContainers", "containers"} {
			list, _, _ := unstructured.NestedSlice(obj.Object, append(slices.Clone(path), field)...)
			for _, item := range list {
				c, _ := item.(map[string]any)
				if image, _ := c["image"].(string); image != "" {
					out = append(out, strings.TrimSpace(image))
				}
			}
		}
	}
	return out
}
