package lease

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/aws/answer"
)

// gateName is that of the one policy of a lease.
const gateName = "gate"

// client makes and reads the roles of leases.
type client struct {
	roles
	iam *iam.Client
}

// make makes the role of a lease where it is not there, with its gate closed.
func (c client) make(ctx context.Context, slug, name string, w grant.Window) error {
	_, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &name, Path: aws.String(c.pathOf(slug)), PermissionsBoundary: &c.opts.BoundaryARN,
		AssumeRolePolicyDocument: aws.String(c.trust(slug)), MaxSessionDuration: aws.Int32(int32(Life.Seconds())),
		Description: aws.String(describe(w)),
		Tags: []iamtypes.Tag{
			{Key: aws.String("atoll.dev/platform"), Value: &c.opts.Platform},
			{Key: aws.String("atoll.dev/part"), Value: aws.String("leases")},
			{Key: aws.String("atoll.dev/person"), Value: &slug},
		},
	})
	if err != nil && !answer.Exists(err) {
		return fmt.Errorf("making role %s: %w", name, err)
	}
	return nil
}

func (c client) open(ctx context.Context, name string, w grant.Window) error {
	_, err := c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String(gateName), PolicyDocument: aws.String(c.gate.Document(w)),
	})
	if err != nil {
		return fmt.Errorf("opening role %s: %w", name, err)
	}
	return nil
}

func (c client) close(ctx context.Context, name string) error {
	return c.drop(ctx, name, gateName)
}

// drop takes an inline policy off a role.
func (c client) drop(ctx context.Context, name, policy string) error {
	_, err := c.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy})
	if err != nil && !answer.Missing(err) {
		return fmt.Errorf("removing policy %s of role %s: %w", policy, name, err)
	}
	return nil
}

// detach takes a managed policy off a role.
func (c client) detach(ctx context.Context, name, arn string) error {
	_, err := c.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
	if err != nil && !answer.Missing(err) {
		return fmt.Errorf("taking policy %s off role %s: %w", arn, name, err)
	}
	return nil
}

// remove takes a role away that has been closed. One with policies of somebody else's stays, and gives what they say: it is found.
func (c client) remove(ctx context.Context, name string) error {
	_, err := c.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	if err != nil && !answer.Missing(err) && !answer.InUse(err) {
		return fmt.Errorf("removing role %s: %w", name, err)
	}
	return nil
}

// list is the roles below a path.
func (c client) list(ctx context.Context, path string) (all []iamtypes.Role, err error) {
	pages := iam.NewListRolesPaginator(c.iam, &iam.ListRolesInput{PathPrefix: &path})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the leases below %s: %w", path, err)
		}
		all = append(all, page.Roles...)
	}
	return all, nil
}

// inline is the text of an inline policy; empty where there is none.
func (c client) inline(ctx context.Context, name, policy string) (string, error) {
	out, err := c.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
	if answer.Missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading policy %s of role %s: %w", policy, name, err)
	}
	return answer.Document(out.PolicyDocument)
}
