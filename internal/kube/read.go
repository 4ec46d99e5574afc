package kube

import (
	"context"
	"fmt"
	"sort"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// listing is one LIST of a kind, made by the first reader and shared by those who come later.
type listing struct {
	mu      sync.Mutex
	objects map[string]*unstructured.Unstructured
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

// Read returns the object from the run's one LIST of the kind.
func (s *Store[T]) Read(ctx context.Context, name string) (*T, error) {
	objects, err := s.listed(ctx)
	if err != nil {
		return nil, err
	}
	live, ok := objects[name]
	if !ok {
		return nil, fmt.Errorf("reading %s %s: %w", s.kind.Name, name, ErrNotFound)
	}
	return s.typed(live)
}

// List returns all objects of the kind by name, from the run's one LIST.
func (s *Store[T]) List(ctx context.Context) ([]*T, error) {
	objects, err := s.listed(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(objects))
	for name := range objects {
		names = append(names, name)
	}
	sort.Strings(names)
	out := make([]*T, len(names))
	for i, name := range names {
		if out[i], err = s.typed(objects[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store[T]) listed(ctx context.Context) (map[string]*unstructured.Unstructured, error) {
	l := s.client.listing(s.kind.Resource())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.objects != nil {
		return l.objects, nil
	}
	found, err := s.api("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, s.explain("listing", "", err)
	}
	l.objects = make(map[string]*unstructured.Unstructured, len(found.Items))
	for i := range found.Items {
		// Most of what an object holds says who wrote which field, and only writers ask for that.
		found.Items[i].SetManagedFields(nil)
		l.objects[keyOf(&found.Items[i])] = &found.Items[i]
	}
	return l.objects, nil
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
