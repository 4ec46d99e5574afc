package trino_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
)

// TestTogether has many people granted something at once: all is there when each Sync returns, in fewer pushes than there are people.
func TestTogether(t *testing.T) {
	p := start(t)
	const people = 60
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			name := fmt.Sprintf("person-%d", i)
			a := atom(name, func(a *grant.Atom) { a.Subject.Name = name })
			if err := p.grants.Sync(t.Context(), target.Access{name: {a}}); err != nil {
				t.Error(err)
			}
			if !p.reads(name) {
				t.Errorf("%s is told that it is there, and does not read", name)
			}
		})
	}
	all.Wait()
	if n := p.requests.Load(); n > people/2 {
		t.Errorf("%d people took %d requests", people, n)
	}
	// Who is in a push that fails is told so, each of them.
	p.failures.Store(1 << 20)
	var told atomic.Int64
	for i := range people {
		all.Go(func() {
			if p.grants.Sync(t.Context(), target.Access{fmt.Sprintf("person-%d", i): nil}) != nil {
				told.Add(1)
			}
		})
	}
	all.Wait()
	if told.Load() != people {
		t.Errorf("%d of %d are told that it failed", told.Load(), people)
	}
	p.failures.Store(0)
	p.sync(t, target.Access{"person-0": nil})
	if p.reads("person-0") || !p.reads("person-1") {
		t.Error("after failures a push does something else than it says")
	}
}
