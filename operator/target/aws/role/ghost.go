package role

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
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// Ghost is access of a role of a person that no grant gives.
type Ghost struct {
	// Role by name, and Policy that gives the access: the name of an inline policy, the ARN of a managed one, or "trust" or
	// "boundary" of the role.
	Role, Policy string
	// Person whose role it is; empty where it is nobody's.
	Person string
	// Atoms are the access beyond what is granted; none where the policy is none of objects or could not be read.
	Atoms []grant.Atom
	// Problem says what is wrong where it is not said by atoms.
	Problem string
}

// Own says whether the policy is one that Sync writes.
func (g Ghost) Own() bool {
	if g.Policy == inlineName || g.Policy == keyName {
		return true
	}
	for slot := 1; slot < policy.Slots; slot++ {
		if strings.HasSuffix(g.Policy, "/grants/"+policyName(g.Role, slot)) {
			return true
		}
	}
	return false
}

// Ghosts compares what the roles below the platform's path may do with what people are granted. Windows that have passed are no
// access.
func (g *Grants) Ghosts(ctx context.Context, granted target.Access, now time.Time) ([]Ghost, error) {
	people := map[string]string{}
	for user := range granted {
		people[g.opts.Name(user)] = user
	}
	var all []Ghost
	pages := iam.NewListRolesPaginator(g.iam, &iam.ListRolesInput{PathPrefix: aws.String(g.opts.path())})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the roles of people: %w", err)
		}
		for _, role := range page.Roles {
			user := people[aws.ToString(role.RoleName)]
			found, err := g.ghostsOf(ctx, role, user, granted[user], now)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	slices.SortFunc(all, func(a, b Ghost) int { return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Policy, b.Policy)) })
	return all, nil
}

// ghostsOf looks at one role. What is granted is nothing where the role is nobody's.
func (g *Grants) ghostsOf(ctx context.Context, role iamtypes.Role, user string, granted []grant.Atom, now time.Time) ([]Ghost, error) {
	name := aws.ToString(role.RoleName)
	var all []Ghost
	problem := func(where, text string) {
		all = append(all, Ghost{Role: name, Policy: where, Person: user, Problem: text})
	}
	trust, err := answer.Document(role.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	if user != "" && !answer.Same(trust, g.opts.trust(person.ServiceAccount(user))) {
		problem("trust", "others than the person's pods can have the role")
	}
	whole, err := g.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if answer.Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading role %s: %w", name, err)
	}
	if b := whole.Role.PermissionsBoundary; b == nil || aws.ToString(b.PermissionsBoundaryArn) != g.opts.BoundaryARN {
		problem("boundary", "the role is not bounded by "+g.opts.BoundaryARN)
	}
	documents, err := g.documents(ctx, name)
	if err != nil {
		return nil, err
	}
	for where, text := range documents {
		if where == keyName && answer.Same(text, g.opts.key()) {
			continue
		}
		if found, is := g.beyond(text, granted, now); is {
			found.Role, found.Policy, found.Person = name, where, user
			all = append(all, found)
		}
	}
	return all, nil
}

// documents are the texts of all policies of a role, by the names of inline ones and the ARNs of managed ones.
func (g *Grants) documents(ctx context.Context, name string) (map[string]string, error) {
	all := map[string]string{}
	pages := iam.NewListRolePoliciesPaginator(g.iam, &iam.ListRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if answer.Missing(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing the policies of role %s: %w", name, err)
		}
		for _, inline := range page.PolicyNames {
			if all[inline], err = g.inline(ctx, name, inline); err != nil {
				return nil, err
			}
		}
	}
	attached, err := g.attached(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, arn := range attached {
		if all[arn], err = g.managed(ctx, arn); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// beyond is what a policy allows from now on and nobody is granted.
func (g *Grants) beyond(text string, granted []grant.Atom, now time.Time) (Ghost, bool) {
	// The words for objects are those of the local object store, which names them as the first partition does.
	text = strings.ReplaceAll(text, `"arn:`+g.language.Partition+`:s3:::`, `"arn:aws:s3:::`)
	subject := grant.Subject{Kind: grant.User, Name: "person"}
	live, err := objectstore.Import(text, subject)
	if err != nil {
		return Ghost{Problem: err.Error()}, true
	}
	var from []grant.Atom
	for _, a := range live {
		if a.Window.From.Before(now) {
			a.Window.From = now
		}
		from = append(from, a)
	}
	var have []grant.Atom
	for _, a := range granted {
		a.Subject = subject
		have = append(have, a)
	}
	rest := grant.Subtract(from, have)
	return Ghost{Atoms: rest}, len(rest) > 0
}

// Remove takes a policy off a role, whoever put it there. A managed policy that is none of ours stays in the account.
func (g *Grants) Remove(ctx context.Context, ghost Ghost) error {
	if strings.Contains(ghost.Policy, ":policy/") {
		_, err := g.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &ghost.Role, PolicyArn: &ghost.Policy})
		if err != nil && !answer.Missing(err) {
			return fmt.Errorf("taking policy %s off role %s: %w", ghost.Policy, ghost.Role, err)
		}
		return nil
	}
	_, err := g.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &ghost.Role, PolicyName: &ghost.Policy})
	if err != nil && !answer.Missing(err) {
		return fmt.Errorf("removing policy %s of role %s: %w", ghost.Policy, ghost.Role, err)
	}
	return nil
}
