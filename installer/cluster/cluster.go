// Package cluster connects to the cluster that a platform is laid down on.
package cluster

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// FieldManager owns the fields of what the installer applies itself.
const FieldManager = "atoll-installer"

// Options say which cluster is meant; empty ones fall back as kubectl's do.
type Options struct {
	Kubeconfig string
	Context    string
}

// Cluster is a connection. It is safe for concurrent use.
type Cluster struct {
	// Context is the kubeconfig context in use, to show to people.
	Context string
	Config  *rest.Config
	Typed   kubernetes.Interface
	Dynamic dynamic.Interface

	mapper *restmapper.DeferredDiscoveryRESTMapper
}

// Connect reads the kubeconfig and makes the clients. It sends no request.
func Connect(opts Options) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = opts.Kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: opts.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w; name a file with --kubeconfig", err)
	}
	name := opts.Context
	if name == "" {
		name = raw.CurrentContext
	}
	config, err := loader.ClientConfig()
	if err != nil {
		if clientcmd.IsEmptyConfig(err) {
			err = errors.New("no cluster is configured")
		}
		return nil, fmt.Errorf("reading the kubeconfig: %w; name a cluster with --context, or a file with --kubeconfig", err)
	}
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	c.Context = name
	return c, nil
}

// New makes the clients for a configuration.
func New(config *rest.Config) (*Cluster, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.UserAgent = "atoll"
	config.WarningHandler = rest.NoWarnings{}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a Kubernetes client: %w", err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a Kubernetes client: %w", err)
	}
	cached := memory.NewMemCacheClient(typed.Discovery())
	return &Cluster{
		Config:  config,
		Typed:   typed,
		Dynamic: dyn,
		mapper:  restmapper.NewDeferredDiscoveryRESTMapper(cached),
	}, nil
}

// Refresh forgets which kinds the cluster serves. Call it after changing CRDs.
func (c *Cluster) Refresh() {
	c.mapper.Reset()
}

// Resource returns the client for the kind and namespace of obj; namespace stands in where the
// kind is namespaced and obj names none.
func (c *Cluster) Resource(obj *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	gvk := obj.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("looking up the kind of %s: %w", Describe(obj), err)
	}
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return c.Dynamic.Resource(mapping.Resource), nil
	}
	if obj.GetNamespace() != "" {
		namespace = obj.GetNamespace()
	}
	return c.Dynamic.Resource(mapping.Resource).Namespace(namespace), nil
}

// Apply makes the cluster hold obj, by server-side apply; dry leaves the cluster as it is and
// returns what would be.
func (c *Cluster) Apply(ctx context.Context, obj *unstructured.Unstructured, namespace string, dry bool) (*unstructured.Unstructured, error) {
	client, err := c.Resource(obj, namespace)
	if err != nil {
		return nil, err
	}
	data, err := obj.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", Describe(obj), err)
	}
	opts := metav1.PatchOptions{FieldManager: FieldManager, Force: new(true)}
	if dry {
		opts.DryRun = []string{metav1.DryRunAll}
	}
	applied, err := client.Patch(ctx, obj.GetName(), types.ApplyPatchType, data, opts)
	if err != nil {
		return nil, fmt.Errorf("applying %s: %w", Describe(obj), err)
	}
	return applied, nil
}

// Describe names an object as people do: Kind namespace/name.
func Describe(obj *unstructured.Unstructured) string {
	if obj.GetNamespace() == "" {
		return obj.GetKind() + " " + obj.GetName()
	}
	return obj.GetKind() + " " + obj.GetNamespace() + "/" + obj.GetName()
}
