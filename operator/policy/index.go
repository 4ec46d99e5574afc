package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
)

// rule is an atom of a table as it is decided by.
type rule struct {
	grant       string
	action      grant.Action
	from, until int64 // in nanoseconds since 1970
	// columns are sorted; none means all.
	columns []string
	masks   map[string]grant.Mask
	rows    grant.Rows
}

func (r *rule) active(at int64) bool { return r.from <= at && at < r.until }

func (r *rule) shows(column string) bool {
	if len(r.columns) == 0 {
		return true
	}
	_, found := slices.BinarySearch(r.columns, column)
	return found
}

// place is where a rule is in the index, so that it can be taken out again.
type place struct {
	subject grant.Subject
	table   grant.Table
	rule    *rule
}

// holdings are the rules of one subject, by catalog, schema and table.
type holdings map[string]map[string]map[string][]*rule

// index answers what a person may do with a table at a time. It is not safe for concurrent use.
type index struct {
	subjects map[grant.Subject]holdings
	// people are who belongs to groups and workspaces, by slug.
	people map[string][]grant.Subject
	// sides are the conflict classes of tables.
	sides map[grant.Table][]Side
}

func newIndex() *index {
	return &index{subjects: map[grant.Subject]holdings{}}
}

// user is the subject of atoms that name the person. Trino knows people by their slug.
func user(slug string) grant.Subject { return grant.Subject{Kind: grant.User, Name: slug} }

// slug is how Trino knows the person with the user name.
func slug(name string) string { return person.Slug(strings.ToLower(name)) }

// add puts an atom in; nil where it says nothing of tables.
func (x *index) add(a grant.Atom) *place {
	part := a.Selector.Part
	if part == nil || !a.Action.OfTables() || a.Window.Empty() {
		return nil
	}
	subject := a.Subject
	if subject.Kind == grant.User {
		subject = user(slug(subject.Name))
	}
	r := &rule{
		grant: a.Grant, action: a.Action, from: a.Window.From.UnixNano(), until: a.Window.Until.UnixNano(),
		masks: part.Masks, rows: part.Rows,
	}
	if len(part.Columns) > 0 {
		r.columns = slices.Sorted(slices.Values(part.Columns))
	}
	of := x.subjects[subject]
	if of == nil {
		of = holdings{}
		x.subjects[subject] = of
	}
	schemas := of[part.Table.Catalog]
	if schemas == nil {
		schemas = map[string]map[string][]*rule{}
		of[part.Table.Catalog] = schemas
	}
	tables := schemas[part.Table.Schema]
	if tables == nil {
		tables = map[string][]*rule{}
		schemas[part.Table.Schema] = tables
	}
	tables[part.Table.Table] = append(tables[part.Table.Table], r)
	return &place{subject: subject, table: part.Table, rule: r}
}

// remove takes a rule out, and what is empty then.
func (x *index) remove(p place) {
	of := x.subjects[p.subject]
	schemas := of[p.table.Catalog]
	tables := schemas[p.table.Schema]
	left := slices.DeleteFunc(slices.Clone(tables[p.table.Table]), func(r *rule) bool { return r == p.rule })
	if len(left) > 0 {
		tables[p.table.Table] = left
		return
	}
	delete(tables, p.table.Table)
	if len(tables) == 0 {
		delete(schemas, p.table.Schema)
	}
	if len(schemas) == 0 {
		delete(of, p.table.Catalog)
	}
	if len(of) == 0 {
		delete(x.subjects, p.subject)
	}
}

// setPeople replaces who belongs where.
func (x *index) setPeople(people []Person) {
	x.people = make(map[string][]grant.Subject, len(people))
	for _, p := range people {
		paths := make([]grant.Subject, 0, len(p.Groups)+len(p.Workspaces))
		for _, name := range p.Groups {
			paths = append(paths, grant.Subject{Kind: grant.Group, Name: name})
		}
		for _, name := range p.Workspaces {
			paths = append(paths, grant.Subject{Kind: grant.Workspace, Name: name})
		}
		x.people[slug(p.Name)] = paths
	}
}

// setSides replaces the conflict classes of tables.
func (x *index) setSides(tables []Conflicting) {
	x.sides = make(map[grant.Table][]Side, len(tables))
	for _, t := range tables {
		x.sides[t.Table] = t.Sides
	}
}

// each calls do for the holdings by every path by which the person comes to data, until it returns false.
func (x *index) each(who string, do func(holdings) bool) {
	if of, ok := x.subjects[user(who)]; ok && !do(of) {
		return
	}
	for _, path := range x.people[who] {
		if of, ok := x.subjects[path]; ok && !do(of) {
			return
		}
	}
}

// active are the rules by which the person may do the action to the table at the time.
func (x *index) active(who string, action grant.Action, table grant.Table, at int64) []*rule {
	var found []*rule
	x.each(who, func(of holdings) bool {
		for _, r := range of[table.Catalog][table.Schema][table.Table] {
			if r.action == action && r.active(at) {
				found = append(found, r)
			}
		}
		return true
	})
	return found
}

// sees says whether the person may do anything to the table, or to any of the schema or catalog where names are empty.
func (x *index) sees(who, catalog, schema, table string, at int64) bool {
	seen := false
	any := func(rules []*rule) bool {
		return slices.ContainsFunc(rules, func(r *rule) bool { return r.active(at) })
	}
	x.each(who, func(of holdings) bool {
		switch {
		case table != "":
			seen = any(of[catalog][schema][table])
		case schema != "":
			for _, rules := range of[catalog][schema] {
				if seen = any(rules); seen {
					break
				}
			}
		default:
			for _, tables := range of[catalog] {
				for _, rules := range tables {
					if seen = any(rules); seen {
						return false
					}
				}
			}
		}
		return !seen
	})
	return seen
}

// nanos is the time as rules compare it.
func nanos(at time.Time) int64 { return at.UnixNano() }
