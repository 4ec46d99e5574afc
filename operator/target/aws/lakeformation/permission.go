// Package lakeformation enforces grants of tables on AWS, by permissions of Lake Formation that the roles of leases have.
package lakeformation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation/types"

	"github.com/atoll-platform/atoll/internal/grant"
)

// filtersLimit is the most data filters of one table that one principal may have.
const filtersLimit = 100

// Permission is one thing that may be done to a table. Permissions with the same text mean the same.
type Permission struct {
	// Word is Lake Formation's for what may be done.
	Word types.Permission
	// Schema is the database of the data catalog.
	Schema, Table string
	// Columns in order, joined by commas; empty for all.
	Columns string
	// Rows is the expression that rows meet; empty for all.
	Rows string
	// PassOn says that it may be given to others, which no grant does.
	PassOn bool
}

func (p Permission) String() string {
	s := string(p.Word) + " on " + p.Schema + "." + p.Table
	if p.Columns != "" {
		s += " columns " + p.Columns
	}
	if p.Rows != "" {
		s += " where " + p.Rows
	}
	if p.PassOn {
		s += ", to be passed on"
	}
	return s
}

// filtered says whether it needs a data filter.
func (p Permission) filtered() bool { return p.Columns != "" || p.Rows != "" }

// filterName is that of its data filter. It says what is in it, so that a filter never changes.
func (p Permission) filterName() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{p.Schema, p.Table, p.Columns, p.Rows}, "\x00")))
	return "atoll-" + hex.EncodeToString(sum[:])[:32]
}

// filter is its data filter, in the catalog of an account.
func (p Permission) filter(account string) *types.DataCellsFilter {
	f := &types.DataCellsFilter{
		TableCatalogId: &account, DatabaseName: &p.Schema, TableName: &p.Table, Name: aws.String(p.filterName()),
		RowFilter: &types.RowFilter{AllRowsWildcard: &types.AllRowsWildcard{}}, ColumnWildcard: &types.ColumnWildcard{},
	}
	if p.Columns != "" {
		f.ColumnNames, f.ColumnWildcard = strings.Split(p.Columns, ","), nil
	}
	if p.Rows != "" {
		f.RowFilter = &types.RowFilter{FilterExpression: &p.Rows}
	}
	return f
}

// resource that the permission is on.
func (p Permission) resource(account string) *types.Resource {
	if p.filtered() {
		return &types.Resource{DataCellsFilter: &types.DataCellsFilterResource{
			TableCatalogId: &account, DatabaseName: &p.Schema, TableName: &p.Table, Name: aws.String(p.filterName()),
		}}
	}
	return &types.Resource{Table: &types.TableResource{CatalogId: &account, DatabaseName: &p.Schema, Name: &p.Table}}
}

// words are Lake Formation's for the actions of tables. It has none for changing rows in place.
var words = map[grant.Action]types.Permission{
	grant.Select: types.PermissionSelect, grant.Insert: types.PermissionInsert, grant.Delete: types.PermissionDelete,
}

// unnamed tells whether no column is called that. Names are kept joined by commas, and none at all is every column.
func unnamed(column string) bool { return column == "" || strings.Contains(column, ",") }

// compile says in Lake Formation's words what the atoms allow. What it could not say is an error, and nothing is widened.
func compile(atoms []grant.Atom) ([]Permission, error) {
	var all []Permission
	filters := map[string]int{}
	for _, a := range atoms {
		part := a.Selector.Part
		p := Permission{Word: words[a.Action], Schema: part.Table.Schema, Table: part.Table.Table, Columns: strings.Join(part.Columns, ",")}
		if p.Word == "" {
			return nil, fmt.Errorf("Lake Formation has no word for %s of a table: it knows Select, Insert and Delete", a.Action) //nolint:staticcheck // a name
		}
		if len(part.Masks) > 0 {
			return nil, fmt.Errorf("Lake Formation masks no columns: leave those of %s out that are masked", part.Table) //nolint:staticcheck // a name
		}
		if slices.ContainsFunc(part.Columns, unnamed) {
			return nil, fmt.Errorf("columns of %s: %q holds one that is empty or has a comma, and no column is called that", part.Table, part.Columns)
		}
		if a.Action != grant.Select && (len(part.Columns) > 0 || len(part.Rows) > 0) {
			return nil, fmt.Errorf("Lake Formation narrows what is read alone, and not %s of %s", a.Action, part.Table) //nolint:staticcheck // a name
		}
		var err error
		if p.Rows, err = expression(part.Rows); err != nil {
			return nil, fmt.Errorf("the rows of %s: %w", part.Table, err)
		}
		if slices.Contains(all, p) {
			continue
		}
		all = append(all, p)
		if at := p.Schema + "." + p.Table; p.filtered() {
			if filters[at]++; filters[at] > filtersLimit {
				return nil, fmt.Errorf("Lake Formation takes %d filters of table %s in one window, and this is one more: let grants share their columns and rows", //nolint:staticcheck // a name
					filtersLimit, part.Table)
			}
		}
	}
	return all, nil
}

// atoms is the other way round.
func atoms(catalog string, p Permission) ([]grant.Atom, error) {
	rows, err := conditions(p.Rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	part := &grant.Part{Table: grant.Table{Catalog: catalog, Schema: p.Schema, Table: p.Table}, Rows: rows}
	if p.Columns != "" {
		part.Columns = strings.Split(p.Columns, ",")
		if slices.ContainsFunc(part.Columns, unnamed) {
			return nil, fmt.Errorf("%s: no column is called that", p)
		}
	}
	for action, word := range words {
		if word == p.Word && !p.PassOn {
			return []grant.Atom{{Action: action, Selector: grant.Selector{Part: part}}}, nil
		}
	}
	return nil, fmt.Errorf("%s: no grant gives that", p)
}

// shares says whether there is anything that both permissions allow. Filters of one table are taken to.
func shares(a, b Permission) bool {
	return a.Word == b.Word && a.Schema == b.Schema && a.Table == b.Table
}
