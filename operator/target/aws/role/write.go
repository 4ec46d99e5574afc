package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/target/aws/answer"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

// Ensure makes the role of a person where it is not there, and says its ARN.
func (g *Grants) Ensure(ctx context.Context, user string) (arn string, err error) {
	name := g.opts.Name(user)
	there, err := g.there(ctx, name)
	if err == nil && !there {
		err = g.ensure(ctx, name, person.ServiceAccount(user))
	}
	return g.opts.ARN(user), err
}

// ensure makes the role where it is not there, without any data.
func (g *Grants) ensure(ctx context.Context, name, serviceAccount string) error {
	_, err := g.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &name, Path: aws.String(g.opts.path()), PermissionsBoundary: &g.opts.BoundaryARN,
		AssumeRolePolicyDocument: aws.String(g.opts.trust(serviceAccount)), MaxSessionDuration: aws.Int32(3600),
		Description: aws.String("Data as granted to one person; policies are written by the operator"),
		Tags: []iamtypes.Tag{
			{Key: aws.String("atoll.dev/platform"), Value: &g.opts.Platform},
			{Key: aws.String("atoll.dev/part"), Value: aws.String("grants")},
		},
	})
	if err != nil && !answer.Exists(err) {
		return fmt.Errorf("making role %s: %w", name, err)
	}
	if text := g.opts.key(); text != "" {
		if err := g.putInline(ctx, name, keyName, text); err != nil {
			return err
		}
	}
	return nil
}

// write makes one policy of a role what the step says. Attached says that it may be there already.
func (g *Grants) write(ctx context.Context, name string, step policy.Step, attached bool) error {
	text := g.language.Document(step.Pieces)
	switch {
	case step.Slot == 0 && text == "":
		_, err := g.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String(inlineName)})
		if err != nil && !answer.Missing(err) {
			return fmt.Errorf("removing policy %s of role %s: %w", inlineName, name, err)
		}
		return nil
	case step.Slot == 0:
		return g.putInline(ctx, name, inlineName, text)
	case text == "":
		return g.remove(ctx, name, g.opts.policyARN(name, step.Slot))
	}
	return g.putManaged(ctx, name, step.Slot, text, attached)
}

func (g *Grants) putInline(ctx context.Context, name, policyName, text string) error {
	_, err := g.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &policyName, PolicyDocument: &text})
	if err != nil {
		return fmt.Errorf("writing policy %s of role %s: %w", policyName, name, err)
	}
	return nil
}

// putManaged writes a managed policy of a role. One that is there gets a new version, which takes the place of the old one in one
// step, and is attached after that: a policy that is left over from before says nothing old when it comes into force.
func (g *Grants) putManaged(ctx context.Context, name string, slot int, text string, attached bool) error {
	arn := g.opts.policyARN(name, slot)
	err := error(nil)
	if attached {
		err = g.putVersion(ctx, arn, text)
	}
	if !attached || answer.Missing(err) {
		_, err = g.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{
			PolicyName: aws.String(policyName(name, slot)), Path: aws.String(g.opts.path()), PolicyDocument: &text,
		})
		if answer.Exists(err) {
			err = g.putVersion(ctx, arn, text)
		}
	}
	if err != nil {
		return fmt.Errorf("writing policy %s: %w", arn, err)
	}
	if _, err := g.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn}); err != nil {
		return fmt.Errorf("attaching policy %s: %w", arn, err)
	}
	return nil
}

// putVersion puts a new version of a policy in force. AWS keeps five; the oldest goes where there is no room.
func (g *Grants) putVersion(ctx context.Context, arn, text string) error {
	input := &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: &text, SetAsDefault: true}
	_, err := g.iam.CreatePolicyVersion(ctx, input)
	var full *iamtypes.LimitExceededException
	if errors.As(err, &full) {
		if err := g.prune(ctx, arn); err != nil {
			return err
		}
		_, err = g.iam.CreatePolicyVersion(ctx, input)
	}
	return err
}

// prune takes away every version of a policy but the one in force, and those that lists do not have yet.
func (g *Grants) prune(ctx context.Context, arn string) error {
	list, err := g.iam.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn})
	if answer.Missing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing the versions of policy %s: %w", arn, err)
	}
	for _, v := range list.Versions {
		if v.IsDefaultVersion {
			continue
		}
		_, err := g.iam.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: v.VersionId})
		if err != nil && !answer.Missing(err) && !answer.InUse(err) {
			return fmt.Errorf("removing version %s of policy %s: %w", aws.ToString(v.VersionId), arn, err)
		}
	}
	return nil
}

// remove takes a managed policy off a role, and away.
func (g *Grants) remove(ctx context.Context, name, arn string) error {
	_, err := g.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
	if err != nil && !answer.Missing(err) {
		return fmt.Errorf("taking policy %s off role %s: %w", arn, name, err)
	}
	if err := g.prune(ctx, arn); err != nil {
		return err
	}
	_, err = g.iam.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &arn})
	// With a version that lists do not have yet it stays, without effect, and its name is used again.
	if err != nil && !answer.Missing(err) && !answer.InUse(err) {
		return fmt.Errorf("removing policy %s: %w", arn, err)
	}
	return nil
}
