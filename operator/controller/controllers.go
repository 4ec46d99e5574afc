// Package controller lists the operator's controllers and what they need of the cluster.
//
// The rights they use, and no others, are in the ClusterRole atoll-operator of charts/directory/operator; a test
// here runs them with exactly that role. The markers below state the same for readers:
//
// +kubebuilder:rbac:groups=atoll.dev,resources=workspaces;profiles,verbs=get;list;watch
// +kubebuilder:rbac:groups=atoll.dev,resources=workspaces,verbs=patch
// +kubebuilder:rbac:groups=atoll.dev,resources=workspaces/status;profiles/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces;resourcequotas;limitranges;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=bind,resourceNames=atoll-workspace-owner;atoll-workspace-member;atoll-workspace-viewer;atoll-hub-spawner
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch;deletecollection
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,verbs=get;create;update,namespace=atoll-directory
package controller

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/controller/profile"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// Name is how events name the operator.
const Name = "atoll-operator"

// Options of all controllers.
type Options struct {
	Workspace workspace.Options
	Profile   profile.Options
}

// registrar is a controller that a manager can run.
type registrar interface {
	Register(manager.Manager) error
}

// all is the list of controllers.
func all(mgr manager.Manager, opts Options) []registrar {
	return []registrar{
		workspace.NewController(mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder(Name), opts.Workspace),
		profile.NewController(mgr.GetClient(), opts.Profile),
	}
}

// Register makes the manager run every controller.
func Register(ctx context.Context, mgr manager.Manager, opts Options) error {
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	for _, c := range all(mgr, opts) {
		if err := c.Register(mgr); err != nil {
			return fmt.Errorf("registering %T: %w", c, err)
		}
	}
	return nil
}

// Scheme knows the kinds that the controllers read and write.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding Kubernetes' kinds: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding the platform's kinds: %w", err)
	}
	return scheme, nil
}

// Cache keeps in memory only what the operator has made, and of pods only the metadata of people's servers.
func Cache() cache.Options {
	made := cache.ByObject{Label: owned.Selector()}
	return cache.Options{
		// A read of a kind that is not watched would begin to cache all of it.
		ReaderFailOnMissingInformer: true,
		DefaultTransform:            cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Namespace{}:             made,
			&corev1.ResourceQuota{}:         made,
			&corev1.LimitRange{}:            made,
			&corev1.ServiceAccount{}:        made,
			&corev1.PersistentVolumeClaim{}: made,
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
