package grant

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SubjectKind tells by which path a person comes to a grant.
type SubjectKind string

// The kinds of subjects, as the kind DataGrant names them.
const (
	User      SubjectKind = "User"
	Group     SubjectKind = "Group"
	Workspace SubjectKind = "Workspace"
)

// Subject is whom an atom reaches. User names are compared without regard to case, as the hub folds them; groups and workspaces as
// they stand.
type Subject struct {
	Kind SubjectKind `json:"kind"`
	Name string      `json:"name"`
}

func (s Subject) String() string { return strings.ToLower(string(s.Kind)) + ":" + s.Name }

// fold is the subject as it is compared.
func (s Subject) fold() Subject {
	if s.Kind == User {
		s.Name = strings.ToLower(s.Name)
	}
	return s
}

// Action is one thing that may be done to data, as the kind DataGrant names it.
type Action string

// The actions: the first four are those of objects, the last four those of tables.
const (
	Read   Action = "Read"
	List   Action = "List"
	Write  Action = "Write"
	Delete Action = "Delete"
	Select Action = "Select"
	Insert Action = "Insert"
	Update Action = "Update"
)

// OfObjects says whether the action can be done to objects.
func (a Action) OfObjects() bool { return a == Read || a == List || a == Write || a == Delete }

// OfTables says whether the action can be done to tables.
func (a Action) OfTables() bool { return a == Select || a == Insert || a == Update || a == Delete }

// Mask is what is shown of a value instead of it. The empty mask shows the value.
type Mask string

// The masks.
const (
	Clear  Mask = ""
	Hash   Mask = "Hash"
	Redact Mask = "Redact"
	Null   Mask = "Null"
)

// shows orders masks by how much they show. A mask that is not known shows nothing.
func (m Mask) shows() int {
	switch m {
	case Clear:
		return 3
	case Hash:
		return 2
	case Redact:
		return 1
	}
	return 0
}

// Objects are all objects of a bucket whose key begins with the prefix. A prefix is empty or ends in a slash.
type Objects struct {
	Bucket string `json:"bucket"`
	Prefix string `json:"prefix,omitempty"`
}

// Table names a table.
type Table struct {
	Catalog string `json:"catalog"`
	Schema  string `json:"schema"`
	Table   string `json:"table"`
}

func (t Table) String() string { return t.Catalog + "." + t.Schema + "." + t.Table }

// Condition is met by a row that has one of the values, as text, in the column. Without values no row meets it.
type Condition struct {
	Column string   `json:"column"`
	Values []string `json:"values"`
}

// Rows are the rows that meet every condition: all rows where there is none.
type Rows []Condition

// Part is a part of a table: columns (all where there are none), masks by column, and rows.
type Part struct {
	Table   Table           `json:"table"`
	Columns []string        `json:"columns,omitempty"`
	Masks   map[string]Mask `json:"masks,omitempty"`
	Rows    Rows            `json:"rows,omitempty"`
}

// String is the part as people read it: the table, and what narrows it.
func (p Part) String() string {
	var b strings.Builder
	b.WriteString(p.Table.String())
	if len(p.Columns) > 0 {
		b.WriteString(" (" + strings.Join(sorted(p.Columns), ", ") + ")")
	}
	for _, column := range sorted(keys(p.Masks)) {
		if p.Masks[column] != Clear {
			fmt.Fprintf(&b, " with %s as %s", column, p.Masks[column])
		}
	}
	for i, c := range p.Rows.sorted() {
		word := " where"
		if i > 0 {
			word = " and"
		}
		fmt.Fprintf(&b, "%s %s in %q", word, c.Column, c.Values)
	}
	return b.String()
}

// Selector is the part of the data that an atom speaks of: exactly one of its fields is set.
type Selector struct {
	Objects *Objects `json:"objects,omitempty"`
	Part    *Part    `json:"part,omitempty"`
}

// Window is half-open, in UTC: it holds From and ends just before Until. A window that is empty holds no time.
type Window struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Holds says whether the time lies in the window.
func (w Window) Holds(at time.Time) bool { return !at.Before(w.From) && at.Before(w.Until) }

// Empty says whether no time lies in the window.
func (w Window) Empty() bool { return !w.From.Before(w.Until) }

// Atom lets one subject do one action to one part of the data inside one window. Grant is the name of the grant that it comes
// from; it is evidence and takes no part in what the atom allows.
type Atom struct {
	Subject  Subject  `json:"subject"`
	Action   Action   `json:"action"`
	Selector Selector `json:"selector"`
	Window   Window   `json:"window"`
	Grant    string   `json:"grant"`
}

// Compare orders atoms in the order of the normal form.
func Compare(a, b Atom) int { return keyed(a).compare(keyed(b)) }

// sortable is an atom with what it is ordered by, which is made once.
type sortable struct {
	Atom
	subject  Subject
	selector string
}

func keyed(a Atom) sortable {
	return sortable{Atom: a, subject: a.Subject.fold(), selector: a.Selector.key()}
}

func (a sortable) compare(b sortable) int {
	return cmp.Or(a.compareMeaning(b), a.Window.From.Compare(b.Window.From), a.Window.Until.Compare(b.Window.Until), cmp.Compare(a.Grant, b.Grant))
}

// compareMeaning looks neither at the window nor at the grant.
func (a sortable) compareMeaning(b sortable) int {
	return cmp.Or(
		cmp.Compare(a.subject.Kind, b.subject.Kind),
		cmp.Compare(a.subject.Name, b.subject.Name),
		cmp.Compare(a.Action, b.Action),
		cmp.Compare(a.selector, b.selector),
	)
}

// escape keeps a zero byte for the end of a word.
var escape = strings.NewReplacer("\x01", "\x01\x01", "\x00", "\x01\x02")

// key is the same for selectors that select the same.
func (s Selector) key() string {
	var b strings.Builder
	word := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(escape.Replace(p))
			b.WriteByte(0)
		}
	}
	if o := s.Objects; o != nil {
		word("objects", o.Bucket, o.Prefix)
	}
	if p := s.Part; p != nil {
		word("table", p.Table.Catalog, p.Table.Schema, p.Table.Table, "columns")
		word(sorted(p.Columns)...)
		word("masks")
		for _, column := range sorted(keys(p.Masks)) {
			word(column, string(p.Masks[column]))
		}
		word("rows")
		for _, c := range p.Rows.sorted() {
			word(c.Column, "values")
			word(c.Values...)
			word("end")
		}
	}
	return b.String()
}

// sorted is the same rows, with conditions and values in order and each value once.
func (r Rows) sorted() Rows {
	out := make(Rows, 0, len(r))
	for _, c := range r {
		out = append(out, Condition{Column: c.Column, Values: sorted(c.Values)})
	}
	slices.SortFunc(out, func(a, b Condition) int {
		return cmp.Or(cmp.Compare(a.Column, b.Column), slices.Compare(a.Values, b.Values))
	})
	return out
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
