package lakeformation

import (
	"encoding/json"
	"slices"
	"strconv"
)

const (
	// batchLimit is the most entries of one request.
	batchLimit = 20
	// filtersLimit is the most filters of one table that a principal may have.
	filtersLimit = 100
)

// words of permissions that a table has, and the one of filters.
var words = []string{"SELECT", "INSERT", "DELETE", "DESCRIBE", "ALTER", "DROP", "ALL"}

type batch struct {
	CatalogId string //nolint:revive // the member's name
	Entries   []entry
}

type failed struct {
	RequestEntry entry
	Error        struct{ ErrorCode, ErrorMessage string }
}

// grant answers BatchGrantPermissions, and revoke BatchRevokePermissions.
func (s *Server) grant(in *json.Decoder) (any, *failure) { return s.batch(in, "grant", s.grantOne) }

func (s *Server) revoke(in *json.Decoder) (any, *failure) { return s.batch(in, "revoke", s.revokeOne) }

// batch does each entry by itself: what is wrong with one is said of that one.
func (s *Server) batch(in *json.Decoder, doing string, one func(entry, []permission) *failure) (any, *failure) {
	var b batch
	if err := in.Decode(&b); err != nil || b.CatalogId != "" && b.CatalogId != Account {
		return nil, refuse("InvalidInputException", "not a batch of catalog %s", Account)
	}
	if len(b.Entries) == 0 || len(b.Entries) > batchLimit {
		return nil, refuse("InvalidInputException", "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have "+
			"length less than or equal to %d, and greater than 0", batchLimit)
	}
	seen := map[string]bool{}
	var failures []failed
	for _, e := range b.Entries {
		if e.Id == "" || seen[e.Id] {
			return nil, refuse("InvalidInputException", "Duplicate or empty id %q", e.Id)
		}
		seen[e.Id] = true
		list, err := s.parts(e)
		s.entries++
		if err == nil && s.opts.Collide > 0 && s.entries%s.opts.Collide == 0 {
			err = refuse("ConcurrentModificationException", "Multiple concurrent modifications")
		}
		for _, p := range list {
			if err == nil && s.fail != nil && s.fail(p.line(doing)) {
				err = refuse("AccessDeniedException", "Insufficient Lake Formation permission(s) on %s", p.table)
			}
		}
		if err == nil {
			err = one(e, list)
		}
		if err != nil {
			f := failed{RequestEntry: e}
			f.Error.ErrorCode, f.Error.ErrorMessage = err.code, err.message
			failures = append(failures, f)
			continue
		}
		for _, p := range list {
			s.log = append(s.log, p.line(doing))
		}
	}
	return map[string]any{"Failures": failures}, nil
}

func (p permission) line(doing string) string {
	line := doing + " " + p.word + " " + p.table + " "
	if p.filter != "" {
		line += p.filter + " "
	}
	return line + p.principal
}

// parts is what an entry is about.
func (s *Server) parts(e entry) ([]permission, *failure) {
	if e.Principal == nil || e.Resource == nil || len(e.Permissions)+len(e.PermissionsWithGrantOption) == 0 {
		return nil, refuse("InvalidInputException", "An entry needs a principal, a resource and permissions")
	}
	at := permission{principal: e.Principal.DataLakePrincipalIdentifier}
	r := e.Resource
	switch {
	case r.DataCellsFilter != nil && r.Table == nil:
		at.table, at.filter = r.DataCellsFilter.DatabaseName+"."+r.DataCellsFilter.TableName, r.DataCellsFilter.Name
		if _, there := s.held.Now().filters[at.table+"/"+at.filter]; !there {
			return nil, refuse("EntityNotFoundException", "Data cells filter not found: %s", at.filter)
		}
	case r.Table != nil:
		at.table = r.Table.DatabaseName + "." + r.Table.Name
	default:
		return nil, refuse("InvalidInputException", "Resource is not supported")
	}
	if s.opts.Tables[at.table] == nil {
		return nil, refuse("EntityNotFoundException", "Table not found: %s", at.table)
	}
	var all []permission
	for i, word := range slices.Concat(e.Permissions, e.PermissionsWithGrantOption) {
		if !slices.Contains(words, word) || at.filter != "" && word != "SELECT" {
			return nil, refuse("InvalidInputException", "Permissions modification is invalid: %s", word)
		}
		at.word, at.passOn = word, i >= len(e.Permissions)
		all = append(all, at)
	}
	return all, nil
}

func (s *Server) grantOne(_ entry, list []permission) *failure {
	who := list[0].principal
	if who != "IAM_ALLOWED_PRINCIPALS" && s.opts.Known != nil && !s.opts.Known(who) {
		return refuse("InvalidInputException", "Invalid principal, %s", who)
	}
	if list[0].filter != "" {
		n := 0
		for p := range s.held.Now().permissions {
			if p.principal == who && p.table == list[0].table && p.filter != "" && p.filter != list[0].filter {
				n++
			}
		}
		if n >= filtersLimit {
			return refuse("ResourceNumberLimitExceededException", "A principal has %s data filters of a table at the most", strconv.Itoa(filtersLimit))
		}
	}
	s.change(func(next state) {
		for _, p := range list {
			next.permissions[p] = true
		}
	})
	return nil
}

func (s *Server) revokeOne(_ entry, list []permission) *failure {
	for _, p := range list {
		if !s.held.Now().permissions[p] {
			return refuse("InvalidInputException", "No permissions revoked. Grantee does not have: [%s]", p.word)
		}
	}
	s.change(func(next state) {
		for _, p := range list {
			delete(next.permissions, p)
		}
	})
	return nil
}
