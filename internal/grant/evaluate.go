package grant

import (
	"slices"
	"strings"
	"time"
)

// Request asks whether a person may do something.
type Request struct {
	// Person is the user name.
	Person string
	// Groups of the person at the identity provider, and Workspaces in which they are owner or member.
	Groups, Workspaces []string
	Action             Action
	// Bucket and Key name an object. For List, Key is the prefix that is listed.
	Bucket, Key string
	// Table is what a query asks for, Columns are those that it touches; none means that it touches none by name.
	Table   *Table
	Columns []string
	// At is the time of the request.
	At time.Time
}

// View is what one atom shows of a table: these columns, masked like this, of these rows.
type View struct {
	Grant string
	// Columns that are shown; none means all.
	Columns []string
	Masks   map[string]Mask
	Rows    Rows
}

// Decision is the answer to a Request. The zero Decision denies.
type Decision struct {
	Allowed bool
	// Grants are the names of the grants that allow it, sorted.
	Grants []string
	// Views are, for Select, the parts of the table that may be seen. What may be seen is their union, cell by cell:
	// a value is shown as that view shows it that shows the most.
	Views []View
	// Reason says why it is denied, for a log; empty where it is allowed.
	Reason string
}

// Evaluate is the reference: what the atoms allow, and by which grants. It is not made to be fast.
//
// An object is reached where an atom of the same bucket has a prefix that the key begins with. A query may Select where
// every column that it touches is in some view; Insert, Update and Delete of a table take no columns.
func Evaluate(atoms []Atom, req Request) Decision {
	var d Decision
	for _, a := range atoms {
		if a.Action != req.Action || !a.Window.Holds(req.At) || !a.Subject.Reaches(req.Person, req.Groups, req.Workspaces) {
			continue
		}
		switch {
		case a.Selector.Objects != nil && a.Selector.Part == nil && req.Table == nil && a.Action.OfObjects():
			if !a.Selector.Objects.Holds(req.Bucket, req.Key) {
				continue
			}
		case a.Selector.Part != nil && a.Selector.Objects == nil && req.Table != nil && a.Action.OfTables():
			part := a.Selector.Part
			if part.Table != *req.Table {
				continue
			}
			if a.Action == Select {
				d.Views = append(d.Views, View{Grant: a.Grant, Columns: part.Columns, Masks: part.Masks, Rows: part.Rows})
			} else if len(part.Columns)+len(part.Masks)+len(part.Rows) > 0 {
				continue // A change cannot be held to columns and rows, and is never widened to all of them.
			}
		default:
			continue
		}
		d.Grants = append(d.Grants, a.Grant)
	}
	d.Grants = sorted(d.Grants)
	if len(d.Grants) == 0 {
		return Decision{Reason: "no grant reaches it"}
	}
	for _, column := range req.Columns {
		if req.Action == Select && len(d.Column(column)) == 0 {
			return Decision{Reason: "no grant shows the column " + column}
		}
	}
	d.Allowed = true
	return d
}

// Reaches says whether the subject is the person, one of their groups or one of their workspaces.
func (s Subject) Reaches(person string, groups, workspaces []string) bool {
	switch s.Kind {
	case User:
		return person != "" && strings.EqualFold(s.Name, person)
	case Group:
		return slices.Contains(groups, s.Name)
	case Workspace:
		return slices.Contains(workspaces, s.Name)
	}
	return false
}

// Holds says whether the object is among them. A prefix that neither is empty nor ends in a slash holds nothing.
func (o Objects) Holds(bucket, key string) bool {
	return o.valid() && bucket != "" && o.Bucket == bucket && strings.HasPrefix(key, o.Prefix)
}

func (o Objects) valid() bool { return o.Prefix == "" || strings.HasSuffix(o.Prefix, "/") }

// Cell is how a column is shown of some rows.
type Cell struct {
	Mask Mask
	Rows Rows
}

// Column lists how a column may be shown, from what shows the most to what shows the least: the first whose rows hold a row
// says how its value is shown. Where none does, the value is not shown. A nil list means that nobody may touch the column.
func (d Decision) Column(name string) []Cell {
	var cells []Cell
	for _, v := range d.Views {
		if len(v.Columns) > 0 && !slices.Contains(v.Columns, name) {
			continue
		}
		cells = append(cells, Cell{Mask: v.Masks[name], Rows: v.Rows})
	}
	slices.SortStableFunc(cells, func(a, b Cell) int { return b.Mask.shows() - a.Mask.shows() })
	for i, c := range cells {
		if len(c.Rows) == 0 {
			return cells[:i+1] // Nothing is left for those that show less.
		}
	}
	return cells
}

// Rows lists the rows that may be seen: those of any of the list. A list with one that has no conditions is all rows.
func (d Decision) Rows() []Rows {
	var all []Rows
	for _, v := range d.Views {
		if len(v.Rows) == 0 {
			return []Rows{nil}
		}
		all = append(all, v.Rows)
	}
	return all
}

// Hold says whether a row, its values by column as text, meets every condition. A column that is missing meets none.
func (r Rows) Hold(row map[string]string) bool {
	for _, c := range r {
		value, there := row[c.Column]
		if !there || !slices.Contains(c.Values, value) {
			return false
		}
	}
	return true
}

// Show says how a column of one row may be seen; false where the row or the value may not be seen at all.
func (d Decision) Show(column string, row map[string]string) (Mask, bool) {
	for _, c := range d.Column(column) {
		if c.Rows.Hold(row) {
			return c.Mask, true
		}
	}
	return Null, false
}
