package lease

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/answer"
)

// Ghost is access by a lease, or by whatever else the service hands data out to, that no grant gives.
type Ghost struct {
	// Principal by the ARN of its role, or another name of the service.
	Principal string
	// Person whose lease it is; empty where it is nobody's. Slug is the part of names that is theirs, also where they are granted nothing.
	Person, Slug string
	// Where it was found: the name of a policy, "trust", "boundary", or "permission".
	Where string
	// Atoms are the access beyond what is granted; none where Problem says what is wrong.
	Atoms   []grant.Atom
	Problem string
	// orphan says that a lease had it that is gone.
	orphan bool
	// remove takes it away; nil where that is left to people.
	remove func(context.Context) error
}

// Key tells ghosts apart.
func (g Ghost) Key() string { return g.Principal + " " + g.Where }

// Ghosts compares what is handed out with what people are granted. Windows that have passed are no access.
func (g *Grants[P]) Ghosts(ctx context.Context, granted target.Access, now time.Time) ([]Ghost, error) {
	people := map[string]string{}
	for user := range granted {
		people[person.Slug(user)] = user
	}
	held, err := g.Held(ctx, "")
	if err != nil {
		return nil, err
	}
	byRole := map[string][]Held[P]{}
	for _, h := range held {
		byRole[h.Principal] = append(byRole[h.Principal], h)
	}
	list, err := g.client.list(ctx, g.client.path())
	if err != nil {
		return nil, err
	}
	var all []Ghost
	for _, r := range list {
		arn, slug := aws.ToString(r.Arn), g.client.slug(aws.ToString(r.Path))
		user := people[slug]
		w, found, err := g.inspect(ctx, r, slug)
		if err != nil {
			return nil, err
		}
		if f, is := g.beyond(byRole[arn], w, granted[user], now); is {
			found = append(found, f)
		}
		for _, f := range found {
			f.Principal, f.Person, f.Slug = arn, user, slug
			all = append(all, f)
		}
		delete(byRole, arn)
	}
	// What is left is of nobody's lease.
	for principal, held := range byRole {
		all = append(all, g.foreign(principal, held))
	}
	slices.SortFunc(all, func(a, b Ghost) int { return cmp.Compare(a.Key(), b.Key()) })
	return all, nil
}

// inspect looks at a role: when its gate is open, and what is wrong with it.
func (g *Grants[P]) inspect(ctx context.Context, r iamtypes.Role, slug string) (w grant.Window, found []Ghost, err error) {
	name := aws.ToString(r.RoleName)
	trust, err := answer.Document(r.AssumeRolePolicyDocument)
	if err != nil {
		return w, nil, err
	}
	if !answer.Same(trust, g.client.trust(slug)) {
		found = append(found, Ghost{Where: "trust", Problem: "others than the person can take the lease on"})
	}
	whole, err := g.client.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if answer.Missing(err) {
		return w, nil, nil
	}
	if err != nil {
		return w, nil, fmt.Errorf("reading role %s: %w", name, err)
	}
	if b := whole.Role.PermissionsBoundary; b == nil || aws.ToString(b.PermissionsBoundaryArn) != g.client.opts.BoundaryARN {
		found = append(found, Ghost{Where: "boundary", Problem: "the role is not bounded by " + g.client.opts.BoundaryARN})
	}
	names, err := g.client.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name})
	if err != nil && !answer.Missing(err) {
		return w, nil, fmt.Errorf("listing the policies of role %s: %w", name, err)
	}
	if names != nil {
		for _, policy := range names.PolicyNames {
			document, err := g.client.inline(ctx, name, policy)
			if err != nil {
				return w, nil, err
			}
			open, ours := g.client.gate.window(document)
			if policy == gateName && ours && g.client.name(slug, open) == name {
				w = open
				continue
			}
			found = append(found, Ghost{
				Where: policy, Problem: "the policy is not that of the lease",
				remove: func(ctx context.Context) error { return g.client.drop(ctx, name, policy) },
			})
		}
	}
	attached, err := g.client.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil && !answer.Missing(err) {
		return w, nil, fmt.Errorf("listing the managed policies of role %s: %w", name, err)
	}
	if attached != nil {
		for _, p := range attached.AttachedPolicies {
			arn := aws.ToString(p.PolicyArn)
			found = append(found, Ghost{
				Where: arn, Problem: "a lease has no managed policies",
				remove: func(ctx context.Context) error { return g.client.detach(ctx, name, arn) },
			})
		}
	}
	return w, found, nil
}

// beyond is what a lease hands out from now on and the person is not granted.
func (g *Grants[P]) beyond(held []Held[P], open grant.Window, granted []grant.Atom, now time.Time) (Ghost, bool) {
	if !now.Before(open.Until.Add(Life)) {
		return Ghost{}, false
	}
	subject := grant.Subject{Kind: grant.User, Name: "person"}
	var live, have []grant.Atom
	var problems []string
	for _, h := range held {
		atoms, err := g.Atoms(h.Permission)
		if h.Problem != "" || err != nil {
			problems = append(problems, cmp.Or(h.Problem, fmt.Sprint(err)))
			continue
		}
		for _, a := range atoms {
			a.Subject, a.Window = subject, grant.Window{From: open.From, Until: open.Until.Add(Life)}
			if a.Window.From.Before(now) {
				a.Window.From = now
			}
			live = append(live, a)
		}
	}
	for _, a := range granted {
		a.Subject = subject
		have = append(have, a)
	}
	rest := grant.Subtract(live, have)
	return Ghost{Where: "permission", Atoms: rest, Problem: strings.Join(problems, "; ")}, len(rest)+len(problems) > 0
}

// foreign is what somebody has who has no lease.
func (g *Grants[P]) foreign(principal string, held []Held[P]) Ghost {
	f := Ghost{Principal: principal, Where: "permission", orphan: strings.HasPrefix(principal, Prefix(g.client.opts, g.client.gate.Kind))}
	var permissions []P
	var texts []string
	for _, h := range held {
		if h.Problem == "" {
			permissions = append(permissions, h.Permission)
		}
		texts = append(texts, cmp.Or(h.Problem, fmt.Sprint(h.Permission)))
	}
	f.Problem = strings.Join(texts, "; ")
	f.remove = func(ctx context.Context) error {
		_, err := g.Take(ctx, principal, permissions)
		return err
	}
	return f
}

// Own says whether a lease is the operator's own to put right: what it hands out, and the policy that opens it.
func (g Ghost) Own() bool {
	return g.orphan || g.Slug != "" && (g.Where == "permission" || g.Where == gateName)
}

// Repair writes the lease anew as the person is granted it; nobody's go.
func (g *Grants[P]) Repair(ctx context.Context, ghost Ghost, granted target.Access) error {
	if ghost.orphan {
		return ghost.Remove(ctx)
	}
	leases, err := g.Plan(ghost.Person, granted[ghost.Person])
	if err != nil {
		return err
	}
	g.mu.Lock()
	delete(g.known, ghost.Slug)
	g.mu.Unlock()
	return g.sync(ctx, ghost.Person, ghost.Slug, leases)
}

// Remove takes away what somebody else gave, where that can be done.
func (g Ghost) Remove(ctx context.Context) error {
	if g.remove == nil {
		return nil
	}
	return g.remove(ctx)
}
