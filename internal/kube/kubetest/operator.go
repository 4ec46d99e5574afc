package kubetest

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// HubURL is what the stand-in reports of every workspace.
const HubURL = "http://hub.example/hub/home"

// Operator stands in for atoll-operator: it marks every object Ready unless told otherwise, and gives a workspace its namespace.
type Operator struct {
	admin dynamic.Interface
	stop  context.CancelFunc

	mu    sync.Mutex
	moods map[string]Mood
}

// Mood is how the operator treats an object.
type Mood struct {
	// Silent leaves the status alone.
	Silent bool
	// Conditions are set in place of Ready being True.
	Conditions []metav1.Condition
}

// NotReady is an operator that is still at work.
func NotReady(reason, message string) Mood {
	return Mood{Conditions: []metav1.Condition{{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: message,
	}}}
}

// Stalled is an operator that gave up.
func Stalled(reason, message string) Mood {
	m := NotReady(reason, message)
	m.Conditions = append(m.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: reason, Message: message,
	})
	return m
}

// Treat sets the mood for the object of a name, of any kind. It holds for changes yet to come.
func (o *Operator) Treat(name string, m Mood) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.moods[name] = m
}

func startOperator(admin dynamic.Interface) (*Operator, error) {
	ctx, cancel := context.WithCancel(context.Background())
	o := &Operator{admin: admin, stop: cancel, moods: map[string]Mood{}}
	factory := dynamicinformer.NewDynamicSharedInformerFactory(admin, 0)
	for _, plural := range []string{"workspaces", "profiles", "schedules", "datasets", "datagrants"} {
		informer := factory.ForResource(Resource(plural)).Informer()
		reconcile := func(object any) { o.reconcile(ctx, plural, object.(*unstructured.Unstructured).DeepCopy()) }
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    reconcile,
			UpdateFunc: func(_, object any) { reconcile(object) },
		})
		if err != nil {
			cancel()
			return nil, err
		}
	}
	factory.Start(ctx.Done())
	return o, nil
}

// reconcile writes the status once per generation. An outdated object fails and comes again.
func (o *Operator) reconcile(ctx context.Context, plural string, object *unstructured.Unstructured) {
	o.mu.Lock()
	mood := o.moods[object.GetName()]
	o.mu.Unlock()
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if mood.Silent || observed == object.GetGeneration() {
		return
	}
	status := v1alpha1.WorkspaceStatus{ObservedGeneration: object.GetGeneration()}
	if plural == "workspaces" {
		status.HubURL, status.People = HubURL, 1
		namespace := &unstructured.Unstructured{}
		namespace.SetAPIVersion("v1")
		namespace.SetKind("Namespace")
		namespace.SetName(v1alpha1.WorkspaceNamespacePrefix + object.GetName())
		if _, err := o.admin.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Create(ctx, namespace, metav1.CreateOptions{}); err != nil &&
			!apierrors.IsAlreadyExists(err) {
			return
		}
	}
	conditions := mood.Conditions
	if conditions == nil {
		conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, Message: "Everything is in place.",
		}}
	}
	for _, c := range conditions {
		meta.SetStatusCondition(&status.Conditions, c)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&status)
	if err != nil {
		panic(err)
	}
	object.Object["status"] = content
	api := dynamic.ResourceInterface(o.admin.Resource(Resource(plural)))
	if ns := object.GetNamespace(); ns != "" {
		api = o.admin.Resource(Resource(plural)).Namespace(ns)
	}
	_, _ = api.UpdateStatus(ctx, object, metav1.UpdateOptions{FieldManager: "atoll-operator"})
}
