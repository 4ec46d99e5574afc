package ghost

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
)

// run has a target looked at until the context ends.
func (o Options) run(ctx context.Context, name v1alpha1.GrantTarget, book *target.Book, look func(context.Context) error) error {
	ticker := o.Clock.NewTicker(o.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
		if known(book) != nil {
			continue
		}
		if err := look(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "looking for access without a grant", "target", name)
		}
	}
}

// known is an error while it is not known what is granted: everything would look like a ghost.
func known(book *target.Book) error {
	if !book.Complete() {
		return errors.New("what is granted is not known yet: the operator has just started")
	}
	return nil
}

// twice returns what is found two times, one after the other: a grant may change while a target is read, and what AWS says is behind what was
// written.
func twice[G any](ctx context.Context, find func(context.Context) ([]G, error), key func(G) string) ([]G, error) {
	first, err := find(ctx)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	again, err := find(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(again, func(g G) bool {
		return !slices.ContainsFunc(first, func(f G) bool { return key(f) == key(g) })
	}), nil
}

// note has the metrics say what a complete look has found.
func (o Options) note(name v1alpha1.GrantTarget, found int) {
	live.WithLabelValues(string(name)).Set(float64(found))
	looked.WithLabelValues(string(name)).Set(float64(o.Clock.Now().Unix()))
}

// words say what an atom allows, and until when.
func words(a grant.Atom) string {
	what := ""
	if o := a.Selector.Objects; o != nil {
		what = fmt.Sprintf("s3://%s/%s", o.Bucket, o.Prefix)
	}
	if p := a.Selector.Part; p != nil {
		what = p.String()
	}
	return fmt.Sprintf("%s %s until %s", a.Action, what, v1alpha1.At(a.Window.Until))
}
