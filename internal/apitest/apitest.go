// Package apitest starts a real Kubernetes API server with the platform's kinds for tests.
//
// It is an API server and its etcd and nothing else: no scheduler, no controllers, no nodes. Requests are
// authorized by RBAC, as in any cluster. The binaries are those of `make assets`; a test that finds none fails
// and says how to build them.
package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
)

// assetsVariable names the folder of etcd and kube-apiserver, as other tools of Kubernetes do.
const assetsVariable = "KUBEBUILDER_ASSETS"

// Server is a running API server.
type Server struct {
	// Config is an administrator's.
	Config *rest.Config
	// Kubeconfig is the same for programs that read a file.
	Kubeconfig []byte

	env *envtest.Environment
}

// Start starts an API server that has the platform's kinds. The caller stops it.
func Start() (*Server, error) {
	assets, err := assets()
	if err != nil {
		return nil, err
	}
	kinds, err := definitions()
	if err != nil {
		return nil, err
	}
	// controller-runtime complains where nobody has said what becomes of its logs.
	log.SetLogger(zap.New(zap.WriteTo(os.Stderr), zap.Level(zapcore.ErrorLevel)))
	env := &envtest.Environment{
		BinaryAssetsDirectory:    assets,
		CRDs:                     kinds,
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	server := env.ControlPlane.GetAPIServer().Configure()
	server.Set("authorization-mode", "RBAC")
	cfg, err := env.Start()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the API server from %s: %w", assets, err), env.Stop())
	}
	return &Server{Config: cfg, Kubeconfig: env.KubeConfig, env: env}, nil
}

// Stop ends the processes and removes their files.
func (s *Server) Stop() error {
	return s.env.Stop()
}

// Run starts a server, lets use keep it, runs the tests and stops the server: the body of a TestMain.
func Run(m *testing.M, use func(*Server)) (code int) {
	s, err := Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := s.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	use(s)
	return m.Run()
}

// definitions are the kinds that the installer puts into a cluster.
func definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	names, err := fs.Glob(crds.Cluster, "*.yaml")
	if err != nil {
		return nil, err
	}
	var all []*apiextensionsv1.CustomResourceDefinition
	for _, name := range names {
		data, err := fs.ReadFile(crds.Cluster, name)
		if err != nil {
			return nil, err
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(bytes.TrimSpace(data), crd); err != nil {
			return nil, fmt.Errorf("reading the definition %s: %w", name, err)
		}
		all = append(all, crd)
	}
	return all, nil
}

// assets finds the folder of the binaries.
func assets() (string, error) {
	dir := os.Getenv(assetsVariable)
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "bin", "assets")
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil { //nolint:gosec // whoever runs the tests names the folder
			return "", fmt.Errorf("the tests need a real API server, and %s is not there: run `make assets`, "+
				"or set %s to a folder with etcd and kube-apiserver", filepath.Join(dir, name), assetsVariable)
		}
	}
	return dir, nil
}
