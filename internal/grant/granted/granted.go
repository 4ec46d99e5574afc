// Package granted reads the kinds Dataset and DataGrant as the grant model has them.
package granted

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
)

// Dataset is the dataset as the model has it.
func Dataset(ds *v1alpha1.Dataset) grant.Dataset {
	d := grant.Dataset{
		Name: ds.Name, Owner: ds.Spec.Owner, Class: grant.Class(ds.Spec.Classification), DerivedFrom: ds.Spec.DerivedFrom,
	}
	if o := ds.Spec.Location.ObjectPrefix; o != nil {
		d.Objects = &grant.Objects{Bucket: o.Bucket, Prefix: o.Prefix}
	}
	if t := ds.Spec.Location.Table; t != nil {
		d.Table = &grant.Table{Catalog: t.Catalog, Schema: t.Schema, Table: t.Table}
	}
	for _, c := range ds.Spec.Columns {
		d.Columns = append(d.Columns, grant.Column{Name: string(c.Name), Class: grant.Class(c.Classification)})
	}
	for _, c := range ds.Spec.ConflictClasses {
		d.Conflicts = append(d.Conflicts, grant.Conflict{Name: c.Name, Side: c.Side})
	}
	return d
}

// Catalog is all of the datasets.
func Catalog(list []v1alpha1.Dataset) grant.Catalog {
	all := make(grant.Catalog, len(list))
	for i := range list {
		all[list[i].Name] = Dataset(&list[i])
	}
	return all
}

// Grant is the grant as the model has it. A time that is none is an error.
func Grant(dg *v1alpha1.DataGrant) (grant.Grant, error) {
	from, err := dg.Spec.NotBefore.Time()
	if err != nil {
		return grant.Grant{}, fmt.Errorf("spec.notBefore: %w", err)
	}
	until, err := dg.Spec.NotAfter.Time()
	if err != nil {
		return grant.Grant{}, fmt.Errorf("spec.notAfter: %w", err)
	}
	g := grant.Grant{
		Name:        dg.Name,
		Subject:     Subject(dg.Spec.Subject),
		Dataset:     dg.Spec.Dataset,
		Window:      grant.Window{From: from, Until: until},
		Ceiling:     grant.Class(dg.Spec.Ceiling),
		RequestedBy: string(dg.Spec.RequestedBy),
		BreakGlass:  dg.Spec.Procedure == v1alpha1.ProcedureBreakGlass,
	}
	for _, a := range dg.Spec.Actions {
		g.Actions = append(g.Actions, grant.Action(a))
	}
	for _, by := range dg.Spec.ApprovedBy {
		g.ApprovedBy = append(g.ApprovedBy, string(by))
	}
	if s := dg.Spec.Selector; s != nil {
		g.Prefix = s.Prefix
		for _, c := range s.Columns {
			g.Columns = append(g.Columns, string(c))
		}
		for _, m := range s.Masks {
			if g.Masks == nil {
				g.Masks = map[string]grant.Mask{}
			}
			g.Masks[string(m.Column)] = grant.Mask(m.Kind)
		}
		for _, r := range s.Rows {
			g.Rows = append(g.Rows, grant.Condition{Column: string(r.Column), Values: r.Values})
		}
	}
	return g, nil
}

// Subject is the subject as the model has it.
func Subject(s v1alpha1.GrantSubject) grant.Subject {
	return grant.Subject{Kind: grant.SubjectKind(s.Kind), Name: s.Name}
}

// Admitted says whether the operator has found that the grant may give access in its window, and nobody has ended it since. It
// says nothing of the time: the window is the enforcement point's to look at.
func Admitted(dg *v1alpha1.DataGrant) bool {
	return dg.DeletionTimestamp == nil && dg.Spec.Revocation == nil &&
		meta.IsStatusConditionTrue(dg.Status.Conditions, v1alpha1.ConditionAdmitted)
}

// Groups are those of a person that count at a time, sorted, and until when they do unless they are confirmed again; zero where they
// do not. Those that somebody states for another person than the object is named after count never, and neither do those that were
// confirmed in the future: a clock that was set back does not make them last longer.
func Groups(stated *v1alpha1.GroupMembership, now time.Time, trust time.Duration) (groups []string, until time.Time) {
	confirmed, err := stated.Spec.ConfirmedAt.Time()
	if err != nil || stated.DeletionTimestamp != nil || person.Slug(string(stated.Spec.UserName)) != stated.Name {
		return nil, time.Time{}
	}
	until = confirmed.Add(trust)
	if confirmed.Sub(now) > time.Minute || !now.Before(until) {
		return nil, time.Time{}
	}
	return slices.Sorted(slices.Values(stated.Spec.Groups)), until
}

// Members are the people whom a workspace lists by name as its owner or as one who works in it, in lower case and each once, and the
// groups that it lists so. Viewers are neither.
func Members(ws *v1alpha1.Workspace) (people, groups []string) {
	seen := map[string]bool{}
	add := func(name string) {
		if name = strings.ToLower(name); name != "" && !seen[name] {
			seen[name] = true
			people = append(people, name)
		}
	}
	add(ws.Spec.Owner)
	for _, m := range ws.Spec.Members {
		switch {
		case m.Role == v1alpha1.RoleViewer:
		case m.Kind == v1alpha1.MemberUser:
			add(m.Name)
		case m.Kind == v1alpha1.MemberGroup:
			groups = append(groups, m.Name)
		}
	}
	return people, groups
}
