package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

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
	// Set is everything that people are granted, by user name. It replaces what there is of the person, and says by the
	// subject of each atom by which path the person comes to it.
	Set map[string][]grant.Atom `json:"set,omitempty"`
	// Remove are people who are granted nothing any more.
	Remove []string `json:"remove,omitempty"`
	// Tables replace which tables lie in conflict classes; nil changes nothing.
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

// held is what one person is granted.
type held struct {
	atoms  []grant.Atom
	digest string
	places []place
}

// snapshot is what there is to decide by. It is not safe for concurrent use.
type snapshot struct {
	index  *index
	people map[string]*held
	names  []string // of people, sorted
	atoms  int
	tables []Conflicting
	digest string
}

func newSnapshot() *snapshot {
	s := &snapshot{index: newIndex(), people: map[string]*held{}}
	s.digest = s.sum()
	return s
}

// prepare checks the atoms of a person before anything is changed.
func prepare(name string, atoms []grant.Atom) (*held, error) {
	if name == "" || name != strings.ToLower(name) {
		return nil, fmt.Errorf("person %q: a user name in lower case is wanted", name)
	}
	for i, a := range atoms {
		where := fmt.Sprintf("person %q, atom %d of grant %q", name, i, a.Grant)
		switch {
		case a.Grant == "":
			return nil, fmt.Errorf("%s: it names no grant", where)
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
	for _, a := range atoms {
		for column, mask := range a.Selector.Part.Masks {
			if mask != grant.Hash && mask != grant.Redact && mask != grant.Null && mask != grant.Clear {
				return nil, fmt.Errorf("person %q, grant %q: the mask of column %s is %q: Hash, Redact and Null are known", name, a.Grant, column, mask)
			}
		}
	}
	return &held{atoms: atoms, digest: grant.Digest(atoms)}, nil
}

// Check says what the decision point would refuse of what a person is granted.
func Check(name string, atoms []grant.Atom) error {
	_, err := prepare(name, atoms)
	return err
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
			h.places = append(h.places, s.index.add(name, a))
		}
		s.drop(name)
		s.people[name] = h
		s.atoms += len(h.atoms)
		at, found := slices.BinarySearch(s.names, name)
		if !found {
			s.names = slices.Insert(s.names, at, name)
		}
	}
	for _, name := range p.Remove {
		s.drop(name)
		delete(s.people, name)
		if at, found := slices.BinarySearch(s.names, name); found {
			s.names = slices.Delete(s.names, at, at+1)
		}
	}
	if p.Tables != nil {
		s.tables = *p.Tables
		s.index.setSides(s.tables)
	}
	s.digest = s.sum()
	return nil
}

// drop takes a person out of the index.
func (s *snapshot) drop(name string) {
	h := s.people[name]
	if h == nil {
		return
	}
	for _, at := range h.places {
		s.index.remove(at)
	}
	s.atoms -= len(h.atoms)
	h.places = nil
}

// undo is the push that takes p back.
func (s *snapshot) undo(p Push) Push {
	back := Push{Set: map[string][]grant.Atom{}}
	touched := append(slices.Collect(keys(p.Set)), p.Remove...)
	for _, name := range touched {
		if h := s.people[name]; h != nil {
			back.Set[name] = h.atoms
			continue
		}
		back.Remove = append(back.Remove, name)
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

// sum is the digest of the snapshot: over the digest of what each person is granted, and what lies in conflict.
func (s *snapshot) sum() string {
	sum := sha256.New()
	for _, name := range s.names {
		sum.Write([]byte(name))
		sum.Write([]byte{' '})
		sum.Write([]byte(s.people[name].digest))
		sum.Write([]byte{'\n'})
	}
	if len(s.tables) > 0 {
		raw, _ := json.Marshal(s.tables) // strings and lists of them always encode
		sum.Write(raw)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// Digest is the digest of a snapshot in which people are granted what has these digests, with these tables.
func Digest(people map[string]string, tables []Conflicting) string {
	s := &snapshot{people: make(map[string]*held, len(people)), tables: tables}
	for name, digest := range people {
		s.people[name] = &held{digest: digest}
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	return s.sum()
}
