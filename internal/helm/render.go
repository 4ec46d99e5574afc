package helm

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
)

// Render returns the manifest of the release that is wanted without asking any cluster: it finds
// values that the chart's schema refuses and templates that fail. kubernetes is the version to
// render for.
func Render(req Request, kubernetes string) (string, error) {
	chart, err := req.Chart.load()
	if err != nil {
		return "", err
	}
	version, err := chartutil.ParseKubeVersion(kubernetes)
	if err != nil {
		return "", fmt.Errorf("reading the Kubernetes version %q: %w", kubernetes, err)
	}
	install := action.NewInstall(new(action.Configuration))
	install.ClientOnly, install.DryRun, install.SkipCRDs, install.PostRenderer = true, true, true, keepData{}
	install.ReleaseName, install.Namespace, install.KubeVersion = req.Name, req.Namespace, version
	rel, err := install.Run(chart, deepCopy(req.Values))
	if err != nil {
		return "", fmt.Errorf("rendering release %s/%s: %w", req.Namespace, req.Name, err)
	}
	if size, err := storedSize(rel); err != nil || size > maxStored {
		return "", errors.Join(err, fmt.Errorf("rendering release %s/%s: its record would be %d bytes, and the Secret that holds it can have %d; use a smaller chart",
			req.Namespace, req.Name, size, maxStored))
	}
	return rel.Manifest, nil
}

// maxStored leaves room in a Secret of 1 MiB for its other fields.
const maxStored = 1<<20 - 16<<10

// storedSize is how large Helm's record of the release will be: base64 of compressed JSON.
func storedSize(rel *release.Release) (int, error) {
	data, err := json.Marshal(rel)
	if err != nil {
		return 0, fmt.Errorf("encoding release %s: %w", rel.Name, err)
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return 0, fmt.Errorf("compressing release %s: %w", rel.Name, err)
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return 0, fmt.Errorf("compressing release %s: %w", rel.Name, err)
	}
	return base64.StdEncoding.EncodedLen(out.Len()), nil
}

// Merge returns base with over laid on it: maps are merged, anything else is replaced, and null
// removes a chart's default. Neither argument is changed.
func Merge(base, over map[string]any) map[string]any {
	out := deepCopy(base)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range over {
		below, isMap := out[k].(map[string]any)
		above, overMap := v.(map[string]any)
		if isMap && overMap {
			out[k] = Merge(below, above)
			continue
		}
		out[k] = copyValue(v)
	}
	return out
}
