package trino

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
)

// Ghost is access that the decision point gives and that no grant does.
type Ghost struct {
	Person string
	Atoms  []grant.Atom
}

// Import reads back what the decision point decides by.
func (c *Client) Import(ctx context.Context) (target.Access, error) {
	live, err := c.Live(ctx)
	if err != nil {
		return nil, err
	}
	return live.Set, nil
}

// Ghosts compares what is live with what people are granted, by meaning. Windows that have passed are no access.
func (c *Client) Ghosts(ctx context.Context, granted target.Access, now time.Time) ([]Ghost, error) {
	live, err := c.Import(ctx)
	if err != nil {
		return nil, err
	}
	var all []Ghost
	for _, person := range slices.Sorted(maps.Keys(live)) {
		var ahead []grant.Atom
		for _, a := range live[person] {
			if a.Window.Until.After(now) {
				if a.Window.From.Before(now) {
					a.Window.From = now
				}
				ahead = append(ahead, as(person, a))
			}
		}
		var have []grant.Atom
		for _, a := range granted[person] {
			have = append(have, as(person, a))
		}
		if beyond := grant.Subtract(ahead, have); len(beyond) > 0 {
			all = append(all, Ghost{Person: person, Atoms: beyond})
		}
	}
	return all, nil
}

// as is the atom as access of the person, whatever the path.
func as(person string, a grant.Atom) grant.Atom {
	a.Subject = grant.Subject{Kind: grant.User, Name: person}
	return a
}
