package phase

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/installer/check"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/health"
	"github.com/atoll-platform/atoll/installer/platform"
	"github.com/atoll-platform/atoll/installer/progress"
	"github.com/atoll-platform/atoll/internal/helm"
)

// anyHost stands for the node that is not known yet.
const anyHost = "127.0.0.1"

// load reads platform.yaml and renders every chart with its values, so that a wrong value is found
// before a cluster is even asked.
func load(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	var names []string
	for _, c := range s.everything() {
		names = append(names, c.Name)
	}
	p, err := platform.Load(s.File, names)
	if err != nil {
		return "", err
	}
	s.Platform, s.Result.Platform = p, p.Name

	ordered, err := component.Order(s.Catalog)
	if err != nil {
		return "", err
	}
	s.Catalog = ordered
	if err := s.loadCharts(ctx); err != nil {
		return "", err
	}
	in := s.Inputs()
	in.Detected = component.Detected{Host: anyHost}
	if _, err := s.render(in); err != nil {
		return "", err
	}
	return fmt.Sprintf("platform %s, %d components", p.Name, len(s.enabled(s.Catalog))), nil
}

func (s *State) loadCharts(ctx context.Context) error {
	s.charts = map[string]*helm.Chart{}
	for _, c := range s.enabled(s.everything()) {
		chart, err := s.chart(ctx, c)
		if err != nil {
			return err
		}
		s.charts[c.Name] = chart
	}
	return nil
}

func (s *State) chart(ctx context.Context, c component.Component) (*helm.Chart, error) {
	source, foreign := c.Source(s.Platform.Spec)
	if !foreign {
		return c.Embedded(s.Charts)
	}
	chart, err := helm.Fetch(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("component %s: %w", c.Name, err)
	}
	return chart, nil
}

func (s *State) render(in component.Inputs) (map[string][]*unstructured.Unstructured, error) {
	out := map[string][]*unstructured.Unstructured{}
	for _, c := range s.enabled(s.everything()) {
		req, err := s.request(c, in)
		if err != nil {
			return nil, err
		}
		version := "v" + check.Oldest // until the cluster tells its own
		if s.Helm != nil {
			version = s.Helm.KubernetesVersion()
		}
		manifest, err := helm.Render(req, version)
		if err != nil {
			return nil, fmt.Errorf("%w\nNext: correct the values of component %s in %s; its chart's README lists them", err, c.Name, s.File)
		}
		objs, err := health.Parse(manifest)
		if err != nil {
			return nil, fmt.Errorf("component %s: %w", c.Name, err)
		}
		out[c.Subcluster] = append(out[c.Subcluster], objs...)
	}
	return out, nil
}
