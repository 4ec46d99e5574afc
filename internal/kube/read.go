package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/json"
)

// listing is one LIST of a kind, made by the first reader and shared by those who come later.
type listing struct {
	mu sync.Mutex
	// objects are by key a map[string]*T of the kind's type.
	objects any
}

// Get asks the server for the object.
func (s *Store[T]) Get(ctx context.Context, name string) (*T, error) {
	live, err := s.get(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.typed(live)
}

func (s *Store[T]) get(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	namespace, plain := s.split(name)
	live, err := s.api(namespace).Get(ctx, plain, metav1.GetOptions{})
	if err != nil {
		return nil, s.explain("reading", name, err)
	}
	return live, nil
}

// Read returns the object from the run's one LIST of the kind. Others get the same one: it is not to be changed.
func (s *Store[T]) Read(ctx context.Context, name string) (*T, error) {
	objects, err := s.listed(ctx)
	if err != nil {
		return nil, err
	}
	live, ok := objects[name]
	if !ok {
		return nil, fmt.Errorf("reading %s %s: %w", s.kind.Name, name, ErrNotFound)
	}
	return live, nil
}

// Listed returns the object from the LIST that the run has made of the kind, or nil where it has made none or the object is not in
// it. It makes no request, but waits for one that is under way.
func (s *Store[T]) Listed(name string) *T {
	l := s.client.listing(s.kind.Resource())
	l.mu.Lock()
	defer l.mu.Unlock()
	objects, _ := l.objects.(map[string]*T)
	return objects[name]
}

// List returns all objects of the kind by name, from the run's one LIST. They are not to be changed.
func (s *Store[T]) List(ctx context.Context) ([]*T, error) {
	objects, err := s.listed(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*T, 0, len(objects))
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		out = append(out, objects[name])
	}
	return out, nil
}

// listed is decoded into the kind's type at once: there may be thousands, and what is read of them is little.
func (s *Store[T]) listed(ctx context.Context) (map[string]*T, error) {
	l := s.client.listing(s.kind.Resource())
	l.mu.Lock()
	defer l.mu.Unlock()
	if objects, ok := l.objects.(map[string]*T); ok {
		return objects, nil
	}
	group := s.kind.Resource().GroupVersion()
	body, err := s.client.raw.Get().AbsPath("/apis", group.Group, group.Version, s.kind.Plural).DoRaw(ctx)
	if err != nil {
		return nil, s.explain("listing", "", err)
	}
	var found struct {
		Items []T `json:"items"`
	}
	if err := json.UnmarshalCaseSensitivePreserveInts(body, &found); err != nil {
		return nil, fmt.Errorf("decoding the list of %s: %w", s.kind.Plural, err)
	}
	objects := make(map[string]*T, len(found.Items))
	for i := range found.Items {
		meta := s.kind.Meta(&found.Items[i])
		// Most of what an object holds says who wrote which field, and only writers ask for that.
		meta.ManagedFields = nil
		objects[keyOf(meta)] = &found.Items[i]
	}
	l.objects = objects
	return objects, nil
}

func (c *Client) listing(kind schema.GroupVersionResource) *listing {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.lists[kind]
	if !ok {
		l = &listing{}
		c.lists[kind] = l
	}
	return l
}

// forget drops the LIST of the kind; readers that already hold it keep it.
func (s *Store[T]) forget() {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	delete(s.client.lists, s.kind.Resource())
}

func (s *Store[T]) typed(live *unstructured.Unstructured) (*T, error) {
	out := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, out); err != nil {
		return nil, fmt.Errorf("decoding %s %s: %w", s.kind.Name, live.GetName(), err)
	}
	return out, nil
}
