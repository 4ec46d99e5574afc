package lakeformation

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// list answers ListPermissions, in pages. What may be selected of a whole table is listed as all of its columns, as AWS does.
func (s *Server) list(in *json.Decoder) (any, *failure) {
	var input struct {
		CatalogId  string //nolint:revive // the member's name
		Principal  *principal
		MaxResults int
		NextToken  string
	}
	if err := in.Decode(&input); err != nil || input.MaxResults < 0 || input.MaxResults > 1000 {
		return nil, refuse("InvalidInputException", "not a request for a list")
	}
	var all []permission
	for p := range s.held.Read().permissions {
		if input.Principal == nil || input.Principal.DataLakePrincipalIdentifier == p.principal {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b permission) int {
		return cmp.Or(cmp.Compare(a.principal, b.principal), cmp.Compare(a.table, b.table), cmp.Compare(a.filter, b.filter), cmp.Compare(a.word, b.word))
	})
	start, _ := strconv.Atoi(input.NextToken)
	end := min(start+cmp.Or(input.MaxResults, 50), len(all))
	type listed struct {
		Principal                               principal
		Resource                                resource
		Permissions, PermissionsWithGrantOption []string `json:",omitempty"`
	}
	page := []listed{}
	for _, p := range all[start:end] {
		l := listed{Principal: principal{p.principal}}
		database, name, _ := strings.Cut(p.table, ".")
		switch {
		case p.filter != "":
			l.Resource.DataCellsFilter = &filterResource{TableCatalogId: Account, DatabaseName: database, TableName: name, Name: p.filter}
		case p.word == "SELECT":
			l.Resource.TableWithColumns = &columnsResource{CatalogId: Account, DatabaseName: database, Name: name, ColumnWildcard: &columnWildcard{}}
		default:
			l.Resource.Table = &tableResource{CatalogId: Account, DatabaseName: database, Name: name}
		}
		if p.passOn {
			l.PermissionsWithGrantOption = []string{p.word}
		} else {
			l.Permissions = []string{p.word}
		}
		page = append(page, l)
	}
	out := map[string]any{"PrincipalResourcePermissions": page}
	if end < len(all) {
		out["NextToken"] = strconv.Itoa(end)
	}
	return out, nil
}
