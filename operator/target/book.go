package target

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Book holds every grant that has been admitted and whom it reaches. It is what targets are given: unlike a cache it never
// runs behind what the operator itself has decided.
type Book struct {
	mu sync.RWMutex
	// grants and the people whom each was last applied to.
	grants  map[string][]grant.Atom
	applied map[string][]string
	// bySubject are the names of the grants of a subject.
	bySubject map[grant.Subject]map[string]bool
	// workspaces by name; groups by person, as far as they are known.
	workspaces map[string]members
	groups     map[string][]string
	complete   bool
}

type members struct{ people, groups []string }

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{
		grants: map[string][]grant.Atom{}, applied: map[string][]string{}, bySubject: map[grant.Subject]map[string]bool{},
		workspaces: map[string]members{}, groups: map[string][]string{},
	}
}

// Put enters a grant, or enters it anew.
func (b *Book) Put(name string, atoms []grant.Atom) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(name)
	b.grants[name] = atoms
	for _, a := range atoms {
		s := fold(a.Subject)
		if b.bySubject[s] == nil {
			b.bySubject[s] = map[string]bool{}
		}
		b.bySubject[s][name] = true
	}
}

// Remove strikes a grant out. Whom it was applied to is kept until Applied says otherwise.
func (b *Book) Remove(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(name)
}

func (b *Book) remove(name string) {
	for _, a := range b.grants[name] {
		s := fold(a.Subject)
		delete(b.bySubject[s], name)
		if len(b.bySubject[s]) == 0 {
			delete(b.bySubject, s)
		}
	}
	delete(b.grants, name)
}

// Has says whether the grant is entered with these very atoms.
func (b *Book) Has(name string, atoms []grant.Atom) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	have, there := b.grants[name]
	return there && grant.Digest(have) == grant.Digest(atoms)
}

// SetComplete says that everything that was admitted before this process began has been entered.
func (b *Book) SetComplete() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complete = true
}

// Complete says whether everything that was admitted before this process began has been entered.
func (b *Book) Complete() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.complete
}

// Entered says whether the grant is entered.
func (b *Book) Entered(name string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, there := b.grants[name]
	return there
}

// Workspace notes who works in a workspace, by name and by group; nobody once it is gone.
func (b *Book) Workspace(name string, people, groups []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(people)+len(groups) == 0 {
		delete(b.workspaces, name)
		return
	}
	b.workspaces[name] = members{people: people, groups: groups}
}

// Groups notes the groups of a person.
func (b *Book) Groups(person string, groups []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	person = strings.ToLower(person)
	if len(groups) == 0 {
		delete(b.groups, person)
		return
	}
	b.groups[person] = groups
}

// Of lists the people whom a subject reaches, as far as they are known; false where others may be reached too, since only
// the identity provider knows all of a group.
func (b *Book) Of(s grant.Subject) (people []string, all bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.of(s)
}

func (b *Book) of(s grant.Subject) (people []string, all bool) {
	switch s.Kind {
	case grant.User:
		return []string{strings.ToLower(s.Name)}, true
	case grant.Group:
		return b.inGroup(s.Name), false
	case grant.Workspace:
		ws := b.workspaces[s.Name]
		people = slices.Clone(ws.people)
		for _, g := range ws.groups {
			people = append(people, b.inGroup(g)...)
		}
		slices.Sort(people)
		return slices.Compact(people), len(ws.groups) == 0
	}
	return nil, false
}

func (b *Book) inGroup(group string) []string {
	var people []string
	for person, groups := range b.groups {
		if slices.Contains(groups, group) {
			people = append(people, person)
		}
	}
	slices.Sort(people)
	return people
}

// Access is what each of the people is granted by any path, at that time or later. With gives one more grant its place in it, without
// entering it.
func (b *Book) Access(people []string, now time.Time, with ...grant.Atom) Access {
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := Access{}
	for _, person := range people {
		person = strings.ToLower(person)
		paths := b.paths(person)
		var atoms []grant.Atom
		for _, s := range paths {
			for name := range b.bySubject[s] {
				atoms = append(atoms, b.grants[name]...)
			}
		}
		for _, a := range with {
			if slices.Contains(paths, fold(a.Subject)) {
				atoms = append(atoms, a)
			}
		}
		atoms = slices.DeleteFunc(atoms, func(a grant.Atom) bool { return !now.Before(a.Window.Until) })
		all[person] = grant.Normal(atoms)
	}
	return all
}

// Everybody lists the people whom any grant reaches, as far as they are known.
func (b *Book) Everybody() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []string
	for s := range b.bySubject {
		people, _ := b.of(s)
		all = append(all, people...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// paths are the subjects by which a person is reached.
func (b *Book) paths(person string) []grant.Subject {
	all := []grant.Subject{{Kind: grant.User, Name: person}}
	for _, g := range b.groups[person] {
		all = append(all, grant.Subject{Kind: grant.Group, Name: g})
	}
	for name, ws := range b.workspaces {
		in := slices.Contains(ws.people, person)
		for _, g := range b.groups[person] {
			in = in || slices.Contains(ws.groups, g)
		}
		if in {
			all = append(all, grant.Subject{Kind: grant.Workspace, Name: name})
		}
	}
	return all
}

// Applied lists the people whom a grant was last applied to.
func (b *Book) Applied(name string) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.applied[name]
}

// SetApplied notes the people whom a grant is applied to now.
func (b *Book) SetApplied(name string, people []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(people) == 0 {
		delete(b.applied, name)
		return
	}
	b.applied[name] = people
}

func fold(s grant.Subject) grant.Subject {
	if s.Kind == grant.User {
		s.Name = strings.ToLower(s.Name)
	}
	return s
}
