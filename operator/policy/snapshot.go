package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Person says which groups and workspaces somebody belongs to.
type Person struct {
	Name       string   `json:"name"`
	Groups     []string `json:"groups,omitempty"`
	Workspaces []string `json:"workspaces,omitempty"`
}

// Conflicting is a table that lies in conflict classes.
type Conflicting struct {
	Table grant.Table `json:"table"`
	Sides []Side      `json:"sides"`
}

// Push changes the snapshot, all at once or not at all.
type Push struct {
	// Base is the digest of the snapshot that is changed; empty replaces whatever there is.
	Base string `json:"base,omitempty"`
	// Digest is that of the snapshot after the change.
	Digest string `json:"digest"`
	// Set are atoms by the grant they come from; they replace what there is of the grant.
	Set map[string][]grant.Atom `json:"set,omitempty"`
	// Remove are grants to forget.
	Remove []string `json:"remove,omitempty"`
	// People and Tables replace who belongs where and which tables lie in conflict classes; nil changes nothing.
	People *[]Person      `json:"people,omitempty"`
	Tables *[]Conflicting `json:"tables,omitempty"`
}

// ParsePush reads a push. A time that cannot be read fails all of it.
func ParsePush(r io.Reader) (Push, error) {
	var p Push
	in := json.NewDecoder(r)
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil {
		return Push{}, fmt.Errorf("reading the push: %w", err)
	}
	if p.Digest == "" {
		return Push{}, errors.New("reading the push: digest is missing")
	}
	return p, nil
}

// ErrBase is a push upon another snapshot than there is: all of it must be sent.
var ErrBase = errors.New("the push builds upon another snapshot: send all of it, with an empty base")

// Years that times in nanoseconds can tell; what lies outside is a mistake.
var earliest, latest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// held is a grant of the snapshot.
type held struct {
	atoms  []grant.Atom
	digest string
	places []place
}

// snapshot is what there is to decide by. It is not safe for concurrent use.
type snapshot struct {
	index  *index
	grants map[string]*held
	names  []string // of grants, sorted
	people []Person
	tables []Conflicting
	digest string
}

func newSnapshot() *snapshot {
	s := &snapshot{index: newIndex(), grants: map[string]*held{}}
	s.digest = s.sum()
	return s
}

// prepare checks the atoms of a grant before anything is changed.
func prepare(name string, atoms []grant.Atom) (*held, error) {
	for i, a := range atoms {
		where := fmt.Sprintf("grant %q, atom %d", name, i)
		switch {
		case name == "" || a.Grant != name:
			return nil, fmt.Errorf("%s: it names grant %q", where, a.Grant)
		case !a.Action.OfTables():
			return nil, fmt.Errorf("%s: action is %q: Select, Insert, Update and Delete are those of tables", where, a.Action)
		case a.Selector.Part == nil || a.Selector.Objects != nil:
			return nil, fmt.Errorf("%s: its selector is no part of a table", where)
		case a.Action != grant.Select && len(a.Selector.Part.Columns)+len(a.Selector.Part.Masks)+len(a.Selector.Part.Rows) > 0:
			return nil, fmt.Errorf("%s: columns, masks and rows go with Select alone: Trino changes whole rows", where)
		case a.Selector.Part.Table.Catalog == "" || a.Selector.Part.Table.Schema == "" || a.Selector.Part.Table.Table == "":
			return nil, fmt.Errorf("%s: its table lacks a catalog, a schema or a name", where)
		case a.Subject.Name == "" || a.Subject.Kind != grant.User && a.Subject.Kind != grant.Group && a.Subject.Kind != grant.Workspace:
			return nil, fmt.Errorf("%s: its subject is %q %q: a User, a Group or a Workspace with a name is wanted", where, a.Subject.Kind, a.Subject.Name)
		case a.Window.From.Before(earliest) || a.Window.Until.After(latest) || a.Window.Empty():
			return nil, fmt.Errorf("%s: its window from %s until %s holds no time between %d and %d", where,
				a.Window.From.Format(time.RFC3339), a.Window.Until.Format(time.RFC3339), earliest.Year(), latest.Year())
		}
	}
	return &held{atoms: atoms, digest: grant.Digest(atoms)}, nil
}

// apply changes the snapshot; an error changes nothing.
func (s *snapshot) apply(p Push) error {
	prepared := make(map[string]*held, len(p.Set))
	for name, atoms := range p.Set {
		h, err := prepare(name, atoms)
		if err != nil {
			return err
		}
		prepared[name] = h
	}
	// What is new comes first, so that at no time there is less than before and after.
	for name, h := range prepared {
		for _, a := range h.atoms {
			if at := s.index.add(a); at != nil {
				h.places = append(h.places, *at)
			}
		}
		s.drop(name)
		s.grants[name] = h
		at, found := slices.BinarySearch(s.names, name)
		if !found {
			s.names = slices.Insert(s.names, at, name)
		}
	}
	for _, name := range p.Remove {
		s.drop(name)
		delete(s.grants, name)
		if at, found := slices.BinarySearch(s.names, name); found {
			s.names = slices.Delete(s.names, at, at+1)
		}
	}
	if p.People != nil {
		s.people = *p.People
		s.index.setPeople(s.people)
	}
	if p.Tables != nil {
		s.tables = *p.Tables
		s.index.setSides(s.tables)
	}
	s.digest = s.sum()
	return nil
}

// drop takes a grant out of the index.
func (s *snapshot) drop(name string) {
	h := s.grants[name]
	if h == nil {
		return
	}
	for _, at := range h.places {
		s.index.remove(at)
	}
	h.places = nil
}

// undo is the push that takes p back.
func (s *snapshot) undo(p Push) Push {
	back := Push{Set: map[string][]grant.Atom{}}
	touched := append(slices.Collect(keys(p.Set)), p.Remove...)
	for _, name := range touched {
		if h := s.grants[name]; h != nil {
			back.Set[name] = h.atoms
			continue
		}
		back.Remove = append(back.Remove, name)
	}
	if p.People != nil {
		people := s.people
		back.People = &people
	}
	if p.Tables != nil {
		tables := s.tables
		back.Tables = &tables
	}
	return back
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// sum is the digest of the snapshot: over the digest of each grant, who belongs where and what lies in conflict.
func (s *snapshot) sum() string {
	sum := sha256.New()
	for _, name := range s.names {
		sum.Write([]byte(name))
		sum.Write([]byte{' '})
		sum.Write([]byte(s.grants[name].digest))
		sum.Write([]byte{'\n'})
	}
	for _, v := range []any{s.people, s.tables} {
		raw, _ := json.Marshal(v) // strings and lists of them always encode
		sum.Write(raw)
		sum.Write([]byte{'\n'})
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Digest is the digest of a snapshot with these grants, people and tables.
func Digest(grants map[string]string, people []Person, tables []Conflicting) string {
	s := &snapshot{grants: make(map[string]*held, len(grants)), people: people, tables: tables}
	for name, digest := range grants {
		s.grants[name] = &held{digest: digest}
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	return s.sum()
}
