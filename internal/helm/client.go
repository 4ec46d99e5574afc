package helm

import (
	"errors"
	"fmt"
	"sync"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

const (
	// fieldManager owns the fields of what releases apply.
	fieldManager = "atoll"
	// maxHistory bounds the revisions kept of a release.
	maxHistory = 5
)

var pinFieldManager = sync.OnceFunc(func() { kube.ManagedFieldsManager = fieldManager })

// Client acts on the releases of one cluster. It is safe for concurrent use.
type Client struct {
	config    *rest.Config
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper

	mu           sync.RWMutex
	capabilities *chartutil.Capabilities
}

// New makes a client. The caller bounds how many actions run at once: the client itself does not
// limit its requests, since Helm's default of five a second makes an installation take minutes.
func New(config *rest.Config) (*Client, error) {
	pinFieldManager()
	config = rest.CopyConfig(config)
	config.QPS = -1
	dc, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a discovery client: %w", err)
	}
	cached := memory.NewMemCacheClient(dc)
	c := &Client{
		config:    config,
		discovery: cached,
		mapper:    restmapper.NewDeferredDiscoveryRESTMapper(cached),
	}
	return c, c.Refresh()
}

// Refresh reads again which kinds the cluster serves. Call it after changing CRDs.
func (c *Client) Refresh() error {
	c.mapper.Reset()
	version, err := c.discovery.ServerVersion()
	if err != nil {
		return fmt.Errorf("reading the cluster's version: %w", err)
	}
	apis, err := action.GetVersionSet(c.discovery)
	if err != nil && !isPartialDiscovery(err) {
		return fmt.Errorf("reading the kinds that the cluster serves: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.capabilities = &chartutil.Capabilities{
		APIVersions: apis,
		KubeVersion: chartutil.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor},
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}
	return nil
}

// isPartialDiscovery is true where some aggregated API is down: the rest of the answer is good.
func isPartialDiscovery(err error) bool {
	var partial *discovery.ErrGroupDiscoveryFailed
	return errors.As(err, &partial)
}

// configuration makes what one action works with.
func (c *Client) configuration(namespace string) (*action.Configuration, error) {
	getter := &restGetter{config: c.config, discovery: c.discovery, mapper: c.mapper, namespace: namespace}
	cfg := new(action.Configuration)
	if err := cfg.Init(getter, namespace, "secret", func(string, ...any) {}); err != nil {
		return nil, fmt.Errorf("preparing Helm: %w", err)
	}
	if client, ok := cfg.KubeClient.(*kube.Client); ok {
		client.Namespace = namespace
	}
	cfg.Releases.MaxHistory = maxHistory
	c.mu.RLock()
	defer c.mu.RUnlock()
	cfg.Capabilities = c.capabilities.Copy()
	return cfg, nil
}

// KubernetesVersion is the version of the cluster.
func (c *Client) KubernetesVersion() string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.capabilities.KubeVersion.Version
}
