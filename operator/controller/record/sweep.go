package record

import (
	"context"
	"fmt"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// sweep records what was deleted while nobody was there to see it, once after each start.
func (c *Controller) sweep(ctx context.Context) error {
	for {
		err := c.gone(ctx)
		if err == nil {
			return nil
		}
		note(ctx, "sweep", "", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
	}
}

// gone records as gone what the ledger has and the cluster has not.
func (c *Controller) gone(ctx context.Context) error {
	said, err := c.ledger.Replay(ctx, time.Now())
	if err != nil {
		return fmt.Errorf("reading what the ledger says: %w", err)
	}
	var facts []ledger.Fact
	for name := range said.Datasets {
		gone, err := c.get(ctx, name, &v1alpha1.Dataset{})
		if err != nil {
			return err
		}
		if gone {
			facts = append(facts, ledger.Dataset{Name: name, Gone: true})
		}
	}
	for name := range said.Grants {
		gone, err := c.get(ctx, name, &v1alpha1.DataGrant{})
		if err != nil {
			return err
		}
		if gone {
			facts = append(facts, ledger.Grant{Name: name, Gone: true})
		}
	}
	for name := range said.Workspaces {
		gone, err := c.get(ctx, name, &v1alpha1.Workspace{})
		if err != nil {
			return err
		}
		if gone {
			facts = append(facts, ledger.Workspace{Name: name, Gone: true})
		}
	}
	for user := range said.People {
		gone, err := c.get(ctx, person.Slug(user), &v1alpha1.GroupMembership{})
		if err != nil {
			return err
		}
		if gone {
			facts = append(facts, ledger.Person{Name: user, Gone: true})
		}
	}
	return c.ledger.Record(ctx, facts...)
}
