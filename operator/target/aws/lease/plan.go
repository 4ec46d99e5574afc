// Package lease gives people windows in which a service of AWS hands out data that has no windows of its own: a role for each window,
// which the person's own role may take on, and whose one policy lets the service hand data out inside the window alone. What is handed
// out lives on for a while after that, so the gate closes that much before the grant ends.
package lease

import (
	"fmt"
	"slices"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

const (
	// Life is the longest that credentials live which a service hands out. The roles that services hand out allow no longer sessions.
	Life = time.Hour
	// Limit is the most leases of one person: each is a role, and an account has 1,000 of them by default.
	Limit = 40
	// instant is how a policy states a time. AWS compares whole seconds, in UTC.
	instant = "2006-01-02T15:04:05Z"
)

// Lease is a window in which a service hands out what the permissions say.
type Lease[P comparable] struct {
	// Window is when the gate is open.
	Window grant.Window
	// Permissions in force through all of it, in the order of the compiler.
	Permissions []P
}

// TooManyError says that what somebody is granted has more windows than there is room for.
type TooManyError struct{ Need int }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("it takes %d roles, one for each window and for each time that windows have in common, and a person has %d at the most: "+
		"let grants share a window, or end some", e.Need, Limit)
}

// Plan lists the leases for what one person is granted, in order: one for each window, and one for each time that windows have in
// common, so that at every moment one lease has all that is granted then. A grant more or less leaves the leases of others as they are.
func Plan[P comparable](atoms []grant.Atom, compile func([]grant.Atom) ([]P, error)) ([]Lease[P], error) {
	type gated struct {
		grant.Atom
		gate grant.Window
	}
	var all []gated
	var windows []grant.Window
	for _, a := range atoms {
		gate, err := gateOf(a.Window)
		if err != nil {
			return nil, err
		}
		all = append(all, gated{a, gate})
		windows = append(windows, gate)
	}
	windows = common(windows)
	if len(windows) > Limit {
		return nil, &TooManyError{Need: len(windows)}
	}
	leases := make([]Lease[P], 0, len(windows))
	for _, w := range windows {
		var through []grant.Atom
		for _, a := range all {
			if !a.gate.From.After(w.From) && !a.gate.Until.Before(w.Until) {
				a.Grant, a.Subject, a.Window = "", grant.Subject{}, w
				through = append(through, a.Atom)
			}
		}
		permissions, err := compile(grant.Normal(through))
		if err != nil {
			return nil, err
		}
		leases = append(leases, Lease[P]{Window: w, Permissions: permissions})
	}
	return leases, nil
}

// gateOf is when data may be handed out for a grant's window: not so late that it could be read after the end.
func gateOf(w grant.Window) (grant.Window, error) {
	if w.From.Nanosecond() != 0 || w.Until.Nanosecond() != 0 {
		return grant.Window{}, fmt.Errorf("AWS compares whole seconds, and the window is %s to %s", w.From, w.Until)
	}
	if w.From.UTC().Year() < 1970 || w.Until.UTC().Year() > 9999 {
		return grant.Window{}, fmt.Errorf("the window %s to %s has no form that AWS reads", w.From, w.Until)
	}
	gate := grant.Window{From: w.From.UTC(), Until: w.Until.UTC().Add(-Life)}
	if gate.Empty() {
		return grant.Window{}, fmt.Errorf("the window from %s to %s is no longer than the %s for which AWS hands data out: make it longer",
			w.From.UTC().Format(instant), w.Until.UTC().Format(instant), Life)
	}
	return gate, nil
}

// common are the windows and all that they have in common, in order and each once.
func common(windows []grant.Window) []grant.Window {
	seen := map[grant.Window]bool{}
	var all []grant.Window
	for _, a := range windows {
		for _, b := range windows {
			both := a
			if b.From.After(a.From) {
				both.From = b.From
			}
			if b.Until.Before(a.Until) {
				both.Until = b.Until
			}
			if !both.Empty() && !seen[both] {
				seen[both] = true
				all = append(all, both)
			}
		}
	}
	slices.SortFunc(all, func(a, b grant.Window) int {
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return a.Until.Compare(b.Until)
	})
	return all
}
