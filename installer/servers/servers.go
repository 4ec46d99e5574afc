// Package servers tells which notebook servers run on a cluster and what becomes of them.
//
// All of it stands on the servers' pods: the hub writes there what it decides about them, and no other right is needed
// to read it than to list pods.
package servers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
)

const (
	selector = v1alpha1.LabelComponent + "=notebook"
	// page bounds what one request of a large platform asks for.
	page = 500
)

// Server is a notebook server of a person.
type Server struct {
	Person    string `json:"person"`
	Workspace string `json:"workspace"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Profile   string `json:"profile"`
	Size      string `json:"size"`
	// Phase is that of the pod, or Terminating.
	Phase string `json:"phase"`
	// Since, LastActivity and HeldUntil are RFC 3339 in UTC; empty where there is none.
	Since        string  `json:"since"`
	LastActivity string  `json:"lastActivity"`
	HeldUntil    string  `json:"heldUntil"`
	Culling      Culling `json:"culling"`
	Home         *Home   `json:"home,omitempty"`
}

// List reads the servers of one workspace, or of all where none is named, by workspace and person.
func List(ctx context.Context, c *cluster.Cluster, workspace string, now time.Time) ([]Server, error) {
	namespace := metav1.NamespaceAll
	if workspace != "" {
		if err := exists(ctx, c, workspace); err != nil {
			return nil, err
		}
		namespace = v1alpha1.WorkspaceNamespacePrefix + workspace
	}
	all := []Server{}
	options := metav1.ListOptions{LabelSelector: selector, Limit: page}
	for {
		pods, err := c.Typed.CoreV1().Pods(namespace).List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("listing the servers: %w", err)
		}
		for i := range pods.Items {
			if pod := &pods.Items[i]; !ended(pod) {
				all = append(all, describe(pod, now))
			}
		}
		if options.Continue = pods.Continue; options.Continue == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b Server) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Person, b.Person))
	})
	return all, nil
}

// ByStop orders servers by when they would be stopped; those that would not are last.
func ByStop(all []Server) {
	slices.SortStableFunc(all, func(a, b Server) int {
		if (a.Culling.StopsAt == "") != (b.Culling.StopsAt == "") {
			return cmp.Compare(b.Culling.StopsAt, a.Culling.StopsAt)
		}
		return cmp.Compare(a.Culling.StopsAt, b.Culling.StopsAt)
	})
}

func exists(ctx context.Context, c *cluster.Cluster, workspace string) error {
	_, err := c.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("workspaces")).Get(ctx, workspace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Errorf("--workspace %q: there is no workspace of that name; `atoll workspaces` lists those there are", workspace)
	case err != nil:
		return fmt.Errorf("reading workspace %q: %w", workspace, err)
	}
	return nil
}

func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func describe(pod *corev1.Pod, now time.Time) Server {
	s := Server{
		Person:       pod.Annotations[v1alpha1.AnnotationPerson],
		Workspace:    pod.Labels[v1alpha1.LabelWorkspace],
		Namespace:    pod.Namespace,
		Pod:          pod.Name,
		Profile:      pod.Labels[v1alpha1.LabelProfile],
		Size:         pod.Annotations[v1alpha1.AnnotationSize],
		Phase:        string(pod.Status.Phase),
		LastActivity: moment(pod.Annotations[v1alpha1.AnnotationLastActivity]),
		HeldUntil:    moment(pod.Annotations[v1alpha1.AnnotationHeldUntil]),
		Culling:      readCulling(pod.Annotations[v1alpha1.AnnotationCulling], now),
		Home:         readHome(pod.Annotations[v1alpha1.AnnotationHomeUsage]),
	}
	if pod.DeletionTimestamp != nil {
		s.Phase = "Terminating"
	}
	if pod.Status.StartTime != nil {
		s.Since = pod.Status.StartTime.UTC().Format(time.RFC3339)
	}
	if until, err := time.Parse(time.RFC3339, s.HeldUntil); err == nil && !until.After(now) {
		s.HeldUntil = ""
	}
	return s
}

// moment keeps only what is a time: annotations may have been edited by hand.
func moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
