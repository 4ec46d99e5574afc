// Package kubetest runs a real API server with the platform's kinds for tests, behind a proxy that
// records requests, and with a stand-in for the operator that sets conditions.
package kubetest

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Server is a running API server.
type Server struct {
	// URL of the proxy in front of the server; it needs no credentials.
	URL string
	// Admin reaches the server directly, unseen by Requests.
	Admin dynamic.Interface
	// Requests are those that came through the proxy.
	Requests *Recorder
	// Operator sets the conditions of objects.
	Operator *Operator

	env   *envtest.Environment
	proxy *httptest.Server
}

// Start starts the server from bin/assets of the repository, or from KUBEBUILDER_ASSETS.
func Start() (*Server, error) {
	dir, err := assets()
	if err != nil {
		return nil, err
	}
	definitions, err := definitions()
	if err != nil {
		return nil, err
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory:    dir,
		CRDs:                     definitions,
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	cfg, err := env.Start()
	if err != nil {
		return nil, fmt.Errorf("starting the API server from %s: %w", dir, errors.Join(err, env.Stop()))
	}
	s, err := serve(env, cfg)
	if err != nil {
		return nil, errors.Join(err, env.Stop())
	}
	return s, nil
}

func serve(env *envtest.Environment, cfg *rest.Config) (*Server, error) {
	cfg.QPS = -1
	admin, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	recorder, err := newRecorder(cfg)
	if err != nil {
		return nil, err
	}
	operator, err := startOperator(admin)
	if err != nil {
		return nil, err
	}
	proxy := httptest.NewServer(recorder)
	return &Server{URL: proxy.URL, Admin: admin, Requests: recorder, Operator: operator, env: env, proxy: proxy}, nil
}

// Stop stops everything that Start started.
func (s *Server) Stop() error {
	s.Operator.stop()
	s.proxy.Close()
	return s.env.Stop()
}

// Kubeconfig writes a kubeconfig for the proxy into the folder, with the context "test".
func (s *Server) Kubeconfig(dir string) (string, error) {
	cfg := api.NewConfig()
	cfg.Clusters["test"] = &api.Cluster{Server: s.URL}
	cfg.AuthInfos["test"] = &api.AuthInfo{}
	cfg.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "test"}
	cfg.CurrentContext = "test"
	file := filepath.Join(dir, "kubeconfig")
	return file, clientcmd.WriteToFile(*cfg, file)
}

// Resource is the address of a kind by its plural.
func Resource(plural string) schema.GroupVersionResource {
	return v1alpha1.GroupVersion.WithResource(plural)
}

// Root returns the repository's folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "VERSION")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("finding the repository: no folder above has a file VERSION")
		}
		dir = filepath.Dir(dir)
	}
}

func assets() (string, error) {
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		root, err := Root()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, "bin", "assets")
	}
	for _, program := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil { //nolint:gosec // the tester names the folder
			return "", fmt.Errorf("the tests need a real API server, and %s is missing: run `make assets` first", filepath.Join(dir, program))
		}
	}
	return dir, nil
}

func definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := fs.Glob(crds.Cluster, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the CRDs: %w", err)
	}
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		text, err := crds.Cluster.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading CRD %s: %w", file, err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, crd); err != nil {
			return nil, fmt.Errorf("decoding CRD %s: %w", file, err)
		}
		out = append(out, crd)
	}
	return out, nil
}
