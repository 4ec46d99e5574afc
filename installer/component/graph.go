package component

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// ErrSkipped marks a component that was not begun because one it needs failed.
var ErrSkipped = errors.New("not begun")

// Order returns the components such that each comes after those it needs, and otherwise as given.
func Order(list []Component) ([]Component, error) {
	known := map[string]bool{}
	for _, c := range list {
		if known[c.Name] {
			return nil, fmt.Errorf("ordering components: there are two named %s", c.Name)
		}
		known[c.Name] = true
	}
	for _, c := range list {
		for _, need := range c.Needs {
			if !known[need] {
				return nil, fmt.Errorf("ordering components: %s needs %s, which does not exist", c.Name, need)
			}
		}
	}
	var out []Component
	placed := map[string]bool{}
	for len(out) < len(list) {
		before := len(out)
		for _, c := range list {
			if !placed[c.Name] && !slices.ContainsFunc(c.Needs, func(n string) bool { return !placed[n] }) {
				out, placed[c.Name] = append(out, c), true
			}
		}
		if len(out) == before {
			var stuck []string
			for _, c := range list {
				if !placed[c.Name] {
					stuck = append(stuck, c.Name)
				}
			}
			return nil, fmt.Errorf("ordering components: %s need each other in a circle", strings.Join(stuck, ", "))
		}
	}
	return out, nil
}

// Run calls do for every component of list, each after those it needs, at most parallelism at a
// time. A failure keeps those from beginning that need the failed one; the others go on, so that
// one run shows all that is wrong. Needs that are not in list count as met.
func Run(ctx context.Context, list []Component, parallelism int64, do func(context.Context, Component) error) error {
	type outcome struct {
		done chan struct{}
		err  error
	}
	outcomes := map[string]*outcome{}
	for _, c := range list {
		outcomes[c.Name] = &outcome{done: make(chan struct{})}
	}
	slots := semaphore.NewWeighted(max(parallelism, 1))
	var group errgroup.Group
	for _, c := range list {
		own := outcomes[c.Name]
		group.Go(func() error {
			defer close(own.done)
			for _, need := range c.Needs {
				other, ok := outcomes[need]
				if !ok {
					continue
				}
				<-other.done
				if other.err != nil {
					own.err = fmt.Errorf("component %s: %w, since it needs %s", c.Name, ErrSkipped, need)
					return nil
				}
			}
			if own.err = slots.Acquire(ctx, 1); own.err != nil {
				return nil
			}
			defer slots.Release(1)
			own.err = do(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // every outcome is kept, and joined below in the order of the list
	var errs []error
	for _, c := range list {
		errs = append(errs, outcomes[c.Name].err)
	}
	return errors.Join(errs...)
}
