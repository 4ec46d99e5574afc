// Package workspaces tells what the workspaces of a cluster use of their quotas.
package workspaces

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
)

// Workspace is what one workspace asks for and uses.
type Workspace struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Owner     string `json:"owner"`
	People    int32  `json:"people"`
	Ready     bool   `json:"ready"`
	Reason    string `json:"reason"`
	Used      Used   `json:"used"`
	// BackedUp is the oldest of the last backups of its homes, RFC 3339; empty before the first.
	BackedUp string `json:"backedUp"`
	// BackupFailures are the homes whose last backup failed, each with the time and why.
	BackupFailures []string `json:"backupFailures"`
}

// Used is the use of each part of the quota.
type Used struct {
	CPU     Share `json:"cpu"`
	Memory  Share `json:"memory"`
	GPUs    Share `json:"gpus"`
	Storage Share `json:"storage"`
	Servers Share `json:"servers"`
}

// Share is a part of a quota in use, as Kubernetes writes quantities.
type Share struct {
	Used  string `json:"used"`
	Quota string `json:"quota"`
	// Share is used divided by quota, 0 where the quota is 0.
	Share float64 `json:"share"`
}

func (s Share) String() string { return s.Used + " of " + s.Quota }

// State is the word of the column READY.
func (w Workspace) State() string {
	if w.Ready {
		return "yes"
	}
	return w.Reason
}

// Backups is the word of the column BACKED UP.
func (w Workspace) Backups() string {
	switch {
	case len(w.BackupFailures) > 0:
		return fmt.Sprintf("%d failed", len(w.BackupFailures))
	case w.BackedUp == "":
		return "not yet"
	}
	return w.BackedUp
}

// List reads all workspaces, in the order of their names.
func List(ctx context.Context, c *cluster.Cluster) ([]Workspace, error) {
	raw, err := c.Dynamic.Resource(v1alpha1.GroupVersion.WithResource("workspaces")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces: %w; is a platform on this cluster? See `atoll status`", err)
	}
	homes, err := homes(ctx, c)
	if err != nil {
		return nil, err
	}
	all := make([]Workspace, len(raw.Items))
	for i := range raw.Items {
		var ws v1alpha1.Workspace
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw.Items[i].Object, &ws); err != nil {
			return nil, fmt.Errorf("reading workspace %s: %w", raw.Items[i].GetName(), err)
		}
		all[i] = describe(&ws, homes[v1alpha1.WorkspaceNamespacePrefix+ws.Name])
	}
	return all, nil
}

// homes lists every home by its namespace, with one request.
func homes(ctx context.Context, c *cluster.Cluster) (map[string][]corev1.PersistentVolumeClaim, error) {
	list, err := c.Typed.CoreV1().PersistentVolumeClaims("").List(ctx, metav1.ListOptions{LabelSelector: v1alpha1.LabelHome + "=true"})
	if err != nil {
		return nil, fmt.Errorf("listing the homes: %w", err)
	}
	out := map[string][]corev1.PersistentVolumeClaim{}
	for _, claim := range list.Items {
		out[claim.Namespace] = append(out[claim.Namespace], claim)
	}
	return out, nil
}

func describe(ws *v1alpha1.Workspace, homes []corev1.PersistentVolumeClaim) Workspace {
	w := Workspace{
		Name: ws.Name, Namespace: v1alpha1.WorkspaceNamespacePrefix + ws.Name,
		Owner: ws.Spec.Owner, People: ws.Status.People, BackupFailures: []string{},
		Reason: v1alpha1.ReasonProgressing,
	}
	if ready := meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		w.Ready = ready.Status == metav1.ConditionTrue && ws.Status.ObservedGeneration >= ws.Generation
		w.Reason = ready.Reason
	}
	used := ws.Status.Usage
	if used == nil {
		used = &v1alpha1.WorkspaceUsage{}
	}
	w.Used = Used{
		CPU:     share(used.CPU, ws.Spec.Quota.CPU),
		Memory:  share(used.Memory, ws.Spec.Quota.Memory),
		Storage: share(used.Storage, ws.Spec.Quota.Storage),
		GPUs:    count(used.GPUs, ws.Spec.Quota.GPUs),
		Servers: count(used.Servers, ws.Spec.Quota.Servers),
	}
	for _, home := range homes {
		if failed := home.Annotations[v1alpha1.AnnotationBackupFailed]; failed != "" {
			w.BackupFailures = append(w.BackupFailures, home.Name+": "+failed)
		}
		if at := home.Annotations[v1alpha1.AnnotationBackedUp]; at != "" && (w.BackedUp == "" || strings.Compare(at, w.BackedUp) < 0) {
			w.BackedUp = at
		}
	}
	return w
}

func count(used, quota int32) Share {
	return share(*resource.NewQuantity(int64(used), resource.DecimalSI), *resource.NewQuantity(int64(quota), resource.DecimalSI))
}

func share(used, quota resource.Quantity) Share {
	s := Share{Used: used.String(), Quota: quota.String()}
	if !quota.IsZero() {
		s.Share = used.AsApproximateFloat64() / quota.AsApproximateFloat64()
	}
	return s
}
