package target

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// turns has a lock for each person. What people are granted is read from the book and given to the targets in one turn: else what
// was read earlier could be given later, and undo a change in between.
type turns struct{ locks sync.Map }

// take waits for the turn of all of these people.
func (t *turns) take(people []string) (release func()) {
	held := make([]*sync.Mutex, 0, len(people))
	// Everybody takes them in the same order, so that nobody waits for somebody who waits for them.
	for _, person := range people {
		lock, _ := t.locks.LoadOrStore(person, &sync.Mutex{})
		mutex := lock.(*sync.Mutex) //nolint:forcetypeassert // nothing else is stored
		mutex.Lock()
		held = append(held, mutex)
	}
	return func() {
		for _, mutex := range held {
			mutex.Unlock()
		}
	}
}

// Give gives what each of the people is granted now to the one who gives it on to a target. Until that has returned, nobody else gives
// anything of these people.
func (b *Book) Give(people []string, now time.Time, give func(Access) error) error {
	concerned := make([]string, 0, len(people))
	for _, person := range people {
		concerned = append(concerned, strings.ToLower(person))
	}
	slices.Sort(concerned)
	concerned = slices.Compact(concerned)
	defer b.turns.take(concerned)()
	return give(b.Access(concerned, now))
}
