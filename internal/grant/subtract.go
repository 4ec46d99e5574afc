package grant

import (
	"slices"
	"time"
)

// maxSplit bounds into how many single values a row condition is taken apart for a comparison. Beyond it the comparison errs
// to the side of a difference.
const maxSplit = 1024

// Subtract is the access that the first atoms allow and the second do not: empty where the second allow at least as much.
// It compares what is allowed, not how it is written. Live less compiled is access without a grant.
//
// A column or a row that is covered only by several of the second together counts as covered; a mask is covered by one that shows
// as much or more.
func Subtract(from, less []Atom) []Atom {
	byPlace := map[place][]Atom{}
	for _, a := range split(less) {
		byPlace[placeOf(a)] = append(byPlace[placeOf(a)], a)
	}
	var rest []Atom
	for _, a := range split(from) {
		windows := []Window{a.Window}
		for _, b := range byPlace[placeOf(a)] {
			if covers(b.Selector, a.Selector) {
				windows = cut(windows, b.Window)
			}
		}
		for _, w := range windows {
			a.Window = w
			rest = append(rest, a)
		}
	}
	return Normal(rest)
}

// Diff is what the second atoms allow and the first do not, and the other way round.
func Diff(before, after []Atom) (added, removed []Atom) {
	return Subtract(after, before), Subtract(before, after)
}

// Same says whether the atoms allow the same, by whatever grants.
func Same(a, b []Atom) bool {
	added, removed := Diff(a, b)
	return len(added)+len(removed) == 0
}

// place is what two atoms must share for one to cover anything of the other.
type place struct {
	subject Subject
	action  Action
	bucket  string
	table   Table
}

func placeOf(a Atom) place {
	p := place{subject: a.Subject, action: a.Action}
	if a.Selector.Objects != nil {
		p.bucket = a.Selector.Objects.Bucket
	}
	if a.Selector.Part != nil {
		p.table = a.Selector.Part.Table
	}
	return p
}

// split takes atoms of tables apart into one for each column and each combination of single values, so that coverage by several
// is coverage one by one. An atom of all columns stands as it is, and covers every one.
func split(atoms []Atom) []Atom {
	var out []Atom
	for _, a := range Normal(atoms) {
		p := a.Selector.Part
		if p == nil {
			out = append(out, a)
			continue
		}
		columns := p.Columns
		if len(columns) == 0 {
			columns = append([]string{""}, sorted(keys(p.Masks))...)
		}
		for _, column := range columns {
			for _, rows := range singles(p.Rows) {
				one := &Part{Table: p.Table, Rows: rows}
				if column != "" {
					one.Columns = []string{column}
				}
				if mask := p.Masks[column]; mask != Clear {
					one.Masks = map[string]Mask{column: mask}
				}
				if column == "" {
					one.Masks = p.Masks
				}
				b := a
				b.Selector.Part = one
				out = append(out, b)
			}
		}
	}
	return out
}

// singles are rows with one value in each condition.
func singles(rows Rows) []Rows {
	out := []Rows{nil}
	total := 1
	for _, c := range rows {
		if total *= len(c.Values); total > maxSplit {
			return []Rows{rows}
		}
	}
	for _, c := range rows {
		var next []Rows
		for _, have := range out {
			for _, v := range c.Values {
				next = append(next, append(slices.Clone(have), Condition{Column: c.Column, Values: []string{v}}))
			}
		}
		out = next
	}
	return out
}

// covers says whether whatever the second selects, the first selects too and shows at least as much of it.
func covers(a, b Selector) bool {
	switch {
	case a.Objects != nil && b.Objects != nil:
		return a.Objects.valid() && a.Objects.Bucket == b.Objects.Bucket && under(b.Objects.Prefix, a.Objects.Prefix)
	case a.Part != nil && b.Part != nil:
		return a.Part.Table == b.Part.Table && coversColumns(*a.Part, *b.Part) && coversRows(a.Part.Rows, b.Part.Rows)
	}
	return false
}

func coversColumns(a, b Part) bool {
	if len(a.Columns) > 0 && (len(b.Columns) == 0 || !slices.Contains(a.Columns, b.Columns[0])) {
		return false
	}
	if len(b.Columns) == 0 {
		// All columns: none may be masked in the first that is shown more in the second. Those that the second masks are
		// compared one by one.
		for column, mask := range a.Masks {
			if mask.shows() < b.Masks[column].shows() {
				return false
			}
		}
		return true
	}
	column := b.Columns[0]
	return a.Masks[column].shows() >= b.Masks[column].shows()
}

// coversRows says whether every row that meets the second's conditions meets the first's.
func coversRows(a, b Rows) bool {
	for _, need := range a {
		met := slices.ContainsFunc(b, func(have Condition) bool {
			return have.Column == need.Column && !slices.ContainsFunc(have.Values, func(v string) bool { return !slices.Contains(need.Values, v) })
		})
		if !met {
			return false
		}
	}
	return true
}

// cut takes a window out of windows.
func cut(windows []Window, out Window) []Window {
	var rest []Window
	for _, w := range windows {
		for _, part := range []Window{
			{From: w.From, Until: earlier(w.Until, out.From)},
			{From: later(w.From, out.Until), Until: w.Until},
		} {
			if !part.Empty() {
				rest = append(rest, part)
			}
		}
	}
	return rest
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
