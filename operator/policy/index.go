package policy

import (
	"slices"
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
	who   string
	table grant.Table
	rule  *rule
}

// holdings are the rules of one person, by catalog, schema and table.
type holdings map[string]map[string]map[string][]*rule

// index answers what a person may do with a table at a time. It is not safe for concurrent use.
type index struct {
	// people by slug: that is how Trino knows them.
	people map[string]holdings
	// sides are the conflict classes of tables.
	sides map[grant.Table][]Side
}

func newIndex() *index {
	return &index{people: map[string]holdings{}}
}

// add lets a person have an atom, which is one of a table.
func (x *index) add(name string, a grant.Atom) place {
	part, who := a.Selector.Part, person.Slug(name)
	r := &rule{
		grant: a.Grant, action: a.Action, from: a.Window.From.UnixNano(), until: a.Window.Until.UnixNano(),
		masks: part.Masks, rows: part.Rows,
	}
	if len(part.Columns) > 0 {
		r.columns = slices.Sorted(slices.Values(part.Columns))
	}
	of := x.people[who]
	if of == nil {
		of = holdings{}
		x.people[who] = of
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
	return place{who: who, table: part.Table, rule: r}
}

// remove takes a rule out, and what is empty then.
func (x *index) remove(p place) {
	of := x.people[p.who]
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
		delete(x.people, p.who)
	}
}

// setSides replaces the conflict classes of tables.
func (x *index) setSides(tables []Conflicting) {
	x.sides = make(map[grant.Table][]Side, len(tables))
	for _, t := range tables {
		x.sides[t.Table] = t.Sides
	}
}

// active are the rules by which the person may do the action to the table at the time.
func (x *index) active(who string, action grant.Action, table grant.Table, at int64) []*rule {
	var found []*rule
	for _, r := range x.people[who][table.Catalog][table.Schema][table.Table] {
		if r.action == action && r.active(at) {
			found = append(found, r)
		}
	}
	return found
}

// sees says whether the person may do anything to the table, or to any of the schema or catalog where names are empty.
func (x *index) sees(who, catalog, schema, table string, at int64) bool {
	active := func(rules []*rule) bool {
		return slices.ContainsFunc(rules, func(r *rule) bool { return r.active(at) })
	}
	schemas := x.people[who][catalog]
	if table != "" {
		return active(schemas[schema][table])
	}
	for name, tables := range schemas {
		if schema != "" && schema != name {
			continue
		}
		for _, rules := range tables {
			if active(rules) {
				return true
			}
		}
	}
	return false
}

// nanos is the time as rules compare it.
func nanos(at time.Time) int64 { return at.UnixNano() }
