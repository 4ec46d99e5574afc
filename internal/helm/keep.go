package helm

import (
	"bytes"
	"fmt"
	"sort"

	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// kept are the kinds that hold data. Helm must not delete them with a release or with a chart's new version.
var kept = map[string]bool{
	"PersistentVolumeClaim":    true,
	"CustomResourceDefinition": true,
}

// keepData marks what holds data in a rendered manifest, whoever wrote the chart.
type keepData struct{}

func (keepData) Run(rendered *bytes.Buffer) (*bytes.Buffer, error) {
	docs := releaseutil.SplitManifests(rendered.String())
	names := make([]string, 0, len(docs))
	for name := range docs {
		names = append(names, name)
	}
	sort.Sort(releaseutil.BySplitManifestsOrder(names))
	out := new(bytes.Buffer)
	for _, name := range names {
		doc, err := keep(docs[name])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "---\n%s\n", doc)
	}
	return out, nil
}

func keep(doc string) (string, error) {
	obj := map[string]any{}
	if err := yaml.Unmarshal([]byte(doc), &obj); err != nil {
		return "", fmt.Errorf("reading a rendered object: %w", err)
	}
	if kind, _ := obj["kind"].(string); !kept[kind] {
		return doc, nil
	}
	obj = Merge(obj, map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{kube.ResourcePolicyAnno: kube.KeepPolicy},
	}})
	data, err := yaml.Marshal(obj)
	if err != nil {
		return "", fmt.Errorf("writing a rendered object: %w", err)
	}
	return string(data), nil
}
