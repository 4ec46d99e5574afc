package phase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
)

// workspaceLabel marks the namespaces of workspaces, where people's homes are.
const workspaceLabel = "atoll.dev/workspace"

// Inventory is what of a platform is in a cluster.
type Inventory struct {
	Name string
	// Releases are what was installed, as namespace/name.
	Releases []string
	// Namespaces of subclusters that exist, with the volume claims in each.
	Namespaces map[string][]string
	// Homes are the volume claims in the namespaces of workspaces, by namespace.
	Homes map[string][]string
}

// inventory finds what there is to remove and what will stay.
func inventory(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	record, err := ReadRecord(ctx, s.Cluster)
	if err != nil {
		return "", err
	}
	if s.left, err = s.takeInventory(ctx); err != nil {
		return "", err
	}
	if record != nil {
		s.left.Name = record.Name
		s.Result.Platform = record.Name
	}
	if len(s.left.Namespaces) == 0 {
		return "", errors.New("looking for the platform: the cluster has none of its namespaces, so there is nothing to remove; see that --context names the right cluster")
	}
	return s.left.String(), nil
}

func (s *State) takeInventory(ctx context.Context) (Inventory, error) {
	inv := Inventory{Namespaces: map[string][]string{}, Homes: map[string][]string{}}
	own := map[string]bool{}
	for _, subcluster := range component.Subclusters {
		own[component.Namespace(subcluster)] = true
	}
	for _, c := range s.everything() {
		rel, err := s.Helm.Get(c.Namespace(), c.Name)
		if err != nil {
			return inv, err
		}
		if rel != nil {
			inv.Releases = append(inv.Releases, rel.Namespace+"/"+rel.Name)
		}
	}
	list, err := s.Cluster.Typed.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return inv, fmt.Errorf("listing namespaces: %w", err)
	}
	for _, ns := range list.Items {
		_, workspace := ns.Labels[workspaceLabel]
		if !own[ns.Name] && !workspace {
			continue
		}
		claims, err := s.Cluster.Typed.CoreV1().PersistentVolumeClaims(ns.Name).List(ctx, metav1.ListOptions{})
		if err != nil {
			return inv, fmt.Errorf("listing the volume claims of namespace %s: %w", ns.Name, err)
		}
		names := claimNames(claims.Items)
		if own[ns.Name] {
			inv.Namespaces[ns.Name] = names
		} else {
			inv.Homes[ns.Name] = names
		}
	}
	return inv, nil
}

func claimNames(claims []corev1.PersistentVolumeClaim) []string {
	names := make([]string, 0, len(claims))
	for _, c := range claims {
		names = append(names, c.Name)
	}
	return names
}

func (i Inventory) String() string {
	claims, homes := 0, 0
	for _, c := range i.Namespaces {
		claims += len(c)
	}
	for _, c := range i.Homes {
		homes += len(c)
	}
	return fmt.Sprintf("%d releases, %d namespaces with %d volume claims, %d workspaces with %d homes",
		len(i.Releases), len(i.Namespaces), claims, len(i.Homes), homes)
}

// removal lists, for the person who is asked, what would go and what would stay.
func (i Inventory) removal(deleteData bool) string {
	goes, stays := i.Releases, i.homes()
	if deleteData {
		goes = slices.Concat(goes, i.data())
	} else {
		stays = slices.Concat(i.data(), stays)
	}
	return "To be removed:\n  " + strings.Join(goes, "\n  ") + "\nTo be kept:\n  " + strings.Join(stays, "\n  ") + "\n"
}

// data lists the volume claims of the platform itself, as namespace/name.
func (i Inventory) data() []string { return flatten(i.Namespaces) }

// homes lists the namespaces of workspaces with their volume claims.
func (i Inventory) homes() []string { return flatten(i.Homes) }

func flatten(byNamespace map[string][]string) []string {
	var out []string
	for ns, claims := range byNamespace {
		for _, c := range claims {
			out = append(out, ns+"/"+c)
		}
	}
	slices.Sort(out)
	return out
}

// confirm asks before the first thing is removed. Removing data takes the platform's name.
func confirm(_ context.Context, s *State, _ *progress.Step) (string, error) {
	name := s.left.Name
	if name == "" {
		name = "unfinished" // a bootstrap that failed early leaves no record of the name
	}
	ask := func() error { return s.Confirm(name, s.left.removal(s.DeleteData)) }
	if err := s.Progress.Aside(ask); err != nil {
		return "", err
	}
	if s.DeleteData {
		return "platform " + name + " with its own data: " + strings.Join(s.left.data(), ", "), nil
	}
	return "platform " + name + ", data stays", nil
}
