package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// State is what the ledger says of a time.
type State struct {
	// At is the time, and Head the last row up to it.
	At   time.Time
	Head Head
	// Begins is when the first row was written; before it nothing is known.
	Begins     time.Time
	Datasets   map[string]Dataset
	Grants     map[string]Grant
	Workspaces map[string]Workspace
	// People by user name in lower case.
	People map[string]Person
}

// Replay reads the state at a time from the rows up to it, and checks the chain as it goes: no answer comes from rows that were
// tampered with.
func (l *Ledger) Replay(ctx context.Context, at time.Time) (*State, error) {
	s := NewState(at)
	chain := NewChain()
	err := l.Rows(ctx, 0, at, func(r Row) error {
		if err := chain.Next(r); err != nil {
			return err
		}
		return s.Apply(r)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// NewState is what is known without a row: nothing.
func NewState(at time.Time) *State {
	return &State{
		At: at, Head: Head{Hash: genesis}, Datasets: map[string]Dataset{}, Grants: map[string]Grant{},
		Workspaces: map[string]Workspace{}, People: map[string]Person{},
	}
}

// Apply takes in the next row.
func (s *State) Apply(r Row) error {
	if s.Begins.IsZero() {
		s.Begins = r.At
	}
	s.Head = Head{r.Seq, r.Hash}
	var err error
	switch r.Kind {
	case KindDataset:
		err = enter(s.Datasets, r, r.Name, func(d Dataset) bool { return d.Gone })
	case KindGrant:
		err = enter(s.Grants, r, r.Name, func(g Grant) bool { return g.Gone })
	case KindWorkspace:
		err = enter(s.Workspaces, r, r.Name, func(w Workspace) bool { return w.Gone })
	case KindPerson:
		err = enter(s.People, r, strings.ToLower(r.Name), func(p Person) bool { return p.Gone })
	default:
		err = fmt.Errorf("it is of the kind %q, which this version does not know", r.Kind)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", r, err)
	}
	return nil
}

func enter[F any](all map[string]F, r Row, name string, gone func(F) bool) error {
	var f F
	if err := json.Unmarshal([]byte(r.Payload), &f); err != nil {
		return err
	}
	if gone(f) {
		delete(all, name)
		return nil
	}
	all[name] = f
	return nil
}

// atoms are what is granted at the time, of every grant that is not gone.
func (s *State) atoms() []grant.Atom {
	var all []grant.Atom
	for _, g := range s.Grants {
		for _, a := range g.Atoms {
			if a.Window.Holds(s.At) {
				all = append(all, a)
			}
		}
	}
	return grant.Normal(all)
}

// groups of a person; false where the identity provider has stated none.
func (s *State) groups(person string) ([]string, bool) {
	p, known := s.People[strings.ToLower(person)]
	return p.Groups, known
}

// workspaces that a person works in, by name or by a group.
func (s *State) workspaces(person string) []string {
	groups, _ := s.groups(person)
	var in []string
	for name, w := range s.Workspaces {
		named := slices.ContainsFunc(w.People, func(p string) bool { return strings.EqualFold(p, person) })
		if named || slices.ContainsFunc(w.Groups, func(g string) bool { return slices.Contains(groups, g) }) {
			in = append(in, name)
		}
	}
	slices.Sort(in)
	return in
}

// reached lists the people whom a subject reaches as far as they are known, in lower case, and why others may be reached too: the
// members of a group are the identity provider's to know, and it states them person by person.
func (s *State) reached(subject grant.Subject) (people []string, others string) {
	var groups []string
	switch subject.Kind {
	case grant.User:
		return []string{strings.ToLower(subject.Name)}, ""
	case grant.Group:
		groups = []string{subject.Name}
	case grant.Workspace:
		w, known := s.Workspaces[subject.Name]
		if !known {
			return nil, fmt.Sprintf("who worked in workspace %s is not in the ledger", subject.Name)
		}
		for _, p := range w.People {
			people = append(people, strings.ToLower(p))
		}
		groups = w.Groups
	default:
		return nil, fmt.Sprintf("the ledger has a subject of the kind %q, which this version does not know", subject.Kind)
	}
	for name, p := range s.People {
		if slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(p.Groups, g) }) {
			people = append(people, name)
		}
	}
	slices.Sort(people)
	people = slices.Compact(people)
	if len(groups) > 0 {
		others = fmt.Sprintf("only the identity provider knows everyone in %s: the ledger knows those who have signed in", plural(groups))
	}
	return people, others
}

func plural(groups []string) string {
	if len(groups) == 1 {
		return "group " + groups[0]
	}
	return "groups " + strings.Join(groups, ", ")
}
