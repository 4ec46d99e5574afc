package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
)

// most is how much access an answer lists.
const most = 4000

// Answer answers WhoCan, WhatCan and Why from the state. It says what is not known as such: never that there is no access because
// nothing is known.
func (s *State) Answer(q v1alpha1.AccessQuerySpec) (v1alpha1.AccessQueryStatus, error) {
	out := v1alpha1.AccessQueryStatus{At: v1alpha1.At(s.At), Ledger: &v1alpha1.LedgerHead{Seq: s.Head.Seq, Hash: s.Head.Hash}}
	if s.Begins.IsZero() {
		out.NotEvaluable = []v1alpha1.NotEvaluable{{About: string(out.At), Why: "the ledger has no row up to that time: it begins later"}}
		out.Digest = digest(q, out)
		return out, nil
	}
	names := []string{q.Dataset}
	if q.Question == v1alpha1.QuestionWhatCan {
		names = s.datasets()
	}
	atoms := s.atoms()
	for _, name := range names {
		d, known := s.Datasets[name]
		if !known {
			out.NotEvaluable = append(out.NotEvaluable, v1alpha1.NotEvaluable{
				About: "dataset " + name, Why: "the ledger has no such dataset at that time", Grants: s.grantsOf(name),
			})
			continue
		}
		if q.Column != "" && !slices.ContainsFunc(d.Columns, func(c Column) bool { return c.Name == string(q.Column) }) {
			return out, fmt.Errorf("dataset %s has no column %s at %s: it has %s", name, q.Column, out.At, columnsOf(d))
		}
		access, unknown := s.dataset(d, touching(atoms, d), string(q.Column), strings.ToLower(string(q.Person)))
		out.Access, out.NotEvaluable = append(out.Access, access...), append(out.NotEvaluable, unknown...)
	}
	if q.Question == v1alpha1.QuestionWhy {
		out.Explanation = s.explain(q.Dataset, strings.ToLower(string(q.Person)))
	}
	out.Digest = digest(q, out)
	if len(out.Access) > most {
		return out, fmt.Errorf("the answer lists %d and %d fit: ask about a column, or about a person", len(out.Access), most)
	}
	return out, nil
}

// dataset lists who may do what to it, or what one person may where person names one.
func (s *State) dataset(d Dataset, atoms []grant.Atom, column, person string) (access []v1alpha1.PersonAccess, unknown []v1alpha1.NotEvaluable) {
	people := map[string]bool{}
	gaps := map[string]*v1alpha1.NotEvaluable{}
	for _, a := range atoms {
		if column != "" && a.Action != grant.Select {
			continue
		}
		reached, others := s.reached(a.Subject)
		if person != "" {
			if others = s.doubt(a.Subject, person); slices.Contains(reached, person) {
				reached, others = []string{person}, ""
			} else {
				reached = nil
			}
		}
		for _, p := range reached {
			people[p] = true
		}
		if others != "" {
			gap := gaps[a.Subject.String()]
			if gap == nil {
				gap = &v1alpha1.NotEvaluable{About: a.Subject.String() + " in dataset " + d.Name, Why: others}
				gaps[a.Subject.String()] = gap
			}
			gap.Grants = append(gap.Grants, a.Grant)
		}
	}
	for _, p := range keysOf(people) {
		access = append(access, s.person(d, atoms, column, p)...)
	}
	for _, about := range keysOf(gaps) {
		slices.Sort(gaps[about].Grants)
		gaps[about].Grants = slices.Compact(gaps[about].Grants)
		unknown = append(unknown, *gaps[about])
	}
	return access, unknown
}

// doubt says why it is not known whether the subject reaches the person; empty where it is.
func (s *State) doubt(subject grant.Subject, person string) string {
	_, stated := s.groups(person)
	switch subject.Kind {
	case grant.User:
		return ""
	case grant.Workspace:
		w, known := s.Workspaces[subject.Name]
		if !known {
			return fmt.Sprintf("who worked in workspace %s is not in the ledger", subject.Name)
		}
		if len(w.Groups) == 0 || stated {
			return ""
		}
	case grant.Group:
		if stated {
			return ""
		}
	}
	return fmt.Sprintf("the ledger does not know the groups of %s: they have not signed in up to that time", person)
}

// person lists what one person may do to the dataset, as the reference evaluator says.
func (s *State) person(d Dataset, atoms []grant.Atom, column, person string) []v1alpha1.PersonAccess {
	groups, _ := s.groups(person)
	workspaces := s.workspaces(person)
	var all []v1alpha1.PersonAccess
	for _, place := range places(d, atoms) {
		req := grant.Request{
			Person: person, Groups: groups, Workspaces: workspaces, Action: place.action, Bucket: place.bucket, Key: place.prefix, Table: d.Table, At: s.At,
		}
		if column != "" {
			req.Columns = []string{column}
		}
		decision := grant.Evaluate(atoms, req)
		if !decision.Allowed {
			continue
		}
		entry := v1alpha1.PersonAccess{Person: person, Dataset: d.Name, Action: v1alpha1.GrantAction(place.action), Prefix: place.prefix}
		if place.action == grant.Select {
			entry.Columns, entry.Rows = shown(d, decision, column)
		}
		for _, a := range atoms {
			if slices.Contains(decision.Grants, a.Grant) && a.Action == place.action && a.Subject.Reaches(person, groups, workspaces) {
				via := v1alpha1.AccessGrant{Name: a.Grant, Via: a.Subject.String(), Until: v1alpha1.At(a.Window.Until)}
				if !slices.Contains(entry.Grants, via) {
					entry.Grants = append(entry.Grants, via)
				}
			}
		}
		all = append(all, entry)
	}
	return all
}

// place is one part of a dataset at which access is looked at.
type place struct {
	action         grant.Action
	bucket, prefix string
}

// places are the parts of a dataset that atoms speak of: for objects each prefix, the narrower of the dataset's and the atom's.
func places(d Dataset, atoms []grant.Atom) []place {
	var all []place
	for _, a := range atoms {
		p := place{action: a.Action}
		if o := a.Selector.Objects; o != nil && d.Objects != nil {
			p.bucket, p.prefix = o.Bucket, longer(o.Prefix, d.Objects.Prefix)
		}
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return strings.Compare(a.prefix+"\x00"+string(a.action), b.prefix+"\x00"+string(b.action))
	})
	return all
}

// touching are the atoms that reach any of the dataset, whichever dataset they were given of.
func touching(atoms []grant.Atom, d Dataset) []grant.Atom {
	var all []grant.Atom
	for _, a := range atoms {
		o, p := a.Selector.Objects, a.Selector.Part
		objects := o != nil && d.Objects != nil && o.Bucket == d.Objects.Bucket &&
			(strings.HasPrefix(o.Prefix, d.Objects.Prefix) || strings.HasPrefix(d.Objects.Prefix, o.Prefix))
		if objects || p != nil && d.Table != nil && p.Table == *d.Table {
			all = append(all, a)
		}
	}
	return all
}

// shown are the columns that a decision shows, each with its best mask, and the rows.
func shown(d Dataset, decision grant.Decision, column string) (columns []string, rows string) {
	whole := false
	for _, v := range decision.Views {
		whole = whole || len(v.Columns)+len(v.Masks) == 0
	}
	for _, c := range d.Columns {
		cells := decision.Column(c.Name)
		if column != "" && c.Name != column || column == "" && whole || len(cells) == 0 {
			continue
		}
		if mask := cells[0].Mask; mask != grant.Clear {
			columns = append(columns, c.Name+"="+string(mask))
			continue
		}
		columns = append(columns, c.Name)
	}
	var alternatives []string
	for _, r := range decision.Rows() {
		var conditions []string
		for _, c := range r {
			conditions = append(conditions, c.Column+"="+strings.Join(c.Values, "|"))
		}
		alternatives = append(alternatives, strings.Join(conditions, " and "))
	}
	slices.Sort(alternatives)
	return columns, strings.Join(slices.Compact(alternatives), " or ")
}

func (s *State) datasets() []string { return keysOf(s.Datasets) }

func (s *State) grantsOf(dataset string) []string {
	var names []string
	for _, name := range keysOf(s.Grants) {
		if s.Grants[name].Dataset == dataset {
			names = append(names, name)
		}
	}
	return names
}

// digest is over what is answered and what it rests on.
func digest(q v1alpha1.AccessQuerySpec, a v1alpha1.AccessQueryStatus) string {
	q.At = a.At
	raw, _ := json.Marshal(struct { // Strings and lists of them always encode.
		Question     v1alpha1.AccessQuerySpec
		Ledger       *v1alpha1.LedgerHead
		Access       []v1alpha1.PersonAccess
		NotEvaluable []v1alpha1.NotEvaluable
		Explanation  []string
	}{q, a.Ledger, a.Access, a.NotEvaluable, a.Explanation})
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func columnsOf(d Dataset) string {
	names := make([]string, 0, len(d.Columns))
	for _, c := range d.Columns {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func longer(a, b string) string {
	if len(a) > len(b) {
		return a
	}
	return b
}

func keysOf[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
