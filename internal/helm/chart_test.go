package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// files are a small chart with a library beside it.
func files() fstest.MapFS {
	return fstest.MapFS{
		"lib/Chart.yaml":               {Data: []byte("apiVersion: v2\nname: small-lib\nversion: 0.1.0\ntype: library\n")},
		"lib/templates/_name.tpl":      {Data: []byte(`{{ define "small.name" }}{{ .Release.Name }}-{{ .Values.suffix }}{{ end }}`)},
		"app/small/Chart.yaml":         {Data: []byte("apiVersion: v2\nname: small\nversion: 1.2.3\nappVersion: '9'\ndependencies:\n- {name: small-lib, version: 0.1.0, repository: 'file://../../lib'}\n")},
		"app/small/values.yaml":        {Data: []byte("suffix: one\nextra: keep\n")},
		"app/small/.helmignore":        {Data: []byte("*.bak\n")},
		"app/small/templates/x.bak":    {Data: []byte("{{ this is no template")},
		"app/small/values.schema.json": {Data: []byte(`{"type":"object","properties":{"suffix":{"type":"string","enum":["one","two"]}}}`)},
		"app/small/templates/configmap.yaml": {Data: []byte(`apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "small.name" . }}
data:
  extra: {{ .Values.extra | quote }}
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
`)},
		"app/small/templates/claim.yaml": {Data: []byte(`apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`)},
	}
}

func small(t *testing.T) *Chart {
	t.Helper()
	c, err := LoadFS(files(), "app/small", "lib")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadFS(t *testing.T) {
	c := small(t)
	if c.Name != "small" || c.Version != "1.2.3" || c.AppVersion != "9" {
		t.Errorf("chart is %s %s %s", c.Name, c.Version, c.AppVersion)
	}
	if diff := cmp.Diff(map[string]any{"suffix": "one", "extra": "keep"}, c.Defaults); diff != "" {
		t.Errorf("defaults differ (-want +got):\n%s", diff)
	}
}

func TestLoadFSNeedsTheLibrary(t *testing.T) {
	fsys := files()
	fsys["lib/Chart.yaml"].Data = []byte("apiVersion: v2\nname: small-lib\nversion: 0.2.0\ntype: library\n")
	_, err := LoadFS(fsys, "app/small", "lib")
	if err == nil || !strings.Contains(err.Error(), "dependency small-lib 0.1.0 is not among the embedded library charts") {
		t.Errorf("error is %v", err)
	}
}

func TestRender(t *testing.T) {
	manifest, err := Render(Request{Name: "rel", Namespace: "ns", Chart: small(t), Values: map[string]any{"suffix": "two"}}, "v1.33.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"name: rel-two", `extra: "keep"`, "kubernetes: v1.33.1", "helm.sh/resource-policy: keep"} {
		if !strings.Contains(manifest, want) {
			t.Errorf("the manifest has no %q:\n%s", want, manifest)
		}
	}
	if strings.Count(manifest, "resource-policy") != 1 {
		t.Errorf("more than the volume claim is kept:\n%s", manifest)
	}
}

func TestRenderRefusesValuesOutsideTheSchema(t *testing.T) {
	_, err := Render(Request{Name: "rel", Namespace: "ns", Chart: small(t), Values: map[string]any{"suffix": "three"}}, "v1.33.1")
	if err == nil || !strings.Contains(err.Error(), "suffix") || !strings.Contains(err.Error(), "'one', 'two'") {
		t.Errorf("error is %v", err)
	}
}

func TestRenderRefusesWhatNoSecretCanHold(t *testing.T) {
	fsys := files()
	noise := make([]byte, 2<<20)
	_, _ = rand.Read(noise)
	fsys["app/small/noise.bin"] = &fstest.MapFile{Data: noise}
	chart, err := LoadFS(fsys, "app/small", "lib")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Render(Request{Name: "rel", Namespace: "ns", Chart: chart}, "v1.33.1")
	if err == nil || !strings.Contains(err.Error(), "use a smaller chart") {
		t.Errorf("error is %v", err)
	}
}

func TestDigest(t *testing.T) {
	of := func(change func(*Request), kubernetes string) string {
		t.Helper()
		req := Request{Name: "rel", Namespace: "ns", Chart: small(t), Values: map[string]any{"suffix": "one", "deep": map[string]any{"b": 1, "a": 2}}}
		if change != nil {
			change(&req)
		}
		d, err := digest(req, kubernetes)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := of(nil, "v1.33.0")
	if again := of(func(r *Request) { r.Values = map[string]any{"deep": map[string]any{"a": 2, "b": 1}, "suffix": "one"} }, "v1.33.0"); again != base {
		t.Error("the order of keys changes the digest")
	}
	if len(base) > 63 {
		t.Errorf("a digest of %d characters is no label", len(base))
	}
	changed := files()
	changed["app/small/templates/configmap.yaml"].Data = append(changed["app/small/templates/configmap.yaml"].Data, '\n')
	chart, err := LoadFS(changed, "app/small", "lib")
	if err != nil {
		t.Fatal(err)
	}
	library := files()
	library["lib/templates/_name.tpl"].Data = append(library["lib/templates/_name.tpl"].Data, '\n')
	withLibrary, err := LoadFS(library, "app/small", "lib")
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"values":     of(func(r *Request) { r.Values["suffix"] = "two" }, "v1.33.0"),
		"chart":      of(func(r *Request) { r.Chart = chart }, "v1.33.0"),
		"library":    of(func(r *Request) { r.Chart = withLibrary }, "v1.33.0"),
		"kubernetes": of(nil, "v1.34.0"),
		"namespace":  of(func(r *Request) { r.Namespace = "other" }, "v1.33.0"),
	} {
		if other == base {
			t.Errorf("another %s has the same digest", name)
		}
	}
}

func TestMerge(t *testing.T) {
	base := map[string]any{"a": 1, "deep": map[string]any{"x": 1, "list": []any{1}}, "b": map[string]any{}}
	over := map[string]any{"deep": map[string]any{"y": 2, "list": []any{2}}, "b": nil}
	got := Merge(base, over)
	want := map[string]any{"a": 1, "deep": map[string]any{"x": 1, "y": 2, "list": []any{2}}, "b": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged differs (-want +got):\n%s", diff)
	}
	if base["deep"].(map[string]any)["y"] != nil || base["b"] == nil {
		t.Errorf("the base was changed: %v", base)
	}
}

// archive packs a chart as a repository serves it.
func archive(t *testing.T, dir string) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for name, f := range files() {
		rel, ok := strings.CutPrefix(name, dir+"/")
		if !ok || strings.HasSuffix(rel, ".bak") {
			continue
		}
		if err := w.WriteHeader(&tar.Header{Name: "chart/" + rel, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
