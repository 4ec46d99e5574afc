package grant

import (
	"cmp"
	"fmt"
	"slices"
)

// Class is the sensitivity of data, C1 to C4. Anything else counts as C4.
type Class string

// The classes, from public to secret.
const (
	C1 Class = "C1"
	C2 Class = "C2"
	C3 Class = "C3"
	C4 Class = "C4"
)

// rank orders classes; what is unknown ranks as C4.
func (c Class) rank() int {
	if i := slices.Index([]Class{C1, C2, C3, C4}, c); i >= 0 {
		return i
	}
	return 3
}

// Known is the class, or C4 where it is none.
func (c Class) Known() Class { return []Class{C1, C2, C3, C4}[c.rank()] }

// Above says whether the class is more sensitive than the other.
func (c Class) Above(other Class) bool { return c.rank() > other.rank() }

// Column of a dataset. Without a class of its own it has that of the dataset.
type Column struct {
	Name  string
	Class Class
}

// Conflict is a side of a matter whose sides must not come together.
type Conflict struct{ Name, Side string }

func (c Conflict) String() string { return c.Name + "/" + c.Side }

// Dataset is data that grants can be given of. Exactly one of Objects and Table is set.
type Dataset struct {
	Name, Owner string
	Objects     *Objects
	Table       *Table
	Class       Class
	Columns     []Column
	// DerivedFrom names the datasets that this one was made from.
	DerivedFrom []string
	Conflicts   []Conflict
}

// Catalog is every dataset there is, by name.
type Catalog map[string]Dataset

// EffectiveClass is the highest class of the dataset itself, of the columns named (all of them where none are) and of everything
// that it derives from, with all columns. What is not in the catalog counts as C4. Why names what decided, for people. Lineage
// that goes in a circle is followed once.
func (c Catalog) EffectiveClass(name string, columns []string) (class Class, why string) {
	class = C1
	raise := func(to Class, by string) {
		if why == "" || to.Above(class) {
			class, why = to, by
		}
	}
	for i, at := range c.lineage(name) {
		d, known := c[at]
		if !known {
			raise(C4, fmt.Sprintf("dataset %s is not known", at))
			continue
		}
		if d.Class != d.Class.Known() {
			raise(C4, fmt.Sprintf("dataset %s has no classification", at))
		} else {
			raise(d.Class, "dataset "+at)
		}
		for _, column := range d.Columns {
			if i == 0 && len(columns) > 0 && !slices.Contains(columns, column.Name) {
				continue
			}
			if column.Class != "" {
				raise(column.Class.Known(), fmt.Sprintf("column %s of dataset %s", column.Name, at))
			}
		}
	}
	return class, why
}

// EffectiveConflicts are the sides that the dataset and everything it derives from belong to, in order.
func (c Catalog) EffectiveConflicts(name string) []Conflict {
	var all []Conflict
	for _, at := range c.lineage(name) {
		all = append(all, c[at].Conflicts...)
	}
	slices.SortFunc(all, func(a, b Conflict) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Side, b.Side)) })
	return slices.Compact(all)
}

// Unknown names the datasets in the lineage that the catalog does not have.
func (c Catalog) Unknown(name string) []string {
	var all []string
	for _, at := range c.lineage(name) {
		if _, known := c[at]; !known {
			all = append(all, at)
		}
	}
	return all
}

// lineage is the dataset and everything it derives from, each once, the dataset first.
func (c Catalog) lineage(name string) []string {
	all, seen := []string{name}, map[string]bool{name: true}
	for i := 0; i < len(all); i++ {
		for _, from := range c[all[i]].DerivedFrom {
			if !seen[from] {
				seen[from] = true
				all = append(all, from)
			}
		}
	}
	return all
}

// Derived names the datasets that the named one is in the lineage of, itself included, in order.
func (c Catalog) Derived(name string) []string {
	var all []string
	for at := range c {
		if slices.Contains(c.lineage(at), name) {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return all
}

// Clash is the first matter in which the two lists have different sides; false where there is none.
func Clash(a, b []Conflict) (mine, other Conflict, found bool) {
	for _, x := range a {
		for _, y := range b {
			if x.Name == y.Name && x.Side != y.Side {
				return x, y, true
			}
		}
	}
	return Conflict{}, Conflict{}, false
}
