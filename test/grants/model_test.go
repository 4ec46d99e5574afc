package grants_test

import (
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// TestEveryChangeOfFewGrants walks through every state that seven overlapping grants of one person can be in, and from each through
// every grant that can be added or revoked: overlaps, extensions, revocations of one of several. In each state the account
// allows exactly what the grants that are in force allow; and while the account changes from one state to the next, which it does
// in one step, what both states allow is allowed, and what neither allows is not.
func TestEveryChangeOfFewGrants(t *testing.T) {
	second := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	window := func(from, until int) grant.Window { return grant.Window{From: second(from), Until: second(until)} }
	grants := []struct {
		prefix  string
		window  grant.Window
		subject grant.Subject
	}{
		{"a/", window(0, 4), subjects[0]},
		{"a/", window(2, 6), subjects[0]},   // overlaps
		{"a/", window(4, 8), subjects[2]},   // touches, by another path
		{"a/", window(0, 8), subjects[3]},   // holds all of them
		{"a/b/", window(1, 7), subjects[0]}, // lies within
		{"", window(3, 5), subjects[1]},     // holds all places
		{"a/", window(0, 4), subjects[4]},   // is another person's
	}
	book := func(state int) *target.Book {
		b := target.NewBook()
		b.SetGroups("ada", []string{"analysts"})
		b.Workspace("fraud", []string{"ada"}, nil)
		for i, g := range grants {
			if state>>i&1 == 1 {
				b.Put(string(rune('a'+i)), []grant.Atom{{
					Subject: g.subject, Action: grant.Read, Selector: grant.Selector{Objects: &grant.Objects{Bucket: "lake", Prefix: g.prefix}},
					Window: g.window, Grant: string(rune('a' + i)),
				}})
			}
		}
		return b
	}
	// meant is worked out from the list above alone.
	meant := func(state int, key string, at time.Time) bool {
		for i, g := range grants {
			if state>>i&1 == 1 && i != 6 && len(key) >= len(g.prefix) && key[:len(g.prefix)] == g.prefix && g.window.Holds(at) {
				return true
			}
		}
		return false
	}
	policies := map[int]string{}
	states := 1 << len(grants)
	checked := 0
	for state := range states {
		b := book(state)
		document, err := objectstore.Compile(b.Access([]string{"ada"}, epoch)["ada"])
		if err != nil {
			t.Fatal(err)
		}
		policies[state] = document
		for n := -1; n <= 9; n++ {
			for _, key := range []string{"a/x", "a/b/x", "z/x"} {
				q := ask(grant.Read, "s3:GetObject", "lake", key, second(n))
				if got, want := store(document, q), meant(state, key, second(n)); got != want {
					t.Fatalf("in state %b at second %d, %s: %t, want %t, by\n%s", state, n, key, got, want, document)
				}
				checked++
			}
		}
	}
	changes := 0
	for state := range states {
		for i := range grants {
			next := state ^ 1<<i
			changes++
			for n := -1; n <= 9; n++ {
				for _, key := range []string{"a/x", "a/b/x", "z/x"} {
					q := ask(grant.Read, "s3:GetObject", "lake", key, second(n))
					before, after := meant(state, key, second(n)), meant(next, key, second(n))
					for _, live := range []string{policies[state], policies[next]} {
						if got := store(live, q); before && after && !got || !before && !after && got {
							t.Fatalf("from %b to %b at second %d: %s opens a gap or a widening", state, next, n, key)
						}
					}
				}
			}
		}
	}
	t.Logf("%d states, %d changes, %d decisions", states, changes, checked)
}
