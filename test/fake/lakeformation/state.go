package lakeformation

import (
	"maps"
	"strings"
)

// state is all permissions and filters.
type state struct {
	permissions map[permission]bool
	filters     map[string]filter
}

func (s state) clone() state {
	next := state{permissions: map[permission]bool{}, filters: map[string]filter{}}
	maps.Copy(next.permissions, s.permissions)
	maps.Copy(next.filters, s.filters)
	return next
}

// permission that a principal has.
type permission struct {
	principal, word string
	table           string
	// filter by name; empty for all of the table.
	filter string
	passOn bool
}

// filter is a data filter as the protocol has it.
type filter struct {
	TableCatalogId string `json:",omitempty"` //nolint:revive // the member's name
	DatabaseName   string
	TableName      string
	Name           string
	ColumnNames    []string        `json:",omitempty"`
	ColumnWildcard *columnWildcard `json:",omitempty"`
	RowFilter      *rowFilter      `json:",omitempty"`
}

type columnWildcard struct {
	ExcludedColumnNames []string `json:",omitempty"`
}

type rowFilter struct {
	AllRowsWildcard  *struct{} `json:",omitempty"`
	FilterExpression string    `json:",omitempty"`
}

func (f filter) table() string { return f.DatabaseName + "." + f.TableName }

func (f filter) key() string { return f.table() + "/" + f.Name }

// resource as the protocol has it.
type resource struct {
	Table            *tableResource   `json:",omitempty"`
	TableWithColumns *columnsResource `json:",omitempty"`
	DataCellsFilter  *filterResource  `json:",omitempty"`
	Database         *struct {
		Name string
	} `json:",omitempty"`
}

type tableResource struct {
	CatalogId          string `json:",omitempty"` //nolint:revive // the member's name
	DatabaseName, Name string
	TableWildcard      *struct{} `json:",omitempty"`
}

type columnsResource struct {
	CatalogId          string `json:",omitempty"` //nolint:revive // the member's name
	DatabaseName, Name string
	ColumnNames        []string        `json:",omitempty"`
	ColumnWildcard     *columnWildcard `json:",omitempty"`
}

type filterResource struct {
	TableCatalogId                string `json:",omitempty"` //nolint:revive // the member's name
	DatabaseName, TableName, Name string
}

// entry of a batch.
type entry struct {
	Id                         string //nolint:revive // the member's name
	Principal                  *principal
	Resource                   *resource
	Permissions                []string `json:",omitempty"`
	PermissionsWithGrantOption []string `json:",omitempty"`
}

type principal struct{ DataLakePrincipalIdentifier string }

// Row is a row of a table.
type Row map[string]string

// Shows says whether a principal may see the column of a row, as last written. It knows no gate: that is IAM's.
func (s *Server) Shows(who, table, column string, row Row) bool {
	s.mu.Lock()
	now := s.held.Now()
	s.mu.Unlock()
	for p := range now.permissions {
		if p.principal != who || p.word != "SELECT" || p.table != table {
			continue
		}
		if p.filter == "" {
			return true
		}
		f := now.filters[table+"/"+p.filter]
		if f.shows(column) && f.holds(row) {
			return true
		}
	}
	return false
}

// May says whether a principal may do something else than see a table.
func (s *Server) May(who, word, table string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.Now().permissions[permission{principal: who, word: word, table: table}]
}

func (f filter) shows(column string) bool {
	if f.ColumnWildcard != nil {
		return !strings.Contains(","+strings.Join(f.ColumnWildcard.ExcludedColumnNames, ",")+",", ","+column+",")
	}
	return strings.Contains(","+strings.Join(f.ColumnNames, ",")+",", ","+column+",")
}

func (f filter) holds(row Row) bool {
	if f.RowFilter == nil || f.RowFilter.AllRowsWildcard != nil {
		return true
	}
	e, err := parse(f.RowFilter.FilterExpression)
	return err == nil && e.holds(row)
}
