package role_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
	"github.com/atoll-platform/atoll/test/fake/iam"
)

func TestGhostsAreFound(t *testing.T) {
	ctx, name := context.Background(), aws.String(opts.Name("ada"))
	const open = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/a/*"}}`
	const anything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	// Each seeds what nobody is granted, and says where it is found.
	for what, seed := range map[string]func(*sdk.Client) (policy string, err error){
		"an inline policy without an end": func(c *sdk.Client) (string, error) {
			_, err := c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("other"), PolicyDocument: aws.String(open)})
			return "other", err
		},
		"our own policy changed": func(c *sdk.Client) (string, error) {
			_, err := c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("grants"), PolicyDocument: aws.String(open)})
			return "grants", err
		},
		"the policy of the key changed": func(c *sdk.Client) (string, error) {
			_, err := c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("key"), PolicyDocument: aws.String(anything)})
			return "key", err
		},
		"a managed policy": func(c *sdk.Client) (string, error) {
			made, err := c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("mine"), PolicyDocument: aws.String(anything)})
			if err != nil {
				return "", err
			}
			_, err = c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: name, PolicyArn: made.Policy.Arn})
			return *made.Policy.Arn, err
		},
		"a way in for others": func(c *sdk.Client) (string, error) {
			_, err := c.UpdateAssumeRolePolicy(ctx, &sdk.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}`,
			)})
			return "trust", err
		},
		"no boundary": func(c *sdk.Client) (string, error) {
			_, err := c.PutRolePermissionsBoundary(ctx, &sdk.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: aws.String(
				"arn:aws:iam::aws:policy/AdministratorAccess",
			)})
			return "boundary", err
		},
	} {
		t.Run(what, func(t *testing.T) {
			s, g := begin(t, iam.Options{})
			access := target.Access{"ada": append(wide(40), reading("a/", start, end))}
			sync(t, g, access["ada"]...)
			if found, err := g.Ghosts(ctx, access, start); err != nil || len(found) != 0 {
				t.Fatalf("before: %+v, %v", found, err)
			}
			client := sdk.NewFromConfig(config(s))
			policy, err := seed(client)
			if err != nil {
				t.Fatal(err)
			}
			found, err := g.Ghosts(ctx, access, start)
			if err != nil || len(found) != 1 || found[0].Policy != policy || found[0].Person != "ada" {
				t.Fatalf("%+v, %v", found, err)
			}
			if policy == "trust" || policy == "boundary" {
				return
			}
			if !found[0].Own() {
				err = g.Remove(ctx, found[0])
			}
			if err != nil {
				t.Fatal(err)
			}
			g.Forget("ada")
			sync(t, g, access["ada"]...)
			if found, err := g.Ghosts(ctx, access, start); err != nil || len(found) != 0 {
				t.Errorf("after it was put right: %+v, %v", found, err)
			}
			if !may(s, "ada", grant.Read, "data", "a/x", start) {
				t.Error("what is granted is gone")
			}
		})
	}
}

func TestGhostOfSomebodyWithoutGrants(t *testing.T) {
	s, g := begin(t, iam.Options{})
	sync(t, g, reading("a/", start, end))
	found, err := g.Ghosts(context.Background(), target.Access{}, start)
	if err != nil || len(found) != 1 || found[0].Person != "" || found[0].Policy != "grants" || len(found[0].Atoms) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := g.Ghosts(context.Background(), target.Access{}, end); err != nil || len(found) != 0 {
		t.Errorf("a window that has passed: %+v, %v", found, err)
	}
	if err := g.Remove(context.Background(), role.Ghost{Role: opts.Name("ada"), Policy: "grants"}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(opts.Name("ada"), "/") || may(s, "ada", grant.Read, "data", "a/x", start) {
		t.Error("it is still there")
	}
}
