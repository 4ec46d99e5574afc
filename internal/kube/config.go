package kube

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Config says which cluster to talk to: by kubeconfig, or by host.
type Config struct {
	// Kubeconfig are files that are merged in order, the first one winning.
	Kubeconfig []string
	// Context in the kubeconfig; empty means its current context.
	Context string

	// Host is the API server's URL. Where it is set, no kubeconfig is read.
	Host string
	// CA is the PEM of the authority that signed the server's certificate; empty means the system's.
	CA string
	// Token is a bearer token.
	Token string
	// Exec is a command that prints credentials.
	Exec *Exec
	// Wrap is put around the transport, for credentials that are renewed.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Exec is a credential plugin, as in a kubeconfig.
type Exec struct {
	APIVersion string
	Command    string
	Args       []string
	Env        map[string]string
}

// ErrNoCluster says that the configuration names no cluster. There is no fallback to localhost.
var ErrNoCluster = errors.New("no cluster is configured")

// REST returns the client configuration, without talking to the cluster.
func (c Config) REST() (*rest.Config, error) {
	if c.Host != "" {
		return c.fromHost(), nil
	}
	if len(c.Kubeconfig) == 0 {
		return nil, ErrNoCluster
	}
	for _, file := range c.Kubeconfig {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("reading kubeconfig: %w", err)
		}
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{Precedence: c.Kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: c.Context},
	)
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("reading kubeconfig %v: %w", c.Kubeconfig, err)
	}
	name := c.Context
	if name == "" {
		name = raw.CurrentContext
	}
	if name == "" {
		return nil, fmt.Errorf("kubeconfig %v has no current context: name one of its contexts", c.Kubeconfig)
	}
	if raw.Contexts[name] == nil {
		return nil, fmt.Errorf("kubeconfig %v has no context %q", c.Kubeconfig, name)
	}
	cfg, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading context %q of kubeconfig %v: %w", name, c.Kubeconfig, err)
	}
	return cfg, nil
}

func (c Config) fromHost() *rest.Config {
	cfg := &rest.Config{Host: c.Host, BearerToken: c.Token}
	if c.CA != "" {
		cfg.CAData = []byte(c.CA)
	}
	if c.Exec != nil {
		plugin := &api.ExecConfig{
			APIVersion:      c.Exec.APIVersion,
			Command:         c.Exec.Command,
			Args:            c.Exec.Args,
			InteractiveMode: api.NeverExecInteractiveMode,
		}
		for k, v := range c.Exec.Env {
			plugin.Env = append(plugin.Env, api.ExecEnvVar{Name: k, Value: v})
		}
		cfg.ExecProvider = plugin
	}
	if c.Wrap != nil {
		cfg.Wrap(c.Wrap)
	}
	return cfg
}
