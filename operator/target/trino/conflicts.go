package trino

import (
	"cmp"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
)

// Conflicts are the tables of the datasets that lie in conflict classes, their own and those of what they derive from.
func Conflicts(datasets []v1alpha1.Dataset) []policy.Conflicting {
	sides := map[grant.Table][]policy.Side{}
	for i := range datasets {
		d := &datasets[i]
		t := d.Spec.Location.Table
		if t == nil {
			continue
		}
		at := grant.Table{Catalog: t.Catalog, Schema: t.Schema, Table: t.Table}
		for _, c := range d.Spec.ConflictClasses {
			sides[at] = append(sides[at], policy.Side{Class: c.Name, Side: c.Side})
		}
		for _, text := range d.Status.ConflictClasses {
			class, side, _ := strings.Cut(text, "/")
			sides[at] = append(sides[at], policy.Side{Class: class, Side: side})
		}
	}
	out := []policy.Conflicting{}
	for at, of := range sides {
		slices.SortFunc(of, func(a, b policy.Side) int { return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Side, b.Side)) })
		out = append(out, policy.Conflicting{Table: at, Sides: slices.Compact(of)})
	}
	slices.SortFunc(out, func(a, b policy.Conflicting) int { return cmp.Compare(a.Table.String(), b.Table.String()) })
	return out
}
