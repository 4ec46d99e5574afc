// Package index finds objects in the cache by what they refer to.
package index

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const (
	// workspaceProfiles indexes workspaces by the profiles they allow.
	workspaceProfiles = "spec.profiles"
	// podProfile indexes pods by the profile they run.
	podProfile = "profile"
	// ScheduleProfile indexes schedules by the profile they use.
	ScheduleProfile = "spec.profile"
	// RunSchedule indexes runs by their schedule.
	RunSchedule = "spec.schedule"
	// GrantDataset indexes grants by their dataset.
	GrantDataset = "spec.dataset"
	// GrantSubject indexes grants by whom they are for, as Subject writes it.
	GrantSubject = "spec.subject"
)

// Subject is a subject as GrantSubject has it.
func Subject(kind v1alpha1.SubjectKind, name string) string { return string(kind) + "/" + name }

// Register adds the indexes to the cache.
func Register(ctx context.Context, indexer client.FieldIndexer) error {
	err := indexer.IndexField(ctx, &v1alpha1.Workspace{}, workspaceProfiles, func(obj client.Object) []string {
		if ws, ok := obj.(*v1alpha1.Workspace); ok {
			return ws.Spec.Profiles
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("indexing workspaces by profile: %w", err)
	}
	err = indexer.IndexField(ctx, pod(), podProfile, func(obj client.Object) []string {
		if name := obj.GetLabels()[v1alpha1.LabelProfile]; name != "" {
			return []string{name}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("indexing pods by profile: %w", err)
	}
	err = indexer.IndexField(ctx, &v1alpha1.Schedule{}, ScheduleProfile, func(obj client.Object) []string {
		if s, ok := obj.(*v1alpha1.Schedule); ok {
			return []string{s.Spec.Profile}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("indexing schedules by profile: %w", err)
	}
	err = indexer.IndexField(ctx, &v1alpha1.Run{}, RunSchedule, func(obj client.Object) []string {
		if r, ok := obj.(*v1alpha1.Run); ok {
			return []string{r.Spec.Schedule}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("indexing runs by schedule: %w", err)
	}
	if err := registerDatasets(ctx, indexer); err != nil {
		return err
	}
	for field, value := range map[string]func(*v1alpha1.DataGrant) string{
		GrantDataset: func(g *v1alpha1.DataGrant) string { return g.Spec.Dataset },
		GrantSubject: func(g *v1alpha1.DataGrant) string { return Subject(g.Spec.Subject.Kind, g.Spec.Subject.Name) },
	} {
		err = indexer.IndexField(ctx, &v1alpha1.DataGrant{}, field, func(obj client.Object) []string {
			if g, ok := obj.(*v1alpha1.DataGrant); ok {
				return []string{value(g)}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("indexing grants by %s: %w", field, err)
		}
	}
	return nil
}

// CountWorkspaces counts the workspaces that allow a profile.
func CountWorkspaces(ctx context.Context, r client.Reader, profile string) (int, error) {
	list, err := workspaces(ctx, r, profile)
	if err != nil {
		return 0, err
	}
	return len(list.Items), nil
}

// CountServers counts the servers that run a profile.
func CountServers(ctx context.Context, r client.Reader, profile string) (int, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	if err := r.List(ctx, list, client.MatchingFields{podProfile: profile}, client.UnsafeDisableDeepCopy); err != nil {
		return 0, fmt.Errorf("listing the servers that run profile %s: %w", profile, err)
	}
	return len(list.Items), nil
}

// WorkspacesAllowing names the workspaces that allow a profile.
func WorkspacesAllowing(ctx context.Context, r client.Reader, profile string) []reconcile.Request {
	list, err := workspaces(ctx, r, profile)
	if err != nil {
		log.FromContext(ctx).Error(err, "finding the workspaces to look at again", "profile", profile)
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
	}
	return requests
}

func workspaces(ctx context.Context, r client.Reader, profile string) (*v1alpha1.WorkspaceList, error) {
	list := &v1alpha1.WorkspaceList{}
	if err := r.List(ctx, list, client.MatchingFields{workspaceProfiles: profile}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the workspaces that allow profile %s: %w", profile, err)
	}
	return list, nil
}

func pod() *metav1.PartialObjectMetadata {
	obj := &metav1.PartialObjectMetadata{}
	obj.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	return obj
}
