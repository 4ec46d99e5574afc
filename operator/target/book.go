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
	turns turns
	mu    sync.RWMutex
	// grants and the people whom each was last applied to.
	grants  map[string][]grant.Atom
	applied map[string][]string
	// reserved are the names of grants that are entered and given to nobody yet.
	reserved map[string]bool
	// bySubject are the names of the grants of a subject.
	bySubject map[grant.Subject]map[string]bool
	// workspaces by name, and the same by whom they list.
	workspaces map[string]members
	listing    map[grant.Subject]map[string]bool
	// groups by person, as far as they are known, and people by group.
	groups   map[string][]string
	inGroup  map[string]map[string]bool
	complete bool
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{
		grants: map[string][]grant.Atom{}, applied: map[string][]string{}, reserved: map[string]bool{}, bySubject: map[grant.Subject]map[string]bool{},
		workspaces: map[string]members{}, listing: map[grant.Subject]map[string]bool{},
		groups: map[string][]string{}, inGroup: map[string]map[string]bool{},
	}
}

// Put enters a grant, or enters it anew.
func (b *Book) Put(name string, atoms []grant.Atom) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.put(name, atoms)
}

// Reserve enters a grant that is given to nobody until Release: others are compared with it, and leave it room.
func (b *Book) Reserve(name string, atoms []grant.Atom) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.put(name, atoms)
	b.reserved[name] = true
}

// Release has a grant given that is reserved.
func (b *Book) Release(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.reserved, name)
}

func (b *Book) put(name string, atoms []grant.Atom) {
	b.remove(name)
	b.grants[name] = atoms
	for _, a := range atoms {
		enter(b.bySubject, fold(a.Subject), name)
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
		strike(b.bySubject, fold(a.Subject), name)
	}
	delete(b.grants, name)
	delete(b.reserved, name)
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

// Access is what each of the people is granted by any path, at that time or later.
func (b *Book) Access(people []string, now time.Time) Access {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.access(people, now, func(name string) bool { return !b.reserved[name] }, nil)
}

// AccessWith is what each of the people would be granted with one more grant, and with those that are reserved.
func (b *Book) AccessWith(people []string, now time.Time, more []grant.Atom) Access {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.access(people, now, func(string) bool { return true }, more)
}

func (b *Book) access(people []string, now time.Time, counts func(name string) bool, more []grant.Atom) Access {
	all := Access{}
	for _, person := range people {
		person = strings.ToLower(person)
		paths := b.paths(person)
		var atoms []grant.Atom
		for _, s := range paths {
			for name := range b.bySubject[s] {
				if counts(name) {
					atoms = append(atoms, b.grants[name]...)
				}
			}
		}
		for _, a := range more {
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

// enter notes a name below a key, and strike takes it out again.
func enter[K comparable](all map[K]map[string]bool, key K, name string) {
	if all[key] == nil {
		all[key] = map[string]bool{}
	}
	all[key][name] = true
}

func strike[K comparable](all map[K]map[string]bool, key K, name string) {
	delete(all[key], name)
	if len(all[key]) == 0 {
		delete(all, key)
	}
}
