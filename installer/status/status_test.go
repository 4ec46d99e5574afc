package status

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/helm"
)

var server *apitest.Server

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) { server = s }))
}

const record = `{"name":"demo","version":"0.1.0","hubURL":"http://hub","issuer":"http://id","disabled":{"identity":"identity.issuer names your own provider"}}`

// app is a chart of a config map and, when asked for, a deployment that nobody brings up.
var app = fstest.MapFS{
	"app/Chart.yaml":  {Data: []byte("apiVersion: v2\nname: app\nversion: 0.1.0\nappVersion: '5'\n")},
	"app/values.yaml": {Data: []byte("workload: false\n")},
	"app/templates/all.yaml": {Data: []byte(`apiVersion: v1
kind: ConfigMap
metadata: {name: '{{ .Release.Name }}'}
{{- if .Values.workload }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: '{{ .Release.Name }}'}
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec: {containers: [{name: main, image: docker.io/atoll/x:1}]}
{{- end }}
`)},
}

func TestRead(t *testing.T) {
	c, err := cluster.New(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range component.Subclusters {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: component.Namespace(s)}}
		if _, err := c.Typed.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	catalog := []component.Component{
		{Name: "hub", Subcluster: "application"},
		{Name: "identity", Subcluster: "system"},
		{Name: "metrics", Subcluster: "system"},
	}
	client, err := helm.New(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	chart, err := helm.LoadFS(app, "app")
	if err != nil {
		t.Fatal(err)
	}
	install := func(entry component.Component, values map[string]any) {
		t.Helper()
		req := helm.Request{Name: entry.Name, Namespace: entry.Namespace(), Chart: chart, Values: values}
		if _, err := client.Apply(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range component.Foundations() {
		install(f, nil)
	}
	install(catalog[0], map[string]any{"workload": true})

	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "atoll-platform"}, Data: map[string]string{"platform.json": record}}
	if _, err := c.Typed.CoreV1().ConfigMaps("atoll-system").Create(t.Context(), cm, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}

	p, err := Read(t.Context(), c, catalog)
	if err != nil {
		t.Fatal(err)
	}
	if p.Platform != "demo" || p.Ready || len(p.Subclusters) != 5 {
		t.Errorf("platform is %+v", p)
	}
	find := func(subcluster, name string) Component {
		for _, s := range p.Subclusters {
			i := slices.IndexFunc(s.Components, func(c Component) bool { return c.Name == name })
			if s.Name == subcluster && i >= 0 {
				return s.Components[i]
			}
		}
		t.Fatalf("there is no %s in %s", name, subcluster)
		return Component{}
	}
	want := Component{
		Name: "hub", State: NotReady, Version: "5", AppVersion: "5", ChartVersion: "0.1.0", Revision: 1,
		Images: []string{"docker.io/atoll/x:1"}, Health: "unhealthy",
	}
	got := find("application", "hub")
	if !strings.HasPrefix(got.Reason, "Deployment atoll-application/hub: ") {
		t.Errorf("reason is %q", got.Reason)
	}
	got.Reason = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hub differs (-want +got):\n%s", diff)
	}
	if got := find("system", "identity"); got.State != Disabled || got.Reason != "identity.issuer names your own provider" {
		t.Errorf("identity is %+v", got)
	}
	if got := find("system", "metrics"); got.State != Missing {
		t.Errorf("metrics is %+v", got)
	}
	if got := find("data", "data-foundation"); got.State != Ready || got.Health != "healthy" {
		t.Errorf("foundation is %+v", got)
	}
	for _, s := range p.Subclusters {
		if wantReady := s.Name != "application" && s.Name != "system"; s.Ready != wantReady {
			t.Errorf("subcluster %s: ready is %v", s.Name, s.Ready)
		}
	}

	install(catalog[0], map[string]any{"workload": false})
	install(catalog[2], nil)
	if p, err = Read(t.Context(), c, catalog); err != nil || !p.Ready {
		t.Errorf("with all components: %+v, error %v", p, err)
	}

	if err := c.Typed.CoreV1().ConfigMaps("atoll-application").Delete(t.Context(), "hub", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if p, err = Read(t.Context(), c, catalog); err != nil || p.Ready {
		t.Errorf("with a missing object: %+v, error %v", p, err)
	}
	if got := find("application", "hub"); got.State != NotReady || !strings.Contains(got.Reason, "ConfigMap hub: it is not in the cluster") {
		t.Errorf("hub is %+v", got)
	}
}

// TestJSONIsStable holds the names that other programs read.
func TestJSONIsStable(t *testing.T) {
	p := Platform{Subclusters: []Subcluster{{Components: []Component{{Images: []string{}}}}}}
	got, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"platform":"","version":"","hubURL":"","issuer":"","ready":false,"subclusters":[{"name":"","namespace":"","ready":false,"components":` +
		`[{"name":"","state":"","version":"","appVersion":"","chartVersion":"","revision":0,"images":[],"health":"","reason":""}]}]}`
	if string(got) != want {
		t.Errorf("JSON is\n%s\nwant\n%s", got, want)
	}
}
