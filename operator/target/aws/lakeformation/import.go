package lakeformation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lakeformation"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation/types"

	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

// everybody is how Lake Formation names everybody whom IAM lets in: it leaves the decision to IAM then.
const everybody = "IAM_ALLOWED_PRINCIPALS"

// implied are permissions that come with others and show no data.
var implied = []types.Permission{types.PermissionDescribe}

// Held lists the permissions of roles of leases, and those that leave a table to everybody; of one role alone where one is named. Other
// principals are the account's own affair.
func (s *Service) Held(ctx context.Context, roleARN string) ([]lease.Held[Permission], error) {
	input := &sdk.ListPermissionsInput{CatalogId: &s.account}
	if roleARN != "" {
		input.Principal = &types.DataLakePrincipal{DataLakePrincipalIdentifier: &roleARN}
	}
	var all []lease.Held[Permission]
	filters := map[string]lease.Held[Permission]{}
	pages := sdk.NewListPermissionsPaginator(s.lf, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the permissions of Lake Formation: %w", err)
		}
		for _, entry := range page.PrincipalResourcePermissions {
			who := aws.ToString(entry.Principal.DataLakePrincipalIdentifier)
			if roleARN == "" && who != everybody && !strings.HasPrefix(who, s.leases) {
				continue
			}
			held, err := s.held(ctx, entry, filters)
			if err != nil {
				return nil, err
			}
			for _, h := range held {
				h.Principal = who
				if who == everybody {
					h.Problem = fmt.Sprintf("%s is left to IAM", h.Permission)
				}
				all = append(all, h)
			}
		}
	}
	return all, nil
}

// held reads one entry of a list. What is on something else than tables and filters cannot be read.
func (s *Service) held(ctx context.Context, entry types.PrincipalResourcePermissions, filters map[string]lease.Held[Permission]) ([]lease.Held[Permission], error) {
	var of lease.Held[Permission]
	switch r := entry.Resource; {
	case r.DataCellsFilter != nil:
		at := *r.DataCellsFilter
		key := aws.ToString(at.DatabaseName) + "\x00" + aws.ToString(at.TableName) + "\x00" + aws.ToString(at.Name)
		have, known := filters[key]
		if !known {
			var err error
			have.Permission, err = s.filter(ctx, at)
			var missing *types.EntityNotFoundException
			if errors.As(err, &missing) {
				return nil, nil // It went while the list was read.
			}
			if errors.Is(err, errOther) {
				have.Problem, err = fmt.Sprintf("filter %s of table %s.%s: %s", aws.ToString(at.Name), have.Permission.Schema, have.Permission.Table, err), nil
			}
			if err != nil {
				return nil, err
			}
			filters[key] = have
		}
		of = have
	case r.Table != nil && r.Table.TableWildcard == nil:
		of.Permission = Permission{Schema: aws.ToString(r.Table.DatabaseName), Table: aws.ToString(r.Table.Name)}
	case r.TableWithColumns != nil && r.TableWithColumns.ColumnWildcard != nil && len(r.TableWithColumns.ColumnWildcard.ExcludedColumnNames) == 0:
		// So it lists what may be selected of a whole table.
		of.Permission = Permission{Schema: aws.ToString(r.TableWithColumns.DatabaseName), Table: aws.ToString(r.TableWithColumns.Name)}
	default:
		of.Problem = fmt.Sprintf("%v on something else than one table", entry.Permissions)
	}
	var all []lease.Held[Permission]
	for passOn, list := range map[bool][]types.Permission{false: entry.Permissions, true: entry.PermissionsWithGrantOption} {
		for _, word := range list {
			if !slices.Contains(implied, word) {
				h := of
				h.Permission.Word, h.Permission.PassOn = word, passOn
				all = append(all, h)
			}
		}
	}
	return all, nil
}
