package lakeformation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	sdk "github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation/types"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/test/fake/iam"
	fake "github.com/atoll-platform/atoll/test/fake/lakeformation"
)

// ghostly gives a principal a permission behind the operator's back.
func ghostly(p *platform, who, word string, resource *types.Resource, passOn bool) error {
	input := &sdk.BatchGrantPermissionsInput{Entries: []types.BatchPermissionsRequestEntry{{
		Id: aws.String("0"), Principal: &types.DataLakePrincipal{DataLakePrincipalIdentifier: &who}, Resource: resource,
		Permissions: []types.Permission{types.Permission(word)},
	}}}
	if passOn {
		input.Entries[0].PermissionsWithGrantOption = input.Entries[0].Permissions
	}
	_, err := sdk.NewFromConfig(config(p.lf.Endpoint)).BatchGrantPermissions(context.Background(), input)
	return err
}

func whole(table string) *types.Resource {
	return &types.Resource{Table: &types.TableResource{DatabaseName: aws.String("sales"), Name: &table}}
}

func TestGhostsAreFound(t *testing.T) {
	ctx := context.Background()
	const anything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lakeformation:GetDataAccess","Resource":"*"}}`
	narrow := selecting("orders", start, end)
	narrow.Selector.Part.Columns = []string{"id"}
	narrow.Selector.Part.Rows = grant.Rows{{Column: "region", Values: []string{"EU"}}}
	// Each seeds what nobody is granted, and says where it is found. What is the operator's own is put right.
	for what, tt := range map[string]struct {
		where string
		own   bool
		seed  func(p *platform, arn, name string, c *sdkiam.Client) error
	}{
		"a table more": {"permission", true, func(p *platform, arn, _ string, _ *sdkiam.Client) error {
			return ghostly(p, arn, "SELECT", whole("refunds"), false)
		}},
		"all of a table of which a part is granted": {"permission", true, func(p *platform, arn, _ string, _ *sdkiam.Client) error {
			return ghostly(p, arn, "SELECT", whole("orders"), false)
		}},
		"another action": {"permission", true, func(p *platform, arn, _ string, _ *sdkiam.Client) error {
			return ghostly(p, arn, "INSERT", whole("orders"), false)
		}},
		"leave to pass it on": {"permission", true, func(p *platform, arn, _ string, _ *sdkiam.Client) error {
			return ghostly(p, arn, "SELECT", whole("refunds"), true)
		}},
		"our filter changed": {"permission", true, func(p *platform, _, _ string, _ *sdkiam.Client) error {
			client := sdk.NewFromConfig(config(p.lf.Endpoint))
			list, err := client.ListPermissions(ctx, &sdk.ListPermissionsInput{})
			if err != nil {
				return err
			}
			at := list.PrincipalResourcePermissions[0].Resource.DataCellsFilter
			_, err = client.UpdateDataCellsFilter(ctx, &sdk.UpdateDataCellsFilterInput{TableData: &types.DataCellsFilter{
				TableCatalogId: at.TableCatalogId, DatabaseName: at.DatabaseName, TableName: at.TableName, Name: at.Name,
				ColumnWildcard: &types.ColumnWildcard{}, RowFilter: &types.RowFilter{AllRowsWildcard: &types.AllRowsWildcard{}},
			}})
			return err
		}},
		"a gate without an end": {"gate", true, func(_ *platform, _, name string, c *sdkiam.Client) error {
			_, err := c.PutRolePolicy(ctx, &sdkiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("gate"), PolicyDocument: aws.String(anything)})
			return err
		}},
		"a gate beside it": {"other", false, func(_ *platform, _, name string, c *sdkiam.Client) error {
			_, err := c.PutRolePolicy(ctx, &sdkiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("other"), PolicyDocument: aws.String(anything)})
			return err
		}},
		"a managed policy": {"arn:aws:iam::123456789012:policy/mine", false, func(_ *platform, _, name string, c *sdkiam.Client) error {
			made, err := c.CreatePolicy(ctx, &sdkiam.CreatePolicyInput{PolicyName: aws.String("mine"), PolicyDocument: aws.String(anything)})
			if err != nil {
				return err
			}
			_, err = c.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: &name, PolicyArn: made.Policy.Arn})
			return err
		}},
		"a way in for others": {"trust", false, func(_ *platform, _, name string, c *sdkiam.Client) error {
			_, err := c.UpdateAssumeRolePolicy(ctx, &sdkiam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}`,
			)})
			return err
		}},
		"no boundary": {"boundary", false, func(_ *platform, _, name string, c *sdkiam.Client) error {
			_, err := c.PutRolePermissionsBoundary(ctx, &sdkiam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: aws.String(
				"arn:aws:iam::aws:policy/AdministratorAccess",
			)})
			return err
		}},
		"a table that is left to IAM": {"permission", false, func(p *platform, _, _ string, _ *sdkiam.Client) error {
			return ghostly(p, "IAM_ALLOWED_PRINCIPALS", "ALL", whole("orders"), false)
		}},
	} {
		t.Run(what, func(t *testing.T) {
			p := begin(t, iam.Options{}, fake.Options{})
			access := target.Access{"ada": {narrow}}
			p.sync(t, narrow)
			if found, err := p.Ghosts(ctx, access, start); err != nil || len(found) != 0 {
				t.Fatalf("before: %+v, %v", found, err)
			}
			arn := p.iam.Roles("/atoll/reef/leases/tables/person-ada/")[0]
			if err := tt.seed(p, arn, arn[strings.LastIndex(arn, "/")+1:], sdkiam.NewFromConfig(config(p.iam.Endpoint))); err != nil {
				t.Fatal(err)
			}
			found, err := p.Ghosts(ctx, access, start)
			if err != nil || len(found) != 1 || found[0].Where != tt.where || found[0].Own() != tt.own {
				t.Fatalf("%+v, %v", found, err)
			}
			switch {
			case tt.own:
				err = p.Repair(ctx, found[0], access)
			case tt.where == "other" || strings.HasSuffix(tt.where, ":policy/mine"):
				err = found[0].Remove(ctx)
			default:
				return // It is left to people.
			}
			if err != nil {
				t.Fatal(err)
			}
			if found, err := p.Ghosts(ctx, access, start); err != nil || len(found) != 0 {
				t.Errorf("after it was put right: %+v, %v", found, err)
			}
			if !p.sees("ada", "orders", "id", fake.Row{"region": "EU"}, start) {
				t.Error("what is granted is gone")
			}
		})
	}
}

func TestGhostsOfLeasesThatNobodyIsGranted(t *testing.T) {
	ctx := context.Background()
	p := begin(t, iam.Options{}, fake.Options{})
	p.sync(t, selecting("orders", start, end))
	gone := "arn:aws:iam::123456789012:role/atoll/reef/leases/tables/person-bob/reef-tables-0123456789abcdef"
	if found, err := p.Ghosts(ctx, target.Access{}, end); err != nil || len(found) != 0 {
		t.Errorf("a window that has passed: %+v, %v", found, err)
	}
	found, err := p.Ghosts(ctx, target.Access{}, start)
	if err != nil || len(found) != 1 || found[0].Person != "" || found[0].Slug != "ada" || len(found[0].Atoms) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if err := p.Repair(ctx, found[0], target.Access{}); err != nil {
		t.Fatal(err)
	}
	if roles := p.iam.Roles("/atoll/reef/leases/"); len(roles) != 0 {
		t.Errorf("%v are there still", roles)
	}
	other := begin(t, iam.Options{}, fake.Options{})
	other.lf = fake.Start(t, fake.Options{Tables: map[string]map[string]string{"sales.orders": columns}})
	other.Grants = other.grants(t)
	if err := ghostly(other, gone, "SELECT", whole("orders"), false); err != nil {
		t.Fatal(err)
	}
	found, err = other.Ghosts(ctx, target.Access{}, start)
	if err != nil || len(found) != 1 || found[0].Principal != gone || !found[0].Own() {
		t.Fatalf("a permission of a role that is gone: %+v, %v", found, err)
	}
	if err := other.Repair(ctx, found[0], target.Access{}); err != nil {
		t.Fatal(err)
	}
	if found, err := other.Ghosts(ctx, target.Access{}, start); err != nil || len(found) != 0 {
		t.Errorf("after it was put right: %+v, %v", found, err)
	}
}
