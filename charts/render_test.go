package charts_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/atoll-platform/atoll/charts"
	"github.com/atoll-platform/atoll/internal/helm"
)

const (
	testRegistry = "registry.example.org/islands"
	testVersion  = "9.9.9"
	// testKubernetes is the oldest the installer accepts.
	testKubernetes = "1.30.0"
)

// object is anything Kubernetes keeps.
type object interface {
	runtime.Object
	metav1.Object
}

func id(obj object) string {
	return obj.GetObjectKind().GroupVersionKind().Kind + " " + obj.GetName()
}

// allCharts are the folders of all charts but the library.
func allCharts(t *testing.T) []string {
	t.Helper()
	found, err := fs.Glob(charts.FS, "*/*/Chart.yaml")
	if err != nil || len(found) == 0 {
		t.Fatalf("no charts found: %v", err)
	}
	dirs := make([]string, 0, len(found))
	for _, file := range found {
		dirs = append(dirs, path.Dir(file))
	}
	return dirs
}

func subcluster(dir string) string { return path.Dir(dir) }

func namespace(dir string) string { return "atoll-" + subcluster(dir) }

// release is the name the installer gives the release of a chart.
func release(dir string) string {
	if path.Base(dir) == "foundation" {
		return subcluster(dir) + "-foundation"
	}
	return path.Base(dir)
}

// testCase is a chart with the values of one kind of cluster.
type testCase struct {
	dir       string
	placement string
	values    map[string]any
}

// cases are all charts on a local cluster of one node and on a large one.
func cases(t *testing.T) map[string]testCase {
	t.Helper()
	all := map[string]testCase{}
	for _, dir := range allCharts(t) {
		all[dir+" on one node"] = testCase{dir, "Relaxed", globals("Relaxed", false, "NodePort")}
		all[dir+" on many nodes"] = testCase{dir, "Required", globals("Required", true, "LoadBalancer")}
	}
	return all
}

// globals are the values the installer passes to every chart.
func globals(placement string, highAvailability bool, access string) map[string]any {
	return map[string]any{"global": map[string]any{
		"platform":         "demo",
		"registry":         testRegistry,
		"version":          testVersion,
		"placement":        placement,
		"highAvailability": highAvailability,
		"storageClass":     "",
		"access":           map[string]any{"type": access, "host": "172.31.5.2"},
		"hub":              map[string]any{"url": "http://172.31.5.2:30080"},
		"oidc": map[string]any{
			"issuer": "http://172.31.5.2:30081/realms/atoll", "clientID": "atoll-hub",
			"groupsClaim": "groups", "usernameClaim": "preferred_username", "scopes": []any{"openid", "groups"},
			"clientSecretRef": map[string]any{"name": "atoll-oidc", "key": "client-secret"},
		},
	}}
}

func render(t *testing.T, dir string, values map[string]any) []object {
	t.Helper()
	manifest, err := tryRender(dir, values)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := decode(manifest)
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return objects
}

func tryRender(dir string, values map[string]any) (string, error) {
	chart, err := helm.LoadFS(charts.FS, dir, "lib")
	if err != nil {
		return "", err
	}
	return helm.Render(helm.Request{Name: release(dir), Namespace: namespace(dir), Chart: chart, Values: values}, testKubernetes)
}

// decode reads every object as its Kubernetes type and refuses fields the type does not have and keys that stand twice.
func decode(manifest string) ([]object, error) {
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	var objects []object
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the manifest: %w", err)
		}
		decoded, _, err := decoder.Decode(doc, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%w in:\n%s", err, doc)
		}
		obj, ok := decoded.(object)
		if !ok {
			return nil, fmt.Errorf("%T has no metadata", decoded)
		}
		objects = append(objects, obj)
	}
}
