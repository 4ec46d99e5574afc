package lakeformation

import (
	"encoding/json"
	"slices"
)

type filterInput struct{ TableData filter }

// createFilter answers CreateDataCellsFilter.
func (s *Server) createFilter(in *json.Decoder) (any, *failure) {
	var input filterInput
	if err := in.Decode(&input); err != nil {
		return nil, refuse("InvalidInputException", "not a filter: %s", err)
	}
	f := input.TableData
	if err := s.valid(f); err != nil {
		return nil, err
	}
	if _, there := s.held.Now().filters[f.key()]; there {
		return nil, refuse("AlreadyExistsException", "Data cells filter already exists: %s", f.Name)
	}
	s.change(func(next state) { next.filters[f.key()] = f })
	return struct{}{}, nil
}

// updateFilter answers UpdateDataCellsFilter.
func (s *Server) updateFilter(in *json.Decoder) (any, *failure) {
	var input filterInput
	if err := in.Decode(&input); err != nil {
		return nil, refuse("InvalidInputException", "not a filter: %s", err)
	}
	f := input.TableData
	if err := s.valid(f); err != nil {
		return nil, err
	}
	if _, there := s.held.Now().filters[f.key()]; !there {
		return nil, refuse("EntityNotFoundException", "Data cells filter not found: %s", f.Name)
	}
	s.change(func(next state) { next.filters[f.key()] = f })
	return struct{}{}, nil
}

// getFilter answers GetDataCellsFilter.
func (s *Server) getFilter(in *json.Decoder) (any, *failure) {
	var input filterResource
	if err := in.Decode(&input); err != nil {
		return nil, refuse("InvalidInputException", "not the name of a filter: %s", err)
	}
	f, there := s.held.Now().filters[input.DatabaseName+"."+input.TableName+"/"+input.Name]
	if !there {
		return nil, refuse("EntityNotFoundException", "Data cells filter not found: %s", input.Name)
	}
	return map[string]filter{"DataCellsFilter": f}, nil
}

// valid checks a filter as AWS does: its table and columns are there, it says which rows and columns it shows, and compares what can be
// compared.
func (s *Server) valid(f filter) *failure {
	columns := s.opts.Tables[f.table()]
	switch {
	case f.Name == "" || len(f.Name) > 255:
		return refuse("InvalidInputException", "Name is %q", f.Name)
	case columns == nil:
		return refuse("EntityNotFoundException", "Table not found: %s", f.table())
	case (len(f.ColumnNames) == 0) == (f.ColumnWildcard == nil):
		return refuse("InvalidInputException", "A filter has either column names or a wildcard")
	case f.RowFilter == nil || (f.RowFilter.AllRowsWildcard == nil) == (f.RowFilter.FilterExpression == ""):
		return refuse("InvalidInputException", "A filter has either an expression or all rows")
	case slices.ContainsFunc(f.ColumnNames, func(c string) bool { return columns[c] == "" }):
		return refuse("InvalidInputException", "A column of %v is not in the table", f.ColumnNames)
	}
	if f.RowFilter.FilterExpression == "" {
		return nil
	}
	e, err := parse(f.RowFilter.FilterExpression)
	if err != nil {
		return refuse("InvalidInputException", "Invalid filter expression: %s", err)
	}
	for _, c := range e.columns() {
		if kind := columns[c]; kind != "string" {
			return refuse("InvalidInputException", "Column %s of type %q cannot be compared with a text", c, kind)
		}
	}
	return nil
}
