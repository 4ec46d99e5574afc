package objectstore

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Ghost is access that is live at the object store and that no grant gives.
type Ghost struct {
	// Account that has the access: the name of an account, "role/<name>", or "bucket/<name>" for whoever a bucket's own policy lets in.
	Account string
	// Policy that gives it, by name.
	Policy string
	// Atoms are the access beyond what is granted; none where the policy could not be read.
	Atoms []grant.Atom
	// Problem says why the policy could not be read.
	Problem string
}

// OfAccount says whether the policy is one of an account, not of a role or a bucket.
func (g Ghost) OfAccount() bool { return !strings.Contains(g.Account, "/") }

// Ghosts compares what is live with what the grants give, by account: granted holds the atoms of each person's account, by the account's
// name. Accounts, roles and buckets that are no person's may have access to anything but the buckets named, which hold data
// that grants are given of. Windows that have passed are no access.
func (c *Client) Ghosts(ctx context.Context, granted map[string][]grant.Atom, buckets []string, now time.Time) ([]Ghost, error) {
	accounts, err := c.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	var all []Ghost
	look := func(account, name, policy string, allowed []grant.Atom) {
		if g, found := ghost(account, name, policy, allowed, buckets, now); found {
			all = append(all, g)
		}
	}
	for _, account := range accounts {
		policies, err := c.Policies(ctx, account)
		if err != nil {
			return nil, err
		}
		for _, name := range sortedKeys(policies) {
			look(account, name, policies[name], granted[account])
		}
	}
	roles, err := c.RolePolicies(ctx)
	if err != nil {
		return nil, err
	}
	for key, policy := range roles {
		look("role/"+key[0], key[1], policy, nil)
	}
	for _, bucket := range buckets {
		policy, err := c.BucketPolicy(ctx, bucket)
		if err != nil {
			return nil, err
		}
		look("bucket/"+bucket, "policy", policy, nil)
	}
	slices.SortFunc(all, func(a, b Ghost) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Policy, b.Policy))
	})
	return all, nil
}

// ghost is what a policy allows beyond what is granted, from now on.
func ghost(account, name, policy string, allowed []grant.Atom, buckets []string, now time.Time) (Ghost, bool) {
	subject := grant.Subject{Kind: grant.User, Name: account}
	g := Ghost{Account: account, Policy: name}
	live, err := Import(policy, subject)
	if err != nil {
		g.Problem = err.Error()
		return g, true
	}
	var relevant []grant.Atom
	for _, a := range live {
		// Of other accounts, only what reaches data that grants are given of matters.
		if o := a.Selector.Objects; !Personal(account) && o.Bucket != "*" && !slices.Contains(buckets, o.Bucket) {
			continue
		}
		if a.Window.Until.After(now) {
			if a.Window.From.Before(now) {
				a.Window.From = now
			}
			relevant = append(relevant, a)
		}
	}
	var have []grant.Atom
	for _, a := range allowed {
		a.Subject = subject
		have = append(have, a)
	}
	g.Atoms = grant.Subtract(relevant, have)
	return g, len(g.Atoms) > 0
}
