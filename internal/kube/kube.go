// Package kube is the core that every front end shares: it applies, reads, awaits and deletes the
// kinds of atoll.dev. It knows no type of Terraform or Pulumi; what a user declared arrives as a
// struct of package declare, and what the cluster holds leaves as a type of api/v1alpha1.
package kube

import (
	"fmt"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Kind tells a Store how to handle one kind of the API.
type Kind[T any] struct {
	// Name of the kind, as in manifests.
	Name string
	// Plural is the resource in the API's paths.
	Plural string
	// Namespaced kinds are named by namespace/name.
	Namespaced bool
	// Meta returns the object's metadata.
	Meta func(*T) *metav1.ObjectMeta
	// Status returns the generation that the conditions speak of, and the conditions.
	Status func(*T) (int64, []metav1.Condition)
	// Settled tells of a condition Ready that is not true whether waiting brings nothing; nil where it always may.
	Settled func(metav1.Condition) bool
}

// Resource is the kind's address in the API.
func (k Kind[T]) Resource() schema.GroupVersionResource {
	return v1alpha1.GroupVersion.WithResource(k.Plural)
}

// Workspaces is the kind Workspace.
var Workspaces = Kind[v1alpha1.Workspace]{
	Name:   "Workspace",
	Plural: "workspaces",
	Meta:   func(w *v1alpha1.Workspace) *metav1.ObjectMeta { return &w.ObjectMeta },
	Status: func(w *v1alpha1.Workspace) (int64, []metav1.Condition) {
		return w.Status.ObservedGeneration, w.Status.Conditions
	},
}

// Profiles is the kind Profile.
var Profiles = Kind[v1alpha1.Profile]{
	Name:   "Profile",
	Plural: "profiles",
	Meta:   func(p *v1alpha1.Profile) *metav1.ObjectMeta { return &p.ObjectMeta },
	Status: func(p *v1alpha1.Profile) (int64, []metav1.Condition) {
		return p.Status.ObservedGeneration, p.Status.Conditions
	},
}

// Schedules is the kind Schedule.
var Schedules = Kind[v1alpha1.Schedule]{
	Name:       "Schedule",
	Plural:     "schedules",
	Namespaced: true,
	Meta:       func(s *v1alpha1.Schedule) *metav1.ObjectMeta { return &s.ObjectMeta },
	Status: func(s *v1alpha1.Schedule) (int64, []metav1.Condition) {
		return s.Status.ObservedGeneration, s.Status.Conditions
	},
}

// Runs is the kind Run, which has no conditions: its phase says how far it is.
var Runs = Kind[v1alpha1.Run]{
	Name:       "Run",
	Plural:     "runs",
	Namespaced: true,
	Meta:       func(r *v1alpha1.Run) *metav1.ObjectMeta { return &r.ObjectMeta },
	Status:     func(*v1alpha1.Run) (int64, []metav1.Condition) { return 0, nil },
}

// Client is one connection to one cluster, shared by everything in a run. It remembers one LIST
// per kind; a write to the kind forgets it.
type Client struct {
	api     dynamic.Interface
	raw     rest.Interface
	manager string

	mu    sync.Mutex
	lists map[schema.GroupVersionResource]*listing
}

// New returns a client that applies as the given field manager. It makes no request.
func New(cfg *rest.Config, manager string) (*Client, error) {
	cfg = rest.CopyConfig(cfg)
	// The API server has priority and fairness of its own; a throttle here only slows plans.
	cfg.QPS = -1
	cfg.UserAgent = manager
	cfg.NegotiatedSerializer = statuses()
	api, raw, err := connect(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to %s: %w", cfg.Host, err)
	}
	return &Client{api: api, raw: raw, manager: manager, lists: map[schema.GroupVersionResource]*listing{}}, nil
}

// connect makes a client for any object and one for bare bodies, on the same connections.
func connect(cfg *rest.Config) (dynamic.Interface, rest.Interface, error) {
	shared, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, nil, err
	}
	raw, err := rest.UnversionedRESTClientForConfigAndClient(cfg, shared)
	if err != nil {
		return nil, nil, err
	}
	api, err := dynamic.NewForConfigAndClient(cfg, shared)
	return api, raw, err
}

// statuses decodes what the API server says of a request that failed.
func statuses() runtime.NegotiatedSerializer {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	return serializer.NewCodecFactory(scheme).WithoutConversion()
}

// Store handles the objects of one kind.
type Store[T any] struct {
	client *Client
	kind   Kind[T]
}

// NewStore returns the store of a kind on a client.
func NewStore[T any](c *Client, kind Kind[T]) *Store[T] {
	return &Store[T]{client: c, kind: kind}
}

// api is where objects of the kind are, and of a namespaced kind those of one namespace; all where it is empty.
func (s *Store[T]) api(namespace string) dynamic.ResourceInterface {
	all := s.client.api.Resource(s.kind.Resource())
	if namespace == "" {
		return all
	}
	return all.Namespace(namespace)
}

// split takes the namespace off the name of an object.
func (s *Store[T]) split(key string) (namespace, name string) {
	if !s.kind.Namespaced {
		return "", key
	}
	namespace, name, _ = strings.Cut(key, "/")
	return namespace, name
}

// keyOf is the name by which an object is known here.
func keyOf(meta *metav1.ObjectMeta) string {
	if meta.Namespace == "" {
		return meta.Name
	}
	return meta.Namespace + "/" + meta.Name
}
