package target

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"
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
	concerned := folded(people)
	defer b.turns.take(concerned)()
	return give(b.Access(concerned, now))
}

// folded are the people as turns know them, in order and each once.
func folded(people []string) []string {
	all := make([]string, 0, len(people))
	for _, person := range people {
		all = append(all, strings.ToLower(person))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Giver gives in turns, and those who wait to give the same people anything have it done in one turn: many grants of one person that
// change together are compiled and given once.
type Giver struct {
	book  *Book
	give  func(context.Context, Access) error
	clock clock.PassiveClock

	mu sync.Mutex
	// waiting are the turns that have not begun, by the people.
	waiting map[string]*turn
}

// turn is what several wait for.
type turn struct {
	callers int
	done    chan struct{}
	err     error
}

var errNobodyGave = errors.New("whoever was to give it for several did not come to an end")

// NewGiver returns a giver of what the book says, at the time that the clock tells.
func NewGiver(book *Book, clock clock.PassiveClock, give func(context.Context, Access) error) *Giver {
	return &Giver{book: book, give: give, clock: clock, waiting: map[string]*turn{}}
}

// Give returns when what each of the people is granted has been given. What the book said before the call is in it.
func (g *Giver) Give(ctx context.Context, people []string) error {
	concerned := folded(people)
	key := strings.Join(concerned, "\x00")
	g.mu.Lock()
	if t := g.waiting[key]; t != nil {
		t.callers++
		g.mu.Unlock()
		<-t.done
		return t.err
	}
	t := &turn{callers: 1, done: make(chan struct{}), err: errNobodyGave}
	g.waiting[key] = t
	g.mu.Unlock()
	defer g.book.turns.take(concerned)()
	// From here on the book is read, and who comes later waits for another turn.
	g.mu.Lock()
	delete(g.waiting, key)
	g.mu.Unlock()
	defer close(t.done)
	t.err = g.give(ctx, g.book.Access(concerned, g.clock.Now()))
	return t.err
}
