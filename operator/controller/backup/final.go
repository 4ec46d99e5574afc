package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/condition"
)

// retryFinal is when a backup that must succeed before a workspace goes is looked at again.
const retryFinal = 5 * time.Second

// Final saves every home of a workspace that is being deleted, as of the time of its deletion. It returns nil once all
// are saved; until then an error that says what is waited for, or what a person has to do. Snapshots would go with the
// namespace they are in, so these are copies whatever the storage can do.
func (s *Saver) Final(ctx context.Context, ws *v1alpha1.Workspace) error {
	if !s.opts.On() {
		return &condition.Error{
			Reason: v1alpha1.ReasonBackupFailed, Terminal: true,
			Err: errors.New("deletionPolicy Snapshot keeps a backup of each home, and this platform has nowhere to keep backups; " +
				"set deletionPolicy to Retain, or to Delete if the homes may go"),
		}
	}
	homes, err := s.homes(ctx, ws)
	if err != nil {
		return err
	}
	var waiting []error
	for i := range homes {
		home := &homes[i]
		how, err := s.copy(ctx, ws, home, ws.DeletionTimestamp.Time)
		switch {
		case err != nil:
			return err
		case how.failure != "":
			waiting = append(waiting, &condition.Error{
				Reason: v1alpha1.ReasonBackupFailed, Terminal: true, RetryAfter: time.Minute,
				Err: fmt.Errorf("the backup of home %s before the workspace goes failed: %s; delete Job %s/%s to try again, "+
					"or set deletionPolicy to Retain", home.Name, how.failure, home.Namespace, backup.SaveName(home.Name, ws.DeletionTimestamp.Time)),
			})
		case !how.done:
			waiting = append(waiting, &condition.Error{
				Reason: v1alpha1.ReasonDeleting, RetryAfter: retryFinal,
				Err: fmt.Errorf("home %s is being backed up before the workspace goes", home.Name),
			})
		}
	}
	return errors.Join(waiting...)
}
