package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Decision is the answer to one question, and why.
type Decision struct {
	Allowed bool
	// Grants are those that allow it.
	Grants []string
	// Reason says why it is denied.
	Reason string
}

func allow(grants ...string) Decision { return Decision{Allowed: true, Grants: grants} }

func deny(format string, args ...any) Decision {
	return Decision{Reason: fmt.Sprintf(format, args...)}
}

// asked is one question at one time, while the snapshot is held.
type asked struct {
	*Point
	index *index
	in    Input
	who   string
	at    time.Time
	now   int64
}

// ask holds the snapshot, and says why nothing may be decided by it, if so.
func (p *Point) ask(in Input) (q asked, release func(), refused Decision) {
	p.mu.RLock()
	at := p.options.Now()
	q = asked{Point: p, index: p.snapshot.index, in: in, who: in.Context.Identity.User, at: at, now: nanos(at)}
	if p.stale(at) {
		refused = deny("the operator has not confirmed the grants since %s", p.confirmed.At.UTC().Format(time.RFC3339))
	}
	return q, p.mu.RUnlock, refused
}

// Allow answers whether one thing may be done.
func (p *Point) Allow(in Input) Decision {
	q, release, refused := p.ask(in)
	defer release()
	if refused.Reason != "" && !serves[in.Action.Operation] {
		return refused
	}
	var r Resource
	if in.Action.Resource != nil {
		r = *in.Action.Resource
	}
	return q.one(in.Action.Operation, r)
}

// Filter answers which of several things are let through, by their index. For columns there is one resource with all of
// them, and the index is that of the column.
func (p *Point) Filter(in Input) (through []int, d Decision) {
	through = []int{}
	q, release, refused := p.ask(in)
	defer release()
	if refused.Reason != "" {
		return through, refused
	}
	if in.Action.Operation == "FilterColumns" {
		if len(in.Action.FilterResources) != 1 || in.Action.FilterResources[0].Table == nil {
			return through, deny("FilterColumns wants one table with columns")
		}
		t := *in.Action.FilterResources[0].Table
		for i, column := range t.Columns {
			if q.column(t, column) {
				through = append(through, i)
			}
		}
		return through, allow()
	}
	for i, r := range in.Action.FilterResources {
		if q.one(in.Action.Operation, r).Allowed {
			through = append(through, i)
		}
	}
	return through, allow()
}

// RowFilters is at most one filter: which rows of a table are seen.
func (p *Point) RowFilters(in Input) ([]Expression, Decision) {
	q, release, refused := p.ask(in)
	defer release()
	if in.Action.Resource == nil || in.Action.Resource.Table == nil {
		return []Expression{expression(nothing)}, deny("GetRowFilters wants a table")
	}
	t := *in.Action.Resource.Table
	if refused.Reason != "" {
		return []Expression{expression(nothing)}, refused
	}
	if q.described(t.Catalog, t.Schema, t.Table) {
		return []Expression{}, allow()
	}
	rules := q.active(grant.Select, t)
	if len(rules) == 0 {
		return []Expression{expression(nothing)}, deny("no grant reaches table %s", name(t))
	}
	if filter := rowFilter(rules); filter != "" {
		return []Expression{expression(filter)}, allow(grantsOf(rules)...)
	}
	return []Expression{}, allow(grantsOf(rules)...)
}

// ColumnMasks are the masks of the columns that are not shown as they are. A column that no grant shows is masked too.
func (p *Point) ColumnMasks(in Input) ([]ColumnMask, Decision) {
	masks := []ColumnMask{}
	q, release, refused := p.ask(in)
	defer release()
	resources := in.Action.FilterResources
	if len(resources) == 0 && in.Action.Resource != nil {
		resources = []Resource{*in.Action.Resource}
	}
	var by, rules []*rule
	var of grant.Table // the table that rules are of: Trino asks about all columns of one
	for i, r := range resources {
		c := r.Column
		if c == nil {
			return nil, deny("GetColumnMask wants columns")
		}
		if refused.Reason == "" {
			if q.described(c.Catalog, c.Schema, c.Table) {
				continue
			}
			if at := (grant.Table{Catalog: c.Catalog, Schema: c.Schema, Table: c.Table}); i == 0 || at != of {
				of, rules = at, q.index.active(q.who, grant.Select, at, q.now)
			}
			by = rules
		}
		if text, masked := columnMask(rules, c.Column, c.Type); masked {
			masks = append(masks, ColumnMask{Index: i, View: expression(text)})
		}
	}
	if refused.Reason != "" {
		return masks, refused
	}
	return masks, allow(grantsOf(by)...)
}

func (q asked) active(action grant.Action, t Table) []*rule {
	return q.index.active(q.who, action, grant.Table{Catalog: t.Catalog, Schema: t.Schema, Table: t.Table}, q.now)
}

// column says whether a column of a table is seen at all.
func (q asked) column(t Table, column string) bool {
	if q.described(t.Catalog, t.Schema, t.Table) || q.administers() {
		return true
	}
	return slices.ContainsFunc(q.active(grant.Select, t), func(r *rule) bool { return r.shows(column) })
}

// read decides whether columns of a table may be read.
func (q asked) read(t Table) Decision {
	if q.described(t.Catalog, t.Schema, t.Table) {
		return allow()
	}
	rules := q.active(grant.Select, t)
	if len(rules) == 0 {
		return deny("no grant reaches table %s", name(t))
	}
	for _, column := range t.Columns {
		if !slices.ContainsFunc(rules, func(r *rule) bool { return r.shows(column) }) {
			return deny("no grant shows column %s of table %s", column, name(t))
		}
	}
	return q.walled(t, rules)
}

// write decides whether rows of a table may be changed.
func (q asked) write(action grant.Action, t Table) Decision {
	rules := q.active(action, t)
	if len(rules) == 0 {
		return deny("no grant of %s reaches table %s", action, name(t))
	}
	return q.walled(t, rules)
}

// walled allows by the rules, unless the table lies on another side of a conflict class than what the query has touched.
func (q asked) walled(t Table, rules []*rule) Decision {
	sides := q.index.sides[grant.Table{Catalog: t.Catalog, Schema: t.Schema, Table: t.Table}]
	if len(sides) == 0 {
		return allow(grantsOf(rules)...)
	}
	// What was touched before a restart is not known, and a query may have touched it.
	if since := q.at.Sub(q.started); since < q.options.Hold {
		return deny("table %s lies in conflict class %s, and the decision point has run for %s only: it waits %s until no query can be older",
			name(t), sides[0].Class, since.Round(time.Second), q.options.Hold)
	}
	if class, ok := q.walls.enter(q.in, sides, q.at); !ok {
		return deny("table %s lies on another side of conflict class %s than what was read before", name(t), class)
	}
	return allow(grantsOf(rules)...)
}

// described says whether a table holds descriptions of data alone, of which Trino shows what FilterX lets through.
func (q asked) described(catalog, schema, table string) bool {
	switch {
	case catalog == "system" && schema == "jdbc":
		return true
	case schema == "information_schema" && (table == "" || slices.Contains(descriptions, table)):
		return catalog != "" && q.catalog(catalog)
	}
	return false
}

// descriptions are the tables of information_schema that name what there is, and no more.
var descriptions = []string{"columns", "schemata", "tables"}

func (q asked) catalog(name string) bool {
	return name == "system" || q.administers() || q.index.sees(q.who, name, "", "", q.now)
}

func (q asked) schema(catalog, schema string) bool {
	return q.described(catalog, schema, "") || q.administers() || q.index.sees(q.who, catalog, schema, "", q.now)
}

func (q asked) table(t Table) bool {
	return q.described(t.Catalog, t.Schema, t.Table) || q.administers() || q.index.sees(q.who, t.Catalog, t.Schema, t.Table, q.now)
}

// administers says whether the person may define tables.
func (q asked) administers() bool { return slices.Contains(q.options.Administrators, q.who) }

func grantsOf(rules []*rule) []string {
	names := make([]string, 0, len(rules))
	for _, r := range rules {
		if !slices.Contains(names, r.grant) {
			names = append(names, r.grant)
		}
	}
	slices.Sort(names)
	return names
}

func name(t Table) string { return t.Catalog + "." + t.Schema + "." + t.Table }
