package controller

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// Cache keeps in memory only what the operator has made, and of pods only the metadata of people's servers.
func Cache() cache.Options {
	keep := newAlike().keep
	made := cache.ByObject{Label: owned.Selector(), Transform: keep}
	// The hub makes the homes of people who come by a group.
	homes := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{v1alpha1.LabelHome: "true"}), Transform: keep}
	return cache.Options{
		// A read of a kind that is not watched would begin to cache all of it.
		ReaderFailOnMissingInformer: true,
		DefaultTransform:            cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Namespace{}:             made,
			&corev1.ResourceQuota{}:         made,
			&corev1.LimitRange{}:            made,
			&corev1.ServiceAccount{}:        made,
			&corev1.PersistentVolumeClaim{}: homes,
			&batchv1.Job{}:                  made,
			&networkingv1.NetworkPolicy{}:   made,
			&rbacv1.RoleBinding{}:           made,
			&corev1.Pod{}:                   {Label: owned.Servers(), Transform: trimPod},
		},
	}
}

// trimPod drops what nobody asks of a server's metadata.
func trimPod(obj any) (any, error) {
	if pod, ok := obj.(client.Object); ok {
		pod.SetManagedFields(nil)
		pod.SetAnnotations(nil)
	}
	return obj, nil
}

// alike lets cached objects share what they say alike: the objects of a workspace their labels, and workspaces their network
// policies and quotas. With thousands of workspaces that is most of what there is of them in memory. Nobody writes to what is
// shared, since a cache gives copies away.
type alike struct {
	values *lru.Cache
}

func newAlike() alike {
	// Each workspace has one set of labels, and what else is shared is few.
	const values = 1 << 15
	return alike{lru.New(values)}
}

// keep is an object as it is cached: without managed fields, and sharing what it can.
func (a alike) keep(obj any) (any, error) {
	o, ok := obj.(client.Object)
	if !ok {
		return obj, nil
	}
	o.SetManagedFields(nil)
	switch o := obj.(type) {
	case *corev1.PersistentVolumeClaim:
		// Its labels name a person.
		share(a, &o.Spec.Resources)
		return obj, nil
	case *networkingv1.NetworkPolicy:
		share(a, &o.Spec)
	case *corev1.ResourceQuota:
		share(a, &o.Spec)
		share(a, &o.Status)
	case *corev1.LimitRange:
		share(a, &o.Spec)
	}
	o.SetLabels(once(a, labels.Set(o.GetLabels()).String(), o.GetLabels()))
	return obj, nil
}

// share replaces a value by one that says the same.
func share[T any, P interface {
	*T
	Marshal() ([]byte, error)
}](a alike, value P) {
	// Encoded with sorted keys; what cannot be encoded is not shared.
	if raw, err := value.Marshal(); err == nil {
		*value = once(a, string(raw), *value)
	}
}

// content is a value of some type in writing.
type content[T any] string

// once is the value that was first kept under a writing of it.
func once[T any](a alike, written string, value T) T {
	if known, ok := a.values.Get(content[T](written)); ok {
		return known.(T) //nolint:forcetypeassert // Only such are kept under this key.
	}
	a.values.Add(content[T](written), value)
	return value
}
