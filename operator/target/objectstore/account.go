package objectstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// GrantsPolicy is the name of the one policy that a person's account has.
const GrantsPolicy = "grants"

// SetPolicy makes the policy of grants of an account what it is given, in one step: the store evaluates the old one or the new
// one, and nothing between them. An empty policy takes all of it away. The account is made where it is not there.
func (c *Client) SetPolicy(ctx context.Context, account, policy string) error {
	if policy == "" {
		_, err := c.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &account, PolicyName: aws.String(GrantsPolicy)})
		if err != nil && !missing(err) {
			return fmt.Errorf("removing the grants of account %s of the object store: %w", account, err)
		}
		return nil
	}
	put := func() error {
		_, err := c.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
			UserName: &account, PolicyName: aws.String(GrantsPolicy), PolicyDocument: &policy,
		})
		return err
	}
	err := put()
	if missing(err) {
		if _, err := c.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &account}); err != nil {
			return fmt.Errorf("making account %s of the object store: %w", account, err)
		}
		err = put()
	}
	if err != nil {
		return fmt.Errorf("setting the grants of account %s of the object store: %w", account, err)
	}
	return nil
}

// Policies are all policies of an account by name; none where there is no such account.
func (c *Client) Policies(ctx context.Context, account string) (map[string]string, error) {
	list, err := c.iam.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: &account})
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the policies of account %s of the object store: %w", account, err)
	}
	all := map[string]string{}
	for _, name := range list.PolicyNames {
		out, err := c.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &account, PolicyName: &name})
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading policy %s of account %s of the object store: %w", name, account, err)
		}
		// IAM answers with the document as a part of a URL.
		text, err := url.PathUnescape(aws.ToString(out.PolicyDocument))
		if err != nil {
			return nil, fmt.Errorf("reading policy %s of account %s of the object store: %w", name, account, err)
		}
		all[name] = text
	}
	return all, nil
}

// DeletePolicy takes a policy off an account, whoever put it there.
func (c *Client) DeletePolicy(ctx context.Context, account, name string) error {
	_, err := c.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &account, PolicyName: &name})
	if err != nil && !missing(err) {
		return fmt.Errorf("removing policy %s of account %s of the object store: %w", name, account, err)
	}
	return nil
}

// Accounts are the names of all accounts.
func (c *Client) Accounts(ctx context.Context) ([]string, error) {
	var all []string
	pages := iam.NewListUsersPaginator(c.iam, &iam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the accounts of the object store: %w", err)
		}
		for _, u := range page.Users {
			all = append(all, aws.ToString(u.UserName))
		}
	}
	return all, nil
}

// RolePolicies are all policies of roles, by role and name.
func (c *Client) RolePolicies(ctx context.Context) (map[[2]string]string, error) {
	all := map[[2]string]string{}
	pages := iam.NewListRolesPaginator(c.iam, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the roles of the object store: %w", err)
		}
		for _, role := range page.Roles {
			list, err := c.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: role.RoleName})
			if err != nil {
				return nil, fmt.Errorf("listing the policies of role %s of the object store: %w", aws.ToString(role.RoleName), err)
			}
			for _, name := range list.PolicyNames {
				out, err := c.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role.RoleName, PolicyName: &name})
				if err != nil {
					return nil, fmt.Errorf("reading policy %s of role %s of the object store: %w", name, aws.ToString(role.RoleName), err)
				}
				text, err := url.PathUnescape(aws.ToString(out.PolicyDocument))
				if err != nil {
					return nil, fmt.Errorf("reading policy %s of role %s of the object store: %w", name, aws.ToString(role.RoleName), err)
				}
				all[[2]string{aws.ToString(role.RoleName), name}] = text
			}
		}
	}
	return all, nil
}

// BucketPolicy is the policy of a bucket itself; empty where it has none or is not there.
func (c *Client) BucketPolicy(ctx context.Context, bucket string) (string, error) {
	out, err := c.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "NoSuchBucketPolicy" || api.ErrorCode() == "NoSuchBucket") {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the policy of bucket %s: %w", bucket, err)
	}
	return aws.ToString(out.Policy), nil
}

// missing says that there is no such account, role or policy.
func missing(err error) bool {
	var gone *iamtypes.NoSuchEntityException
	return errors.As(err, &gone)
}
