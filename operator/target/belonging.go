package target

import (
	"maps"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/internal/grant"
)

// members are those whom a workspace lists.
type members struct{ people, groups []string }

// Workspace notes who works in a workspace, by name in lower case and by group; nobody once it is gone.
func (b *Book) Workspace(name string, people, groups []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.workspaces[name].subjects {
		strike(b.listing, s, name)
	}
	delete(b.workspaces, name)
	if len(people)+len(groups) == 0 {
		return
	}
	now := members{people: people, groups: groups}
	for s := range now.subjects {
		enter(b.listing, s, name)
	}
	b.workspaces[name] = now
}

// subjects are those whom a workspace lists.
func (m members) subjects(yield func(grant.Subject) bool) {
	for _, p := range m.people {
		if !yield(grant.Subject{Kind: grant.User, Name: p}) {
			return
		}
	}
	for _, g := range m.groups {
		if !yield(grant.Subject{Kind: grant.Group, Name: g}) {
			return
		}
	}
}

// SetGroups notes the groups of a person: those that are believed now.
func (b *Book) SetGroups(person string, groups []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	person = strings.ToLower(person)
	for _, g := range b.groups[person] {
		strike(b.inGroup, g, person)
	}
	delete(b.groups, person)
	for _, g := range groups {
		enter(b.inGroup, g, person)
	}
	if len(groups) > 0 {
		b.groups[person] = groups
	}
}

// Groups are the groups of a person that were noted last.
func (b *Book) Groups(person string) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.groups[strings.ToLower(person)])
}

// Grouped lists the people of whom groups are noted.
func (b *Book) Grouped() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Sorted(maps.Keys(b.groups))
}

// Listing names the workspaces in which those of a group work.
func (b *Book) Listing(group string) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Sorted(maps.Keys(b.listing[grant.Subject{Kind: grant.Group, Name: group}]))
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
		return slices.Sorted(maps.Keys(b.inGroup[s.Name])), false
	case grant.Workspace:
		ws := b.workspaces[s.Name]
		people = slices.Clone(ws.people)
		for _, g := range ws.groups {
			people = slices.AppendSeq(people, maps.Keys(b.inGroup[g]))
		}
		slices.Sort(people)
		return slices.Compact(people), len(ws.groups) == 0
	}
	return nil, false
}

// paths are the subjects by which a person is reached.
func (b *Book) paths(person string) []grant.Subject {
	all := []grant.Subject{{Kind: grant.User, Name: person}}
	for _, g := range b.groups[person] {
		all = append(all, grant.Subject{Kind: grant.Group, Name: g})
	}
	in := map[string]bool{}
	for _, s := range all {
		maps.Copy(in, b.listing[s])
	}
	for name := range in {
		all = append(all, grant.Subject{Kind: grant.Workspace, Name: name})
	}
	return all
}
