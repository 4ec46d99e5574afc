package homes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
)

// Save asks the operator to back the home up as it is now, and waits until that is done.
func (h *Home) Save(ctx context.Context) (time.Time, error) {
	// One second is what the times of backups tell apart.
	asked := time.Now().UTC().Truncate(time.Second)
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
		v1alpha1.AnnotationBackupRequested: asked.Format(time.RFC3339),
	}}})
	if err != nil {
		return asked, fmt.Errorf("encoding the request: %w", err)
	}
	claims := h.api.CoreV1().PersistentVolumeClaims(h.home.Namespace())
	live, err := claims.Patch(ctx, h.home.Claim, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: cluster.FieldManager})
	if err != nil {
		return asked, fmt.Errorf("asking for a backup of home %s/%s: %w", h.home.Namespace(), h.home.Claim, err)
	}
	if live.Status.Phase != "Bound" {
		return asked, fmt.Errorf("home %s/%s was never used: there is nothing to back up", h.home.Namespace(), h.home.Claim)
	}
	h.Doing("backing up")
	failure := ""
	err = wait.PollUntilContextTimeout(ctx, h.Poll, h.Timeout, true, func(ctx context.Context) (bool, error) {
		live, err := claims.Get(ctx, h.home.Claim, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		stamp, why, _ := strings.Cut(live.Annotations[v1alpha1.AnnotationBackupFailed], " ")
		if reached(stamp, asked) {
			failure = why
			return true, nil
		}
		return reached(live.Annotations[v1alpha1.AnnotationBackedUp], asked), nil
	})
	switch {
	case err != nil:
		return asked, fmt.Errorf("waiting for the backup: %w; look at `kubectl -n %s get jobs` and at the operator's log", err, h.home.Namespace())
	case failure != "":
		return asked, fmt.Errorf("the backup failed: %s", failure)
	}
	return asked, nil
}

// reached says whether a stamp is of that time or later.
func reached(stamp string, t time.Time) bool {
	at, err := time.Parse(time.RFC3339, stamp)
	return err == nil && !at.Before(t)
}
