package phase

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
)

// removeComponents uninstalls the components, those first that nothing needs.
func removeComponents(ctx context.Context, s *State, step *progress.Step) (string, error) {
	ordered, err := component.Order(s.Catalog)
	if err != nil {
		return "", err
	}
	slices.Reverse(ordered)
	return s.uninstall(ctx, ordered, step)
}

// removeFoundations uninstalls what the components stood on.
func removeFoundations(ctx context.Context, s *State, step *progress.Step) (string, error) {
	return s.uninstall(ctx, component.Foundations(), step)
}

func (s *State) uninstall(ctx context.Context, list []component.Component, step *progress.Step) (string, error) {
	removed := 0
	for _, c := range list {
		rel, err := s.Helm.Get(c.Namespace(), c.Name)
		if err != nil {
			return "", err
		}
		if rel == nil {
			continue
		}
		step.Doing(c.Name)
		if err := s.Helm.Uninstall(ctx, c.Namespace(), c.Name, s.Timeout); err != nil {
			return "", err
		}
		s.Result.Removed = append(s.Result.Removed, "release "+c.Namespace()+"/"+c.Name)
		s.Result.Changed = true
		removed++
	}
	return fmt.Sprintf("%d uninstalled", removed), nil
}

// removeNamespaces removes the subclusters' namespaces but for those with data, unless the data
// is to go too. The one that has the lease goes last.
func removeNamespaces(ctx context.Context, s *State, step *progress.Step) (string, error) {
	var removed, kept []string
	for _, subcluster := range slices.Backward(component.Subclusters) {
		if name := component.Namespace(subcluster); name != systemNamespace {
			s.removeNamespace(name, &removed, &kept)
		}
	}
	s.removeNamespace(systemNamespace, &removed, &kept)
	for _, name := range removed {
		step.Doing("Namespace " + name)
		if name == systemNamespace {
			s.cleanup() // the lease goes with its namespace
		}
		if err := s.deleteNamespace(ctx, name); err != nil {
			return "", err
		}
		s.Result.Removed = append(s.Result.Removed, "namespace "+name)
		for _, claim := range s.left.Namespaces[name] {
			s.Result.Removed = append(s.Result.Removed, "data "+name+"/"+claim)
		}
		s.Result.Changed = true
	}
	text := fmt.Sprintf("%d removed", len(removed))
	if len(kept) > 0 {
		text += ", kept for their data: " + strings.Join(kept, ", ")
	}
	return text, nil
}

func (s *State) removeNamespace(name string, removed, kept *[]string) {
	claims, exists := s.left.Namespaces[name]
	switch {
	case !exists:
	case len(claims) > 0 && !s.DeleteData:
		*kept = append(*kept, name)
	default:
		*removed = append(*removed, name)
	}
}

func (s *State) deleteNamespace(ctx context.Context, name string) error {
	api := s.Cluster.Typed.CoreV1().Namespaces()
	err := api.Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing Namespace %s: %w", name, err)
	}
	last := ""
	err = wait.PollUntilContextTimeout(ctx, s.Poll, s.Timeout, true, func(ctx context.Context) (bool, error) {
		live, err := api.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		for _, c := range live.Status.Conditions {
			if c.Status == "True" {
				last = c.Message
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("waiting until Namespace %s is gone: %w (%s); look closer with `kubectl get namespace %s -o yaml` and run the same command again",
			name, err, last, name)
	}
	return nil
}

// proof looks again and fails when something is left that should be gone.
func proof(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	left, err := s.takeInventory(ctx)
	if err != nil {
		return "", err
	}
	for name, claims := range left.Namespaces {
		if len(claims) == 0 {
			return "", fmt.Errorf("looking for what is left: Namespace %s is still there; run the same command again", name)
		}
	}
	for _, claim := range left.data() {
		s.Result.Kept = append(s.Result.Kept, "data "+claim)
	}
	for _, home := range left.homes() {
		s.Result.Kept = append(s.Result.Kept, "home "+home)
	}
	for ns, claims := range left.Homes {
		if len(claims) == 0 {
			s.Result.Kept = append(s.Result.Kept, "workspace namespace "+ns)
		}
	}
	s.Result.Kept = append(s.Result.Kept, "custom resource definitions of atoll.dev, and the workspaces and profiles")
	slices.Sort(s.Result.Kept)
	return "left: " + left.String(), waitGone(ctx, s)
}

// waitGone waits for the pods of removed releases in namespaces that were kept.
func waitGone(ctx context.Context, s *State) error {
	for name := range s.left.Namespaces {
		err := wait.PollUntilContextTimeout(ctx, s.Poll, time.Minute, true, func(ctx context.Context) (bool, error) {
			pods, err := s.Cluster.Typed.CoreV1().Pods(name).List(ctx, metav1.ListOptions{LabelSelector: partOfLabel + "=" + partOf})
			return err == nil && len(pods.Items) == 0, nil
		})
		if err != nil {
			return fmt.Errorf("waiting until the pods of Namespace %s are gone: %w; look closer with `kubectl get pods -n %s`", name, err, name)
		}
	}
	return nil
}
