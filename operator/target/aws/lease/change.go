package lease

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/atoll-platform/atoll/internal/grant"
)

// state is what is known of a person's leases, by the names of their roles.
type state[P comparable] map[string]*live[P]

// live is a role as it was last written.
type live[P comparable] struct {
	window grant.Window
	// open says that it is certain that the gate is what window says.
	open bool
	// has are the permissions that the role may have; true where that is certain.
	has map[P]bool
}

// change brings what a person has to what they are to have. What goes is taken as soon as everything wanted that it shares something
// with is there, so that nothing that stays is missing in between; what stands alone waits for nothing.
type change[P comparable] struct {
	service Service[P]
	people  People
	client  client
	user    string
	slug    string
	have    state[P]
	want    map[string]Lease[P]
}

func (c *change[P]) run(ctx context.Context) error {
	failed := []error{c.take(ctx)}
	for _, name := range slices.SortedFunc(maps.Keys(c.want), func(a, b string) int {
		return c.want[a].Window.From.Compare(c.want[b].Window.From)
	}) {
		failed = append(failed, c.give(ctx, name, c.want[name]))
	}
	return errors.Join(append(failed, c.take(ctx))...)
}

// give makes a lease complete: its role, what it has, and last its gate.
func (c *change[P]) give(ctx context.Context, name string, want Lease[P]) error {
	l := c.have[name]
	if l == nil {
		if _, err := c.people.Ensure(ctx, c.user); err != nil {
			return err
		}
		if err := c.client.make(ctx, c.slug, name, want.Window); err != nil {
			return err
		}
		l = &live[P]{has: map[P]bool{}}
		c.have[name] = l
	}
	var failed error
	missing := c.missing(name)
	if len(missing) > 0 {
		for _, p := range missing {
			l.has[p] = false // It may be there from now on.
		}
		var done []P
		done, failed = c.service.Give(ctx, c.client.arn(c.slug, name), missing)
		for _, p := range done {
			l.has[p] = true
		}
	}
	if l.open && l.window == want.Window {
		return failed
	}
	l.window, l.open = want.Window, false
	if err := c.client.open(ctx, name, want.Window); err != nil {
		return errors.Join(failed, err)
	}
	l.open = true
	return failed
}

// missing are the permissions of a lease that are not certain to be there.
func (c *change[P]) missing(name string) []P {
	l := c.have[name]
	return slices.DeleteFunc(slices.Clone(c.want[name].Permissions), func(p P) bool { return l != nil && l.has[p] })
}

// take takes away what is not wanted, as far as it can go by now.
func (c *change[P]) take(ctx context.Context) error {
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(c.have)) {
		l := c.have[name]
		want, stays := c.want[name]
		var going []P
		waits := false
		for p := range l.has {
			switch {
			case stays && slices.Contains(want.Permissions, p):
			case c.needed(l.window, p):
				waits = true
			default:
				going = append(going, p)
			}
		}
		if !stays && !waits {
			failed = append(failed, c.end(ctx, name, going))
			continue
		}
		failed = append(failed, c.drop(ctx, name, going))
	}
	return errors.Join(failed...)
}

// end takes a whole lease away: first its gate, so that nothing is handed out any more.
func (c *change[P]) end(ctx context.Context, name string, going []P) error {
	c.have[name].open = false
	if err := c.client.close(ctx, name); err != nil {
		return err
	}
	// Permissions outlive the role, and would be there for the next one of its name.
	if err := c.drop(ctx, name, going); err != nil {
		return err
	}
	if err := c.client.remove(ctx, name); err != nil {
		return err
	}
	delete(c.have, name)
	return nil
}

func (c *change[P]) drop(ctx context.Context, name string, going []P) error {
	if len(going) == 0 {
		return nil
	}
	for _, p := range going {
		c.have[name].has[p] = false
	}
	done, err := c.service.Take(ctx, c.client.arn(c.slug, name), going)
	for _, p := range done {
		delete(c.have[name].has, p)
	}
	return err
}

// needed says whether something wanted is not there yet that shares something with the permission in its window.
func (c *change[P]) needed(w grant.Window, p P) bool {
	for name, want := range c.want {
		if !want.Window.From.Before(w.Until) || !w.From.Before(want.Window.Until) {
			continue
		}
		missing := c.missing(name)
		if l := c.have[name]; l == nil || !l.open || l.window != want.Window {
			missing = want.Permissions
		}
		if slices.ContainsFunc(missing, func(q P) bool { return c.service.Shares(p, q) }) {
			return true
		}
	}
	return false
}
