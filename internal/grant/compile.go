package grant

import (
	"fmt"
	"slices"
	"strings"
)

// Grant is one grant as it was asked for and approved.
type Grant struct {
	Name    string
	Subject Subject
	Dataset string
	// Prefix below the dataset's narrows a grant of objects.
	Prefix string
	// Columns, Masks and Rows narrow a grant to Select.
	Columns []string
	Masks   map[string]Mask
	Rows    Rows
	Actions []Action
	Window  Window
	// Ceiling is the highest class that was asked for.
	Ceiling     Class
	RequestedBy string
	ApprovedBy  []string
	BreakGlass  bool
}

// Atoms is the normal form of the grant over its dataset. It is an error, and never a wider grant, where the grant does not fit
// the data: an action or a selector that it has no meaning for, a column that the dataset does not have.
func Atoms(g Grant, d Dataset) ([]Atom, error) {
	if g.Window.Empty() {
		return nil, fmt.Errorf("the window is empty: it ends at %s and begins at %s", g.Window.Until.UTC(), g.Window.From.UTC())
	}
	if len(g.Actions) == 0 {
		return nil, fmt.Errorf("no actions are named")
	}
	var selector Selector
	var fits func(Action) bool
	switch {
	case d.Objects != nil && d.Table == nil:
		if len(g.Columns)+len(g.Masks)+len(g.Rows) > 0 {
			return nil, fmt.Errorf("dataset %s is a prefix of objects: columns, masks and rows select nothing in it", d.Name)
		}
		o := Objects{Bucket: d.Objects.Bucket, Prefix: d.Objects.Prefix + g.Prefix}
		if !o.valid() || o.Bucket == "" || !plainKey(o.Prefix) {
			return nil, fmt.Errorf("the prefix %q is not one of folders that end in a slash", o.Prefix)
		}
		selector.Objects, fits = &o, Action.OfObjects
	case d.Table != nil && d.Objects == nil:
		if g.Prefix != "" {
			return nil, fmt.Errorf("dataset %s is a table: a prefix selects nothing in it", d.Name)
		}
		if err := g.fitsTable(d); err != nil {
			return nil, err
		}
		selector.Part = &Part{Table: *d.Table, Columns: g.Columns, Masks: g.Masks, Rows: g.Rows}
		fits = Action.OfTables
	default:
		return nil, fmt.Errorf("dataset %s has no one place", d.Name)
	}
	var atoms []Atom
	for _, action := range g.Actions {
		if !fits(action) {
			return nil, fmt.Errorf("the action %s is none of dataset %s", action, d.Name)
		}
		atoms = append(atoms, Atom{Subject: g.Subject, Action: action, Selector: selector, Window: g.Window, Grant: g.Name})
	}
	return Normal(atoms), nil
}

// fitsTable checks what narrows a grant to Select.
func (g Grant) fitsTable(d Dataset) error {
	if len(g.Columns)+len(g.Masks)+len(g.Rows) == 0 {
		return nil
	}
	for _, action := range g.Actions {
		if action != Select {
			return fmt.Errorf("columns, masks and rows narrow the action Select alone, and the grant has %s", action)
		}
	}
	has := func(column, where string) error {
		if !slices.ContainsFunc(d.Columns, func(c Column) bool { return c.Name == column }) {
			return fmt.Errorf("dataset %s has no column %s, which is in %s", d.Name, column, where)
		}
		return nil
	}
	for _, column := range g.Columns {
		if err := has(column, "selector.columns"); err != nil {
			return err
		}
	}
	for _, column := range sorted(keys(g.Masks)) {
		if err := has(column, "selector.masks"); err != nil {
			return err
		}
		if len(g.Columns) > 0 && !slices.Contains(g.Columns, column) {
			return fmt.Errorf("the column %s is masked but not among selector.columns", column)
		}
		if g.Masks[column].shows() == 0 && g.Masks[column] != Null {
			return fmt.Errorf("the mask %q of column %s is none of Null, Redact, Hash", g.Masks[column], column)
		}
	}
	for _, condition := range g.Rows {
		if err := has(condition.Column, "selector.rows"); err != nil {
			return err
		}
		if len(condition.Values) == 0 {
			return fmt.Errorf("the condition on column %s has no values", condition.Column)
		}
	}
	return nil
}

// plainKey says whether a prefix has nothing that a target could read as a pattern, a variable or a way up.
func plainKey(prefix string) bool {
	if strings.ContainsAny(prefix, "*?$\\") || strings.Contains("/"+prefix, "//") {
		return false
	}
	for _, folder := range strings.Split(prefix, "/") {
		if folder == "." || folder == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(prefix, func(r rune) bool { return r < 0x20 || r > 0x7e })
}
