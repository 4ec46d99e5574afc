package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/atoll-platform/atoll/operator/target/aws/answer"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

const (
	// inlineName is that of the inline policy that holds grants, keyName that of the one for the key of the data.
	inlineName = "grants"
	keyName    = "key"
)

// live reads what a role has under our names. What we never wrote is doubtful.
func (g *Grants) live(ctx context.Context, name string) (live policy.Live, err error) {
	take := func(slot int, document string) {
		pieces, ours := g.language.Pieces(document)
		live.Layout[slot], live.Doubtful[slot] = pieces, !ours
	}
	document, err := g.inline(ctx, name, inlineName)
	if err != nil {
		return live, err
	}
	take(0, document)
	attached, err := g.attached(ctx, name)
	if err != nil {
		return live, err
	}
	for slot := 1; slot < policy.Slots; slot++ {
		arn := g.opts.policyARN(name, slot)
		if !slices.Contains(attached, arn) {
			continue
		}
		document, err := g.managed(ctx, arn)
		if err != nil {
			return live, err
		}
		take(slot, document)
	}
	return live, nil
}

// inline is the text of an inline policy; empty where there is none.
func (g *Grants) inline(ctx context.Context, name, policyName string) (string, error) {
	out, err := g.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policyName})
	if answer.Missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading policy %s of role %s: %w", policyName, name, err)
	}
	return answer.Document(out.PolicyDocument)
}

// attached are the ARNs of the managed policies of a role.
func (g *Grants) attached(ctx context.Context, name string) ([]string, error) {
	var all []string
	pages := iam.NewListAttachedRolePoliciesPaginator(g.iam, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if answer.Missing(err) {
			return nil, nil // A role that was made just now.
		}
		if err != nil {
			return nil, fmt.Errorf("listing the managed policies of role %s: %w", name, err)
		}
		for _, p := range page.AttachedPolicies {
			all = append(all, aws.ToString(p.PolicyArn))
		}
	}
	return all, nil
}

// managed is the text that is in force of a managed policy; empty where there is no such policy.
func (g *Grants) managed(ctx context.Context, arn string) (string, error) {
	out, err := g.iam.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if answer.Missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading policy %s: %w", arn, err)
	}
	version, err := g.iam.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: out.Policy.DefaultVersionId})
	if answer.Missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading version %s of policy %s: %w", aws.ToString(out.Policy.DefaultVersionId), arn, err)
	}
	return answer.Document(version.PolicyVersion.Document)
}

// there says whether the role is.
func (g *Grants) there(ctx context.Context, name string) (bool, error) {
	_, err := g.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if answer.Missing(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading role %s: %w", name, err)
	}
	return true, nil
}
