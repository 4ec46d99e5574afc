package ledger

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Keeper copies new rows into the bucket at intervals, in the one replica that leads.
type Keeper struct {
	Export *Export
	// Ensure prepares the bucket; it is called until it succeeds.
	Ensure func(context.Context) error
	Every  time.Duration
}

// Start copies until the context ends. What fails is tried again the next time.
func (k *Keeper) Start(ctx context.Context) error {
	ticker := time.NewTicker(k.Every)
	defer ticker.Stop()
	ready := false
	for {
		if err := k.once(ctx, &ready); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "copying the ledger")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (k *Keeper) once(ctx context.Context, ready *bool) error {
	if !*ready {
		if err := k.Ensure(ctx); err != nil {
			return err
		}
		*ready = true
	}
	_, err := k.Export.Run(ctx)
	return err
}
