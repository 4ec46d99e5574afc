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
)

// ensureFilter makes the data filter of a permission, or puts it right where somebody changed it. Filters without permissions give
// nothing, and are left for the next one who needs them.
func (s *Service) ensureFilter(ctx context.Context, p Permission) error {
	want := p.filter(s.account)
	_, err := s.lf.CreateDataCellsFilter(ctx, &sdk.CreateDataCellsFilterInput{TableData: want})
	var there *types.AlreadyExistsException
	if errors.As(err, &there) {
		var have Permission
		have, err = s.filter(ctx, types.DataCellsFilterResource{
			TableCatalogId: want.TableCatalogId, DatabaseName: want.DatabaseName, TableName: want.TableName, Name: want.Name,
		})
		have.Word = p.Word
		if err == nil && have == p {
			return nil
		}
		_, err = s.lf.UpdateDataCellsFilter(ctx, &sdk.UpdateDataCellsFilterInput{TableData: want})
	}
	if err != nil {
		return fmt.Errorf("making data filter %s of table %s.%s: %w", aws.ToString(want.Name), p.Schema, p.Table, err)
	}
	return nil
}

// errOther says that a filter excludes columns, which grants do not.
var errOther = errors.New("the data filter is not one that grants are written as")

// filter reads what a data filter shows, as a permission without its word.
func (s *Service) filter(ctx context.Context, at types.DataCellsFilterResource) (Permission, error) {
	out, err := s.lf.GetDataCellsFilter(ctx, &sdk.GetDataCellsFilterInput{
		TableCatalogId: at.TableCatalogId, DatabaseName: at.DatabaseName, TableName: at.TableName, Name: at.Name,
	})
	if err != nil {
		return Permission{}, fmt.Errorf("reading data filter %s of table %s.%s: %w", aws.ToString(at.Name), aws.ToString(at.DatabaseName),
			aws.ToString(at.TableName), err)
	}
	f := out.DataCellsFilter
	p := Permission{Schema: aws.ToString(f.DatabaseName), Table: aws.ToString(f.TableName)}
	if f.ColumnWildcard != nil && len(f.ColumnWildcard.ExcludedColumnNames) > 0 {
		return p, errOther
	}
	if slices.ContainsFunc(f.ColumnNames, unnamed) {
		return p, errOther
	}
	columns := slices.Clone(f.ColumnNames)
	slices.Sort(columns)
	p.Columns = strings.Join(columns, ",")
	if f.RowFilter != nil && f.RowFilter.AllRowsWildcard == nil {
		p.Rows = aws.ToString(f.RowFilter.FilterExpression)
	}
	return p, nil
}
